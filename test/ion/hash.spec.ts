import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { cryptoHasherProvider, makeHashReader } from 'ion-hash-js';
import { makeReader } from 'ion-js';
import { describe, expect, it } from 'vitest';
import { randomOf } from '../../bench/ion-fuzz.mjs';
import { decodeIon } from '../../lib/ion/decode.js';
import { encodeIon } from '../../lib/ion/encode.js';
import { IonConversionError } from '../../lib/ion/errors.js';
import {
  dot,
  hashIon,
  ionHash,
  ionHashInParts,
  statementHash,
} from '../../lib/ion/hash.js';
import { toIonBinary } from '../../lib/ion/native.js';
import { parseIonText, parseIonTextSequence } from '../../lib/ion/text.js';
import { IonStruct, type IonValue } from '../../lib/ion/value.js';
import { Generator } from './generate.js';

const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const ion = (hex: string) =>
  Buffer.from(`e00100ea${hex.replaceAll(' ', '')}`, 'hex');

function peerHash(bytes: Uint8Array): string {
  const reader = makeHashReader(
    makeReader(bytes),
    cryptoHasherProvider('sha256'),
  );
  reader.next();
  reader.next();
  return hexOf(reader.digest());
}

describe('ionHash', () => {
  it('is what ion-hash-js makes of generated values', () => {
    const generator = new Generator(randomOf(31));
    for (let i = 0; i < 1000; i++) {
      const value = generator.value();
      const bytes = encodeIon(value);
      expect(hexOf(ionHash(bytes))).toBe(peerHash(bytes));
      expect(hexOf(hashIon(value))).toBe(hexOf(ionHash(bytes)));
    }
  });

  it('does not depend on how a value is written', () => {
    const cases = [
      ['21 01', '22 0001', '2e 82 0001', '28 0000000000000001'],
      ['31 01', '33 000001'],
      ['20', '21 00', '22 0000'],
      ['40', '44 00000000', '48 0000000000000000'],
      ['48 3ff8000000000000', '44 3fc00000'],
      [
        '48 7ff8000000000000',
        '44 7fc00000',
        '44 ffc00001',
        '48 fff8000000000123',
      ],
      ['50', '51 80', '51 c0', '52 80 00'],
      ['52 c1 0f', '53 c1 000f', '53 4081 0f', '54 c1 00000f'],
      ['53 c1 80ff', '54 c1 8000ff'],
      ['53 c1 8f'.replace('53', '52'), '53 c1 800f'],
      ['63 c0 0fe1', '63 80 0fe1', '64 c0 000fe1'],
      [
        '68 80 0fe1 81 81 80 80 80',
        '69 80 0fe1 81 81 80 80 80 80',
        '6a 80 0fe1 81 81 80 80 80 80 00',
      ],
      ['81 61', '8e 81 61', '8e 0081 61'],
      ['71 04', '72 0004'],
      [
        'd3 84 2101',
        'de 83 84 2101',
        'd1 83 84 2101',
        'd5 84 2101 80 00',
        'd4 0084 2101',
      ],
      ['b2 2101', 'b4 00 00 2101', 'be 82 2101'],
      ['2f', '3f'],
      ['e4 81 84 2101', 'ee 84 81 84 2101', 'e5 82 0084 2101'],
    ];
    for (const forms of cases) {
      const hashes = forms.map((hex) => hexOf(ionHash(ion(hex))));
      expect(new Set(hashes).size, forms.join(' | ')).toBe(1);
      const again = forms.map((hex) => hexOf(encodeIon([decodeIon(ion(hex))])));
      expect(again.length).toBe(forms.length);
    }
  });

  it('tells values apart that only look alike', () => {
    const texts = [
      '0',
      '-0.',
      '0.',
      '0.0',
      '0e0',
      '-0e0',
      '"a"',
      'a',
      '{{"a"}}',
      '{{YQ==}}',
      '[]',
      '()',
      '{}',
      'null',
      'null.int',
      'a::1',
      '1',
      '2020T',
      '2020-01T',
      '2020-01-01T00:00Z',
      '2020-01-01T00:00-00:00',
      '2020-01-01T00:00:00.0Z',
    ];
    const hashes = texts.map((text) => hexOf(hashIon(parseIonText(text))));
    expect(new Set(hashes).size).toBe(texts.length);
  });

  it('takes large content', () => {
    const value = {
      text: '\u000b'.repeat(300_000),
      bytes: new Uint8Array(500_000).fill(14),
      list: Array.from({ length: 20_000 }, (_, i) => ({ i })),
    };
    const bytes = toIonBinary(value);
    expect(hexOf(ionHash(bytes))).toBe(peerHash(bytes));
    expect(hexOf(ionHash(ion('0f')))).toBe(peerHash(ion('0f')));
  });

  it('is remembered by a struct, wherever it stands', () => {
    const text = '{data: {a: 1, b: [{c: 2.50}]}, hash: {{AQID}}}';
    const made = parseIonText(text) as IonStruct;
    const read = decodeIon(encodeIon(parseIonText(text))) as IonStruct;
    expect(hashIon(read)).toBe(hashIon(read));
    expect(hashIon(made)).toEqual(hashIon(read));
    const data = read.get('data') as IonStruct;
    expect(hashIon(data)).toBe(hashIon(data));
    expect(hashIon(data)).toEqual(
      hashIon(parseIonText('{a: 1, b: [{c: 2.50}]}')),
    );
  });

  it('wants one value', () => {
    expect(() => ionHash(ion(''))).toThrow('there is no value');
    expect(() => ionHash(ion('0f 0f'))).toThrow('more than one value');
  });
});

