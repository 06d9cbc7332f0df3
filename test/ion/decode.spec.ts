import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { randomOf } from '../../bench/ion-fuzz.mjs';
import { MAX_DEPTH } from '../../lib/ion/cursor.js';
import { decodeIon, decodeIonSequence } from '../../lib/ion/decode.js';
import { encodeIon } from '../../lib/ion/encode.js';
import { IonBinaryError, IonConversionError } from '../../lib/ion/errors.js';
import { ionHash } from '../../lib/ion/hash.js';
import { fromIonBinary } from '../../lib/ion/native.js';
import { parseIonText } from '../../lib/ion/text.js';
import {
  IonAnnotated,
  IonStruct,
  IonSymbol,
  type IonValue,
} from '../../lib/ion/value.js';
import { ionEquals } from './equality.js';
import { Generator } from './generate.js';

const VERSION = 'e00100ea';
const ion = (hex: string) =>
  new Uint8Array(Buffer.from(VERSION + hex.replaceAll(' ', ''), 'hex'));
const struct = (text: string) =>
  decodeIon(encodeIon(parseIonText(text))) as IonStruct;

describe('decodeIon', () => {
  it('reads back every generated value', () => {
    const generator = new Generator(randomOf(11));
    for (let i = 0; i < 3000; i++) {
      const value = generator.value();
      expect(ionEquals(value, decodeIon(encodeIon(value)))).toBe(true);
    }
  });

  it('reads bytes that stand inside a larger buffer', () => {
    const bytes = encodeIon(parseIonText('{a: "ä", b: 1.5e0, c: {{AQID}}}'));
    const page = new Uint8Array(bytes.length + 20).fill(0xff);
    page.set(bytes, 7);
    const row = page.subarray(7, 7 + bytes.length);
    expect(fromIonBinary(row)).toEqual({
      a: 'ä',
      b: 1.5,
      c: Uint8Array.of(1, 2, 3),
    });
    expect(ionHash(row)).toEqual(ionHash(bytes));
  });

  it('wants exactly one value', () => {
    expect(() => decodeIon(new Uint8Array(0))).toThrow('there is no value');
    expect(() => decodeIon(ion(''))).toThrow('there is no value');
    expect(() => decodeIon(ion('0000'))).toThrow('there is no value');
    expect(() => decodeIon(ion('2101 2102'))).toThrow('more than one value');
    expect(decodeIon(ion('2101 00'))).toBe(1);
  });

  it('says where the bytes are wrong', () => {
    const error = errorOf(() => decodeIon(ion('b3 2101 91')));
    expect(error).toBeInstanceOf(IonBinaryError);
    expect(error).toMatchObject({ code: 'ION_INVALID_BINARY', offset: 7 });
    expect(error.message).toBe(
      'Invalid Ion binary at offset 7: a value is longer than what holds it',
    );
  });

  it('wants a version marker', () => {
    expect(() => decodeIon(Uint8Array.of(0x21, 1))).toThrow('version marker');
    expect(() => decodeIon(Uint8Array.of(0xe0, 2, 0, 0xea, 0x0f))).toThrow(
      'not Ion 1.0',
    );
    expect(() => decodeIon(Uint8Array.of(0xe0, 1, 0))).toThrow('E0 01 00 EA');
  });

  it('does not believe lengths', () => {
    const huge = ['8e', 'be', 'ae', 'de', 'ee', '2e', '5e', '6e', '0e'];
    for (const type of huge) {
      const bytes = ion(`${type} 01 7f 7f 7f 7f 7f 7f ff`);
      expect(() => decodeIon(bytes)).toThrow(IonBinaryError);
      expect(() => ionHash(bytes)).toThrow(IonBinaryError);
    }
    expect(() => decodeIon(ion('8e 7f 7f 7f 7f 7f 7f 7f 7f ff'))).toThrow(
      'too large',
    );
  });

  it('ends at a depth, not at the end of the stack', () => {
    const nested = (depth: number, code: number) => {
      let bytes = Buffer.from([code << 4]);
      for (let i = 1; i < depth; i++) {
        const content =
          code === 13 ? Buffer.concat([Buffer.from([0x84]), bytes]) : bytes;
        bytes = Buffer.concat([header(code, content.length), content]);
      }
      return ion(bytes.toString('hex'));
    };
    for (const code of [11, 12, 13]) {
      const deepest = nested(MAX_DEPTH, code);
      expect(() => ionHash(deepest)).not.toThrow();
      expect(() => fromIonBinary(deepest)).not.toThrow();
      expect(() => touch(decodeIon(deepest))).not.toThrow();
      expect(() => encodeIon([decodeIon(deepest)])).toThrow(
        'more than 1000 deep',
      );
      const deeper = nested(MAX_DEPTH + 1, code);
      expect(() => ionHash(deeper)).toThrow('more than 1000 deep');
      expect(() => fromIonBinary(deeper)).toThrow('more than 1000 deep');
      expect(() => touch(decodeIon(deeper))).toThrow('more than 1000 deep');
      const abyss = nested(5000, code);
      expect(() => ionHash(abyss)).toThrow(IonBinaryError);
      expect(() => touch(decodeIon(abyss))).toThrow(IonBinaryError);
    }
  });

  it('refuses strings and names that are not UTF-8', () => {
    for (const hex of ['82 c328', '83 eda080', '81 80', '84 f8888080']) {
      expect(() => decodeIon(ion(hex))).toThrow('not UTF-8');
      expect(() => ionHash(ion(hex))).toThrow('not UTF-8');
    }
    expect(decodeIon(ion('83 efbfbd'))).toBe('\uFFFD');
    expect(() => decodeIon(ion('e9 8183 d6 87 b4 82c328 8161 710a'))).toThrow(
      IonBinaryError,
    );
  });

  it('refuses timestamps that do not exist', () => {
    const cases = [
      '61 c0', // no year
      '64 c0 0fe1 8d', // month 13
      '65 c0 0fe1 82 9d', // 29 February 2017
      '66 c0 0fe1 82 81 80', // hour without minute
      '67 c0 0fe1 82 81 98 80', // hour 24
      '68 c0 0fe1 82 81 80 80 bc', // second 60
      '6a c0 0fe1 82 81 80 80 80 c1 0a', // ten tenths
      '6a c0 0fe1 82 81 80 80 80 c1 81', // minus one tenth
      '6a c0 0fe1 82 81 80 80 80 80 01', // one whole second of fraction
      '6b c0 0fe1 82 81 80 80 80 42ad 01', // 301 digits
      '63 c0 80 81', // year 0
      '68 0bdf 0fe1 82 81 80 80', // offset +24:31
      '68 40bc 81 81 81 80 80', // local time in the year 0
    ];
    for (const hex of cases) {
      expect(() => decodeIon(ion(hex)), hex).toThrow(IonBinaryError);
      expect(() => ionHash(ion(hex)), hex).toThrow(IonBinaryError);
    }
  });
});

