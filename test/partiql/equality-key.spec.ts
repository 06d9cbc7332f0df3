import { describe, expect, it } from 'vitest';
import { parseIonText } from '../../lib/ion/text.js';
import { equalityKey } from '../../lib/partiql/index.js';
import { compareValues } from '../../lib/partiql/values/compare.js';

const key = (text: string) => {
  const bytes = equalityKey(parseIonText(text));
  return bytes && Buffer.from(bytes).toString('hex');
};

const EQUAL = [
  ['1', '1.0', '1e0', '100d-2', 'a::1', '0.1d1'],
  ['0', '-0.0', '-0e0', '0d7'],
  ['0.1', '1d-1', '0.1e0'],
  ['12345678901234567890', '12345678901234567890.', '1234567890123456789d1'],
  ['nan'],
  ['"a"', "'a'", 'x::"a"'],
  [
    '2017-01-01T00:00Z',
    '2017T',
    '2017-01-01T01:00:00.000+01:00',
    '2017-01-01T',
    '$date::{year: 2017, month: 1, day: 1}',
    'a::$date::{day: 1, month: 1, year: 2017}',
  ],
  ['$date::{year: 0, month: 1, day: 1}'],
  ['{year: 0, month: 1, day: 1}', '$date::{year: 0, month: 1, day: 1.0}'],
  [
    '$time::{hour: 1, minute: 2, second: 3}',
    '$time::{hour: 1, minute: 2, second: 3.00, offset: 0}',
    '$time::{hour: 2, minute: 32, second: 3., offset: 90}',
  ],
  ['$time::{hour: 1, minute: 2, second: 3.000000001}'],
  ['$interval_ym::{years: 1}', '$interval_ym::{sign: "+", months: 12}'],
  ['$interval_ym::{sign: "-", years: 1}'],
  ['$interval_dt::{}', '$interval_dt::{sign: "-", days: 0}'],
  ['$interval_dt::{days: 12}', '$interval_dt::{hours: 288}'],
  ['$interval_dt::{nanos: 1}'],
  ['2017-01-01T00:00:00.1Z', '2017-01-01T00:00:00.100Z'],
  ['{{ YQ== }}', '{{ "a" }}'],
  ['[1, "a"]', "[1.0, 'a']"],
  ['(1 2)'],
  ['{a: 1, b: 2}', '{b: 2.0, a: 1}'],
  ['{a: 1, a: 2}', '{a: 2, a: 1}'],
  ['{a: 1, a: 1}'],
  ['{a: 1}'],
  ['{a: null}'],
  ['true'],
  ['false'],
  ['[1, 2]'],
  ['["1", 2]'],
  ['["1:2"]'],
  ['{}'],
  ['[]'],
  ['""'],
  [`"${'x'.repeat(100)}"`, `'${'x'.repeat(100)}'`],
  [`"${'x'.repeat(101)}"`],
  ['1d1000000'],
  ['1d-1000000'],
];

describe('equalityKey', () => {
  it('is shared by equal values, and by no others', () => {
    const owners = new Map<string | undefined, number>();
    for (const [index, texts] of EQUAL.entries()) {
      for (const text of texts) {
        expect(key(text), text).toBe(key(texts[0] ?? ''));
        expect(owners.get(key(text)) ?? index, text).toBe(index);
        owners.set(key(text), index);
      }
    }
  });

  it('agrees with the comparison of values', () => {
    const values = EQUAL.flat().map(
      (text) => [text, parseIonText(text)] as const,
    );
    for (const [textA, a] of values) {
      for (const [textB, b] of values) {
        const equal = compareValues(a, b) === 0;
        expect(key(textA) === key(textB), `${textA} and ${textB}`).toBe(equal);
        expect(
          Math.sign(compareValues(a, b)) + Math.sign(compareValues(b, a)),
        ).toBe(0);
      }
    }
  });

  it('is undefined for every null', () => {
    for (const text of ['null', 'null.int', 'a::null.string'])
      expect(key(text)).toBeUndefined();
  });

  it('is at most 40 bytes long', () => {
    for (const text of EQUAL.flat()) {
      expect(equalityKey(parseIonText(text))?.length).toBeLessThanOrEqual(40);
    }
  });
});
