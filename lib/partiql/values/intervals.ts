import { IonAnnotated, IonStruct, type IonValue } from '../../ion/value.js';
import { DataFault } from '../errors.js';
import { intBetween, taggedStruct } from './tagged-struct.js';

/** Digits that the first field of an interval may have, and the fraction of its seconds. */
export const MAX_PRECISION = 9;
/** What an INTERVAL has whose precision is not written. */
export const DEFAULT_PRECISION = 2;
export const DEFAULT_FRACTION = 6;

export const YEAR_MONTH_TAG = '$interval_ym';
export const DAY_TIME_TAG = '$interval_dt';
const MOST = 10 ** MAX_PRECISION - 1;
const SECOND = 1_000_000_000n;
const DAY = 86_400n * SECOND;

/**
 * An interval of years and months. As Ion it is
 * `$interval_ym::{sign: "-", years: 1, months: 6}`, where a field that is left
 * out is 0.
 */
export class YearMonthInterval extends IonAnnotated {
  constructor(
    readonly months: number,
    /** Most digits of the years of what is computed from it. */
    readonly precision: number,
  ) {
    const size = Math.abs(months);
    super(
      [YEAR_MONTH_TAG],
      IonStruct.of([
        ['sign', months < 0 ? '-' : '+'],
        ['years', Math.floor(size / 12)],
        ['months', size % 12],
      ]),
    );
  }
}

/** The fields of an interval of days and smaller, none of which is negative. */
export interface DayTimeFields {
  readonly days: number;
  readonly hours: number;
  readonly minutes: number;
  readonly seconds: number;
  readonly nanos: number;
}

/**
 * An interval of days, hours, minutes and seconds. As Ion it is
 * `$interval_dt::{sign: "+", days: 1, hours: 2, minutes: 30, seconds: 45, nanos: 500000000}`,
 * where a field that is left out is 0.
 */
export class DayTimeInterval extends IonAnnotated {
  /** Without their sign. */
  readonly fields: DayTimeFields;

  constructor(
    /** All of it, in nanoseconds. */
    readonly nanos: bigint,
    /** Most digits of the days of what is computed from it. */
    readonly precision: number,
    /** Digits of the fraction of its seconds. */
    readonly fraction: number,
  ) {
    const fields = fieldsOf(nanos < 0n ? -nanos : nanos);
    super(
      [DAY_TIME_TAG],
      IonStruct.of([
        ['sign', nanos < 0n ? '-' : '+'],
        ...Object.entries<number>({ ...fields }),
      ]),
    );
    this.fields = fields;
  }
}

export type Interval = YearMonthInterval | DayTimeInterval;

function fieldsOf(nanos: bigint): DayTimeFields {
  const seconds = Number((nanos % DAY) / SECOND);
  return {
    days: Number(nanos / DAY),
    hours: Math.floor(seconds / 3600),
    minutes: Math.floor(seconds / 60) % 60,
    seconds: seconds % 60,
    nanos: Number(nanos % SECOND),
  };
}

/** Nanoseconds of fields without a sign. */
export function nanosOfFields(fields: DayTimeFields): bigint {
  const { days, hours, minutes, seconds, nanos } = fields;
  return (
    BigInt(days) * DAY +
    BigInt(hours * 3600 + minutes * 60 + seconds) * SECOND +
    BigInt(nanos)
  );
}

function tooLarge(precision: number): DataFault {
  return new DataFault(
    `the interval needs more than ${precision} digits in its first field`,
  );
}

/** An interval of this many months; an error if its years have more digits than the precision. */
export function yearMonthInterval(
  months: number,
  precision: number,
): YearMonthInterval {
  if (!(Math.abs(months) < 12 * 10 ** precision)) throw tooLarge(precision);
  return new YearMonthInterval(months + 0, precision);
}

/** An interval of this many nanoseconds, cut to its fraction; an error if its days have more digits than the precision. */
export function dayTimeInterval(
  nanos: bigint,
  precision: number,
  fraction: number,
): DayTimeInterval {
  const size = nanos < 0n ? -nanos : nanos;
  if (size >= DAY * 10n ** BigInt(precision)) throw tooLarge(precision);
  const unit = 10n ** BigInt(MAX_PRECISION - fraction);
  return new DayTimeInterval(nanos - (nanos % unit), precision, fraction);
}

/** The value as an interval; undefined if it is none. One that was stored has the precision that it needs, and at least the default. */
export function intervalOf(value: IonValue): Interval | undefined {
  if (value instanceof YearMonthInterval || value instanceof DayTimeInterval) {
    return value;
  }
  return storedYearMonth(value) ?? storedDayTime(value);
}

/** Months or nanoseconds of a value that is an interval, by which those of one kind compare. */
export function lengthOf(value: IonValue): number | bigint {
  const interval = intervalOf(value);
  return interval instanceof YearMonthInterval
    ? interval.months
    : (interval?.nanos ?? 0);
}

function digits(value: number): number {
  return `${value}`.length;
}

/** 1 or -1; undefined if the sign is none. */
function signOf(struct: IonStruct): 1 | -1 | undefined {
  const sign = struct.get('sign') ?? '+';
  if (sign === '+') return 1;
  return sign === '-' ? -1 : undefined;
}

function fieldOf(struct: IonStruct, name: string): number | undefined {
  return intBetween(struct.get(name) ?? 0, 0, MOST);
}

function storedYearMonth(value: IonValue): YearMonthInterval | undefined {
  const struct = taggedStruct(value, YEAR_MONTH_TAG, [
    'sign',
    'years',
    'months',
  ]);
  if (struct === undefined) return undefined;
  const sign = signOf(struct);
  const years = fieldOf(struct, 'years');
  const months = fieldOf(struct, 'months');
  if (sign === undefined || years === undefined || months === undefined) {
    return undefined;
  }
  const total = years * 12 + months;
  const precision = Math.max(DEFAULT_PRECISION, digits(Math.floor(total / 12)));
  if (precision > MAX_PRECISION) return undefined;
  return new YearMonthInterval(total === 0 ? 0 : sign * total, precision);
}

const DAY_TIME_FIELDS = ['days', 'hours', 'minutes', 'seconds', 'nanos'];

function storedDayTime(value: IonValue): DayTimeInterval | undefined {
  const struct = taggedStruct(value, DAY_TIME_TAG, [
    'sign',
    ...DAY_TIME_FIELDS,
  ]);
  if (struct === undefined) return undefined;
  const sign = signOf(struct);
  const fields = DAY_TIME_FIELDS.map((name) => fieldOf(struct, name));
  if (sign === undefined || fields.includes(undefined)) return undefined;
  const [days = 0, hours = 0, minutes = 0, seconds = 0, nanos = 0] = fields;
  const size = nanosOfFields({ days, hours, minutes, seconds, nanos });
  const precision = Math.max(DEFAULT_PRECISION, digits(fieldsOf(size).days));
  if (precision > MAX_PRECISION) return undefined;
  const fraction = size % 1000n === 0n ? DEFAULT_FRACTION : MAX_PRECISION;
  return new DayTimeInterval(BigInt(sign) * size, precision, fraction);
}