describe('a struct that was read', () => {
  it('finds a field without decoding the others', () => {
    // name: a string that is not UTF-8, version: 7
    const bytes = ion('d7 84 82c328 85 2107');
    const value = decodeIon(bytes) as IonStruct;
    expect(value.get('version')).toBe(7);
    expect(value.has('name')).toBe(true);
    expect(value.get('max_id')).toBeUndefined();
    expect(value.get('nowhere')).toBeUndefined();
    expect(value.size).toBe(2);
    expect(() => value.get('name')).toThrow('not UTF-8');
    expect(() => value.fields()).toThrow('not UTF-8');
  });

  it('keeps fields in their order, and those that share a name', () => {
    const value = struct('{b: 1, a: 2, b: 3}');
    expect(value.fields()).toEqual([
      ['b', 1],
      ['a', 2],
      ['b', 3],
    ]);
    expect([...value]).toEqual(value.fields());
    expect(value.get('b')).toBe(1);
    expect(value.size).toBe(3);
  });

  it('reads the structs inside as late as itself', () => {
    const owners = struct('{Owners: {Primary: {PersonId: "a"}}}').get('Owners');
    expect(owners).toBeInstanceOf(IonStruct);
    const primary = (owners as IonStruct).get('Primary') as IonStruct;
    expect(primary.get('PersonId')).toBe('a');
  });

  it('shows its fields to console.log', () => {
    const text = inspect(struct('{a: 1, b: {c: "x"}}'));
    expect(text).toBe("IonStruct { a: 1, b: IonStruct { c: 'x' } }");
  });
});

describe('a struct that was made', () => {
  it('finds the first field of a name among few and among many', () => {
    for (const more of [0, 20]) {
      const value = IonStruct.of([
        ['a', 1],
        ['a', 2],
        ...Array.from({ length: more }, (_, i): [string, number] => [
          `f${i}`,
          i,
        ]),
      ]);
      expect(value.get('a')).toBe(1);
      expect(value.has('b')).toBe(false);
      expect(value.size).toBe(2 + more);
    }
  });
});

