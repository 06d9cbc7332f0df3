import { describe, expect, it } from 'vitest';
import { encodeIon } from '../../lib/ion/encode.js';
import { dot, hashIon } from '../../lib/ion/hash.js';
import { parseIonText } from '../../lib/ion/text.js';
import { IonStruct, type IonValue } from '../../lib/ion/value.js';
import { ionToJsonText, toJsonText } from '../../lib/ion/json-text.js';
import {
  findTypes,
  LearnedTypes,
} from '../../lib/journal-files/json/find-types.js';
import { JournalJsonError } from '../../lib/journal-files/json/journal-json-error.js';
import { JsonBlocks } from '../../lib/journal-files/json/json-blocks.js';
import { jsonLines } from '../../lib/journal-files/json/json-lines.js';
import {
  JsonNumber,
  JsonObject,
  parseJson,
} from '../../lib/journal-files/json/parse-json.js';
import { equal } from '../../lib/ledger/journal/verify.js';

const metadata = IonStruct.of([['id', 'x'.repeat(22)]]);
const hashOf = (data: IonValue) => dot(hashIon(metadata), hashIon(data));

/** What is found again of an Ion text that went through JSON. */
function found(text: string, learned = new LearnedTypes(), maxTries = 10_000) {
  const data = parseIonText(text);
  const hash = hashOf(data);
  return findTypes(
    parseJson(toJsonText(data)),
    'T',
    learned,
    (read) => equal(hashOf(read), hash),
    maxTries,
  );
}

describe('Ion as JSON', () => {
  it.each([
    [
      '{a: 1, b: -5, c: 123456789012345678901234567890}',
      '{"a":1,"b":-5,"c":123456789012345678901234567890}',
    ],
    [
      '{a: 90.25, b: 90.250, c: -0.05, d: 5., e: 1d3, f: 12.5d-20}',
      '{"a":90.25,"b":90.250,"c":-0.05,"d":5,"e":1E+3,"f":1.25E-19}',
    ],
    [
      '{a: 1.5e0, b: 2e0, c: 1e300, d: nan, e: +inf}',
      '{"a":1.5e0,"b":2e0,"c":1e300,"d":null,"e":null}',
    ],
    [
      '{a: 2020-01-01, b: 2020-01-01T10:00Z, c: 2020T, d: 2020-05T}',
      '{"a":"2020-01-01","b":"2020-01-01T10:00Z","c":"2020T","d":"2020-05T"}',
    ],
    [
      '{a: {{aGk=}}, b: {{"hi"}}, c: sym, d: "t\\"x"}',
      '{"a":"aGk=","b":"hi","c":"sym","d":"t\\"x"}',
    ],
    [
      '{a: null, b: null.int, c: (1 2), d: [1, [2]], e: x::y::5, f: true}',
      '{"a":null,"b":null,"c":[1,2],"d":[1,[2]],"e":5,"f":true}',
    ],
  ])('of %s', (text, json) => {
    expect(ionToJsonText(encodeIon(parseIonText(text)))).toBe(json);
  });
});

describe('types that JSON lost', () => {
  it.each([
    '{a: 1, b: "text", c: 2020-01-01, d: 90.25, e: null}',
    '{a: "2020-01-01", b: sym, c: 1., d: 1e0, e: null.string}',
    '{a: {{aGVsbG8gd29ybGQsIGFnYWlu}}, b: {{"clob"}}, c: 5e0, d: 5}',
    '{list: [2020-01-01, 2020-01-02, 2020-01-03], n: [1.0, 2.0], s: (a b)}',
    '{list: [1, 2., "2020T", 2020T, a], deep: {deep: {x: 1.50, x: 2}}}',
    '{a: 1d3, b: 12.5d-20, c: -0., d: -0e0, e: 123456789012345678901}',
    '{}',
    '{a: "", b: {{}}, c: "quote\\" \\\\ \\u00e9 \\U0001F600"}',
  ])('are found again by the hash: %s', async (text) => {
    const result = await found(text);
    expect(result.isProven).toBe(true);
    expect(hashIon(result.data)).toEqual(hashIon(parseIonText(text)));
  });

  it('are learnt from the first document of a table', async () => {
    const learned = new LearnedTypes();
    const one = await found(
      '{a: sym, b: {{"clob"}}, c: 1., d: null.int}',
      learned,
    );
    expect(one.tries).toBeGreaterThan(10);
    const two = await found(
      '{a: other, b: {{"more"}}, c: 2., d: null.int}',
      learned,
    );
    expect(two).toMatchObject({ isProven: true, tries: 1 });
  });

  it('are looked for so often and no more, and what is left is not proven', async () => {
    for (const text of [
      '{a: x::5}',
      '{a: nan}',
      `{${Array.from({ length: 60 }, (_, n) => `f${n}: s${n}`).join()}, g: x::1}`,
    ]) {
      const result = await found(text, new LearnedTypes(), 200);
      expect(result.isProven).toBe(false);
      expect(result.tries).toBeLessThanOrEqual(200);
    }
  });
});

describe('a line of JSON', () => {
  it('keeps the text of numbers, and fields that come twice', () => {
    const json = parseJson(
      ' {"a": 1.50, "a": [1e5, "\\u0041\\ud83d\\ude00"]} ',
    ) as JsonObject;
    expect(json.fields).toEqual([
      ['a', new JsonNumber('1.50')],
      ['a', [new JsonNumber('1e5'), 'A\u{1F600}']],
    ]);
  });

  it.each([
    '',
    '{',
    '{"a"}',
    '{"a":1,}',
    '[1,]',
    '[1 2]',
    '01',
    '1.',
    '.5',
    '+1',
    "{'a':1}",
    '{"a":tru}',
    '"a\nb"',
    '"\\x41"',
    '{"a":1}}',
    'nul',
    '"unfinished',
    'NaN',
  ])('that is wrong is refused: %j', (text) => {
    expect(() => parseJson(text)).toThrow(JournalJsonError);
  });

  it('that is too deep is refused', () => {
    expect(() => parseJson('['.repeat(100_000))).toThrow(/values deep/);
  });

  it('that is no block is refused, and nothing of it told', async () => {
    const blocks = new JsonBlocks();
    for (const [line, what] of [
      ['5', /no object/],
      ['{"blockTimestamp":"secret"}', /blockTimestamp is no timestamp/],
      ['{"entriesHashList":["secret!"]}', /entriesHashList\[0\] is no blob/],
      ['{"revisions":["secret"]}', /revisions\[0\] is no object/],
      [
        '{"transactionInfo":{"statements":[{"startTime":5}]}}',
        /startTime is no timestamp/,
      ],
    ] as const) {
      const read = blocks.read(line);
      await expect(read).rejects.toMatchObject({
        code: 'QLDB_JOURNAL_JSON',
        message: expect.stringMatching(what) as string,
      });
      await read.catch((error: Error) =>
        expect(error.message).not.toContain('secret'),
      );
    }
  });

  it('is cut out of a stream wherever that is cut', async () => {
    const bytes = Buffer.from('{"a":"é"}\r\n\n{"b":1}\n{"c":2}');
    for (let size = 1; size < bytes.length; size++) {
      const lines: string[] = [];
      const parts = async function* () {
        for (let at = 0; at < bytes.length; at += size)
          yield bytes.subarray(at, at + size);
      };
      for await (const some of jsonLines(parts()))
        lines.push(...some.map((line) => line.trim()));
      expect(lines).toEqual(['{"a":"é"}', '{"b":1}', '{"c":2}']);
    }
  });
});
