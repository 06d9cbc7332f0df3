import { Decimal, Timestamp, TimestampPrecision } from 'ion-js';

/**
 * The parts of an Ion timestamp as its binary form holds them: in UTC, with
 * the offset beside them.
 */
export interface TimestampParts {
  /** Minutes east of UTC. -0 is the unknown offset. */
  offset: number;
  year: number;
  /** 1–12. */
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  /** The fraction of the second is `coefficient` × 10^`exponent`; the exponent is 0 if there is none, else negative. */
  exponent: number;
  coefficient: number | bigint;
  /** The last part that was given. */
  precision: TimestampPrecision;
}

/** Most digits of a fraction of a second. `Timestamp` of ion-js can hold no more. */
export const MAX_FRACTION_DIGITS = 300;

/** Days since 1970-01-01 of a date in the proleptic Gregorian calendar. */
function daysOf(year: number, month: number, day: number): number {
  // Years begin in March here, so that the leap day is the last of its year.
  const y = month > 2 ? year : year - 1;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear =
    Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return (
    era * 146_097 +
    yearOfEra * 365 +
    Math.floor(yearOfEra / 4) -
    Math.floor(yearOfEra / 100) +
    dayOfYear -
    719_468
  );
}

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

export function daysInMonth(year: number, month: number): number {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && leap ? 29 : MONTH_DAYS[month - 1];
}

/** Milliseconds since the epoch; what is finer is cut off. */
export function epochMilliseconds(t: TimestampParts): number {
  return (
    daysOf(t.year, t.month, t.day) * 86_400_000 +
    t.hour * 3_600_000 +
    t.minute * 60_000 +
    t.second * 1000 +
    fractionMilliseconds(t.exponent, t.coefficient)
  );
}

function fractionMilliseconds(
  exponent: number,
  coefficient: number | bigint,
): number {
  if (exponent === -3) return Number(coefficient);
  if (exponent >= -3) return Number(coefficient) * 10 ** (3 + exponent);
  return Number(BigInt(coefficient) / 10n ** BigInt(-3 - exponent));
}

/** The same moment as a `Timestamp`, which holds local time. */
export function toTimestamp(t: TimestampParts): Timestamp {
  const { precision } = t;
  if (precision < TimestampPrecision.HOUR_AND_MINUTE) {
    return new Timestamp(
      -0,
      t.year,
      precision >= TimestampPrecision.MONTH ? t.month : null,
      precision >= TimestampPrecision.DAY ? t.day : null,
    );
  }
  const local = new Date(
    daysOf(t.year, t.month, t.day) * 86_400_000 +
      t.hour * 3_600_000 +
      (t.minute + t.offset) * 60_000,
  );
  return new Timestamp(
    t.offset,
    local.getUTCFullYear(),
    local.getUTCMonth() + 1,
    local.getUTCDate(),
    local.getUTCHours(),
    local.getUTCMinutes(),
    precision === TimestampPrecision.SECONDS ? secondsOf(t) : null,
  );
}

function secondsOf(t: TimestampParts): Decimal {
  if (t.exponent === 0) return new Decimal(t.second, 0);
  return new Decimal(
    BigInt(t.second) * 10n ** BigInt(-t.exponent) + BigInt(t.coefficient),
    t.exponent,
    false,
  );
}

/** The parts of a `Timestamp`, exactly. */
export function fromTimestamp(timestamp: Timestamp): TimestampParts {
  const precision = timestamp.getPrecision();
  const seconds = timestamp.getSecondsDecimal();
  // getDate() rounds the fraction, up to the next minute at worst. The minute
  // itself comes back by taking off the whole seconds and rounding down.
  const date = new Date(
    Math.floor(
      (timestamp.getDate().getTime() - timestamp.getSecondsInt() * 1000) /
        60_000,
    ) * 60_000,
  );
  const parts: TimestampParts = {
    offset: timestamp.getLocalOffset(),
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: 0,
    exponent: 0,
    coefficient: 0,
    precision,
  };
  if (precision === TimestampPrecision.SECONDS) {
    const exponent = seconds.getExponent();
    const coefficient = seconds.getCoefficient();
    if (exponent >= 0) {
      parts.second = Number(coefficient * 10n ** BigInt(exponent));
    } else {
      const scale = 10n ** BigInt(-exponent);
      parts.second = Number(coefficient / scale);
      parts.exponent = exponent;
      parts.coefficient = coefficient % scale;
    }
  }
  return parts;
}

/** The parts of a `Date`: milliseconds, in UTC. `undefined` if Ion cannot say it. */
export function fromDate(date: Date): TimestampParts | undefined {
  const year = date.getUTCFullYear();
  // NaN, too, is not in range.
  if (!(year >= 1 && year <= 9999)) return undefined;
  return {
    offset: 0,
    year,
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    exponent: -3,
    coefficient: date.getUTCMilliseconds(),
    precision: TimestampPrecision.SECONDS,
  };
}
