import { Timestamp, type IonValue } from '../../ion/value.js';
import type { Run } from '../plan/runtime.js';
import { EvaluationFault } from '../errors.js';
import { spendText } from '../values/effort.js';
import {
  bare,
  isUnknown,
  Kind,
  kindOf,
  numericOf,
  textOf,
  typeNameOf,
} from '../values/kinds.js';

/** A function that gives one value for its arguments. */
export interface ScalarFunction {
  /** Least and greatest number of arguments. */
  readonly arity: readonly [least: number, greatest: number];
  /** Whether it wants to see NULL and MISSING. Others give NULL as soon as one argument is unknown. */
  readonly takesUnknown?: boolean;
  /** Whether its arguments are collections, so that a query that is one means all its rows. */
  readonly takesCollections?: boolean;
  /** What each argument has to be; for the dialects that look at it even if another one is unknown. */
  readonly takes?: readonly ArgumentKind[];
  /** Looks at the arguments that are literals, when the statement is compiled. */
  check?(literals: readonly (IonValue | undefined)[]): void;
  /** @param word the bare word of the call, such as `year` in `EXTRACT(YEAR FROM t)`. */
  call(args: readonly IonValue[], run: Run, word: string): IonValue;
}

/** What an argument has to be. */
export type ArgumentKind = 'text' | 'number' | 'int' | 'quantity';

const QUANTITIES: ReadonlySet<Kind> = new Set([
  Kind.Timestamp,
  Kind.Time,
  Kind.YearMonthInterval,
  Kind.DayTimeInterval,
]);

const IS: Readonly<Record<ArgumentKind, (value: IonValue) => boolean>> = {
  text: (value) => textOf(value) !== undefined,
  number: (value) => numericOf(value) !== undefined,
  /** What arithmetic takes: numbers, dates, times and spans of time. */
  quantity: (value) =>
    numericOf(value) !== undefined || QUANTITIES.has(kindOf(value)),
  int: (value) => {
    const plain = bare(value);
    return typeof plain === 'number' || typeof plain === 'bigint';
  },
};

/** @throws EvaluationFault if an argument that is known is not what it has to be. */
export function checkKinds(
  name: string,
  kinds: readonly ArgumentKind[],
  values: readonly IonValue[],
): void {
  for (const [index, value] of values.entries()) {
    const kind = kinds[index];
    if (kind === undefined || isUnknown(value) || IS[kind](value)) continue;
    throw wrongType(name, EXPECTED[kind], value);
  }
}

const EXPECTED: Readonly<Record<ArgumentKind, string>> = {
  text: 'STRING',
  number: 'NUMBER',
  quantity: 'NUMBER',
  int: 'INT',
};

export type NamedFunction = readonly [name: string, ScalarFunction];

/** A function of a fixed number of arguments, none of which is unknown. */
export function scalar(
  name: string,
  arity: number | readonly [number, number],
  call: ScalarFunction['call'],
  takes?: readonly ArgumentKind[],
): NamedFunction {
  return [
    name,
    { arity: typeof arity === 'number' ? [arity, arity] : arity, call, takes },
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
