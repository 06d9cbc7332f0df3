import { Timestamp, type IonValue } from '../../ion/value.js';
import type { Run } from '../plan/runtime.js';
import { EvaluationFault } from '../errors.js';
import { spendText } from '../values/effort.js';
import { bare, textOf, typeNameOf } from '../values/kinds.js';

/** A function that gives one value for its arguments. */
export interface ScalarFunction {
  /** Least and greatest number of arguments. */
  readonly arity: readonly [least: number, greatest: number];
  /** Whether it wants to see NULL and MISSING. Others give NULL as soon as one argument is unknown. */
  readonly takesUnknown?: boolean;
  /** Looks at the arguments that are literals, when the statement is compiled. */
  check?(literals: readonly (IonValue | undefined)[]): void;
  /** @param word the bare word of the call, such as `year` in `EXTRACT(YEAR FROM t)`. */
  call(args: readonly IonValue[], run: Run, word: string): IonValue;
}

export type NamedFunction = readonly [name: string, ScalarFunction];

/** A function of a fixed number of arguments, none of which is unknown. */
export function scalar(
  name: string,
  arity: number | readonly [number, number],
  call: ScalarFunction['call'],
): NamedFunction {
  return [
    name,
    { arity: typeof arity === 'number' ? [arity, arity] : arity, call },
  ];
}

function wrongType(name: string, expected: string, value: IonValue) {
  return new EvaluationFault(
    `Invalid argument types for ${name}, expected: ${expected} got: ${typeNameOf(value)}`,
  );
}

/** The text of an argument that must be a string or a symbol. */
export function textArgument(
  name: string,
  value: IonValue | undefined,
): string {
  const text = value === undefined ? undefined : textOf(value);
  if (text === undefined) throw wrongType(name, 'STRING', value ?? null);
  // Functions of texts look at every character, and make an array of them.
  spendText(text.length * 8);
  return text;
}

/** An argument that must be an int. One beyond 2^53 is cut to it: no text and no calendar is that long. */
export function integerArgument(
  name: string,
  value: IonValue | undefined,
): number {
  const plain = bare(value ?? null);
  if (typeof plain === 'number') return plain;
  if (typeof plain === 'bigint') {
    return plain > 0n ? Number.MAX_SAFE_INTEGER : Number.MIN_SAFE_INTEGER;
  }
  throw wrongType(name, 'INT', value ?? null);
}

/** An argument that must be a timestamp. */
export function timestampArgument(
  name: string,
  value: IonValue | undefined,
): Timestamp {
  const plain = bare(value ?? null);
  if (plain instanceof Timestamp) return plain;
  throw wrongType(name, 'TIMESTAMP', value ?? null);
}
