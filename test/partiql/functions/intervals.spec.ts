import { describe, expect, it } from 'vitest';
import { evaluate } from '../memory-catalog.js';

/** An interval of years and months as Ion text. */
function ym(sign: string, years: number, months: number): string {
  return `$interval_ym::{sign:"${sign}",years:${years},months:${months}}`;
}

/** An interval of days and smaller as Ion text. */
function dt(sign: string, ...fields: readonly number[]): string {
  const [days = 0, hours = 0, minutes = 0, seconds = 0, nanos = 0] = fields;
  return `$interval_dt::{sign:"${sign}",days:${days},hours:${hours},minutes:${minutes},seconds:${seconds},nanos:${nanos}}`;
}

describe.each([
  // Every field, and every first with every last
  ["INTERVAL '99' YEAR", ym('+', 99, 0)],
  ["INTERVAL '-14' MONTH", ym('-', 1, 2)],
  ["interval '1-11' year to month", ym('+', 1, 11)],
  ["INTERVAL '+7' DAY", dt('+', 7)],
  ["INTERVAL '25' HOUR", dt('+', 1, 1)],
  ["INTERVAL '61' MINUTE", dt('+', 0, 1, 1)],
  ["INTERVAL '61.000001' SECOND", dt('+', 0, 0, 1, 1, 1000)],
  ["INTERVAL '1 23' DAY TO HOUR", dt('+', 1, 23)],
  ["INTERVAL '1  2:03' DAY TO MINUTE", dt('+', 1, 2, 3)],
  ["INTERVAL '-1 2:3:4.5' DAY TO SECOND", dt('-', 1, 2, 3, 4, 5e8)],
  ["INTERVAL '99:59' HOUR TO MINUTE", dt('+', 4, 3, 59)],
  ["INTERVAL '1:2:3.25' HOUR TO SECOND", dt('+', 0, 1, 2, 3, 25e7)],
  ["INTERVAL '99:59' MINUTE TO SECOND", dt('+', 0, 1, 39, 59)],
  // Signs
  ["INTERVAL -'1' DAY", dt('-', 1)],
  ["INTERVAL - '-1' DAY", dt('+', 1)],
  ["INTERVAL +'-1' DAY", dt('-', 1)],
  ["-INTERVAL '1-6' YEAR TO MONTH", ym('-', 1, 6)],
  ["- -INTERVAL '1' DAY", dt('+', 1)],
  ["-INTERVAL '0' DAY", dt('+')],
  ["ABS(INTERVAL '-1:30' HOUR TO MINUTE)", dt('+', 0, 1, 30)],
  // Digits
  ["INTERVAL '007' DAY", dt('+', 7)],
  ["INTERVAL '999999999' DAY(9)", dt('+', 999_999_999)],
  ["INTERVAL '999999999' YEAR(9)", ym('+', 999_999_999, 0)],
  ["INTERVAL '1.999999999' SECOND(2, 0)", dt('+', 0, 0, 0, 1)],
  ["INTERVAL '-1.123456789' SECOND(2, 9)", dt('-', 0, 0, 0, 1, 123_456_789)],
  ["INTERVAL '0:1.129' MINUTE TO SECOND(2)", dt('+', 0, 0, 0, 1, 12e7)],
  // Together
  ["INTERVAL '99' YEAR + INTERVAL '99-11' YEAR TO MONTH", ym('+', 198, 11)],
  ["INTERVAL '1' YEAR - INTERVAL '13' MONTH", ym('-', 0, 1)],
  ["INTERVAL '1' DAY - INTERVAL '0.5' SECOND", dt('+', 0, 23, 59, 59, 5e8)],
  // By a number
  ["INTERVAL '3' YEAR * 2.1", ym('+', 6, 3)],
  ["-0.5 * INTERVAL '3' MONTH", ym('-', 0, 1)],
  ["INTERVAL '-7' MONTH / 2", ym('-', 0, 3)],
  ["INTERVAL '1' DAY / 3e0", dt('+', 0, 8)],
  ["INTERVAL '1' SECOND / 3", dt('+', 0, 0, 0, 0, 333_333_000)],
  ["INTERVAL '1' SECOND(2, 9) / 3", dt('+', 0, 0, 0, 0, 333_333_333)],
  ["INTERVAL '1' DAY * `0.25e0`", dt('+', 0, 6)],
  ["INTERVAL '1' DAY * 1e-1000", dt('+')],
  ["INTERVAL '3' YEAR(3) * 50", ym('+', 150, 0)],
  ["INTERVAL '60' HOUR * 2", dt('+', 5)],
  // Comparison
  ["INTERVAL '24' HOUR = INTERVAL '1' DAY", 'true'],
  ["INTERVAL '12' MONTH = INTERVAL '1' YEAR", 'true'],
  ["INTERVAL '-1' DAY < INTERVAL '-0.5' SECOND", 'true'],
  ["INTERVAL '30' DAY = INTERVAL '1' MONTH", 'false'],
  ["INTERVAL '30' DAY < INTERVAL '1' MONTH", 'null'],
  ["`$interval_dt::{hours: 24}` = INTERVAL '1' DAY", 'true'],
  ['`$interval_ym::{sign: "-", months: 14}` = INTERVAL \'-14\' MONTH', 'true'],
  ['`$interval_ym::{sign: "x", months: 14}` IS STRUCT', 'true'],
  ['`$interval_dt::{days: -1}` IS STRUCT', 'true'],
  ['`$interval_dt::{weeks: 1}` IS STRUCT', 'true'],
  ['`$interval_dt::{days: 1, days: 2}` IS STRUCT', 'true'],
  // Casts
  ["CAST('1-6' AS INTERVAL YEAR TO MONTH)", ym('+', 1, 6)],
  ['CAST(36 AS INTERVAL HOUR)', dt('+', 1, 12)],
  ['CAST(-1.9 AS INTERVAL MONTH)', ym('-', 0, 1)],
  ["CAST(INTERVAL '1 2:3:4.5' DAY TO SECOND AS INTERVAL HOUR)", dt('+', 1, 2)],
  ["CAST(INTERVAL '-14' MONTH AS INTERVAL YEAR)", ym('-', 1, 0)],
  ["CAST(INTERVAL '-1-6' YEAR TO MONTH AS STRING)", '"-1-6"'],
  ["CAST(INTERVAL '-26:3:4.5' HOUR TO SECOND AS STRING)", '"-1 2:03:04.5"'],
  // Aggregates
  ["COLL_SUM([INTERVAL '60' DAY, INTERVAL '60' DAY])", dt('+', 120)],
  ["COLL_AVG([INTERVAL '1' YEAR, INTERVAL '2' MONTH])", ym('+', 0, 7)],
  ["COLL_MAX([INTERVAL '1' DAY, INTERVAL '25' HOUR])", dt('+', 1, 1)],
])('%s', (expression, expected) => {
  it(`is ${expected}`, async () => {
    expect(await evaluate(expression)).toBe(expected);
  });
});

