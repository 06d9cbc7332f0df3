import { runInNewContext } from 'node:vm';
import { dom, load } from 'ion-js';
import { describe, expect, it } from 'vitest';
import { randomOf } from '../../bench/ion-fuzz.mjs';
import { decodeIon } from '../../lib/ion/decode.js';
import { encodeIon } from '../../lib/ion/encode.js';
import {
  fromIonBinary,
  IonBinaryError,
  IonConversionError,
  ionValues,
  toIonBinary,
} from '../../lib/ion/index.js';
import { toIonValue, toNative } from '../../lib/ion/native.js';
import { formatIonText, parseIonText } from '../../lib/ion/text.js';
import {
  Decimal,
  IonAnnotated,
  IonClob,
  IonFloat,
  IonNull,
  IonSexp,
  IonStruct,
  IonSymbol,
  type IonValue,
  Timestamp,
} from '../../lib/ion/value.js';
import { Generator } from './generate.js';

/** JavaScript to Ion and on to Ion text. */
const textOf = (value: unknown) => formatIonText(decodeIon(toIonBinary(value)));
/** Ion text to Ion and on to JavaScript. */
const nativeOf = (text: string) => fromIonBinary(encodeIon(parseIonText(text)));

describe('JavaScript to Ion', () => {
  it.each<[string, unknown, string]>([
    ['null', null, 'null'],
    ['true', true, 'true'],
    ['an integer', -42, '-42'],
    ['the largest safe integer', 2 ** 53 - 1, '9007199254740991'],
    ['an integer beyond', 2 ** 53, '9.007199254740992e15'],
    ['1e300', 1e300, '1e300'],
    ['a fraction', 1.5, '1.5e0'],
    ['zero', 0, '0'],
    ['minus zero', -0, '-0e0'],
    ['NaN', NaN, 'nan'],
    ['Infinity', Infinity, '+inf'],
    ['-Infinity', -Infinity, '-inf'],
    ['a bigint', 2n ** 70n, '1180591620717411303424'],
    ['a small bigint', -7n, '-7'],
    ['a string', 'Grüße "x" 𝄞', '"Grüße \\"x\\" 𝄞"'],
    [
      'a Date',
      new Date(Date.UTC(2019, 11, 11, 7, 20, 51, 245)),
      '2019-12-11T07:20:51.245Z',
    ],
    ['a Date without milliseconds', new Date(0), '1970-01-01T00:00:00.000Z'],
    [
      'the first Date',
      new Date('0001-01-01T00:00:00Z'),
      '0001-01-01T00:00:00.000Z',
    ],
    [
      'the last Date',
      new Date('9999-12-31T23:59:59.999Z'),
      '9999-12-31T23:59:59.999Z',
    ],
    ['a Uint8Array', Uint8Array.of(1, 2, 3), '{{AQID}}'],
    ['a Buffer', Buffer.from('abc'), '{{YWJj}}'],
    ['an array', [1, [], ['x']], '[1,[],["x"]]'],
    [
      'a subclass of Array',
      new (class Row extends Array<number> {})(3).fill(1),
      '[1,1,1]',
    ],
    ['a plain object', { a: 1, b: { c: null } }, '{a:1,b:{c:null}}'],
    [
      'an object without prototype',
      Object.assign(Object.create(null), { a: 1 }),
      '{a:1}',
    ],
    [
      'an object of another realm',
      runInNewContext(
        '({ a: [1, { b: new Date(0) }], c: new Map([["d", 1]]), e: Uint8Array.of(1) })',
      ),
      '{a:[1,{b:1970-01-01T00:00:00.000Z}],c:{d:1},e:{{AQ==}}}',
    ],
    [
      'keys with a meaning',
      JSON.parse('{"__proto__": 1, "constructor": 2, "toString": 3, "": 4}'),
      "{'__proto__':1,constructor:2,toString:3,'':4}",
    ],
    [
      'a Map',
      new Map<string, unknown>([
        ['b', 1],
        ['a', new Map()],
        ['u', undefined],
      ]),
      '{b:1,a:{}}',
    ],
    [
      'undefined fields',
      { a: undefined, b: 1, c: { d: undefined } },
      '{b:1,c:{}}',
    ],
    ['Decimal', new Decimal('1.10'), '1.10'],
    [
      'Timestamp',
      Timestamp.parse('2020-02-29T12:00-08:00'),
      '2020-02-29T12:00-08:00',
    ],
    [
      'Ion values',
      [
        new IonNull('int'),
        new IonFloat(2),
        new IonSymbol('s'),
        new IonClob(Uint8Array.of(65)),
        new IonSexp([1, 'x']),
        new IonAnnotated(['a', 'b'], 1),
        IonStruct.of([
          ['f', 1],
          ['f', 2],
        ]),
      ],
      '[null.int,2e0,s,{{"A"}},(1 "x"),a::b::1,{f:1,f:2}]',
    ],
    [
      'values of the ion-js DOM',
      load(
        '[a::{f: 1, f: x::[2.0]}, null.list, (+ 1 2), {{"c"}}, 2020T, sym, 5e0, 99999999999999999999]',
      ),
      '[a::{f:1,f:x::[2.0]},null.list,(+ 1 2),{{"c"}},2020T,sym,5e0,99999999999999999999]',
    ],
  ])('takes %s', (_, value, text) => {
    expect(textOf(value).replaceAll('__proto__', '__proto__')).toBe(
      text.replaceAll("'__proto__'", '__proto__'),
    );
  });

  class Vehicle {
    vin = 'SECRET';
  }
  const circular: Record<string, unknown> = { a: {} };
  (circular['a'] as Record<string, unknown>)['b'] = [circular];
  const circularList: unknown[] = [];
  circularList.push(circularList);

  it.each<[string, unknown, string, string]>([
    ['undefined', undefined, '$', 'undefined'],
    ['undefined in an array', { a: [1, undefined] }, '$.a[1]', 'undefined'],
    // oxlint-disable-next-line no-sparse-arrays
    ['a hole in an array', [1, , 3], '$[1]', 'undefined'],
    ['a function', { a: () => 1 }, '$.a', 'a function'],
    [
      'a method toJSON',
      { a: { toJSON: () => 'SECRET' } },
      '$.a.toJSON',
      'a function',
    ],
    [
      'a symbol',
      { Owners: [{}, { since: Symbol('SECRET') }] },
      '$.Owners[1].since',
      'a symbol',
    ],
    [
      'an instance of a class',
      [new Vehicle()],
      '$[0]',
      'an instance of Vehicle',
    ],
    [
      'an object with a prototype',
      { a: Object.create({ x: 1 }) },
      '$.a',
      'an instance of Object',
    ],
    ['a Set', { a: new Set([1]) }, '$.a', 'an instance of Set'],
    ['a RegExp', { a: /SECRET/ }, '$.a', 'an instance of RegExp'],
    ['an Error', { a: new Error('SECRET') }, '$.a', 'an instance of Error'],
    ['a URL', { a: new URL('http://SECRET/') }, '$.a', 'an instance of URL'],
    [
      'a Promise',
      { a: Promise.resolve('SECRET') },
      '$.a',
      'an instance of Promise',
    ],
    [
      'an ArrayBuffer',
      { a: new ArrayBuffer(1) },
      '$.a',
      'an instance of ArrayBuffer',
    ],
    [
      'a Uint16Array',
      { a: new Uint16Array(1) },
      '$.a',
      'an instance of Uint16Array',
    ],
    [
      'a DataView',
      { a: new DataView(new ArrayBuffer(1)) },
      '$.a',
      'an instance of DataView',
    ],
    ['a boxed number', { a: Object(1) }, '$.a', 'an instance of Number'],
    ['a boxed string', { a: Object('SECRET') }, '$.a', 'an instance of String'],
    ['an invalid Date', { a: new Date(NaN) }, '$.a', 'an invalid Date'],
    [
      'a Date after the year 9999',
      { a: new Date(8e15) },
      '$.a',
      'an invalid Date',
    ],
    [
      'a Map with other keys',
      { a: new Map([[1, 2]]) },
      '$.a',
      'a Map with a key that is a number',
    ],
    [
      'a lone surrogate',
      { 'a b': ['SECRET\ud800'] },
      '$["a b"][0]',
      'a string with a lone surrogate',
    ],
    [
      'a long lone surrogate',
      [`${'SECRET'.repeat(20)}\udc00`],
      '$[0]',
      'a string with a lone surrogate',
    ],
    [
      'a name with a lone surrogate',
      { a: { '\ud800': 1 } },
      '$.a["\\ud800"]',
      'a name with a lone surrogate',
    ],
    [
      'an object inside itself',
      circular,
      '$.a.b[0]',
      'an object that contains itself',
    ],
    [
      'an array inside itself',
      circularList,
      '$[0]',
      'an object that contains itself',
    ],
    [
      'a decimal that no one can read',
      [new Decimal(1, 2 ** 40)],
      '$[0]',
      'a decimal with an exponent beyond 32 bits',
    ],
    [
      'a timestamp that no one can read',
      [new Timestamp(0, 2000, 1, 1, 0, 0, new Decimal(`1.${'0'.repeat(303)}`))],
      '$[0]',
      'a timestamp with more than 300 fraction digits',
    ],
  ])('refuses %s', (_, value, path, what) => {
    let error: unknown;
    try {
      toIonBinary(value);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toBeInstanceOf(IonConversionError);
    expect(error).toMatchObject({ code: 'ION_UNSUPPORTED_VALUE', path });
    const { message } = error as Error;
    expect(message).toContain(
      `Cannot convert the value at ${path} to Ion: it is ${what}`,
    );
    expect(message).not.toContain('SECRET');
  });

  it('refuses what is nested too deep, not the stack', () => {
    let value: unknown = 1;
    for (let i = 0; i < 1000; i++) value = i % 2 ? [value] : { a: value };
    expect(() => toIonBinary(value)).not.toThrow();
    expect(() => toIonBinary([value])).toThrow('nested more than 1000 deep');
    for (let i = 0; i < 100_000; i++) value = [value];
    expect(() => toIonBinary(value)).toThrow('nested more than 1000 deep');
  });

  it('takes one object in two places', () => {
    const owner = { id: 1 };
    expect(textOf({ a: owner, b: [owner, owner] })).toBe(
      '{a:{id:1},b:[{id:1},{id:1}]}',
    );
  });
});

describe('Ion to JavaScript', () => {
  it.each<[string, unknown]>([
    ['null', null],
    ['null.int', null],
    ['null.struct', null],
    ['false', false],
    ['9007199254740991', 2 ** 53 - 1],
    ['-9007199254740991', 1 - 2 ** 53],
    ['9007199254740992', 2n ** 53n],
    ['-9007199254740992', -(2n ** 53n)],
    ['0', 0],
    ['1.5e0', 1.5],
    ['nan', NaN],
    ['-0e0', -0],
    ['"text"', 'text'],
    ['symbol', 'symbol'],
    ["''", ''],
    ['{{AQID}}', Uint8Array.of(1, 2, 3)],
    ['{{"abc"}}', new Uint8Array(Buffer.from('abc'))],
    [
      '2019-12-11T07:20:51.245Z',
      new Date(Date.UTC(2019, 11, 11, 7, 20, 51, 245)),
    ],
    [
      '2019-12-11T07:20:51.2459999Z',
      new Date(Date.UTC(2019, 11, 11, 7, 20, 51, 245)),
    ],
    [
      '2019-12-11T07:20:59.9999Z',
      new Date(Date.UTC(2019, 11, 11, 7, 20, 59, 999)),
    ],
    [
      '2011-02-20T19:30:59.1-08:00',
      new Date(Date.UTC(2011, 1, 21, 3, 30, 59, 100)),
    ],
    ['1963-08-19', new Date(Date.UTC(1963, 7, 19))],
    ['0001T', new Date('0001-01-01T00:00:00Z')],
    ['[1, (2 a::3), {}]', [1, [2, 3], {}]],
    ['a::b::{x: y::[1]}', { x: [1] }],
    ['{a: 1, b: 2, a: 3}', { a: 3, b: 2 }],
  ])('reads %s', (text, expected) => {
    expect(nativeOf(text)).toStrictEqual(expected);
    expect(toNative(parseIonText(text))).toStrictEqual(expected);
    expect(toNative(decodeIon(encodeIon(parseIonText(text))))).toStrictEqual(
      expected,
    );
    expect([...ionValues(encodeIon(parseIonText(text)))]).toStrictEqual([
      expected,
    ]);
  });

  it('keeps decimals as they are', () => {
    const value = nativeOf(
      '[1.10, -0., 123456789012345678901234567890d-10]',
    ) as Decimal[];
    expect(value.map(String)).toEqual([
      '1.10',
      '-0',
      '12345678901234567890.1234567890',
    ]);
    expect(value[0]).toBeInstanceOf(Decimal);
  });

  it('lets no field name change more than its object', () => {
    const text =
      "{'__proto__': {polluted: true}, constructor: 1, a: {'__proto__': 2}}";
    const bytes = encodeIon(parseIonText(text));
    for (const value of [fromIonBinary(bytes), toNative(parseIonText(text))]) {
      const object = value as Record<string, unknown>;
      expect(Object.keys(object)).toEqual(['__proto__', 'constructor', 'a']);
      expect(Object.getPrototypeOf(object)).toBe(Object.prototype);
      expect(Object.getPrototypeOf(object['a'])).toBe(Object.prototype);
      expect('polluted' in object).toBe(false);
      expect(toIonBinary(object)).toEqual(bytes);
    }
    expect('polluted' in {}).toBe(false);
  });

  it('hands out copies of bytes', () => {
    const bytes = toIonBinary({ a: Uint8Array.of(1, 2, 3) });
    const before = Buffer.from(bytes);
    (fromIonBinary(bytes) as { a: Uint8Array }).a.fill(0);
    (toNative(decodeIon(bytes)) as { a: Uint8Array }).a.fill(0);
    expect(before.equals(bytes)).toBe(true);
    const { a } = fromIonBinary(bytes) as { a: Uint8Array };
    expect(Object.getPrototypeOf(a)).toBe(Uint8Array.prototype);
  });

  it('gives back what went in', () => {
    const value = {
      a: 1,
      b: [true, null, 'x', 2n ** 64n, 1.25, { c: new Date(1e12) }],
      d: Uint8Array.of(0, 255),
      e: {},
    };
    expect(fromIonBinary(toIonBinary(value))).toStrictEqual(value);
    expect(toNative(toIonValue(value))).toStrictEqual(value);
  });

  it('is the same by way of the value model', () => {
    const generator = new Generator(randomOf(51));
    for (let i = 0; i < 500; i++) {
      const value = generator.value();
      expect(fromIonBinary(encodeIon(value))).toEqual(toNative(value));
    }
  });

  it('refuses a symbol without text', () => {
    for (const hex of ['e00100ea70', 'e00100ead3802101']) {
      const bytes = Buffer.from(hex, 'hex');
      for (const values of ['native', 'dom'] as const) {
        expect(() => fromIonBinary(bytes, { values })).toThrow(
          IonConversionError,
        );
      }
    }
  });

  it('wants exactly one value', () => {
    const two = Buffer.from('e00100ea21012102', 'hex');
    for (const values of ['native', 'dom'] as const) {
      expect(() => fromIonBinary(two, { values })).toThrow(IonBinaryError);
      expect(() => fromIonBinary(new Uint8Array(0), { values })).toThrow(
        IonBinaryError,
      );
    }
  });
});

describe('ionValues', () => {
  const bytes = Buffer.concat([
    toIonBinary({ a: 1 }),
    toIonBinary('x'),
    Buffer.from('e00100ea83c328', 'hex'),
  ]);

  it('decodes each value when it is asked for', () => {
    for (const values of ['native', 'dom'] as const) {
      const iterator = ionValues(bytes, { values });
      const first = iterator.next().value;
      expect(toIonBinary(first)).toEqual(toIonBinary({ a: 1 }));
      expect(String(iterator.next().value)).toBe('x');
      expect(() => iterator.next()).toThrow(IonBinaryError);
    }
  });

  it('finds nothing in nothing', () => {
    expect([...ionValues(new Uint8Array(0))]).toEqual([]);
  });
});

describe('the ion-js DOM', () => {
  it('holds all that Ion says', () => {
    const generator = new Generator(randomOf(61));
    for (let i = 0; i < 500; i++) {
      const value = generator.value();
      const bytes = encodeIon(value);
      const fromUs = fromIonBinary(bytes, { values: 'dom' });
      expect(fromUs).toBeInstanceOf(dom.Value);
      expect(hexOf(toIonBinary(fromUs))).toBe(
        hexOf(encodeIon(gathered(value))),
      );
    }
  });

  it('is what ion-js itself reads', () => {
    const text =
      '[a::{b: 1, b: 2.50, c: (x "y" {{AQ==}})}, null.clob, 99999999999999999999, 1e0, true, null, 2020-01-01T00:00-00:00, {{"c"}}]';
    const bytes = encodeIon(parseIonText(text));
    const ours = fromIonBinary(bytes, { values: 'dom' }) as dom.Value;
    const theirs = load(bytes) as dom.Value;
    expect(ours.ionEquals(theirs)).toBe(true);
    expect(ours.get(0)?.getAnnotations()).toEqual(['a']);
    expect(ours.get(0, 'b')?.decimalValue()?.toString()).toBe('2.50');
  });

  const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

  /** The value with the fields of one name side by side, numbers first, as the DOM has them. */
  function gathered(value: IonValue): IonValue {
    if (value instanceof IonAnnotated) {
      return new IonAnnotated(
        value.annotations,
        gathered(value.value) as Exclude<IonValue, IonAnnotated>,
      );
    }
    if (value instanceof IonSexp) return new IonSexp(value.items.map(gathered));
    if (value instanceof IonStruct) {
      const groups = Object.create(null) as Record<string, IonValue[]>;
      for (const [name, item] of value.fields())
        (groups[name] ??= []).push(gathered(item));
      return IonStruct.of(
        Object.entries(groups).flatMap(([name, items]) =>
          items.map((item): [string, IonValue] => [name, item]),
        ),
      );
    }
    return Array.isArray(value) ? value.map(gathered) : value;
  }
});
