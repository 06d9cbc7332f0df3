import { Decimal, type IonValue } from '../../ion/value.js';
import { EvaluationFault } from '../errors.js';
import { DateValue, dateOf } from '../values/dates.js';
import {
  type Interval,
  intervalOf,
  YearMonthInterval,
} from '../values/intervals.js';
import { typeNameOf } from '../values/kinds.js';
import { fieldsOf, Precision } from '../values/timestamps.js';
import { NANOS, secondsOf, type TimeValue, timeOf } from '../values/times.js';
import { timestampArgument } from './scalar-function.js';

/** `EXTRACT(part FROM value)` of a date, a time, a timestamp or an interval. */
export function extract(
  [value = null]: readonly IonValue[],
  word: string,
): IonValue {
  const part = partOf(value, word);
  if (part !== undefined) return part;
  throw new EvaluationFault(
    `extract finds no ${word} in this ${typeNameOf(value)}`,
  );
}

/** A part of a value; undefined if it has no such part. */
function partOf(value: IonValue, word: string): IonValue | undefined {
  const date = dateOf(value);
  if (date !== undefined) return partOfDate(date, word);
  const time = timeOf(value);
  if (time !== undefined) return partOfTime(time, word);
  const interval = intervalOf(value);
  return interval === undefined
    ? partOfTimestamp(value, word)
    : partOfInterval(interval, word);
}

function partOfTimestamp(value: IonValue, word: string): IonValue | undefined {
  const timestamp = timestampArgument('extract', value);
  const fields = fieldsOf(timestamp);
  switch (word) {
    case 'year':
    case 'month':
    case 'day':
    case 'hour':
    case 'minute':
      return fields[word];
    case 'second':
      return fields.precision < Precision.Second
        ? new Decimal(0, 0)
        : timestamp.getSecondsDecimal();
    default:
      return partOfOffset(fields.offset, word);
  }
}

function partOfDate(date: DateValue, word: string): IonValue | undefined {
  switch (word) {
    case 'year':
    case 'month':
    case 'day':
      return date[word];
    case 'hour':
    case 'minute':
      return 0;
    case 'second':
      return new Decimal(0, 0);
    default:
      return undefined;
  }
}

function partOfTime(
  { nanos, offset }: TimeValue,
  word: string,
): IonValue | undefined {
  switch (word) {
    case 'hour':
      return Math.floor(nanos / NANOS.hour);
    case 'minute':
      return Math.floor(nanos / NANOS.minute) % 60;
    case 'second':
      return secondsOf(nanos % NANOS.minute);
    default:
      return offset === undefined ? undefined : partOfOffset(offset, word);
  }
}

function partOfOffset(offset: number, word: string): number | undefined {
  switch (word) {
    case 'timezone_hour':
      return Math.trunc(offset / 60) + 0;
    case 'timezone_minute':
      return (offset % 60) + 0;
    default:
      return undefined;
  }
}

/** Every part of a negative interval is negative. */
function partOfInterval(
  interval: Interval,
  word: string,
): IonValue | undefined {
  if (interval instanceof YearMonthInterval) {
    const { months } = interval;
    if (word === 'year') return Math.trunc(months / 12) + 0;
    return word === 'month' ? (months % 12) + 0 : undefined;
  }
  const { fields } = interval;
  const sign = interval.nanos < 0n ? -1 : 1;
  switch (word) {
    case 'day':
      return sign * fields.days + 0;
    case 'hour':
      return sign * fields.hours + 0;
    case 'minute':
      return sign * fields.minutes + 0;
    case 'second':
      return secondsOf(
        sign * (fields.seconds * NANOS.second + fields.nanos) + 0,
      );
    default:
      return undefined;
  }
}
