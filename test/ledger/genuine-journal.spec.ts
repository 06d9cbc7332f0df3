import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dot, hashIon } from '../../lib/ion/hash.js';
import { parseIonText } from '../../lib/ion/text.js';
import { IonStruct, type IonValue } from '../../lib/ion/value.js';
import { openLedger } from '../../lib/ledger/index.js';
import { merkleRoot } from '../../lib/ledger/journal/merkle.js';
import {
  foldProof,
  revisionHash,
  verifyBlock,
  verifyRevision,
} from '../../lib/ledger/journal/verify.js';
import { statementDigest } from '../../lib/session/index.js';
import { execute } from '../contract/raw-session.js';

const shared = '../shared/data/qldb-journal';
const folder =
  process.env['QLDB_JOURNAL_DATA'] ??
  (existsSync(shared) ? shared : 'test/data/qldb-journal');

const WITHOUT_INFO = '20-block-docs-journal-contents-2022-seq25.ion';
if (!existsSync(join(folder, WITHOUT_INFO)))
  console.log(
    'SKIPPED a block without transactionInfo: set QLDB_JOURNAL_DATA to its folder',
  );

const read = (file: string): IonStruct =>
  parseIonText(readFileSync(join(folder, file), 'utf8')) as IonStruct;

function at(
  value: IonValue | undefined,
  ...path: (string | number)[]
): IonValue {
  const found = path.reduce<IonValue | undefined>(
    (inner, step) =>
      inner instanceof IonStruct
        ? inner.get(String(step))
        : (inner as readonly IonValue[])[step as number],
    value,
  );
  if (found === undefined) throw new Error(`no ${path.join('.')}`);
  return found;
}
const bytes = (...path: Parameters<typeof at>) => at(...path) as Uint8Array;
const hex = (hash: Uint8Array | undefined) =>
  Buffer.from(hash ?? []).toString('hex');

const genuineFields = (struct: IonStruct): [string, IonValue][] =>
  [...struct.fields()].map(([name, value]) => [name, value]);

/** The struct with one field changed. */
function withField(
  struct: IonStruct,
  name: string,
  value: IonValue,
): IonStruct {
  return IonStruct.of(
    [...struct.fields()].map(([field, old]): [string, IonValue] => [
      field,
      field === name ? value : old,
    ]),
  );
}

describe('a block that AWS wrote', () => {
  const block = at(
    read('01-block-vehicle-registration-seq3.ion'),
    'payload',
  ) as IonStruct;

  it('has the digest of its statement', () => {
    const statement = at(block, 'transactionInfo', 'statements', 0);
    expect(hex(statementDigest(at(statement, 'statement') as string, []))).toBe(
      hex(bytes(statement, 'statementDigest')),
    );
  });

  it('has H(transactionInfo) and the root of its revisions among its entries', () => {
    const entries = (at(block, 'entriesHashList') as Uint8Array[]).map(hex);
    expect(entries).toContain(hex(hashIon(at(block, 'transactionInfo'))));
    expect(entries).toContain(
      hex(merkleRoot([bytes(block, 'revisionSummaries', 0, 'hash')])),
    );
  });

  it('has the entries hash and block hash that we compute', () => {
    const entriesHash = merkleRoot(
      at(block, 'entriesHashList') as Uint8Array[],
    );
    expect(hex(entriesHash)).toBe(hex(bytes(block, 'entriesHash')));
    expect(hex(dot(entriesHash, bytes(block, 'previousBlockHash')))).toBe(
      hex(bytes(block, 'blockHash')),
    );
  });

  it('verifies as a whole, and not when anything in it is changed', () => {
    const previous = bytes(block, 'previousBlockHash');
    expect(hex(verifyBlock(3, block, previous))).toBe(
      hex(bytes(block, 'blockHash')),
    );
    expect(() => verifyBlock(4, block, previous)).toThrow(/its address/);
    expect(() => verifyBlock(3, block, bytes(block, 'blockHash'))).toThrow(
      /does not follow/,
    );
    for (const name of ['entriesHash', 'blockHash'])
      expect(() =>
        verifyBlock(3, withField(block, name, previous), previous),
      ).toThrow(name);
    expect(() =>
      verifyBlock(3, withField(block, 'transactionInfo', 'none'), previous),
    ).toThrow(/transactionInfo/);
    const without = (name: string) =>
      IonStruct.of(genuineFields(block).filter(([field]) => field !== name));
    expect(() =>
      verifyBlock(3, without('revisionSummaries'), previous),
    ).toThrow(/has no revision in it/);
  });

  it.runIf(existsSync(join(folder, WITHOUT_INFO)))(
    'verifies without its transactionInfo, where it has none',
    () => {
      const other = read(WITHOUT_INFO);
      const previous = bytes(other, 'previousBlockHash');
      expect(hex(verifyBlock(25, other, previous))).toBe(
        hex(bytes(other, 'blockHash')),
      );
      const [revision] = at(other, 'revisions') as IonStruct[];
      const altered = withField(revision, 'data', IonStruct.of([]));
      expect(() =>
        verifyBlock(25, withField(other, 'revisions', [altered]), previous),
      ).toThrow(/revision 0/);
    },
  );
});

