import { describe, expect, it } from 'vitest';
import { parse } from '../../../lib/partiql/language/parser/index.js';
import { evaluate } from '../memory-catalog.js';

describe.each([
  // Literals
  ["DATE '2024-02-29'", '$date::{year:2024,month:2,day:29}'],
  ["date '0000-01-01'", '$date::{year:0,month:1,day:1}'],
  [
    "TIME '23:59:59.1234567899'",
    '$time::{hour:23,minute:59,second:59.123456789,offset:null}',
  ],
  [
    "time with time zone '02:30:00-05:30'",
    '$time::{hour:2,minute:30,second:0.,offset:-330}',
  ],
  ["TIME '02:30:00-00:00'", '$time::{hour:2,minute:30,second:0.,offset:0}'],
  [
    "TIME (2) '23:12:59.128'",
    '$time::{hour:23,minute:12,second:59.13,offset:null}',
  ],
  ["TIME (0) '23:12:59.5'", '$time::{hour:23,minute:13,second:0.,offset:null}'],
  ["TIME (0) '23:59:59.5'", '$time::{hour:0,minute:0,second:0.,offset:null}'],
  ["TIMESTAMP '2024-02-29 23:59:59.5'", '2024-02-29T23:59:59.5-00:00'],
  ["TIMESTAMP '2024-02-29 23:59:59+05:30'", '2024-02-29T23:59:59+05:30'],
  ["TIMESTAMP(0) '2023-12-31 23:59:59.5'", '2024-01-01T00:00:00-00:00'],
  ["TIMESTAMP(2) '2023-12-31 23:59:58.994'", '2023-12-31T23:59:58.99-00:00'],
  ["TIMESTAMP(2) '2023-12-31 23:59:58.995'", '2023-12-31T23:59:59.00-00:00'],
  // Moved by an interval
  [
    "DATE '2024-01-31' + INTERVAL '1' MONTH",
    '$date::{year:2024,month:2,day:29}',
  ],
  [
    "DATE '2024-02-29' - INTERVAL '1' YEAR",
    '$date::{year:2023,month:2,day:28}',
  ],
  ["DATE '2024-03-01' - INTERVAL '1' DAY", '$date::{year:2024,month:2,day:29}'],
  [
    "DATE '2024-01-01' - INTERVAL '36' HOUR",
    '$date::{year:2023,month:12,day:31}',
  ],
  [
    "TIME '23:30:00+01:00' + INTERVAL '45' MINUTE",
    '$time::{hour:0,minute:15,second:0.,offset:60}',
  ],
  [
    "TIME '00:00:00' - INTERVAL '0.5' SECOND",
    '$time::{hour:23,minute:59,second:59.5,offset:null}',
  ],
  [
    "TIMESTAMP '2024-02-29 23:59:59.75+01:00' + INTERVAL '0.25' SECOND",
    '2024-03-01T00:00:00.00+01:00',
  ],
  [
    "TIMESTAMP '2024-03-31 00:00:00' - INTERVAL '1-1' YEAR TO MONTH",
    '2023-02-28T00:00:00-00:00',
  ],
  ["INTERVAL '1' MONTH + `2024T`", '2024-02T'],
  ["`2024-01-01T` + INTERVAL '1' HOUR", '2024-01-01T01:00-00:00'],
  [
    "`2024-01-01T00:00:00.1234567891234Z` + INTERVAL '1' SECOND",
    '2024-01-01T00:00:01.1234567891234Z',
  ],
  // From one moment to another
  [
    "DATE '2024-03-01' - DATE '2024-02-01'",
    '$interval_dt::{sign:"+",days:29,hours:0,minutes:0,seconds:0,nanos:0}',
  ],
  [
    "TIME '10:00:00' - TIME '12:30:00.5'",
    '$interval_dt::{sign:"-",days:0,hours:2,minutes:30,seconds:0,nanos:500000000}',
  ],
  [
    "TIME '10:00:00+02:00' - TIME '10:00:00+01:00'",
    '$interval_dt::{sign:"-",days:0,hours:1,minutes:0,seconds:0,nanos:0}',
  ],
  [
    "TIMESTAMP '2024-01-01 00:00:00' - TIMESTAMP '2024-01-02 12:00:00'",
    '$interval_dt::{sign:"-",days:1,hours:12,minutes:0,seconds:0,nanos:0}',
  ],
  // Parts
  ["EXTRACT(DAY FROM DATE '2024-02-29')", '29'],
  ["EXTRACT(HOUR FROM DATE '2024-02-29')", '0'],
  ["EXTRACT(SECOND FROM TIME (2) '23:12:59.128')", '59.13'],
  ["EXTRACT(TIMEZONE_HOUR FROM TIME '23:12:59-08:30')", '-8'],
  ["EXTRACT(TIMEZONE_MINUTE FROM TIME '23:12:59-08:30')", '-30'],
  ["EXTRACT(MINUTE FROM TIMESTAMP '2024-02-29 23:59:59')", '59'],
  ["EXTRACT(MONTH FROM INTERVAL '-1-6' YEAR TO MONTH)", '-6'],
  ["EXTRACT(YEAR FROM INTERVAL '-6' MONTH)", '0'],
  ["EXTRACT(SECOND FROM INTERVAL '-1 2:3:4.5' DAY TO SECOND)", '-4.5'],
  ["EXTRACT(DAY FROM INTERVAL '36' HOUR)", '1'],
  // DATE_ADD and DATE_DIFF
  [
    "DATE_ADD(month, 1, DATE '2024-01-31')",
    '$date::{year:2024,month:2,day:29}',
  ],
  [
    "DATE_ADD(hour, -1, TIME '00:30:00')",
    '$time::{hour:23,minute:30,second:0.,offset:null}',
  ],
  [
    "DATE_ADD(year, 1, TIMESTAMP '2024-02-29 00:00:00')",
    '2025-02-28T00:00:00-00:00',
  ],
  ["DATE_DIFF(day, DATE '2024-02-28', DATE '2024-03-01')", '2'],
  ["DATE_DIFF(month, DATE '2024-03-01', DATE '2024-02-02')", '0'],
  ["DATE_DIFF(minute, TIME '10:00:00', TIME '09:58:01')", '-1'],
  ["DATE_DIFF(hour, DATE '2024-01-01', `2024-01-01T05:59Z`)", '5'],
  // Casts
  ["CAST('2024-02-29' AS DATE)", '$date::{year:2024,month:2,day:29}'],
  [
    'CAST(`2024-02-29T23:00:00+05:00` AS DATE)',
    '$date::{year:2024,month:2,day:29}',
  ],
  ["CAST(DATE '0999-02-03' AS STRING)", '"0999-02-03"'],
  [
    "CAST('10:00:00.999' AS TIME(2))",
    '$time::{hour:10,minute:0,second:1.,offset:null}',
  ],
  [
    "CAST(TIME '10:00:00' AS TIME WITH TIME ZONE)",
    '$time::{hour:10,minute:0,second:0.,offset:0}',
  ],
  [
    "CAST('10:00:00+01:00' AS TIME WITHOUT TIME ZONE)",
    '$time::{hour:10,minute:0,second:0.,offset:null}',
  ],
  [
    'CAST(`2024-02-29T23:00:00.5+05:00` AS TIME)',
    '$time::{hour:23,minute:0,second:0.5,offset:300}',
  ],
  ["CAST(TIME '01:02:03.040-05:30' AS STRING)", '"01:02:03.04-05:30"'],
  ["CAST(DATE '2024-02-29' AS TIMESTAMP)", '2024-02-29T00:00:00-00:00'],
  [
    "CAST('2024-02-29 01:02:03' AS TIMESTAMP WITH TIME ZONE)",
    '2024-02-29T01:02:03Z',
  ],
  [
    'CAST(`2024-02-29T01:02:03.45+01:00` AS TIMESTAMP(1) WITHOUT TIME ZONE)',
    '2024-02-29T01:02:03.5-00:00',
  ],
  // The clock of the statement
  ['CURRENT_DATE', '$date::{year:2024,month:2,day:29}'],
  ['current_time', '$time::{hour:12,minute:30,second:5.123,offset:0}'],
  ['CURRENT_TIME (1)', '$time::{hour:12,minute:30,second:5.1,offset:0}'],
  ['CURRENT_TIMESTAMP(2)', '2024-02-29T12:30:05.12Z'],
  ['CURRENT_TIMESTAMP = UTCNOW()', 'true'],
  ["TO_STRING(DATE '2024-02-29', 'MMMM d, y h')", '"February 29, 2024 12"'],
  // Types
  ["DATE '2024-02-29' IS DATE", 'true'],
  ["DATE '2024-02-29' IS TIMESTAMP", 'false'],
  ["DATE '2024-02-29' IS STRUCT", 'false'],
  ["TIME '10:00:00' IS TIME WITH TIME ZONE", 'false'],
  ["TIME '10:00:00+00:00' IS TIME WITH TIME ZONE", 'true'],
  ["TIMESTAMP '2024-02-29 00:00:00' IS TIMESTAMP WITHOUT TIME ZONE", 'true'],
  ['`2024-02-29T00:00Z` IS TIMESTAMP WITHOUT TIME ZONE', 'false'],
  ["INTERVAL '1' YEAR IS INTERVAL MONTH", 'true'],
  ["INTERVAL '1' YEAR IS INTERVAL DAY", 'false'],
  // Comparison
  ["TIME '23:00:00-03:00' > TIME '01:00:00+00:00'", 'true'],
  ["DATE '2024-02-29' = `2024-02-29T00:00:00.000Z`", 'true'],
  ["DATE '2024-02-29' < TIME '10:00:00'", 'null'],
  ["DATE '2024-02-29' = TIME '10:00:00'", 'false'],
  ["DATE '2024-02-29' BETWEEN DATE '2024-02-01' AND DATE '2024-02-29'", 'true'],
  ["TIME '10:00:00' IN (TIME '09:00:00', TIME '11:00:00+01:00')", 'true'],
  ["`$date::{day: 29, month: 2, year: 2024}` = DATE '2024-02-29'", 'true'],
  ['`$date::{year: 2023, month: 2, day: 29}` IS DATE', 'false'],
  ['`$date::{year: 2023, month: 2, day: 29}` IS STRUCT', 'true'],
  ["`$time::{hour: 1, minute: 2, second: 3}` = TIME '01:02:03'", 'true'],
  ['`$time::{hour: 24, minute: 0, second: 0.}` IS TIME', 'false'],
  // Periods
  [
    "(DATE '2024-02-01', INTERVAL '-31' DAY) OVERLAPS (DATE '2024-01-12', DATE '2024-01-10')",
    'true',
  ],
  [
    "(TIME '10:00:00', INTERVAL '1' HOUR) OVERLAPS (TIME '10:59:59', TIME '12:00:00')",
    'true',
  ],
  ["(DATE '2024-01-01', NULL) OVERLAPS (DATE '2024-01-01', NULL)", 'null'],
])('%s', (expression, expected) => {
  it(`is ${expected}`, async () => {
    expect(await evaluate(expression)).toBe(expected);
  });
});

