/**
 * A condition that a field is to fulfil. An object of this class only: what
 * comes out of a request's JSON is always a plain value, and so always equality.
 */
export class Condition<T = unknown> {
  /** Holds the type of the values for the compiler; there is nothing in it. */
  declare readonly type?: T;

  /** @internal */
  constructor(
    /** PartiQL after the field, with `?` for each operand. */
    readonly partiql: string,
    readonly operands: readonly unknown[],
  ) {}
}

/** Another value; `otherThan(null)` is any value. A document without the field does not fit. */
export const otherThan = <T>(value: T): Condition<T> =>
  value === null
    ? new Condition('IS NOT NULL', [])
    : new Condition('<> ?', [value]);

export const lessThan = <T>(value: T): Condition<T> =>
  new Condition('< ?', [value]);

export const atMost = <T>(value: T): Condition<T> =>
  new Condition('<= ?', [value]);

export const greaterThan = <T>(value: T): Condition<T> =>
  new Condition('> ?', [value]);

export const atLeast = <T>(value: T): Condition<T> =>
  new Condition('>= ?', [value]);

/** From one value to another, both included. */
export const between = <T>(first: T, last: T): Condition<T> =>
  new Condition('BETWEEN ? AND ?', [first, last]);

/** One of several values; of none, nothing is found. */
export const oneOf = <T>(...values: readonly T[]): Condition<T> =>
  new Condition('IN ?', [values]);

/** A text with `%` for any characters, and `_` for any one. */
export const like = (pattern: string): Condition<string> =>
  new Condition('LIKE ?', [pattern]);

/** The document has no such field. */
export const missing = (): Condition<never> => new Condition('IS MISSING', []);