describe('what is no interval', () => {
  it.each([
    "INTERVAL '100' YEAR",
    "INTERVAL '1000' YEAR(3)",
    "INTERVAL '1-12' YEAR TO MONTH",
    "INTERVAL '1 24' DAY TO HOUR",
    "INTERVAL '1 23:60' DAY TO MINUTE",
    "INTERVAL '1:60' HOUR TO MINUTE",
    "INTERVAL '1:60' MINUTE TO SECOND",
    "INTERVAL '100.5' SECOND",
    "INTERVAL '1.0123456789' SECOND",
    "INTERVAL '1.5' DAY",
    "INTERVAL '1.' SECOND",
    "INTERVAL '1' YEAR TO MONTH",
    "INTERVAL '1 2' HOUR TO MINUTE",
    "INTERVAL '1-2' DAY TO HOUR",
    "INTERVAL '1 -2' DAY TO HOUR",
    "INTERVAL '--1' DAY",
    "INTERVAL -'--1' DAY",
    "INTERVAL '' DAY",
    "INTERVAL '1' DAY(10)",
    "INTERVAL '1' DAY(0)",
    "INTERVAL '1' SECOND(2, 10)",
    `INTERVAL '${'9'.repeat(400)}' DAY`,
  ])('%s', async (literal) => {
    await expect(evaluate(literal)).rejects.toMatchObject({
      code: 'PARTIQL_SEMANTIC',
    });
  });

  it.each([
    ["INTERVAL '3' YEAR * 50", 'more than 2 digits'],
    ["INTERVAL '2' DAY / 0.02", 'more than 2 digits'],
    ["INTERVAL '999999999' DAY(9) + INTERVAL '1' DAY", 'more than 9 digits'],
    ["INTERVAL '1' DAY * 1e1000", 'the interval is too long'],
    ["INTERVAL '1' DAY * `nan`", 'multiplied by NaN or an infinity'],
    ["INTERVAL '1' DAY / `+inf`", 'divided by NaN or an infinity'],
    ["INTERVAL '1' DAY / 0", '/ by zero'],
    ["INTERVAL '1' DAY / `0e0`", '/ by zero'],
    ["1 / INTERVAL '1' DAY", 'got: INT, INTERVAL'],
    ["INTERVAL '1' DAY / INTERVAL '1' DAY", 'got: INTERVAL, INTERVAL'],
    ["INTERVAL '1' DAY % 2", 'got: INTERVAL, INT'],
    ["INTERVAL '1' DAY + INTERVAL '1' MONTH", 'got: INTERVAL, INTERVAL'],
    ["COLL_SUM([INTERVAL '1' DAY, 1])", 'SUM, expected: NUMBER got: INT'],
    ['CAST(100 AS INTERVAL DAY)', 'more than 2 digits'],
    ["CAST('x' AS INTERVAL DAY)", 'Failed to convert STRING to INTERVAL'],
    ['CAST(1 AS INTERVAL DAY TO HOUR)', 'Cannot convert INT to INTERVAL'],
    [
      "CAST(INTERVAL '1' DAY AS INTERVAL YEAR)",
      'Cannot convert INTERVAL to INTERVAL YEAR',
    ],
    [
      "CAST(INTERVAL '5' DAY AS INTERVAL HOUR)",
      'more in its first field, HOUR',
    ],
  ])('%s', async (expression, text) => {
    const error = await evaluate(expression).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'PARTIQL_EVALUATION' });
    expect((error as Error).message.split('\n')[0]).toContain(text);
  });
});
