import type { IntervalField, IntervalQualifier } from '../language/ast.js';
import { DataFault } from '../errors.js';
import { fractionText } from './date-time-text.js';
import {
  DEFAULT_FRACTION,
  DEFAULT_PRECISION,
  dayTimeInterval,
  type DayTimeInterval,
  type Interval,
  MAX_PRECISION,
  nanosOfFields,
  YearMonthInterval,
  yearMonthInterval,
} from './intervals.js';

/** The fields of an interval from the largest to the smallest. */
export const INTERVAL_FIELDS: readonly IntervalField[] = [
  'YEAR',
  'MONTH',
  'DAY',
  'HOUR',
  'MINUTE',
  'SECOND',
];

/** What stands between a field and the one before. */
const SEPARATORS: Readonly<Record<IntervalField, string>> = {
  YEAR: '',
  MONTH: '-',
  DAY: '',
  HOUR: ' +',
  MINUTE: ':',
  SECOND: ':',
};

/** Greatest value of a field that is not the first. */
const GREATEST: Readonly<Record<IntervalField, number>> = {
  YEAR: 0,
  MONTH: 11,
  DAY: 0,
  HOUR: 23,
  MINUTE: 59,
  SECOND: 59,
};

/** The fields that a qualifier names, the first to the last. */
function fieldsFrom({ from, to }: IntervalQualifier): readonly IntervalField[] {
  return INTERVAL_FIELDS.slice(
    INTERVAL_FIELDS.indexOf(from),
    INTERVAL_FIELDS.indexOf(to ?? from) + 1,
  );
}

/** The digits that the first field of such an interval may have, and the fraction of its seconds. */
export function precisionOf(
  qualifier: IntervalQualifier,
): readonly [precision: number, fraction: number] {
  const { precision = DEFAULT_PRECISION, fraction = DEFAULT_FRACTION } =
    qualifier;
  if (precision < 1 || precision > MAX_PRECISION || fraction > MAX_PRECISION) {
    throw new DataFault(
      `the first field of an INTERVAL has 1 to ${MAX_PRECISION} digits, the fraction of its seconds 0 to ${MAX_PRECISION}`,
    );
  }
  return [precision, fraction];
}

/**
 * `[+-]1 02:30:45.5` as an interval of the fields of a qualifier; undefined if
 * the text has other fields.
 *
 * @throws DataFault if a field is out of its range.
 */
export function parseInterval(
  text: string,
  qualifier: IntervalQualifier,
): Interval | undefined {
  const [precision, fraction] = precisionOf(qualifier);
  const names = fieldsFrom(qualifier);
  const last = names.at(-1);
  const pattern = names
    .map((name, index) => `${index === 0 ? '' : SEPARATORS[name]}([0-9]+)`)
    .join('');
  const match = new RegExp(
    `^([+-]?)${pattern}${last === 'SECOND' ? '(?:\\.([0-9]+))?' : '()'}$`,
  ).exec(text);
  if (match === null) return undefined;
  const digits = match[names.length + 2] ?? '';
  const values = new Map(
    names.map((name, index) => [name, Number(match[index + 2])]),
  );
  for (const [name, value] of values) {
    const greatest =
      name === qualifier.from ? 10 ** precision - 1 : GREATEST[name];
    if (value > greatest) {
      throw new DataFault(
        name === qualifier.from
          ? `the ${name} of the interval has more than ${precision} digits; write more behind it, such as ${name}(${Math.min(MAX_PRECISION, precision + 2)})`
          : `the ${name} of an interval is at most ${greatest} where it is not its first field`,
      );
    }
  }
  if (digits.length > MAX_PRECISION) {
    throw new DataFault(
      `the fraction of an interval's seconds has more than ${MAX_PRECISION} digits`,
    );
  }
  const sign = match[1] === '-' ? -1 : 1;
  const part = (name: IntervalField) => values.get(name) ?? 0;
  if (isYearMonth(qualifier)) {
    const months = part('YEAR') * 12 + part('MONTH');
    return yearMonthInterval(sign * months, precision);
  }
  const nanos = nanosOfFields({
    days: part('DAY'),
    hours: part('HOUR'),
    minutes: part('MINUTE'),
    seconds: part('SECOND'),
    nanos: Number(digits.padEnd(MAX_PRECISION, '0')),
  });
  return dayTimeInterval(BigInt(sign) * nanos, precision, fraction);
}

/** Whether intervals of these fields are of years and months. */
export function isYearMonth({ from }: IntervalQualifier): boolean {
  return from === 'YEAR' || from === 'MONTH';
}

/** `-1-6` for years and months, `-1 2:30:45.5` for days and smaller. */
export function intervalText(interval: Interval): string {
  return interval instanceof YearMonthInterval
    ? yearMonthText(interval)
    : dayTimeText(interval);
}

function yearMonthText({ months }: YearMonthInterval): string {
  const size = Math.abs(months);
  return `${months < 0 ? '-' : ''}${Math.floor(size / 12)}-${size % 12}`;
}

function dayTimeText({ nanos: total, fields }: DayTimeInterval): string {
  const { days, hours, minutes, seconds, nanos } = fields;
  const clock = [minutes, seconds].map((part) => `${part}`.padStart(2, '0'));
  return `${total < 0n ? '-' : ''}${days} ${hours}:${clock.join(':')}${fractionText(nanos)}`;
}
