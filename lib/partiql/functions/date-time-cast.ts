import { Timestamp, type IonValue } from '../../ion/value.js';
import { DataFault, EvaluationFault } from '../errors.js';
import type { IntervalQualifier, TypeNode } from '../language/ast.js';
import { DateValue, dateOf } from '../values/dates.js';
import {
  dateText,
  parseDate,
  parseTime,
  parseTimestamp,
  roundTime,
  timeText,
} from '../values/date-time-text.js';
import {
  intervalText,
  isYearMonth,
  parseInterval,
  precisionOf,
} from '../values/interval-text.js';
import {
  dayTimeInterval,
  type Interval,
  intervalOf,
  YearMonthInterval,
  yearMonthInterval,
} from '../values/intervals.js';
import { numericOf, textOf } from '../values/kinds.js';
import { truncate } from '../values/numbers.js';
import {
  roundFraction,
  timestampWithin,
} from '../values/timestamp-arithmetic.js';
import { fieldsOf, Precision } from '../values/timestamps.js';
import { NANOS, TimeValue, timeOf } from '../values/times.js';
import { cannot, failed } from './cast-faults.js';

/** A type, wherever it was written. */
export type DateTimeType = Omit<TypeNode, 'at'>;

/** `(precision)` of a TIME or a TIMESTAMP: undefined if it is not written. */
export function fractionDigits(type: DateTimeType): number | undefined {
  const [digits] = type.parameters;
  if (digits !== undefined && !(digits >= 0 && digits <= 9)) {
    throw new DataFault(
      `the fraction of a ${type.name}'s seconds has 0 to 9 digits`,
    );
  }
  return digits;
}

/** CAST to DATE: of a timestamp the day in its own offset. */
export function toDate(value: IonValue): DateValue {
  const date = dateOf(value);
  if (date !== undefined) return date;
  if (value instanceof Timestamp) return new DateValue(fieldsOf(value));
  return read(value, 'DATE', parseDate);
}

/** CAST to TIME: of a timestamp what a clock shows in its own offset. A TIME without a zone becomes one of UTC. */
export function toTime(value: IonValue, type: DateTimeType): TimeValue {
  const digits = fractionDigits(type);
  const time =
    timeOf(value) ??
    (value instanceof Timestamp
      ? timeOfDay(value)
      : read(value, 'TIME', (text) => parseTime(text, digits)));
  const { nanos, offset } =
    digits === undefined ? time : roundTime(time, digits);
  switch (type.zone) {
    case true:
      return new TimeValue(nanos, offset ?? 0);
    case false:
      return new TimeValue(nanos, undefined);
    case undefined:
      return new TimeValue(nanos, offset);
  }
}

function timeOfDay(timestamp: Timestamp): TimeValue {
  const { hour, minute, second, fraction, offset } = fieldsOf(timestamp);
  const nanos =
    hour * NANOS.hour +
    minute * NANOS.minute +
    second * NANOS.second +
    Number(fraction.slice(0, 9).padEnd(9, '0'));
  return new TimeValue(nanos, Object.is(offset, -0) ? undefined : offset);
}

/** CAST to TIMESTAMP: of a DATE its midnight. A timestamp of unknown offset becomes one of UTC if a zone is asked for. */
export function toTimestamp(value: IonValue, type: DateTimeType): Timestamp {
  const digits = fractionDigits(type);
  const timestamp = anyTimestamp(value);
  if (digits === undefined && type.zone === undefined) return timestamp;
  const fields = fieldsOf(timestamp);
  const rounded = digits === undefined ? fields : roundFraction(fields, digits);
  if (type.zone === undefined) return timestampWithin(rounded);
  // An offset takes a time of day.
  const precision = Math.max(fields.precision, Precision.Minute) as Precision;
  const offset = type.zone ? rounded.offset + 0 : -0;
  return timestampWithin({ ...rounded, precision, offset });
}

