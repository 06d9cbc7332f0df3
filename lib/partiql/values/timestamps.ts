import { Decimal, Timestamp, type IonValue } from '../../ion/value.js';
import { dayNumber } from './calendar.js';
import { dateOf } from './dates.js';

/** How precise a timestamp is; the numbers of ion-js. */
export const Precision = {
  Year: 1,
  Month: 2,
  Day: 3,
  Minute: 4,
  Second: 5,
} as const;
export type Precision = (typeof Precision)[keyof typeof Precision];

/** The parts of a timestamp in its own offset; absent ones have their least value. */
export interface TimestampFields {
  readonly precision: Precision;
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  /** Whole seconds. */
  readonly second: number;
  /** Digits behind the point of the seconds, empty if none were given. */
  readonly fraction: string;
  /** Minutes east of UTC; -0 if it is not known. */
  readonly offset: number;
}

const MINUTE = 60_000;

/** Milliseconds since 1970 of the whole second of a timestamp, in UTC. */
function wholeSecond(timestamp: Timestamp): number {
  const date = timestamp.getDate().getTime();
  if (timestamp.getPrecision() < (Precision.Second as number)) return date;
  // ion-js rounds the fraction to milliseconds, which may carry into the next second.
  const seconds = timestamp.getSecondsDecimal().numberValue();
  return date - Math.round((seconds - timestamp.getSecondsInt()) * 1000);
}

function fractionOf(seconds: Decimal): string {
  const exponent = seconds.getExponent();
  return exponent >= 0
    ? ''
    : seconds
        .getCoefficient()
        .toString()
        .padStart(-exponent, '0')
        .slice(exponent);
}

export function fieldsOf(timestamp: Timestamp): TimestampFields {
  const offset = timestamp.getLocalOffset();
  const local = new Date(wholeSecond(timestamp) + offset * MINUTE);
  return {
    precision: timestamp.getPrecision() as number as Precision,
    year: local.getUTCFullYear(),
    month: local.getUTCMonth() + 1,
    day: local.getUTCDate(),
    hour: local.getUTCHours(),
    minute: local.getUTCMinutes(),
    second: local.getUTCSeconds(),
    fraction: fractionOf(timestamp.getSecondsDecimal()),
    offset,
  };
}

/** A timestamp with these parts; those that are finer than its precision are ignored. */
export function timestampOf(fields: TimestampFields): Timestamp {
  const { precision, offset, year, month, day, hour, minute } = fields;
  if (precision === Precision.Year) return new Timestamp(offset, year);
  if (precision === Precision.Month) return new Timestamp(offset, year, month);
  if (precision === Precision.Day) {
    return new Timestamp(offset, year, month, day);
  }
  if (precision === Precision.Minute) {
    return new Timestamp(offset, year, month, day, hour, minute);
  }
  const { second, fraction } = fields;
  return new Timestamp(
    offset,
    year,
    month,
    day,
    hour,
    minute,
    new Decimal(BigInt(second + fraction), -fraction.length),
  );
}

/** Seconds since 1970, and the digits of the fraction without trailing zeros. A date is its midnight in UTC. */
export function instantOf(
  value: IonValue,
): readonly [seconds: number, fraction: string] {
  if (value instanceof Timestamp) {
    return [
      Math.floor(wholeSecond(value) / 1000),
      fractionOf(value.getSecondsDecimal()).replace(/0+$/, ''),
    ];
  }
  const date = dateOf(value);
  return [date === undefined ? 0 : dayNumber(date) * 86_400, ''];
}

/** Order of two timestamps or dates by instant, whatever their precision and offset. */
export function compareInstants(a: IonValue, b: IonValue): number {
  const [secondsA, fractionA] = instantOf(a);
  const [secondsB, fractionB] = instantOf(b);
  if (secondsA !== secondsB) return secondsA - secondsB;
  return fractionA < fractionB ? -1 : fractionA > fractionB ? 1 : 0;
}

/** A text that two timestamps or dates share iff they are the same instant. */
export function instantKey(value: IonValue): string {
  return instantOf(value).join('.');
}
