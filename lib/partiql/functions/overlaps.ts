import type { IonValue } from '../../ion/value.js';
import { EvaluationFault } from '../errors.js';
import { areOrderable, compareValues } from '../values/compare.js';
import { type Interval, intervalOf } from '../values/intervals.js';
import {
  isUnknown,
  itemsOf,
  Kind,
  kindOf,
  typeNameOf,
} from '../values/kinds.js';
import { addInterval } from './date-time-arithmetic.js';

/** What a condition on values that may be NULL comes to. */
type Truth = boolean | null;

/**
 * `(start, end) OVERLAPS (start, end)`, where an end may be an interval, the
 * length of the period. A period that ends before it starts is turned round. A
 * start belongs to its period, an end does not, unless the two are the same.
 */
export function overlap(left: IonValue, right: IonValue): Truth {
  const [s1, t1] = period(left);
  const [s2, t2] = period(right);
  // SQL:2016, 8.14: S1 > S2 AND NOT (S1 >= T2 AND T1 >= T2) OR …
  return or(
    and(
      order(s1, s2, isAbove),
      not(and(order(s1, t2, isNotBelow), order(t1, t2, isNotBelow))),
    ),
    and(
      order(s2, s1, isAbove),
      not(and(order(s2, t1, isNotBelow), order(t2, t1, isNotBelow))),
    ),
    and(
      order(s1, s2, isSame),
      order(t1, t2, () => true),
    ),
  );
}

/** Start and end of a period; the start is NULL only if both are. */
function period(value: IonValue): readonly [IonValue, IonValue] {
  const items = itemsOf(value);
  const [start = null, end = null] = items ?? [];
  if (items?.length !== 2) {
    throw new EvaluationFault(
      `OVERLAPS takes periods of a start and an end, and got: ${items === undefined ? typeNameOf(value) : `a collection of ${items.length}`}`,
    );
  }
  if (!isUnknown(start)) check(start);
  const interval = intervalOf(end);
  if (interval === undefined && !isUnknown(end)) check(end);
  const last =
    interval === undefined
      ? end
      : isUnknown(start)
        ? null
        : ended(start, interval);
  const turned = isUnknown(start) || order(last, start, isBelow) === true;
  return turned ? [last, start] : [start, last];
}

function ended(start: IonValue, length: Interval): IonValue {
  const end = addInterval(start, length, 1);
  if (end !== undefined) return end;
  throw new EvaluationFault(
    `OVERLAPS cannot add years or months to a ${typeNameOf(start)}`,
  );
}

function check(value: IonValue): void {
  const kind = kindOf(value);
  if (kind === Kind.Timestamp || kind === Kind.Time) return;
  throw new EvaluationFault(
    `Invalid argument types for OVERLAPS, expected: DATE, TIME or TIMESTAMP got: ${typeNameOf(value)}`,
  );
}

const isAbove = (order: number) => order > 0;
const isBelow = (order: number) => order < 0;
const isNotBelow = (order: number) => order >= 0;
const isSame = (order: number) => order === 0;

function order(
  a: IonValue,
  b: IonValue,
  holds: (order: number) => boolean,
): Truth {
  if (isUnknown(a) || isUnknown(b)) return null;
  if (areOrderable(a, b)) return holds(compareValues(a, b));
  throw new EvaluationFault(
    `OVERLAPS cannot compare ${typeNameOf(a)} with ${typeNameOf(b)}`,
  );
}

function not(a: Truth): Truth {
  return a === null ? null : !a;
}

function and(a: Truth, b: Truth): Truth {
  if (a === false || b === false) return false;
  return a === null || b === null ? null : true;
}

function or(...conditions: readonly Truth[]): Truth {
  if (conditions.includes(true)) return true;
  return conditions.includes(null) ? null : false;
}