describe('what is no date or time', () => {
  it.each([
    "DATE '2023-02-29'",
    "DATE '2100-02-29'",
    "DATE '2024-2-29'",
    "DATE ' 2024-02-29'",
    "DATE ''",
    "TIME '24:00:00'",
    "TIME '10:60:00'",
    "TIME '10:00:60'",
    "TIME '10:00:00.'",
    "TIME '10:00:00+24:00'",
    "TIME '10:00:00+01:60'",
    "TIME '10:00'",
    "TIME(10) '10:00:00'",
    "TIME WITH TIME ZONE '10:00:00'",
    "TIME WITHOUT TIME ZONE '10:00:00+01:00'",
    "TIMESTAMP '2024-02-29'",
    "TIMESTAMP '2023-02-29 00:00:00'",
    "TIMESTAMP '0000-01-01 00:00:00'",
    "TIMESTAMP '0001-01-01 00:00:00+01:00'",
    "TIMESTAMP '9999-12-31 23:30:00-01:00'",
    "TIMESTAMP(0) '9999-12-31 23:59:59.5'",
    "TIMESTAMP '9999-12-31 23:59:59.9995'",
    "TIMESTAMP WITH TIME ZONE '2024-02-29 00:00:00'",
  ])('%s', async (literal) => {
    await expect(evaluate(literal)).rejects.toMatchObject({
      code: 'PARTIQL_SEMANTIC',
      line: 1,
      column: 8,
    });
  });

  it.each([
    'DATE',
    'DATE 2024',
    'DATE `2024-02-29`',
    "DATE (1) '2024-02-29'",
    "TIME (-1) '10:00:00'",
    "TIME () '10:00:00'",
    "TIME (1, 2) '10:00:00'",
    "TIME WITH TIME '10:00:00'",
    "TIME WITH TIME ZONE (1) '10:00:00'",
    "INTERVAL '1'",
    "INTERVAL '1' WEEK",
    "INTERVAL '1' MONTH TO YEAR",
    "INTERVAL '1' YEAR TO DAY",
    "INTERVAL '1' DAY TO DAY",
    "INTERVAL '1' SECOND TO SECOND",
    "INTERVAL '1' YEAR TO MONTH (2)",
    "INTERVAL '1' MINUTE (1, 2)",
    'INTERVAL 1 DAY',
    "INTERVAL + - '1' DAY",
    'CAST(1 AS INTERVAL)',
    'CURRENT_DATE(1)',
    'CURRENT_TIME()',
  ])('no syntax: %s', async (literal) => {
    await expect(evaluate(literal)).rejects.toMatchObject({
      code: 'PARTIQL_SYNTAX',
    });
  });
});

