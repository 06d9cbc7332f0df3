import { Decimal, Timestamp, TimestampPrecision } from 'ion-js';
import { describe, expect, it } from 'vitest';
import { randomOf } from '../../bench/ion-fuzz.mjs';
import {
  epochMilliseconds,
  fromDate,
  fromTimestamp,
  toTimestamp,
} from '../../lib/ion/timestamp.js';
import { Generator } from './generate.js';

const parse = (text: string) => Timestamp.parse(text) as Timestamp;

describe('timestamps', () => {
  it('come back from their parts', () => {
    const generator = new Generator(randomOf(81));
    for (let i = 0; i < 2000; i++) {
      const timestamp = generator.timestamp();
      const again = toTimestamp(fromTimestamp(timestamp));
      expect(again.toString()).toBe(timestamp.toString());
      expect(
        Object.is(again.getLocalOffset(), timestamp.getLocalOffset()),
      ).toBe(true);
    }
  });

  it('keep their minute when their fraction rounds up', () => {
    expect(fromTimestamp(parse('2019-12-31T23:59:59.9999Z'))).toEqual({
      offset: 0,
      year: 2019,
      month: 12,
      day: 31,
      hour: 23,
      minute: 59,
      second: 59,
      exponent: -4,
      coefficient: 9999n,
      precision: TimestampPrecision.SECONDS,
    });
  });

  it('hold seconds in any form', () => {
    const at = (seconds: Decimal) =>
      fromTimestamp(new Timestamp(0, 2000, 1, 1, 0, 0, seconds));
    expect(at(new Decimal(5, 1))).toMatchObject({ second: 50, exponent: 0 });
    expect(at(new Decimal(0, -3))).toMatchObject({
      second: 0,
      exponent: -3,
      coefficient: 0n,
    });
    expect(at(new Decimal(59_999_999_999_999_999_999_999n, -21))).toMatchObject(
      { second: 59, coefficient: 999_999_999_999_999_999_999n },
    );
  });

  it('know the days of every century', () => {
    for (let year = 1; year <= 9999; year += 7) {
      for (const [month, day] of [
        [1, 1],
        [2, 28],
        [3, 1],
        [12, 31],
      ]) {
        const date = new Date(0);
        date.setUTCFullYear(year, month - 1, day);
        date.setUTCHours(23, 59, 58, 7);
        const parts = fromDate(date);
        expect(parts && epochMilliseconds(parts)).toBe(date.getTime());
      }
    }
  });

  it('cut off what is finer than a millisecond', () => {
    const milliseconds = (text: string) =>
      epochMilliseconds(fromTimestamp(parse(text))) % 1000;
    expect(milliseconds('2000-01-01T00:00:00.1Z')).toBe(100);
    expect(milliseconds('2000-01-01T00:00:00.12Z')).toBe(120);
    expect(milliseconds('2000-01-01T00:00:00.1239Z')).toBe(123);
    expect(milliseconds(`2000-01-01T00:00:00.${'9'.repeat(40)}Z`)).toBe(999);
  });

  it('are none for a Date that Ion cannot say', () => {
    for (const time of [NaN, 8.64e15, -8.64e15]) {
      expect(fromDate(new Date(time))).toBeUndefined();
    }
  });
});