describe('ionHashInParts', () => {
  const inParts = (bytes: Uint8Array) => {
    const parts = ionHashInParts(bytes);
    for (let stops = 0; ; stops++) {
      const part = parts.next();
      if (part.done === true) return { hash: part.value, stops };
      // Others hash meanwhile.
      hashIon('between');
    }
  };

  it('is the hash, with stops in a long list', () => {
    const element = (n: number) => ({ n, list: [n, 'x'], text: `t${n % 7}` });
    const list = toIonBinary(
      Array.from({ length: 1_000 }, (_, n) => element(n)),
    );
    expect(inParts(list)).toEqual({ hash: ionHash(list), stops: 15 });
    for (const text of [
      '[]',
      '(1 2 (3))',
      'null.list',
      '"a text"',
      '{a: [1, 2]}',
      'a::[1, 2]',
      `[${'1, '.repeat(200)}2]`,
    ]) {
      const bytes = encodeIon(parseIonText(text));
      expect(inParts(bytes).hash, text).toEqual(ionHash(bytes));
    }
  });

  it('refuses what is not valid, wherever it is', () => {
    const list = Buffer.from(
      toIonBinary(Array.from({ length: 200 }, () => 'text')),
    );
    list[list.length - 3] = 0xff;
    expect(() => inParts(list)).toThrow('UTF-8');
    expect(() => ionHash(list)).toThrow('UTF-8');
  });
});

describe('statementHash', () => {
  it('is the hash of the text as an Ion string', () => {
    const texts = [
      '',
      'SELECT 1',
      'SELECT * FROM "Straße" WHERE a = \'\u000b\u000c\u000e😀\'',
      'x'.repeat(100_000),
    ];
    for (const text of [...texts, ...texts]) {
      expect(hexOf(statementHash(text))).toBe(
        hexOf(ionHash(toIonBinary(text))),
      );
    }
  });

  it('holds for more texts than are remembered', () => {
    const texts = Array.from({ length: 3000 }, (_, i) => `SELECT ${i}`);
    const hashes = texts.map((text) => hexOf(hashIon(text)));
    texts.forEach((text, i) => {
      expect(hexOf(statementHash(text))).toBe(hashes[i]);
      const before = Math.max(0, i - 700);
      expect(hexOf(statementHash(texts[before]))).toBe(hashes[before]);
    });
  });

  it('refuses a lone surrogate', () => {
    expect(() => statementHash("SELECT '\ud800'")).toThrow(IonConversionError);
  });
});

describe('dot', () => {
  const a = Uint8Array.from({ length: 32 }, (_, i) => i);
  const sha256 = (...parts: Uint8Array[]) =>
    new Uint8Array(createHash('sha256').update(Buffer.concat(parts)).digest());
  const with31 = (last: number) => {
    const b = a.slice();
    b[31] = last;
    return b;
  };

  it('does not depend on the order', () => {
    const generator = new Generator(randomOf(41));
    for (let i = 0; i < 200; i++) {
      const [x, y] = [hashIon(generator.integer()), hashIon(generator.text())];
      expect(dot(x, y)).toEqual(dot(y, x));
    }
  });

  it('puts the smaller first, by signed bytes from the last one on', () => {
    expect(dot(with31(1), with31(2))).toEqual(sha256(with31(1), with31(2)));
    expect(dot(with31(0x7f), with31(0x80))).toEqual(
      sha256(with31(0x80), with31(0x7f)),
    );
    const first = a.slice();
    first[0] = 0xff;
    expect(dot(a, first)).toEqual(sha256(first, a));
    expect(dot(a, a)).toEqual(sha256(a, a));
  });

  it('leaves a hash alone that meets an empty one', () => {
    const empty = new Uint8Array(0);
    expect(dot(a, empty)).toBe(a);
    expect(dot(empty, a)).toBe(a);
    expect(dot(empty, empty)).toHaveLength(0);
  });

  it('refuses what is no hash', () => {
    expect(() => dot(a, a.subarray(1))).toThrow(
      'A hash has 0 or 32 bytes, not 31.',
    );
  });
});

describe('a revision that AWS wrote', () => {
  const file =
    'test/data/qldb-journal/02-revision-vehicle-registration-seq3.ion';
  const get = (value: IonValue | undefined, ...path: string[]) =>
    path.reduce((v, name) => (v as IonStruct).get(name), value) as IonValue;

  it.skipIf(!existsSync(file))('has the hash that stands in it', () => {
    const [made] = parseIonTextSequence(readFileSync(file, 'utf8'));
    for (const value of [made, decodeIon(encodeIon(made))]) {
      const revision = get(value, 'payload', 'revision');
      const hash = dot(
        hashIon(get(revision, 'metadata')),
        hashIon(get(revision, 'data')),
      );
      expect(hexOf(hash)).toBe(hexOf(get(revision, 'hash') as Uint8Array));
    }
  });
});