describe('words where a literal should be', () => {
  it.each([
    [
      'SELECT date FROM T',
      'expected a text in single quotes, such as DATE \'2024-02-29\', but found KEYWORD : FROM; a name that is a reserved word is written in double quotes, "date"',
    ],
    [
      'TIME WITH TIME ZONE 1',
      "expected a text in single quotes, such as TIME '23:59:59', but found LITERAL : 1",
    ],
    ["INTERVAL '1' DAY TO YEAR", 'expected HOUR or MINUTE or SECOND but found'],
  ])('%s', (source, text) => {
    expect(() => parse(source)).toThrow(text);
  });
});

describe('wrong operands', () => {
  it.each([
    ["DATE '2024-02-29' + 1", '+, expected: NUMBER, NUMBER got: DATE, INT'],
    [
      "DATE '2024-02-29' + DATE '2024-02-29'",
      '+, expected: NUMBER, NUMBER got: DATE, DATE',
    ],
    [
      "TIME '10:00:00' + INTERVAL '1' MONTH",
      '+, expected: NUMBER, NUMBER got: TIME, INTERVAL',
    ],
    [
      "INTERVAL '1' DAY - DATE '2024-02-29'",
      '-, expected: NUMBER, NUMBER got: INTERVAL, DATE',
    ],
    [
      "DATE '2024-02-29' - TIME '10:00:00'",
      '-, expected: NUMBER, NUMBER got: DATE, TIME',
    ],
    ["- DATE '2024-02-29'", '-, expected: NUMBER got: DATE'],
    [
      "EXTRACT(YEAR FROM TIME '10:00:00')",
      'extract finds no year in this TIME',
    ],
    [
      "EXTRACT(TIMEZONE_HOUR FROM TIME '10:00:00')",
      'extract finds no timezone_hour in this TIME',
    ],
    [
      "EXTRACT(TIMEZONE_HOUR FROM DATE '2024-02-29')",
      'extract finds no timezone_hour in this DATE',
    ],
    [
      "EXTRACT(DAY FROM INTERVAL '1' YEAR)",
      'extract finds no day in this INTERVAL',
    ],
    ["DATE_ADD(year, 1, TIME '10:00:00')", 'date_add adds no year to a TIME'],
    [
      "DATE_DIFF(year, TIME '10:00:00', TIME '10:00:00')",
      'date_diff finds no year between two TIMEs',
    ],
    ['CURRENT_TIME(10)', 'has 0 to 9 digits'],
    ["SIZE(DATE '2024-02-29')", 'got: DATE'],
    ["CAST(TIME '10:00:00' AS DATE)", 'Cannot convert TIME to DATE'],
    ["CAST('2023-02-29' AS DATE)", 'Failed to convert STRING to DATE'],
    ["CAST(DATE '2024-02-29' AS STRUCT)", 'Cannot convert DATE to STRUCT'],
    ["CAST(DATE '2024-02-29' AS TIME)", 'Cannot convert DATE to TIME'],
    [
      "(1, 2) OVERLAPS (DATE '2024-02-29', NULL)",
      'OVERLAPS, expected: DATE, TIME or TIMESTAMP got: INT',
    ],
    [
      "(DATE '2024-02-29', NULL) OVERLAPS (TIME '10:00:00', NULL)",
      'OVERLAPS cannot compare DATE with TIME',
    ],
    [
      "(TIME '10:00:00', INTERVAL '1' YEAR) OVERLAPS (TIME '10:00:00', NULL)",
      'OVERLAPS cannot add years or months to a TIME',
    ],
    [
      "DATE '9999-12-31' + INTERVAL '1' DAY",
      'the years of a DATE are 0000 to 9999',
    ],
    [
      "DATE '0000-01-01' - INTERVAL '1' MONTH",
      'the years of a DATE are 0000 to 9999',
    ],
    [
      "DATE '2024-02-29' + INTERVAL '999999999' DAY(9)",
      'the years of a DATE are 0000 to 9999',
    ],
    [
      "TIMESTAMP '9999-12-31 23:59:59' + INTERVAL '1' SECOND",
      'the years of a TIMESTAMP are 0001 to 9999',
    ],
    [
      'DATE_ADD(second, 1, `9999-12-31T23:59:58.9999Z`)',
      'date_add leaves the years 0001 to 9999',
    ],
    [
      'DATE_ADD(day, -1, `0001-01-01T12:00+11:00`)',
      'date_add leaves the years 0001 to 9999',
    ],
    [
      "DATE_ADD(year, 99999, DATE '2024-02-29')",
      'the years of a DATE are 0000 to 9999',
    ],
  ])('%s', async (expression, text) => {
    const error = await evaluate(expression).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'PARTIQL_EVALUATION' });
    expect((error as Error).message.split('\n')[0]).toContain(text);
  });
});
