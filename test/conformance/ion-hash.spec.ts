import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  makeBinaryWriter,
  makeReader,
  makeTextWriter,
  type Reader,
} from 'ion-js';
import { afterAll, describe, expect, it } from 'vitest';
import { Datagram } from '../../lib/ion/datagram.js';
import { decodeIon } from '../../lib/ion/decode.js';
import { encodeIon } from '../../lib/ion/encode.js';
import { hashIon, ionHash } from '../../lib/ion/hash.js';
import type { Digest } from '../../lib/ion/hash-layout.js';
import { Hasher } from '../../lib/ion/hasher.js';
import { parseIonText } from '../../lib/ion/text.js';
import { CommitDigest } from '../../lib/session/commit-digest.js';
import { suiteFolder, Tally } from './suite.js';

const file = suiteFolder(
  'ION_HASH_TESTS',
  '../shared/data/ion-hash-tests.ion',
  'ion-hash-tests',
);

/** One case: a value, and the digests that hashing it makes, in their order. */
interface Case {
  readonly name: string;
  readonly algorithm: string;
  readonly binary: Uint8Array;
  readonly digests: readonly string[];
  /** Only the last digest is told. */
  readonly finalOnly: boolean;
}

/** The values with a symbol of unknown text, which ion-js cannot read, in binary. */
const UNKNOWN_TEXT = [
  ['ion:$0,', "'10n':(0x70),"],
  ['ion:{$0:1},', "'10n':(0xd3 0x80 0x21 0x01),"],
  ['ion:$0::{},', "'10n':(0xe3 0x81 0x80 0xd0),"],
] as const;

describe.skipIf(file === undefined)('ion-hash-tests', () => {
  const tally = new Tally('ion-hash-tests');
  afterAll(() => tally.print());
  const cases = file === undefined ? [] : readCases(readFileSync(file, 'utf8'));

  it('has cases', () => expect(cases.length).toBeGreaterThan(150));

  for (const { name, algorithm, binary, digests, finalOnly } of cases) {
    it(`${name} (${algorithm})`, () =>
      tally.run(() => {
        expect(digestsOf(binary, algorithm, finalOnly)).toEqual(digests);
        // … and the same for the value written anew
        const rewritten = encodeIon(decodeIon(binary));
        expect(digestsOf(rewritten, algorithm, finalOnly)).toEqual(digests);
        expect(hashIon(decodeIon(binary))).toEqual(ionHash(binary));
      }));
  }

  function digestsOf(
    binary: Uint8Array,
    algorithm: string,
    finalOnly: boolean,
  ): string[] {
    const made: string[] = [];
    const digest: Digest = (bytes) => {
      const result =
        algorithm === 'identity'
          ? Buffer.from(bytes)
          : createHash(algorithm).update(bytes).digest();
      made.push(result.toString('hex'));
      return result.toString('latin1');
    };
    const { cursor, end, table } = Datagram.single(binary);
    new Hasher(digest).hash(cursor, end, table);
    return finalOnly ? made.slice(-1) : made;
  }
});

const digests = suiteFolder(
  'COMMIT_DIGESTS',
  'test/data/commit-digests.json',
  'commit digests of the QLDB drivers',
);

describe.skipIf(digests === undefined)('commit digests', () => {
  const tally = new Tally('commit digests of the QLDB drivers');
  afterAll(() => tally.print());

  interface Transaction {
    readonly transactionId: string;
    readonly statements: readonly {
      readonly statement: string;
      readonly parametersIonText: readonly string[];
      readonly parametersIonBinaryHex: readonly string[];
    }[];
    readonly commitDigestHex: string;
  }
  const transactions: readonly Transaction[] =
    digests === undefined ? [] : JSON.parse(readFileSync(digests, 'utf8'));

  it.each(transactions)('$transactionId: $commitDigestHex', (transaction) =>
    tally.run(() => {
      const fromBinary = new CommitDigest(transaction.transactionId);
      const fromText = new CommitDigest(transaction.transactionId);
      for (const s of transaction.statements) {
        fromBinary.add(
          s.statement,
          s.parametersIonBinaryHex.map((hex) => Buffer.from(hex, 'hex')),
        );
        fromText.add(
          s.statement,
          s.parametersIonText.map((text) => encodeIon(parseIonText(text))),
        );
      }
      for (const digest of [fromBinary, fromText]) {
        const hex = Buffer.from(digest.value).toString('hex');
        expect(hex).toBe(transaction.commitDigestHex);
      }
    }),
  );
});

/**
 * Reads the cases with a stream of ion-js. A case is
 * `{ ion: VALUE, expect: { ALGORITHM: (update::(…)* digest::(…)*) } }`, or has
 * the value's bytes in a field `'10n'`.
 */
function readCases(source: string): Case[] {
  const cases: Case[] = [];
  const text = UNKNOWN_TEXT.reduce((t, [a, b]) => t.replace(a, b), source);
  const reader = makeReader(text);
  while (reader.next() !== null) {
    const [annotation] = reader.annotations();
    reader.stepIn();
    reader.next();
    const isBinary = reader.fieldName() === '10n';
    const source = isBinary ? '' : textOf(reader);
    const binary = isBinary
      ? Uint8Array.of(0xe0, 1, 0, 0xea, ...bytesOf(reader))
      : binaryOf(source);
    const name = annotation ?? (source || Buffer.from(binary).toString('hex'));
    reader.next();
    reader.stepIn();
    while (reader.next() !== null) {
      const algorithm = reader.fieldName() as string;
      cases.push({ name, algorithm, binary, ...expected(reader) });
    }
    reader.stepOut();
    reader.stepOut();
  }
  return cases;
}

function expected(reader: Reader): Pick<Case, 'digests' | 'finalOnly'> {
  const digests: string[] = [];
  let finalOnly = false;
  reader.stepIn();
  while (reader.next() !== null) {
    const [call] = reader.annotations();
    const bytes = Buffer.from(bytesOf(reader)).toString('hex');
    if (call !== 'update') digests.push(bytes);
    if (call === 'final_digest') finalOnly = true;
  }
  reader.stepOut();
  return { digests, finalOnly };
}

function bytesOf(reader: Reader): number[] {
  const bytes: number[] = [];
  reader.stepIn();
  while (reader.next() !== null) bytes.push(reader.numberValue() as number);
  reader.stepOut();
  return bytes;
}

function textOf(reader: Reader): string {
  const writer = makeTextWriter();
  writer.writeValue(reader);
  writer.close();
  return Buffer.from(writer.getBytes()).toString();
}

function binaryOf(text: string): Uint8Array {
  const reader = makeReader(text);
  reader.next();
  const writer = makeBinaryWriter();
  writer.writeValue(reader);
  writer.close();
  return writer.getBytes();
}