function anyTimestamp(value: IonValue): Timestamp {
  if (value instanceof Timestamp) return value;
  const date = dateOf(value);
  if (date !== undefined) return midnight(date);
  return read(value, 'TIMESTAMP', (text) => {
    const timestamp = parseTimestamp(text);
    if (timestamp !== undefined) return timestamp;
    try {
      return Timestamp.parse(text) ?? undefined;
    } catch {
      // Reported by the caller: what ion-js says would show the text.
      return undefined;
    }
  });
}

/** Midnight of a day, with unknown offset. */
export function midnight({ year, month, day }: DateValue): Timestamp {
  return timestampWithin({
    precision: Precision.Second,
    year,
    month,
    day,
    hour: 0,
    minute: 0,
    second: 0,
    fraction: '',
    offset: -0,
  });
}

/** CAST to INTERVAL: an interval of the same kind, cut after the last field; a number that counts the only field. */
export function toInterval(value: IonValue, type: DateTimeType): Interval {
  const { qualifier } = type;
  if (qualifier === undefined) throw cannot(value, 'INTERVAL');
  const interval = intervalOf(value);
  if (interval !== undefined) return converted(interval, qualifier);
  const number = numericOf(value);
  if (number === undefined) {
    return read(value, 'INTERVAL', (text) => parseInterval(text, qualifier));
  }
  if (qualifier.to !== undefined) throw cannot(value, 'INTERVAL');
  return read(`${truncate(number)}`, 'INTERVAL', (text) =>
    parseInterval(text, qualifier),
  );
}

/** Months or nanoseconds of the fields of an interval. */
const UNITS: Readonly<Record<IntervalQualifier['from'], number>> = {
  YEAR: 12,
  MONTH: 1,
  DAY: NANOS.day,
  HOUR: NANOS.hour,
  MINUTE: NANOS.minute,
  SECOND: 1,
};

function converted(interval: Interval, qualifier: IntervalQualifier): Interval {
  const [precision, fraction] = precisionOf(qualifier);
  const { from, to = from } = qualifier;
  const unit = UNITS[to];
  const most = 10 ** precision;
  if (interval instanceof YearMonthInterval) {
    if (!isYearMonth(qualifier)) throw cannot(interval, `INTERVAL ${from}`);
    const { months } = interval;
    if (Math.abs(months) >= most * UNITS[from]) throw tooLong(qualifier);
    return yearMonthInterval(months - (months % unit), precision);
  }
  if (isYearMonth(qualifier)) throw cannot(interval, `INTERVAL ${from}`);
  const { nanos } = interval;
  const first = from === 'SECOND' ? NANOS.second : UNITS[from];
  const size = nanos < 0n ? -nanos : nanos;
  if (size >= BigInt(most) * BigInt(first)) throw tooLong(qualifier);
  return dayTimeInterval(nanos - (nanos % BigInt(unit)), precision, fraction);
}

function tooLong({ from }: IntervalQualifier): EvaluationFault {
  return new EvaluationFault(
    `the interval has more in its first field, ${from}, than it has digits for; write how many behind it, such as ${from}(4)`,
  );
}

function read<T>(
  value: IonValue,
  type: string,
  parse: (text: string) => T | undefined,
): T {
  const text = textOf(value);
  if (text === undefined) throw cannot(value, type);
  const result = textFaults(() => parse(text));
  if (result === undefined) throw failed(value, type);
  return result;
}

/** A text that says a value out of range is of the wrong kind to a CAST, as one is that says nothing. */
function textFaults<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof DataFault)) throw error;
    throw new EvaluationFault(error.message);
  }
}

/** Text of a date, a time, a timestamp or an interval; undefined for any other value. */
export function dateTimeText(value: IonValue): string | undefined {
  if (value instanceof Timestamp) return value.toString();
  const date = dateOf(value);
  if (date !== undefined) return dateText(date);
  const time = timeOf(value);
  if (time !== undefined) return timeText(time);
  const interval = intervalOf(value);
  return interval === undefined ? undefined : intervalText(interval);
}
