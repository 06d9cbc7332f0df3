import {
  Decimal,
  IonAnnotated,
  IonFloat,
  IonNull,
  IonSexp,
  IonStruct,
  IonSymbol,
  type IonValue,
} from '../../../lib/ion/value.js';
import { fractionOf, type Fraction } from './fractions.js';

/** A number with the Ion type that it was written in; its value is exact. */
export interface NumberValue {
  readonly kind: 'number';
  readonly type: 'int' | 'decimal' | 'float';
  readonly value: Fraction;
}

export interface SequenceValue {
  readonly kind: 'list' | 'sexp' | 'bag';
  readonly items: readonly Value[];
}

export interface StructValue {
  readonly kind: 'struct';
  readonly fields: readonly (readonly [string, Value])[];
}

/** A value as the naive evaluator has it: a form of its own, shared with nothing of the planner's. */
export type Value =
  | { readonly kind: 'missing' }
  | { readonly kind: 'null' }
  | { readonly kind: 'bool'; readonly value: boolean }
  | NumberValue
  | {
      readonly kind: 'text';
      readonly text: string;
      readonly isSymbol: boolean;
    }
  | SequenceValue
  | StructValue;

export const MISSING: Value = { kind: 'missing' };
export const NULL: Value = { kind: 'null' };

export const bool = (value: boolean): Value => ({ kind: 'bool', value });
export const text = (value: string): Value => ({
  kind: 'text',
  text: value,
  isSymbol: false,
});
export const int = (value: number): NumberValue => ({
  kind: 'number',
  type: 'int',
  value: fractionOf(String(value)),
});

export function isUnknown(value: Value): boolean {
  return value.kind === 'null' || value.kind === 'missing';
}

export function isTrue(value: Value): boolean {
  return value.kind === 'bool' && value.value;
}

/** Elements of a collection. */
export function itemsOf(value: Value): readonly Value[] | undefined {
  return value.kind === 'list' || value.kind === 'sexp' || value.kind === 'bag'
    ? value.items
    : undefined;
}

/** The first field of that name. */
export function fieldOf(value: Value, name: string): Value | undefined {
  return value.kind === 'struct'
    ? value.fields.find(([other]) => other === name)?.[1]
    : undefined;
}

/** An Ion value in this form. The types that no generated row has are refused. */
export function fromIon(value: IonValue): Value {
  if (value === null || value instanceof IonNull) return NULL;
  if (typeof value === 'boolean') return bool(value);
  if (typeof value === 'number' || typeof value === 'bigint') {
    return { kind: 'number', type: 'int', value: fractionOf(`${value}`) };
  }
  if (typeof value === 'string') return text(value);
  if (value instanceof IonSymbol) {
    return { kind: 'text', text: value.text ?? '', isSymbol: true };
  }
  if (value instanceof Decimal) {
    const digits = `${value.getCoefficient()}e${value.getExponent()}`;
    return { kind: 'number', type: 'decimal', value: fractionOf(digits) };
  }
  if (value instanceof IonFloat) {
    return {
      kind: 'number',
      type: 'float',
      value: fractionOf(`${value.value}`),
    };
  }
  if (Array.isArray(value)) {
    const items: readonly IonValue[] = value;
    return { kind: 'list', items: items.map(fromIon) };
  }
  if (value instanceof IonSexp) {
    return { kind: 'sexp', items: value.items.map(fromIon) };
  }
  if (value instanceof IonStruct) {
    return {
      kind: 'struct',
      fields: value.fields().map(([name, field]) => [name, fromIon(field)]),
    };
  }
  if (value instanceof IonAnnotated) return fromIon(value.value);
  throw new TypeError('the naive evaluator does not know this type of value');
}

/**
 * A text that values share iff they are the same when they leave a statement:
 * MISSING is gone from structs and bags, and null in a list; bags are lists.
 *
 * @param typed - whether 1, 1.0 and 1e0 are to be told apart, and symbols from strings
 */
export function textOf(value: Value, typed: boolean): string {
  switch (value.kind) {
    case 'missing':
      return 'missing';
    case 'null':
      return 'null';
    case 'bool':
      return `${value.value}`;
    case 'number': {
      const { numerator, denominator } = value.value;
      return `${typed ? value.type : ''} ${numerator}/${denominator}`;
    }
    case 'text':
      return `${typed && value.isSymbol ? '$' : ''}${JSON.stringify(value.text)}`;
    case 'bag':
      return bracketed(
        value.items
          .filter((item) => item.kind !== 'missing')
          .map((item) => textOf(item, typed))
          .toSorted(),
      );
    case 'list':
    case 'sexp':
      return bracketed(
        value.items.map((item) =>
          item.kind === 'missing' ? 'null' : textOf(item, typed),
        ),
      );
    case 'struct':
      return `{${value.fields
        .filter(([, field]) => field.kind !== 'missing')
        .map(
          ([name, field]) => `${JSON.stringify(name)}:${textOf(field, typed)}`,
        )
        .toSorted()
        .join()}}`;
  }
}

function bracketed(items: readonly string[]): string {
  return `[${items.join()}]`;
}
