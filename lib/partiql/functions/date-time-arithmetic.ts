import { IonFloat, Timestamp, type IonValue } from '../../ion/value.js';
import { DataFault } from '../errors.js';
import type { ArithmeticOperator } from '../language/ast.js';
import { addMonths, dayNumber } from '../values/calendar.js';
import { dateAtDay, dateOf, dateWithin } from '../values/dates.js';
import {
  DayTimeInterval,
  dayTimeInterval,
  type Interval,
  intervalOf,
  MAX_PRECISION,
  YearMonthInterval,
  yearMonthInterval,
} from '../values/intervals.js';
import { bare, numericOf, type Numeric } from '../values/kinds.js';
import { calculate, decimal, scaled } from '../values/numbers.js';
import {
  addNanos,
  nanosBetween,
  timestampWithin,
} from '../values/timestamp-arithmetic.js';
import { fieldsOf, Precision } from '../values/timestamps.js';
import { NANOS, timeOf, timeOnClock, utcNanos } from '../values/times.js';

/**
 * `+ - * /` where an operand is a date, a time, a timestamp or an interval:
 *
 * - a moment ± an interval, an interval + a moment: a moment of the same type
 * - a moment − a moment of its type: an interval of days to seconds
 * - an interval ± one of its kind, an interval * or / a number: an interval
 *
 * @returns undefined if the operator is not made for such operands.
 * @throws DataFault if the result is out of range, or for a division by zero.
 */
export function calculateDateTime(
  operator: ArithmeticOperator,
  left: IonValue,
  right: IonValue,
): IonValue | undefined {
  const a = bare(left);
  const b = bare(right);
  const x = intervalOf(a);
  const y = intervalOf(b);
  switch (operator) {
    case '+':
      if (x !== undefined && y !== undefined) return sum(x, y, 1);
      if (y !== undefined) return addInterval(a, y, 1);
      return x === undefined ? undefined : addInterval(b, x, 1);
    case '-':
      if (y === undefined)
        return x === undefined ? difference(a, b) : undefined;
      return x === undefined ? addInterval(a, y, -1) : sum(x, y, -1);
    case '*':
      return x === undefined ? scale('*', y, a) : scale('*', x, b);
    case '/':
      return scale('/', x, b);
    case '%':
      return undefined;
  }
}

/** The interval with the other sign. */
export function negateInterval(interval: Interval): Interval {
  return interval instanceof YearMonthInterval
    ? new YearMonthInterval(0 - interval.months, interval.precision)
    : new DayTimeInterval(
        -interval.nanos,
        interval.precision,
        interval.fraction,
      );
}

/** The interval without its sign. */
export function absoluteInterval(interval: Interval): Interval {
  const { months, nanos } = countsOf(interval);
  return months < 0 || nanos < 0n ? negateInterval(interval) : interval;
}

/** What an interval counts; 0 what it does not. */
function countsOf(interval: Interval): { months: number; nanos: bigint } {
  return interval instanceof YearMonthInterval
    ? { months: interval.months, nanos: 0n }
    : { months: 0, nanos: interval.nanos };
}

/** Two intervals of one kind together. */
function sum(x: Interval, y: Interval, sign: 1 | -1): Interval | undefined {
  if (x instanceof YearMonthInterval) {
    return y instanceof YearMonthInterval
      ? yearMonthInterval(x.months + sign * y.months, MAX_PRECISION)
      : undefined;
  }
  if (y instanceof YearMonthInterval) return undefined;
  return dayTimeInterval(
    x.nanos + BigInt(sign) * y.nanos,
    MAX_PRECISION,
    Math.max(x.fraction, y.fraction),
  );
}

/**
 * A date, a time or a timestamp moved by an interval. A day that its new month
 * does not have becomes the last of that month. Of what is smaller than a day a
 * date takes nothing; a time goes round the clock.
 *
 * @returns undefined for any other value, and for a time and a year or a month.
 */
