import { dom, dumpBinary, load } from 'ion-js';
import { describe, expect, it } from 'vitest';
import { randomOf } from '../../bench/ion-fuzz.mjs';
import { decodeIon } from '../../lib/ion/decode.js';
import { encodeIon } from '../../lib/ion/encode.js';
import { hashIon, ionHash } from '../../lib/ion/hash.js';
import { fromIonBinary, toIonBinary } from '../../lib/ion/native.js';
import { parseIonText } from '../../lib/ion/text.js';
import {
  IonAnnotated,
  IonFloat,
  IonNull,
  IonSexp,
  IonStruct,
  IonSymbol,
  type IonValue,
  Timestamp,
} from '../../lib/ion/value.js';
import { ionEquals } from './equality.js';
import { Generator } from './generate.js';

const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('encodeIon', () => {
  it('writes the bytes that ion-js writes', () => {
    const generator = new Generator(randomOf(21));
    let compared = 0;
    for (let i = 0; i < 2000; i++) {
      const value = generator.value();
      if (isOtherInIonJs(value)) continue;
      const bytes = encodeIon(value);
      const theirs = dumpBinary(load(bytes));
      expect(hexOf(bytes)).toBe(hexOf(theirs));
      compared++;
    }
    expect(compared).toBeGreaterThan(1000);
  });

  it('writes lengths of every size', () => {
    for (const length of [
      0, 1, 12, 13, 14, 15, 126, 127, 128, 16_382, 16_383, 16_384, 70_000,
      2_100_000,
    ]) {
      const text = 'x'.repeat(length);
      const value = [
        text,
        IonStruct.of([['a', text]]),
        [[text]],
        Buffer.from(text),
      ];
      const bytes = encodeIon(value);
      expect(ionEquals(decodeIon(bytes), value)).toBe(true);
      expect(hexOf(bytes)).toBe(
        hexOf(
          dumpBinary([
            text,
            { a: text },
            [[text]],
            new Uint8Array(Buffer.from(text)),
          ]),
        ),
      );
    }
  });

  it('gives back the bytes that a struct was read from', () => {
    const bytes = encodeIon(parseIonText('{a: 1, b: {c: "x"}}'));
    const value = decodeIon(bytes);
    (value as IonStruct).fields();
    expect(encodeIon(value)).toBe(bytes);
    expect(toIonBinary(value)).toBe(bytes);
  });

  it('keeps the bytes of a struct that was made', () => {
    const value = IonStruct.of([['a', 1]]);
    expect(encodeIon(value)).toBe(encodeIon(value));
  });

  it('copies structs out of other Ion, whatever their symbol tables', () => {
    const generator = new Generator(randomOf(22));
    for (let i = 0; i < 500; i++) {
      const [a, b] = [generator.struct(), generator.struct()];
      const read = [a, b].map((value) => decodeIon(encodeIon(value)));
      const whole = IonStruct.of([
        ['left', read[0]],
        ['right', [read[1], new IonAnnotated(['x'], read[0] as IonStruct)]],
      ]);
      const made = IonStruct.of([
        ['left', a],
        ['right', [b, new IonAnnotated(['x'], a)]],
      ]);
      expect(hexOf(encodeIon(whole))).toBe(hexOf(encodeIon(made)));
    }
  });

  it('writes a struct that stands inside another by itself', () => {
    const value = decodeIon(
      encodeIon(
        parseIonText('{data: {a: sym, b: [x::1]}, metadata: {id: "i"}}'),
      ),
    );
    const data = (value as IonStruct).get('data') as IonStruct;
    expect(hexOf(encodeIon(data))).toBe(
      hexOf(encodeIon(parseIonText('{a: sym, b: [x::1]}'))),
    );
    expect(encodeIon(data)).toBe(encodeIon(data));
    expect(hashIon(data)).toEqual(ionHash(encodeIon(data)));
  });

  it('leaves out padding when it copies', () => {
    // {name: {version: 1, padding, max_id: [padding, 2]}}
    const bytes = Buffer.from(
      'e00100eade8f84dd8521018001ff88b502aaaa2102',
      'hex',
    );
    const inner = (decodeIon(bytes) as IonStruct).get('name') as IonStruct;
    expect(hexOf(encodeIon(inner))).toBe('e00100ead785210188b22102');
  });

  it('takes a number for an int, and nothing else', () => {
    expect(hexOf(encodeIon(1e15))).toBe('e00100ea27038d7ea4c68000');
    for (const number of [1.5, -0, NaN, 2 ** 53, Infinity]) {
      expect(() => encodeIon([number])).toThrow('$[0]');
    }
    expect(hexOf(encodeIon(new IonFloat(-0)))).toBe(
      'e00100ea488000000000000000',
    );
  });

  it('does not carry anything over from a value that failed', () => {
    const bytes = hexOf(toIonBinary({ a: 'x', b: { c: 1 } }));
    expect(() => toIonBinary({ z: [{ y: new Set() }] })).toThrow('$.z[0].y');
    expect(hexOf(toIonBinary({ a: 'x', b: { c: 1 } }))).toBe(bytes);
  });

  it('can be entered again from a getter', () => {
    const value = {
      a: 1,
      get b() {
        return hexOf(toIonBinary({ inner: true, a: 2 }));
      },
      c: 3,
    };
    expect(fromIonBinary(toIonBinary(value))).toEqual({
      a: 1,
      b: hexOf(toIonBinary({ inner: true, a: 2 })),
      c: 3,
    });
  });

  it('numbers symbols anew for each value', () => {
    for (const name of ['a', 'b', 'a', 'c', 'b']) {
      const bytes = encodeIon(IonStruct.of([[name, new IonSymbol(name)]]));
      expect(hexOf(bytes)).toBe(
        `e00100eae78183d487b281${hexOf(Buffer.from(name))}d38a710a`,
      );
    }
  });

  it('takes many symbols', () => {
    const value = Object.fromEntries(
      Array.from({ length: 40_000 }, (_, i) => [`name${i}`, i]),
    );
    expect(fromIonBinary(toIonBinary(value))).toEqual(value);
    expect(hexOf(toIonBinary({ n1: 1 }))).toBe(
      'e00100eae88183d587b3826e31d38a2101',
    );
  });

  it('writes what the ion-js DOM holds', () => {
    const generator = new Generator(randomOf(23));
    for (let i = 0; i < 500; i++) {
      const value = generator.value();
      if (isOtherInIonJs(value)) continue;
      const bytes = encodeIon(value);
      const theirs = toIonBinary(load(bytes));
      expect(ionHash(theirs)).toEqual(ionHash(bytes));
    }
  });

  it('knows DOM values, decimals and timestamps of another copy of ion-js', () => {
    const type = { name: 'int' };
    class Integer {
      ionEquals() {}
      getAnnotations = () => ['a'];
      getType = () => type;
      isNull = () => false;
      bigIntValue = () => 7n;
    }
    class Decimal {
      getCoefficient = () => -15n;
      getExponent = () => -1;
      isNegative = () => true;
    }
    const stamp = Timestamp.parse('2020-01-01T00:00Z') as Timestamp;
    class Stamp {
      getLocalOffset = () => stamp.getLocalOffset();
      getPrecision = () => stamp.getPrecision();
      getSecondsDecimal = () => stamp.getSecondsDecimal();
      getSecondsInt = () => stamp.getSecondsInt();
      getDate = () => stamp.getDate();
    }
    const bytes = toIonBinary([new Integer(), new Decimal(), new Stamp()]);
    const same = encodeIon(parseIonText('[a::7, -1.5, 2020-01-01T00:00Z]'));
    expect(hexOf(bytes)).toBe(hexOf(same));
  });

  it('writes nulls of every type, those of the DOM as well', () => {
    for (const type of [
      'bool',
      'int',
      'float',
      'decimal',
      'timestamp',
      'symbol',
      'string',
      'clob',
      'blob',
      'list',
      'sexp',
      'struct',
    ] as const) {
      const value = parseIonText(`null.${type}`);
      expect(value).toEqual(new IonNull(type));
      expect(hexOf(encodeIon(value))).toBe(
        hexOf(dumpBinary(load(`null.${type}`))),
      );
      expect(hexOf(toIonBinary(load(`null.${type}`)))).toBe(
        hexOf(encodeIon(value)),
      );
    }
    expect(hexOf(toIonBinary(new dom.Null()))).toBe('e00100ea0f');
  });
});

/**
 * ion-js writes a timestamp whose fraction rounds up to the next second with
 * that second, takes an empty symbol for none, and brings fields of one name
 * together. It numbers an annotated symbol before its annotations.
 */
function isOtherInIonJs(value: IonValue): boolean {
  if (value instanceof Timestamp) {
    return value.getDate().getUTCSeconds() !== value.getSecondsInt();
  }
  if (value instanceof IonSymbol) return value.text === '';
  if (value instanceof IonAnnotated) {
    return (
      value.annotations.includes('') ||
      value.value instanceof IonSymbol ||
      isOtherInIonJs(value.value)
    );
  }
  if (value instanceof IonSexp) return value.items.some(isOtherInIonJs);
  if (value instanceof IonStruct) {
    const names = value.fields().map(([name]) => name);
    return (
      new Set(names).size < names.length ||
      value.fields().some(([name, v]) => name === '' || isOtherInIonJs(v))
    );
  }
  return Array.isArray(value) && value.some(isOtherInIonJs);
}
