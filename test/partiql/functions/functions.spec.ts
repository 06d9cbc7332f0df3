import { describe, expect, it } from 'vitest';
import { parseIonText } from '../../../lib/ion/text.js';
import { evaluate } from '../memory-catalog.js';

describe.each([
  ["CHAR_LENGTH('😁😞😸😸')", '4'],
  ["CHARACTER_LENGTH('')", '0'],
  ['CHAR_LENGTH(NULL)', 'null'],
  ['CHAR_LENGTH(MISSING)', 'null'],
  ["COALESCE(NULL, MISSING, 'a', 'b')", '"a"'],
  ['COALESCE(NULL, MISSING)', 'null'],
  ['NULLIF(1.0, 1)', 'null'],
  ["NULLIF(1, '1')", '1'],
  ['NULLIF([1], [1])', 'null'],
  ['NULLIF(1, NULL)', '1'],
  ['NULLIF(MISSING, NULL)', 'null'],
  ['EXISTS(1)', 'false'],
  ['EXISTS(NULL)', 'false'],
  ['EXISTS([MISSING])', 'true'],
  ['EXISTS(<<>>)', 'false'],
  ['EXISTS(`(a)`)', 'true'],
  ["SIZE([1, 2]) + SIZE({'a': 1}) + SIZE(<<1>>) + SIZE(`(1 2)`)", '6'],
  ["LOWER('AbÄ')", '"abä"'],
  ["UPPER('ß')", '"SS"'],
  ["SUBSTRING('123456789', 0, 2)", '"1"'],
  ["SUBSTRING('123456789', -4)", '"123456789"'],
  ["SUBSTRING('1', -4, 0)", '""'],
  ["SUBSTRING('123', 9)", '""'],
  ["SUBSTRING('a😁b' FROM 2 FOR 1)", '"😁"'],
  ["TRIM('  a b ')", '"a b"'],
  ["TRIM(BOTH '12' FROM '1112211foobar22211122')", '"foobar"'],
  ["TRIM(LEADING FROM '  a ')", '"a "'],
  ["TRIM(TRAILING 'x' FROM 'xax')", '"xa"'],
  ["POSITION('b' IN 'a😁b')", '3'],
  ['DATE_ADD(year, 5, `2010-01-01T`)', '2015-01-01T'],
  ['DATE_ADD(month, 1, `2010T`)', '2010-02T'],
  ['DATE_ADD(month, 13, `2010T`)', '2011-02T'],
  ['DATE_ADD(month, 1, `2010-01-31T`)', '2010-02-28T'],
  ['DATE_ADD(day, -1, `2017-01-10T`)', '2017-01-09T'],
  ['DATE_ADD(hour, 1, `2017T`)', '2017-01-01T01:00Z'],
  [
    'DATE_ADD(minute, 1, `2017-01-02T03:04:05.006Z`)',
    '2017-01-02T03:05:05.006Z',
  ],
  [
    'DATE_ADD(second, 1, `2017-01-02T03:04:59.9+07:08`)',
    '2017-01-02T03:05:00.9+07:08',
  ],
  ['DATE_DIFF(year, `2010-01-01T`, `2011-01-01T`)', '1'],
  ['DATE_DIFF(year, `2010-12T`, `2011-01T`)', '0'],
  ['DATE_DIFF(month, `2010T`, `2010-05T`)', '4'],
  ['DATE_DIFF(month, `2010T`, `2011T`)', '12'],
  ['DATE_DIFF(month, `2011T`, `2010T`)', '-12'],
  ['DATE_DIFF(month, `2010-12-31T`, `2011-01-01T`)', '0'],
  ['DATE_DIFF(day, `2010-01-01T23:00Z`, `2010-01-02T01:00Z`)', '0'],
  [
    'DATE_DIFF(second, `2010-01-01T00:00:00.9Z`, `2010-01-01T00:00:02.8Z`)',
    '1',
  ],
  ['EXTRACT(MONTH FROM `2010T`)', '1'],
  ['EXTRACT(TIMEZONE_HOUR FROM `2017-01-02T03:04:05+07:08`)', '7'],
  ['EXTRACT(TIMEZONE_MINUTE FROM `2017-01-02T03:04:05-07:08`)', '-8'],
  ['EXTRACT(SECOND FROM `2017-01-02T03:04:59.99999Z`)', '59.99999'],
  ['EXTRACT(HOUR FROM `2017-01-02T03:59:59.99999+07:08`)', '3'],
  ["TO_STRING(`1969-07-20T20:18Z`, 'MMMM d, y')", '"July 20, 1969"'],
  ["TO_STRING(`1969-07-20T20:18Z`, 'MMM d, yyyy')", '"Jul 20, 1969"'],
  ["TO_STRING(`1969-07-20T20:18Z`, 'M-d-yy')", '"7-20-69"'],
  [
    "TO_STRING(`1969-07-20T20:18Z`, 'MMMM d, y h:m a')",
    '"July 20, 1969 8:18 PM"',
  ],
  [
    "TO_STRING(`1969-07-20T20:18Z`, 'y-MM-dd''T''H:m:ssX')",
    '"1969-07-20T20:18:00Z"',
  ],
  [
    "TO_STRING(`1969-07-20T20:18+08:00`, 'y-MM-dd''T''H:m:ssXXXX')",
    '"1969-07-20T20:18:00+0800"',
  ],
  ["TO_STRING(`1969-07-20T20:18+08:00`, 'XXXXX x SSS')", '"+08:00 +08 000"'],
  ["TO_TIMESTAMP('2007T')", '2007T'],
  ["TO_TIMESTAMP('2016', 'y')", '2016T'],
  ["TO_TIMESTAMP('02-2016', 'MM-yyyy')", '2016-02T'],
  ["TO_TIMESTAMP('Feb 2016', 'MMM yyyy')", '2016-02T'],
  ["TO_TIMESTAMP('FEBRUARY 2016', 'MMMM yyyy')", '2016-02T'],
  [
    "TO_TIMESTAMP('70-1-2 12:05 am +01:00', 'yy-M-d h:mm a XXX')",
    '1970-01-02T00:05+01:00',
  ],
  [
    "CAST('12' AS INT) + CAST(TRUE AS INT) + CAST(1.75 AS INT) + CAST(`'22'` AS INT)",
    '36',
  ],
  ["CAST('0x1F' AS INT)", '31'],
  ["CAST('a' AS BOOL)", 'false'],
  ["CAST('TRUE' AS BOOLEAN)", 'true'],
  ['CAST(0.0 AS BOOL)', 'false'],
  ["CAST('12' AS DECIMAL)", '12.'],
  ["CAST('1.255' AS DECIMAL(5, 2))", '1.26'],
  ["CAST('1.5e0' AS FLOAT)", '1.5e0'],
  ['CAST(`1e0` AS STRING)', '"1.0"'],
  ['CAST(`1d0` AS STRING)', '"1"'],
  ['CAST(TRUE AS STRING)', '"true"'],
  ["CAST('a' AS SYMBOL)", 'a'],
  ["CAST('abc' AS VARCHAR(2))", '"ab"'],
  ["CAST('2007-02-23T12:14:33.079Z' AS TIMESTAMP)", '2007-02-23T12:14:33.079Z'],
  ['CAST(<<1>> AS LIST)', '[1]'],
  ['CAST([1] AS SEXP)', '(1)'],
  ['CAST(`{{"a"}}` AS BLOB)', '{{YQ==}}'],
  ['CAST(NULL AS INT)', 'null'],
  ['CAST(NULL AS MISSING) IS MISSING', 'true'],
  ['ABS(-1.5)', '1.5'],
])('%s', (expression, expected) => {
  it(`is ${expected}`, async () => {
    expect(await evaluate(expression)).toBe(expected);
  });
});

