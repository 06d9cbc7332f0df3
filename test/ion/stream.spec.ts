import { describe, expect, it } from 'vitest';
import { randomOf } from '../../bench/ion-fuzz.mjs';
import { encodeIon } from '../../lib/ion/encode.js';
import { ionStructs } from '../../lib/ion/stream.js';
import { formatIonText } from '../../lib/ion/text.js';
import { IonStruct } from '../../lib/ion/value.js';
import { ionEquals } from './equality.js';
import { Generator } from './generate.js';

async function* inParts(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size)
    yield bytes.subarray(at, at + size);
}

async function read(bytes: Uint8Array, size = 1000): Promise<IonStruct[]> {
  const structs: IonStruct[] = [];
  for await (const batch of ionStructs(inParts(bytes, size), Math.max(size, 4)))
    structs.push(...batch);
  return structs;
}

const generator = new Generator(randomOf(19));
const written: IonStruct[] = [];
while (written.length < 3000)
  written.push(
    IonStruct.of([
      ['n', written.length],
      ['value', generator.value()],
    ]),
  );

describe('a stream of Ion', () => {
  it.each([4, 7, 11, 65_536, 10_000_000])(
    'is read as text and binary, in parts of %i bytes',
    async (size) => {
      const some = size < 20 ? written.slice(0, 300) : written;
      const text = Buffer.from(some.map(formatIonText).join('\n'));
      const binary = Buffer.concat(some.map((struct) => encodeIon(struct)));
      for (const bytes of [text, binary]) {
        const structs = await read(bytes, size);
        expect(structs.length).toBe(some.length);
        expect(structs.every((struct, n) => ionEquals(struct, some[n]))).toBe(
          true,
        );
      }
    },
  );

  it('has one symbol table for many values, which grows', async () => {
    // $ion_symbol_table::{imports:$ion_symbol_table, symbols:["…"]}
    const append = (name: string) => {
      const symbols = encodeIon([name]).subarray(4);
      const body = Buffer.concat([
        Buffer.from([0x86, 0x71, 0x03, 0x87]),
        symbols,
      ]);
      const struct = Buffer.concat([Buffer.from([0xd0 | body.length]), body]);
      const annotated = Buffer.concat([Buffer.from([0x81, 0x83]), struct]);
      return Buffer.concat([
        Buffer.from([0xe0 | 14, 0x80 | annotated.length]),
        annotated,
      ]);
    };
    const parts = [Buffer.from([0xe0, 1, 0, 0xea])];
    for (let n = 0; n < 5000; n++) {
      parts.push(append(`f${n}`));
      // {f<n>: n % 64}
      const sid = n + 10;
      const field = sid < 128 ? [0x80 | sid] : [sid >> 7, 0x80 | (sid & 127)];
      const body = [...field, 0x21, n % 64];
      parts.push(Buffer.from([0xd0 | body.length, ...body]));
    }
    const structs = await read(Buffer.concat(parts), 999);
    expect(structs.length).toBe(5000);
    expect(structs.every((s, n) => s.get(`f${n}`) === n % 64)).toBe(true);
  });

  it('keeps the bytes of a value that stands alone', async () => {
    const bytes = written.slice(0, 10).map((struct) => encodeIon(struct));
    const structs = await read(Buffer.concat(bytes));
    expect(structs.map((struct) => Buffer.from(struct.binary ?? []))).toEqual(
      bytes.map((one) => Buffer.from(one)),
    );
  });

  it('is empty, or ends in the middle', async () => {
    expect(await read(Buffer.alloc(0))).toEqual([]);
    expect(await read(Buffer.from(' // nothing'))).toEqual([]);
    await expect(read(Buffer.from('{a: 1} {a: '))).rejects.toThrow(
      'ends in the middle of a value',
    );
    const binary = encodeIon(written[1]);
    await expect(read(binary.subarray(0, -1))).rejects.toThrow(
      'ends in the middle of a value',
    );
    await expect(read(Buffer.from([0xe0, 1, 0, 0xea, 0xde]))).rejects.toThrow(
      'ends in the middle of a value',
    );
  });

  it('holds no structs, or lengths that were made up', async () => {
    await expect(read(Buffer.from('{a: 1} 5 '))).rejects.toThrow('no struct');
    await expect(read(encodeIon('text'))).rejects.toThrow('no struct');
    const huge = Buffer.from([
      0xe0, 1, 0, 0xea, 0xde, 0x7f, 0x7f, 0x7f, 0x7f, 0xff,
    ]);
    await expect(read(huge)).rejects.toThrow('too large');
    await expect(read(Buffer.from([0x7b, 0x22, 0xff, 0xfe]))).rejects.toThrow(
      'no UTF-8',
    );
    await expect(read(Buffer.from('{a: 1}, {b: 2}'))).rejects.toThrow(
      'a value is expected',
    );
  });

  it('is as fast for one long value as for many', async () => {
    const long = `{list: [${'"text", '.repeat(500_000)}]}`;
    const structs = await read(Buffer.from(long), 4096);
    expect(structs.map((struct) => struct.get('list'))).toEqual([
      Array.from({ length: 500_000 }, () => 'text'),
    ]);
  });
});
