import { describe, expect, it } from 'vitest';
import { Decimal, Timestamp, toJson } from '../../lib/ion/index.js';

describe('toJson', () => {
  it('keeps what JSON would lose', () => {
    const value = {
      amount: new Decimal('13.00'),
      big: 2n ** 64n,
      nan: NaN,
      since: new Date('2019-04-17T00:00:00.000Z'),
      day: Timestamp.parse('2019-04-17T'),
      bytes: new Uint8Array([1, 2, 255]),
      owners: [{ share: new Decimal('0.50') }],
      none: null,
      text: 'a',
      yes: true,
    };
    expect(JSON.parse(JSON.stringify(toJson(value)))).toEqual({
      amount: '13.00',
      big: '18446744073709551616',
      nan: 'NaN',
      since: '2019-04-17T00:00:00.000Z',
      day: '2019-04-17T',
      bytes: 'AQL/',
      owners: [{ share: '0.50' }],
      none: null,
      text: 'a',
      yes: true,
    });
  });

  it('leaves alone what has a JSON form of its own, and a field named __proto__', () => {
    const own = { toJSON: () => 'mine' };
    expect(JSON.stringify(toJson({ own }))).toBe('{"own":"mine"}');
    const hostile = JSON.parse('{"__proto__":{"a":1}}') as object;
    expect(JSON.stringify(toJson(hostile))).toBe('{"__proto__":{"a":1}}');
  });
});
