import { IonAnnotated, IonStruct, type IonValue } from '../../ion/value.js';
import { DataFault } from '../errors.js';
import { type CalendarDate, dateOfDay, isCalendarDate } from './calendar.js';
import { intBetween, taggedStruct } from './tagged-struct.js';

export const DATE_TAG = '$date';
const FIELDS = ['year', 'month', 'day'];

/**
 * A DATE. As Ion it is `$date::{year: 2007, month: 2, day: 23}`: an Ion
 * timestamp has no year 0, and one of day precision is a TIMESTAMP already.
 */
export class DateValue extends IonAnnotated implements CalendarDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;

  constructor({ year, month, day }: CalendarDate) {
    super(
      [DATE_TAG],
      IonStruct.of([
        ['year', year],
        ['month', month],
        ['day', day],
      ]),
    );
    this.year = year;
    this.month = month;
    this.day = day;
  }
}

/** A date of the years that a DATE can have. */
export function dateWithin(date: CalendarDate): DateValue {
  if (!(date.year >= 0 && date.year <= 9999)) {
    throw new DataFault('the years of a DATE are 0000 to 9999');
  }
  return new DateValue(date);
}

/** The DATE so many days after 1970-01-01. */
export function dateAtDay(days: number): DateValue {
  return dateWithin(dateOfDay(days));
}

/** The value as a DATE; undefined if it is none. */
export function dateOf(value: IonValue): DateValue | undefined {
  if (value instanceof DateValue) return value;
  const struct = taggedStruct(value, DATE_TAG, FIELDS);
  if (struct === undefined) return undefined;
  const year = intBetween(struct.get('year'), 0, 9999);
  const month = intBetween(struct.get('month'), 1, 12);
  const day = intBetween(struct.get('day'), 1, 31);
  if (year === undefined || month === undefined || day === undefined) {
    return undefined;
  }
  const date = { year, month, day };
  return isCalendarDate(date) ? new DateValue(date) : undefined;
}