describe('a block that we wrote', () => {
  it('does not verify when a revision of it is left out, or cut down to its hash', async () => {
    const ledger = await openLedger({ name: 'test', store: 'memory:' });
    await execute(ledger.sessions, 'CREATE TABLE T');
    await execute(ledger.sessions, "INSERT INTO T << {'n': 1}, {'n': 2} >>");
    const { strandId } = ledger.getDigest().digestTipAddress;
    const { block } = await ledger.getBlock({ strandId, sequenceNo: 2 });
    const previous = bytes(block, 'previousBlockHash');
    verifyBlock(2, block, previous);
    const [first, second] = at(block, 'revisions') as IonStruct[];
    const hashAlone = IonStruct.of([['hash', bytes(first, 'hash')]]);
    expect(() =>
      verifyBlock(
        2,
        withField(block, 'revisions', [hashAlone, second]),
        previous,
      ),
    ).toThrow(/has no revision in it/);
    const without = IonStruct.of(
      genuineFields(block).filter(([name]) => name !== 'revisions'),
    );
    expect(() => verifyBlock(2, without, previous)).toThrow(
      /has no revision in it/,
    );
    await ledger.close();
  });
});

describe('a revision that AWS wrote', () => {
  const genuine = at(
    read('02-revision-vehicle-registration-seq3.ion'),
    'payload',
    'revision',
  ) as IonStruct;

  it('has the hash that we compute, and another when its data is changed', () => {
    expect(hex(revisionHash(genuine))).toBe(hex(bytes(genuine, 'hash')));
    const data = genuine.get('data') as IonStruct;
    const forged = withField(genuine, 'data', withField(data, 'LastName', 'X'));
    expect(hex(revisionHash(forged))).not.toBe(hex(bytes(genuine, 'hash')));
  });
});

describe('a proof that AWS gave', () => {
  const answer = read('04-getrevision-awscli-seq100-tip123.ion');
  const revision = at(answer, 'revision') as IonStruct;
  const proof = at(answer, 'proof') as readonly IonValue[];
  const digest = bytes(answer, 'digest');

  it('leads from its revision to the digest', () => {
    expect(verifyRevision(revision, proof, digest)).toBe(true);
  });

  it('does not hold for another revision, proof or digest', () => {
    const data = revision.get('data') as IonStruct;
    const forged = withField(
      revision,
      'data',
      withField(data, 'City', 'Seattle'),
    );
    expect(verifyRevision(forged, proof, digest)).toBe(false);
    expect(verifyRevision(revision, proof.slice(1), digest)).toBe(false);
    expect(verifyRevision(revision, proof, bytes(revision, 'hash'))).toBe(
      false,
    );
    expect(verifyRevision(revision, [...proof, 'no hash'], digest)).toBe(false);
    expect(verifyRevision(IonStruct.of([]), proof, digest)).toBe(false);
    // A reader may take the second of two fields for the one that was proved.
    const withMore = (name: string, value: IonValue) =>
      IonStruct.of([...genuineFields(revision), [name, value]]);
    for (const name of ['data', 'metadata', 'hash', 'remark'])
      expect(
        verifyRevision(
          withMore(name, withField(data, 'City', 'X')),
          proof,
          digest,
        ),
      ).toBe(false);
    expect(verifyRevision(null as never, proof, digest)).toBe(false);
    expect(verifyRevision(revision, {} as never, digest)).toBe(false);
    expect(verifyRevision(revision, proof, 'digest' as never)).toBe(false);
  });

  it('is refused where a value of it was altered (a published receipt)', () => {
    const altered = read('08-negative-kvs-seq21-tip46.ion');
    const folded = foldProof(
      bytes(altered, 'revisionHash'),
      at(altered, 'proof') as Uint8Array[],
    );
    expect(hex(folded)).not.toBe(hex(bytes(altered, 'digest')));
    // What the receipt's own documentation says it folds to, so it is the receipt that is wrong.
    expect(Buffer.from(folded).toString('base64')).toBe(
      'BAKYqdeYOwyXz61nBtsffJLAH5LynbEFDOnIsHTv8ww=',
    );
  });
});