describe('symbol tables', () => {
  const values = (hex: string) => [...decodeIonSequence(ion(hex))];
  const symbols = (hex: string) =>
    values(hex).map((value) => (value as IonSymbol).text);

  it('are replaced, added to and cleared', () => {
    const first = 'e7 8183 d4 87 b2 8161';
    const more = 'ea 8183 d7 86 7103 87 b2 8162';
    expect(symbols(`${first} 710a ${more} 710a 710b`)).toEqual(['a', 'a', 'b']);
    expect(symbols(`${first} ${more} ${first} 710a`)).toEqual(['a']);
    expect(() => symbols(`${first} ${more} ${first} 710b`)).toThrow(
      'symbol ID 11 is beyond the symbol table',
    );
    expect(() => symbols(`${first} ${VERSION} 710a`)).toThrow('symbol ID 10');
  });

  it('that are added to leave the table before them alone', () => {
    const first = 'e7 8183 d4 87 b2 8161';
    const add = (text: string) => `ea 8183 d7 86 7103 87 b2 81${text}`;
    const both = symbols(`${first} ${add('62')} 710b`);
    const other = symbols(`${first} ${add('63')} 710b`);
    expect([both, other]).toEqual([['b'], ['c']]);
  });

  it('take what is not a string for a symbol without text', () => {
    // symbols: ["a", null.string, 1, "b"]
    const table = 'ec 8183 d9 87 b7 8161 8f 2101 8162';
    expect(symbols(`${table} 710a 710b 710c 710d`)).toEqual([
      'a',
      null,
      null,
      'b',
    ]);
  });

  it('may carry annotations, inside and behind their own', () => {
    // $ion_symbol_table::name::{symbols: name::[name::"a"]}
    const table = 'ee8e 828384 da 87 e8 8184 b5 e4 8184 8161';
    expect(symbols(`${table} 710a`)).toEqual(['a']);
  });

  it('import as many symbols of unknown text as they declare', () => {
    // imports: [{name: "f", max_id: 5}], symbols: ["a"]
    const table = 'ee91 8183 de8d 86 b7 d6 84 8166 88 2105 87 b2 8161';
    expect(symbols(`${table} 70 710a 710e 710f`)).toEqual([
      null,
      null,
      null,
      'a',
    ]);
    expect(() => symbols(`${table} 7110`)).toThrow('symbol ID 16');
    const many =
      'ee97 8183 de93 86 bd dc 84 8166 88 27 7fffffffffffff 87 b2 8161';
    expect(() => symbols(`${many} 710a`)).toThrow('too many imported symbols');
  });

  it('must tell max_id', () => {
    for (const rest of ['', '88 2f ', '88 3101 ', '88 8131 ']) {
      const fields = Buffer.from(`848166${rest.replaceAll(' ', '')}`, 'hex');
      const list = Buffer.concat([header(13, fields.length), fields]);
      const content = Buffer.concat([
        Buffer.from([0x86]),
        header(11, list.length),
        list,
      ]);
      const table = Buffer.concat([
        Buffer.from([0x81, 0x83]),
        header(13, content.length),
        content,
      ]);
      const hex = Buffer.concat([header(14, table.length), table]).toString(
        'hex',
      );
      expect(() => symbols(`${hex} 70`)).toThrow('max_id');
    }
  });

  it('come back as what they were when their bytes come again', () => {
    const table = 'e7 8183 d4 87 b2 8161';
    const other = 'e7 8183 d4 87 b2 8162';
    const both = () => symbols(`${table} 710a ${other} 710a`);
    expect([both(), both(), both()]).toEqual(Array(3).fill(['a', 'b']));
  });

  it('are only those whose first annotation says so', () => {
    const [value] = values('e4 828483 d0');
    expect(value).toBeInstanceOf(IonAnnotated);
    expect((value as IonAnnotated).annotations).toEqual([
      'name',
      '$ion_symbol_table',
    ]);
  });

  it('may have two symbols of one text', () => {
    // symbols: ["a", "a"]; {$10: 1}, {$11: 2}
    const table = 'e9 8183 d6 87 b4 8161 8161';
    const [one, two] = values(`${table} d3 8a2101 d3 8b2102`) as IonStruct[];
    expect([one.get('a'), two.get('a')]).toEqual([1, 2]);
    expect(
      values(`${table} d3 8b2102`).map((v) => (v as IonStruct).has('a')),
    ).toEqual([true]);
  });

  it('stay quick when many small ones follow one another', () => {
    const add = Buffer.from('ea8183d786710387b28162', 'hex');
    const bytes = Buffer.concat([
      Buffer.from(VERSION, 'hex'),
      ...Array.from({ length: 20_000 }, () => add),
      Buffer.from('724e29', 'hex'),
    ]);
    expect((decodeIon(bytes) as IonSymbol).text).toBe('b');
  });
});

describe('fields whose name has no known text', () => {
  const value = decodeIon(ion('d6 80 2101 84 2102')) as IonStruct;

  it('are among the entries, not among the fields', () => {
    expect(value.entries()).toEqual([
      [null, 1],
      ['name', 2],
    ]);
    expect(value.get('name')).toBe(2);
    expect(() => value.fields()).toThrow(IonConversionError);
  });

  it('are kept when their struct is written and hashed', () => {
    const copy = encodeIon(IonStruct.of(value.entries()));
    expect(copy).toEqual(Buffer.from(ion('d6 80 2101 84 2102')));
    expect(ionHash(encodeIon([value]))).toEqual(
      ionHash(encodeIon([decodeIon(copy)])),
    );
  });
});

function header(type: number, length: number): Buffer {
  if (length < 14) return Buffer.from([(type << 4) | length]);
  const bytes = [0x80 | (length & 0x7f)];
  for (let rest = length >> 7; rest > 0; rest >>= 7) bytes.unshift(rest & 0x7f);
  return Buffer.from([(type << 4) | 14, ...bytes]);
}

function touch(value: IonValue): void {
  if (value instanceof IonStruct) value.fields().forEach(([, v]) => touch(v));
  else if (Array.isArray(value)) value.forEach(touch);
}

function errorOf(call: () => unknown): Error {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  throw new Error('it did not throw');
}