export function addInterval(
  moment: IonValue,
  interval: Interval,
  sign: 1 | -1,
): IonValue | undefined {
  if (moment instanceof Timestamp)
    return addToTimestamp(moment, interval, sign);
  const date = dateOf(moment);
  if (date !== undefined) {
    return interval instanceof YearMonthInterval
      ? dateWithin(addMonths(date, sign * interval.months))
      : dateAtDay(
          dayNumber(date) + sign * Number(interval.nanos / BigInt(NANOS.day)),
        );
  }
  const time = timeOf(moment);
  if (time === undefined || interval instanceof YearMonthInterval) {
    return undefined;
  }
  return timeOnClock(
    BigInt(time.nanos) + BigInt(sign) * interval.nanos,
    time.offset,
  );
}

/** As precise as the timestamp, and as the interval needs. */
function addToTimestamp(
  timestamp: Timestamp,
  interval: Interval,
  sign: 1 | -1,
): Timestamp {
  const fields = fieldsOf(timestamp);
  const precision = Math.max(
    fields.precision,
    leastPrecision(interval),
  ) as Precision;
  const { months, nanos } = countsOf(interval);
  const moved =
    months === 0
      ? addNanos(fields, BigInt(sign) * nanos)
      : addMonths(fields, sign * months);
  return timestampWithin({ ...moved, precision });
}

function leastPrecision(interval: Interval): Precision {
  if (interval instanceof YearMonthInterval) return Precision.Month;
  const { hours, minutes, seconds, nanos } = interval.fields;
  if (seconds > 0 || nanos > 0) return Precision.Second;
  return hours > 0 || minutes > 0 ? Precision.Minute : Precision.Day;
}

/** The interval from one moment to another of the same type. */
function difference(a: IonValue, b: IonValue): Interval | undefined {
  const x = timeOf(a);
  const y = timeOf(b);
  if (x !== undefined && y !== undefined) {
    return exactly(BigInt(utcNanos(x) - utcNanos(y)));
  }
  return isInstant(a) && isInstant(b) ? exactly(nanosBetween(b, a)) : undefined;
}

function isInstant(value: IonValue): boolean {
  return value instanceof Timestamp || dateOf(value) !== undefined;
}

function exactly(nanos: bigint): Interval {
  return dayTimeInterval(nanos, MAX_PRECISION, MAX_PRECISION);
}

/** An interval times a number, or divided by one: cut to whole months, or to the fraction of its seconds. */
function scale(
  operator: '*' | '/',
  interval: Interval | undefined,
  value: IonValue,
): Interval | undefined {
  const number = numericOf(value);
  if (interval === undefined || number === undefined) return undefined;
  if (interval instanceof YearMonthInterval) {
    const months = scaleBy(operator, BigInt(interval.months), number);
    return yearMonthInterval(Number(months), interval.precision);
  }
  const { nanos, precision, fraction } = interval;
  return dayTimeInterval(scaleBy(operator, nanos, number), precision, fraction);
}

/** No interval counts as many months or nanoseconds as have more digits. */
const MOST_DIGITS = 30;

function scaleBy(operator: '*' | '/', count: bigint, factor: Numeric): bigint {
  if (factor instanceof IonFloat && !Number.isFinite(factor.value)) {
    throw new DataFault(
      `an interval cannot be ${operator === '*' ? 'multiplied' : 'divided'} by NaN or an infinity`,
    );
  }
  const { coefficient, exponent } = scaled(
    calculate(operator, decimal({ coefficient: count, exponent: 0 }), factor),
  );
  // The result has at most 38 digits, so that either way little is computed.
  if (coefficient === 0n || exponent < -2 * MOST_DIGITS) return 0n;
  if (exponent > MOST_DIGITS) throw new DataFault('the interval is too long');
  return exponent < 0
    ? coefficient / 10n ** BigInt(-exponent)
    : coefficient * 10n ** BigInt(exponent);
}
