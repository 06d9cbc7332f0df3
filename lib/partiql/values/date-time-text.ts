import type { Timestamp } from '../../ion/value.js';
import { type CalendarDate, isCalendarDate } from './calendar.js';
import { DateValue } from './dates.js';
import { roundFraction, timestampWithin } from './timestamp-arithmetic.js';
import { Precision, type TimestampFields } from './timestamps.js';
import { MAX_OFFSET, NANOS, TimeValue } from './times.js';

/** Digits of a fraction of a second that are read; those behind are cut off. */
const MAX_FRACTION = 9;

const DATE = '([0-9]{4})-([0-9]{2})-([0-9]{2})';
const TIME = '([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\\.([0-9]+))?';
const ZONE = '(?:([+-])([0-9]{2}):([0-9]{2}))?';

const DATE_TEXT = new RegExp(`^${DATE}$`);
const TIME_TEXT = new RegExp(`^${TIME}${ZONE}$`);
const TIMESTAMP_TEXT = new RegExp(`^${DATE} ${TIME}${ZONE}$`);

/** `2024-02-29` as a DATE; undefined if there is no such day. */
export function parseDate(text: string): DateValue | undefined {
  const match = DATE_TEXT.exec(text);
  const date = match === null ? undefined : dateFrom(match.slice(1));
  return date === undefined ? undefined : new DateValue(date);
}

/**
 * `23:59:59.5` or `23:59:59.5+05:30` as a TIME; undefined if no clock shows it.
 *
 * @param precision - digits of the fraction, to which it is rounded
 */
export function parseTime(
  text: string,
  precision = MAX_FRACTION,
): TimeValue | undefined {
  const match = TIME_TEXT.exec(text);
  if (match === null) return undefined;
  const clock = clockFrom(match.slice(1, 5));
  const offset = offsetFrom(match.slice(5));
  if (clock === undefined || offset === undefined) return undefined;
  const { hour, minute, second, fraction } = clock;
  const nanos =
    hour * NANOS.hour +
    minute * NANOS.minute +
    second * NANOS.second +
    Number(fraction.padEnd(MAX_FRACTION, '0'));
  return roundTime(new TimeValue(nanos, offset ?? undefined), precision);
}

/** The time with at most so many digits behind its seconds; half of a last digit is rounded up, at the end of a day to midnight. */
export function roundTime(time: TimeValue, digits: number): TimeValue {
  const unit = 10 ** (MAX_FRACTION - digits);
  const excess = time.nanos % unit;
  if (excess === 0) return time;
  const rounded = time.nanos - excess + (excess * 2 >= unit ? unit : 0);
  return new TimeValue(rounded % NANOS.day, time.offset);
}

/**
 * `2024-02-29 23:59:59.5`, with or without an offset, as a timestamp; undefined
 * if there is no such moment.
 *
 * @param precision - digits of the fraction, to which it is rounded
 * @throws DataFault if Ion has no such year.
 */
export function parseTimestamp(
  text: string,
  precision = MAX_FRACTION,
): Timestamp | undefined {
  const match = TIMESTAMP_TEXT.exec(text);
  if (match === null) return undefined;
  const date = dateFrom(match.slice(1, 4));
  const clock = clockFrom(match.slice(4, 8));
  const offset = offsetFrom(match.slice(8));
  if (date === undefined || clock === undefined || offset === undefined) {
    return undefined;
  }
  return timestampWithin(
    roundFraction(
      {
        ...date,
        ...clock,
        precision: Precision.Second,
        offset: offset ?? -0,
      },
      precision,
    ),
  );
}

function dateFrom(texts: readonly string[]): CalendarDate | undefined {
  const [year = 0, month = 0, day = 0] = texts.map(Number);
  const date = { year, month, day };
  return isCalendarDate(date) ? date : undefined;
}

type Clock = Pick<TimestampFields, 'hour' | 'minute' | 'second' | 'fraction'>;

function clockFrom(texts: readonly (string | undefined)[]): Clock | undefined {
  const [hour = 0, minute = 0, second = 0] = texts.slice(0, 3).map(Number);
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const fraction = (texts[3] ?? '').slice(0, MAX_FRACTION);
  return { hour, minute, second, fraction };
}

/** Minutes east of UTC; null if none are given, undefined if no place has them. */
function offsetFrom(
  texts: readonly (string | undefined)[],
): number | null | undefined {
  const [sign, hours, minutes] = texts;
  if (sign === undefined) return null;
  const size = Number(hours) * 60 + Number(minutes);
  if (Number(minutes) > 59 || size > MAX_OFFSET) return undefined;
  return sign === '-' ? 0 - size : size;
}

function two(value: number): string {
  return `${value}`.padStart(2, '0');
}

/** `2024-02-29` */
export function dateText({ year, month, day }: CalendarDate): string {
  return `${`${year}`.padStart(4, '0')}-${two(month)}-${two(day)}`;
}

/** `23:59:59.5+05:30` */
export function timeText({ nanos, offset }: TimeValue): string {
  const seconds = Math.floor(nanos / NANOS.second);
  const clock = [seconds / 3600, (seconds / 60) % 60, seconds % 60];
  return `${clock.map((part) => two(Math.floor(part))).join(':')}${fractionText(nanos % NANOS.second)}${offset === undefined ? '' : offsetText(offset)}`;
}

/** Nanoseconds of a second with their point and without trailing zeros; empty if there are none. */
export function fractionText(nanos: number): string {
  return nanos === 0
    ? ''
    : `.${`${nanos}`.padStart(MAX_FRACTION, '0').replace(/0+$/, '')}`;
}

function offsetText(offset: number): string {
  const size = Math.abs(offset);
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}
