import { describe, expect, it } from 'vitest';
import {
  addMonths,
  dateOfDay,
  dayNumber,
  daysInMonth,
} from '../../../lib/partiql/values/calendar.js';
import {
  intervalText,
  parseInterval,
} from '../../../lib/partiql/values/interval-text.js';
import {
  dayTimeInterval,
  yearMonthInterval,
} from '../../../lib/partiql/values/intervals.js';
import { addNanos } from '../../../lib/partiql/values/timestamp-arithmetic.js';
import { Precision } from '../../../lib/partiql/values/timestamps.js';

describe('the calendar', () => {
  it.each([0, 4, 99, 100, 1582, 1900, 1999, 2000, 2023, 2024, 9999])(
    'counts every day of the year %d once',
    (year) => {
      let day = dayNumber({ year, month: 1, day: 1 });
      for (let month = 1; month <= 12; month += 1) {
        for (let date = 1; date <= daysInMonth(year, month); date += 1) {
          expect(dayNumber({ year, month, day: date })).toBe(day);
          expect(dateOfDay(day)).toEqual({ year, month, day: date });
          day += 1;
        }
      }
      expect(day).toBe(dayNumber({ year: year + 1, month: 1, day: 1 }));
    },
  );

  it('goes as many months back as forth', () => {
    for (let months = 0; months <= 30; months += 1) {
      const there = addMonths({ year: 2024, month: 1, day: 28 }, months);
      expect(addMonths(there, -months)).toEqual({
        year: 2024,
        month: 1,
        day: 28,
      });
    }
  });

  it('goes as many nanoseconds back as forth', () => {
    const fields = {
      precision: Precision.Second,
      year: 2024,
      month: 2,
      day: 29,
      hour: 23,
      minute: 59,
      second: 59,
      fraction: '123456789012',
      offset: 330,
    };
    for (const nanos of [1n, 876_543_211n, 10n ** 15n + 7n, 10n ** 18n]) {
      const there = addNanos(fields, nanos);
      expect(there).not.toEqual(fields);
      expect(addNanos(there, -nanos)).toEqual(fields);
    }
  });
});

describe('the text of an interval', () => {
  it('reads back as the interval', () => {
    for (const size of [0, 1, 11, 12, 13, 1199]) {
      for (const months of [size, 0 - size]) {
        const interval = yearMonthInterval(months, 2);
        expect(
          parseInterval(intervalText(interval), { from: 'YEAR', to: 'MONTH' }),
        ).toEqual(interval);
      }
    }
    for (const nanos of [0n, 1n, 10n ** 9n, 86_399_999_999_999n, 10n ** 15n]) {
      for (const size of [nanos, -nanos]) {
        const interval = dayTimeInterval(size, 3, 9);
        expect(
          parseInterval(intervalText(interval), {
            from: 'DAY',
            to: 'SECOND',
            precision: 3,
            fraction: 9,
          }),
        ).toEqual(interval);
      }
    }
  });
});
