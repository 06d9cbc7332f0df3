import { Decimal, type IonValue } from '../../ion/value.js';
import { keyText } from '../equality-key.js';
import { EvaluationFault } from '../errors.js';
import type { AggregateName } from '../language/ast.js';
import type { Budget } from '../plan/budget.js';
import { compareValues } from '../values/compare.js';
import { spend } from '../values/effort.js';
import { type Interval, intervalOf } from '../values/intervals.js';
import {
  bare,
  isUnknown,
  itemsOf,
  numericOf,
  typeNameOf,
  type Numeric,
} from '../values/kinds.js';
import { calculate, decimal, scaled } from '../values/numbers.js';
import { calculateDateTime } from './date-time-arithmetic.js';

/** Folds the values of a group. NULL and MISSING are not given to it. */
export interface Accumulator {
  add(value: IonValue): void;
  result(): IonValue;
}

class Count implements Accumulator {
  #count = 0;
  add(): void {
    this.#count += 1;
  }
  result(): IonValue {
    return this.#count;
  }
}

/** What can be added up. */
type Summand = Numeric | Interval;

class Sum implements Accumulator {
  #sum: Summand | undefined;
  add(value: IonValue): void {
    this.#sum = plus('SUM', this.#sum, value);
  }
  result(): IonValue {
    return this.#sum ?? null;
  }
}

class Average implements Accumulator {
  #sum: Summand | undefined;
  #count = 0;
  add(value: IonValue): void {
    this.#sum = plus('AVG', this.#sum, value);
    this.#count += 1;
  }
  result(): IonValue {
    if (this.#sum === undefined) return null;
    const number = numericOf(this.#sum);
    // A decimal, even of ints: the average of 1 and 2 is 1.5.
    return number === undefined
      ? (calculateDateTime('/', this.#sum, this.#count) ?? null)
      : calculate('/', toDecimal(number), this.#count);
  }
}

/** A sum with one more value: all are numbers, or all are intervals of one kind. */
function plus(
  name: string,
  sum: Summand | undefined,
  value: IonValue,
): Summand {
  const number = numericOf(value);
  const summand = number ?? intervalOf(value);
  if (summand === undefined) throw notSummable(name, value);
  if (sum === undefined) return summand;
  const before = numericOf(sum);
  if (number !== undefined && before !== undefined) {
    return calculate('+', before, number);
  }
  const total = intervalOf(calculateDateTime('+', sum, summand) ?? null);
  if (total === undefined) throw notSummable(name, value);
  return total;
}

function notSummable(name: string, value: IonValue): EvaluationFault {
  return new EvaluationFault(
    `Invalid argument types for ${name}, expected: NUMBER got: ${typeNameOf(value)}`,
  );
}

class Extreme implements Accumulator {
  #value: IonValue | undefined;
  constructor(readonly sign: 1 | -1) {}
  add(value: IonValue): void {
    if (
      this.#value === undefined ||
      compareValues(value, this.#value) * this.sign > 0
    ) {
      this.#value = value;
    }
  }
  result(): IonValue {
    return this.#value ?? null;
  }
}

class Truth implements Accumulator {
  #value: boolean | undefined;
  constructor(readonly decisive: boolean) {}
  add(value: IonValue): void {
    const plain = bare(value);
    if (typeof plain !== 'boolean') {
      throw new EvaluationFault(
        `Invalid argument types for ${this.decisive ? 'ANY' : 'EVERY'}, expected: BOOL got: ${typeNameOf(value)}`,
      );
    }
    if (this.#value !== this.decisive) this.#value = plain;
  }
  result(): IonValue {
    return this.#value ?? null;
  }
}

/** Bytes of a key in a set beside its characters. */
const KEY = 64;

/** Lets every value through once. */
class Distinct implements Accumulator {
  readonly #seen = new Set<string>();
  constructor(
    readonly inner: Accumulator,
    readonly budget: Budget,
  ) {}
  add(value: IonValue): void {
    const key = keyText(value);
    if (this.#seen.has(key)) return;
    this.budget.hold(KEY + key.length);
    this.#seen.add(key);
    this.inner.add(value);
  }
  result(): IonValue {
    return this.inner.result();
  }
}

export function accumulatorFor(
  name: AggregateName,
  distinct: boolean,
  budget: Budget,
): Accumulator {
  const accumulator = plainAccumulator(name);
  return distinct ? new Distinct(accumulator, budget) : accumulator;
}

function plainAccumulator(name: AggregateName): Accumulator {
  switch (name) {
    case 'count':
      return new Count();
    case 'sum':
      return new Sum();
    case 'avg':
      return new Average();
    case 'max':
      return new Extreme(1);
    case 'min':
      return new Extreme(-1);
    case 'every':
      return new Truth(false);
    case 'any':
      return new Truth(true);
  }
}

/** Steps of an element. */
const ELEMENT = 16;

/** `COLL_SUM(collection)` and its kin. */
export function collectionAggregate(
  name: AggregateName,
  distinct: boolean,
  collection: IonValue,
  budget: Budget,
): IonValue {
  const items = itemsOf(collection);
  if (items === undefined) {
    throw new EvaluationFault(
      `Invalid argument types for coll_${name}, expected: LIST or BAG got: ${typeNameOf(collection)}`,
    );
  }
  spend(items.length * ELEMENT);
  const accumulator = accumulatorFor(name, distinct, budget);
  for (const item of items) if (!isUnknown(item)) accumulator.add(item);
  return accumulator.result();
}

function toDecimal(value: Numeric): Numeric {
  return typeof value === 'number' || typeof value === 'bigint'
    ? decimal(scaled(value))
    : value instanceof Decimal
      ? value
      : value;
}
