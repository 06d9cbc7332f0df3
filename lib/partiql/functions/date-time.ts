import { Decimal, Timestamp, type IonValue } from '../../ion/value.js';
import { EvaluationFault } from '../errors.js';
import { bare, textOf, typeNameOf } from '../values/kinds.js';
import {
  compareTimestamps,
  daysInMonth,
  fieldsOf,
  Precision,
  timestampOf,
  type TimestampFields,
} from '../values/timestamps.js';
import {
  integerArgument,
  scalar,
  textArgument,
  type NamedFunction,
} from './scalar-function.js';
import {
  checkParsable,
  formatTimestamp,
  parsePattern,
  parseTimestamp,
} from './timestamp-format.js';

function timestampArgument(
  name: string,
  value: IonValue | undefined,
): Timestamp {
  const plain = bare(value ?? null);
  if (plain instanceof Timestamp) return plain;
  throw new EvaluationFault(
    `Invalid argument types for ${name}, expected: TIMESTAMP got: ${typeNameOf(value ?? null)}`,
  );
}

/** The precision that a part of a date belongs to. */
const PRECISIONS: Readonly<Record<string, Precision>> = {
  year: Precision.Year,
  month: Precision.Month,
  day: Precision.Day,
  hour: Precision.Minute,
  minute: Precision.Minute,
  second: Precision.Second,
};

const MILLISECONDS: Readonly<Record<string, number>> = {
  day: 86_400_000,
  hour: 3_600_000,
  minute: 60_000,
  second: 1000,
};

function partOf(name: string, word: string): Precision {
  const precision = PRECISIONS[word];
  if (precision === undefined) {
    throw new EvaluationFault(`${name} takes no ${word}`);
  }
  return precision;
}

/** Same day of another month; the last one where that month is shorter. */
function addMonths(fields: TimestampFields, months: number): TimestampFields {
  const total = fields.year * 12 + fields.month - 1 + months;
  const year = Math.floor(total / 12);
  const month = total - year * 12 + 1;
  const day = Math.min(fields.day, daysInMonth(year, month));
  return { ...fields, year, month, day };
}

function addMilliseconds(fields: TimestampFields, count: number) {
  const date = new Date(0);
  date.setUTCFullYear(fields.year, fields.month - 1, fields.day);
  date.setUTCHours(fields.hour, fields.minute, fields.second, 0);
  date.setTime(date.getTime() + count);
  return {
    ...fields,
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
  };
}

/** `DATE_ADD(part, quantity, timestamp)`: as precise as the timestamp, and as the part needs. */
function dateAdd(args: readonly IonValue[], word: string): IonValue {
  const least = partOf('date_add', word);
  const quantity = integerArgument('date_add', args[0]);
  const fields = fieldsOf(timestampArgument('date_add', args[1]));
  const precision = Math.max(fields.precision, least) as Precision;
  // A time of day needs an offset: UTC, where the date had none.
  const offset =
    fields.precision < Precision.Minute && precision >= Precision.Minute
      ? 0
      : fields.offset;
  const months = { year: 12, month: 1 }[word];
  const moved =
    months === undefined
      ? addMilliseconds(fields, quantity * (MILLISECONDS[word] ?? 0))
      : addMonths(fields, quantity * months);
  if (!(moved.year >= 1 && moved.year <= 9999)) {
    throw new EvaluationFault(
      'date_add leaves the years 0001 to 9999 that a timestamp can have',
    );
  }
  return timestampOf({ ...moved, precision, offset });
}

/** The instant in UTC, with nothing cut off. */
function utcFields(timestamp: Timestamp): TimestampFields {
  const fields = fieldsOf(timestamp);
  return addMilliseconds(fields, -fields.offset * 60_000);
}

/** Milliseconds since 1970 of the whole second. */
function epochOf(fields: TimestampFields): number {
  const date = new Date(0);
  date.setUTCFullYear(fields.year, fields.month - 1, fields.day);
  return date.setUTCHours(fields.hour, fields.minute, fields.second, 0);
}

/** `DATE_DIFF(part, from, to)`: whole parts from one timestamp to the other. */
function dateDiff(args: readonly IonValue[], word: string): IonValue {
  partOf('date_diff', word);
  const a = timestampArgument('date_diff', args[0]);
  const b = timestampArgument('date_diff', args[1]);
  if (compareTimestamps(a, b) > 0) {
    return 0 - wholeParts(word, utcFields(b), utcFields(a));
  }
  return wholeParts(word, utcFields(a), utcFields(b));
}

/** Whole parts from `a` to a `b` that is not before it. */
function wholeParts(
  word: string,
  a: TimestampFields,
  b: TimestampFields,
): number {
  const unit = MILLISECONDS[word];
  if (unit !== undefined) {
    const span = epochOf(b) - epochOf(a);
    const borrow =
      a.fraction.replace(/0+$/, '') > b.fraction.replace(/0+$/, '') ? 1 : 0;
    return Math.floor((span - borrow) / unit);
  }
  let months = (b.year - a.year) * 12 + b.month - a.month;
  const restA = epochOf({ ...a, year: 2000, month: 1 });
  const restB = epochOf({ ...b, year: 2000, month: 1 });
  if (restB < restA || (restB === restA && b.fraction < a.fraction))
    months -= 1;
  return word === 'year' ? Math.floor(months / 12) : months;
}

/** `EXTRACT(part FROM timestamp)` */
function extract([value]: readonly IonValue[], word: string): IonValue {
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
    case 'timezone_hour':
      return Math.trunc(fields.offset / 60) + 0;
    case 'timezone_minute':
      return (fields.offset % 60) + 0;
    default:
      throw new EvaluationFault(`extract takes no ${word}`);
  }
}

function checkPattern(
  literal: IonValue | undefined,
  check: (pattern: string) => unknown,
): void {
  const pattern = literal === undefined ? undefined : textOf(literal);
  if (pattern !== undefined) check(pattern);
}

export const dateTimeFunctions: readonly NamedFunction[] = [
  scalar('date_add', 2, (args, _, word) => dateAdd(args, word)),
  scalar('date_diff', 2, (args, _, word) => dateDiff(args, word)),
  scalar('extract', 1, (args, _, word) => extract(args, word)),
  [
    'to_string',
    {
      arity: [2, 2],
      check: ([, format]) => checkPattern(format, parsePattern),
      call: ([value, format]) =>
        formatTimestamp(
          timestampArgument('to_string', value),
          textArgument('to_string', format),
        ),
    },
  ],
  [
    'to_timestamp',
    {
      arity: [1, 2],
      check: ([, format]) => checkPattern(format, checkParsable),
      call: ([value, format]) =>
        parseTimestamp(
          textArgument('to_timestamp', value),
          format === undefined
            ? undefined
            : textArgument('to_timestamp', format),
        ),
    },
  ],
  scalar('utcnow', 0, (_, run) => run.now()),
  scalar('txid', 0, (_, run) => run.transactionId),
];