describe('wrong arguments', () => {
  it.each([
    ["CAST('aa' AS INT)", 'Failed to convert STRING to INT'],
    ['CAST([] AS INT)', 'Cannot convert LIST to INT'],
    ['CAST(1 AS TIMESTAMP)', 'Cannot convert INT to TIMESTAMP'],
    ['CAST(1 AS NULL)', 'Cannot convert INT to NULL'],
    [
      'CAST(12345 AS DECIMAL(3, 0))',
      'Failed to convert DECIMAL to DECIMAL(3, 0)',
    ],
    ['CAST(40000 AS SMALLINT)', 'Int overflow or underflow'],
    [
      'SIZE(1)',
      'Invalid argument types for size, expected: LIST, BAG, SEXP or STRUCT got: INT',
    ],
    ['LOWER(1)', 'Invalid argument types for lower, expected: STRING got: INT'],
    [
      "SUBSTRING('a', 'b')",
      'Invalid argument types for substring, expected: INT got: STRING',
    ],
    [
      "SUBSTRING('a', 1, -1)",
      'Argument 3 of substring has to be greater than 0.',
    ],
    [
      'DATE_ADD(year, 1, 1)',
      'Invalid argument types for date_add, expected: TIMESTAMP got: INT',
    ],
    [
      'DATE_ADD(year, 9000, `2017T`)',
      'date_add leaves the years 0001 to 9999 that a timestamp can have',
    ],
    [
      'DATE_ADD(day, ?, `2017T`)',
      'date_add leaves the years 0001 to 9999 that a timestamp can have',
    ],
    ["TO_TIMESTAMP('x')", 'Failed to parse Ion timestamp'],
    [
      "TO_TIMESTAMP('x', 'y')",
      'Failed to parse custom timestamp using the specified format pattern',
    ],
    [
      "TO_TIMESTAMP('2016-13', 'y-M')",
      'Failed to parse custom timestamp using the specified format pattern',
    ],
    ["TO_TIMESTAMP('x', 'Q')", 'Invalid timestamp format pattern'],
    ["TO_TIMESTAMP('x', 'y d')", 'Invalid timestamp format pattern'],
    ["TO_STRING(`2017T`, 'y ''x')", 'Invalid timestamp format pattern'],
    [
      "'a' LIKE 'b' ESCAPE 'xy'",
      'Escape character must have size 1 in a LIKE expression',
    ],
    [
      "'a' LIKE '\\a' ESCAPE '\\'",
      'Pattern contains an invalid or malformed escape sequence',
    ],
    ["'a' LIKE 1", 'Invalid argument given to LIKE expression'],
    [
      "1 + 'a'",
      'Invalid argument types for +, expected: NUMBER, NUMBER got: INT, STRING',
    ],
    [
      "1 || 'a'",
      'Invalid argument types for ||, expected: STRING, STRING got: INT, STRING',
    ],
    ['1 AND TRUE', 'Invalid argument types for AND, expected: BOOL got: INT'],
    ['1 / 0', '/ by zero'],
    ['1.0 % 0.0', '/ by zero'],
    ['9223372036854775807 + 1', 'Int overflow or underflow'],
    ['{1: 2}', 'the name of a field must be a string, and this one is INT'],
  ])('%s', async (expression, text) => {
    const parameters = expression.includes('?')
      ? [parseIonText('99999999999999999999')]
      : [];
    const error = await evaluate(expression, ...parameters).catch(
      (e: unknown) => e,
    );
    expect(error).toMatchObject({ code: 'PARTIQL_EVALUATION' });
    expect((error as Error).message.split('\n')[0]).toContain(`: ${text}`);
  });

  it('never show the value', async () => {
    const error = await evaluate('CAST(? AS INT)', 'secret').catch(
      (e: unknown) => e,
    );
    expect(String(error)).not.toContain('secret');
  });

  it.each([
    "TO_TIMESTAMP('2020', ?)",
    'TO_STRING(`2017T`, ?)',
    'TO_TIMESTAMP(?)',
    "TO_TIMESTAMP(?, 'y')",
    "'a' LIKE 'b' ESCAPE ?",
    "'a' LIKE ('x\\' || ?) ESCAPE '\\'",
    'ABS(?)',
    'SIZE(?)',
    'UTCNOW() < DATE_ADD(year, ?, UTCNOW())',
    'CAST(? AS TIMESTAMP)',
    'CAST(? AS DECIMAL(2, 1))',
    'CAST(? AS BOOL)',
    'EXTRACT(year FROM ?)',
    'SUBSTRING(?, ?)',
    'POSITION(1 IN ?)',
    'COLL_SUM([?])',
    'COLL_SUM(?)',
    '1 + ?',
    'NOT ?',
    '{1: ?}',
  ])('never show the value: %s', async (expression) => {
    const values = expression
      .split('?')
      .slice(1)
      .map(() => 'SECRET');
    const error = await evaluate(expression, ...values).catch(
      (e: unknown) => e,
    );
    expect(String(error)).not.toContain('SECRET');
  });
});
