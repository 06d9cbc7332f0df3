import { Timestamp, type IonValue } from '../../ion/value.js';
import { EvaluationFault } from '../errors.js';
import { addMonths } from '../values/calendar.js';
import { dateOf } from '../values/dates.js';
import {
  DayTimeInterval,
  type Interval,
  MAX_PRECISION,
  YearMonthInterval,
} from '../values/intervals.js';
import { bare, typeNameOf } from '../values/kinds.js';
import {
  addSeconds,
  isWithin,
  localSeconds,
  utcFields,
} from '../values/timestamp-arithmetic.js';
import {
  compareInstants,
  fieldsOf,
  Precision,
  timestampOf,
  type TimestampFields,
} from '../values/timestamps.js';
import { NANOS, timeOf, utcNanos } from '../values/times.js';
import { addInterval } from './date-time-arithmetic.js';
import { integerArgument, timestampArgument } from './scalar-function.js';

/** The precision that a part of a date belongs to. */
const PRECISIONS: Readonly<Record<string, Precision>> = {
  year: Precision.Year,
  month: Precision.Month,
  day: Precision.Day,
  hour: Precision.Minute,
  minute: Precision.Minute,
  second: Precision.Second,
};

const MONTHS: Readonly<Record<string, number>> = { year: 12, month: 1 };

const SECONDS: Readonly<Record<string, number>> = {
  day: 86_400,
  hour: 3600,
  minute: 60,
  second: 1,
};

function partOf(name: string, word: string): Precision {
  const precision = PRECISIONS[word];
  if (precision === undefined) {
    throw new EvaluationFault(`${name} takes no ${word}`);
  }
  return precision;
}

/** `DATE_ADD(part, quantity, value)`: to a date or a time as an interval of that part is added. */
export function dateAdd(args: readonly IonValue[], word: string): IonValue {
  const least = partOf('date_add', word);
  const quantity = integerArgument('date_add', args[0]);
  const moment = args[1] ?? null;
  if (dateOf(moment) === undefined && timeOf(moment) === undefined) {
    const timestamp = timestampArgument('date_add', moment);
    return addToTimestamp(timestamp, word, quantity, least);
  }
  const moved = addInterval(moment, intervalOfPart(word, quantity), 1);
  if (moved !== undefined) return moved;
  throw new EvaluationFault(
    `date_add adds no ${word} to a ${typeNameOf(moment)}`,
  );
}

function intervalOfPart(word: string, quantity: number): Interval {
  const months = MONTHS[word];
  if (months !== undefined) {
    return new YearMonthInterval(quantity * months, MAX_PRECISION);
  }
  const unit = BigInt((SECONDS[word] ?? 0) * NANOS.second);
  return new DayTimeInterval(BigInt(quantity) * unit, MAX_PRECISION, 0);
}

/** As precise as the timestamp, and as the part needs. */
function addToTimestamp(
  timestamp: Timestamp,
  word: string,
  quantity: number,
  least: Precision,
): Timestamp {
  const fields = fieldsOf(timestamp);
  const precision = Math.max(fields.precision, least) as Precision;
  // A time of day needs an offset: UTC, where the date had none.
  const offset =
    fields.precision < Precision.Minute && precision >= Precision.Minute
      ? 0
      : fields.offset;
  const months = MONTHS[word];
  const moved =
    months === undefined
      ? addSeconds(fields, quantity * (SECONDS[word] ?? 0))
      : addMonths(fields, quantity * months);
  if (!isWithin(moved)) {
    throw new EvaluationFault(
      'date_add leaves the years 0001 to 9999 that a timestamp can have',
    );
  }
  return timestampOf({ ...moved, precision, offset });
}

/** `DATE_DIFF(part, from, to)`: whole parts from one moment to the other. */
export function dateDiff(args: readonly IonValue[], word: string): IonValue {
  partOf('date_diff', word);
  const [from = null, to = null] = args;
  const x = timeOf(from);
  const y = timeOf(to);
  if (x !== undefined && y !== undefined) {
    const unit = SECONDS[word];
    if (unit === undefined) {
      throw new EvaluationFault(`date_diff finds no ${word} between two TIMEs`);
    }
    return Math.trunc((utcNanos(y) - utcNanos(x)) / (unit * NANOS.second)) + 0;
  }
  const a = momentFields(from);
  const b = momentFields(to);
  return compareInstants(bare(from), bare(to)) > 0
    ? 0 - wholeParts(word, b, a)
    : wholeParts(word, a, b);
}

/** The fields of a timestamp or a date in UTC. */
function momentFields(value: IonValue): TimestampFields {
  const date = dateOf(value);
  if (date === undefined) {
    return utcFields(fieldsOf(timestampArgument('date_diff', value)));
  }
  const { year, month, day } = date;
  return {
    precision: Precision.Day,
    year,
    month,
    day,
    hour: 0,
    minute: 0,
    second: 0,
    fraction: '',
    offset: 0,
  };
}

/** Whole parts from `a` to a `b` that is not before it. */
function wholeParts(
  word: string,
  a: TimestampFields,
  b: TimestampFields,
): number {
  const unit = SECONDS[word];
  if (unit !== undefined) {
    const span = localSeconds(b) - localSeconds(a);
    const borrow =
      a.fraction.replace(/0+$/, '') > b.fraction.replace(/0+$/, '') ? 1 : 0;
    return Math.floor((span - borrow) / unit);
  }
  let months = (b.year - a.year) * 12 + b.month - a.month;
  const restA = localSeconds({ ...a, year: 2000, month: 1 });
  const restB = localSeconds({ ...b, year: 2000, month: 1 });
  if (restB < restA || (restB === restA && b.fraction < a.fraction))
    months -= 1;
  return word === 'year' ? Math.floor(months / 12) : months;
}
