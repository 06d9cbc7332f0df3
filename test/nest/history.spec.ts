import { Decimal } from 'ion-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { IdentifierError, type Revision } from '../../lib/nest/index.js';
import { openTestQldb, type TestQldb } from '../../lib/testing/index.js';

interface Document {
  readonly n: number;
  readonly price?: Decimal;
  readonly bytes?: Uint8Array;
  readonly at?: Date;
}

describe('history and verification', () => {
  let test: TestQldb;

  beforeEach(async () => {
    test = await openTestQldb({ setUp: ['CREATE TABLE T'] });
    await test.qldb.execute('INSERT INTO T ?', {
      n: 1,
      price: Decimal.parse('1.10'),
      bytes: new Uint8Array([1, 2]),
      at: new Date(0),
    });
    await test.qldb.execute('UPDATE T SET n = 2');
    await test.qldb.execute('INSERT INTO T ?', { n: 10 });
    await test.qldb.execute('DELETE FROM T WHERE n = 2');
  });
  afterEach(() => test.close());

  const versions = (revisions: readonly Revision<Document>[]) =>
    revisions.map(({ metadata, data }) => [metadata.version, data?.n]);

  const first = async () => {
    const all = await test.qldb.history<Document>('T');
    const id = all.find(({ data }) => data?.n === 1)?.metadata.id ?? '';
    return test.qldb.history<Document>('T', { documentId: id });
  };

  it('has every state of every document, or of one', async () => {
    expect(await test.qldb.history('T')).toHaveLength(4);
    expect(versions(await first())).toEqual([
      [0, 1],
      [1, 2],
      [2, undefined],
    ]);
  });

  it('can be cut to a time', async () => {
    const revisions = await first();
    const [, { metadata }] = revisions as [unknown, Revision];
    const documentId = metadata.id;
    const past = new Date(metadata.txTime.getTime() - 60_000);
    expect(await test.qldb.history('T', { documentId, to: past })).toEqual([]);
    expect(await test.qldb.history('T', { documentId, from: past })).toEqual(
      revisions,
    );
  });

  it('joins a transaction', async () => {
    test.recorder.take();
    await test.qldb.executeLambda(() => test.qldb.history('T'));
    expect(test.recorder.take()).toHaveLength(3);
  });

  it('takes a name of a table, and nothing else', async () => {
    for (const name of [
      'T) AS h, Secrets AS (s',
      'T"',
      '',
      '1T',
      'x'.repeat(129),
    ])
      await expect(test.qldb.history(name)).rejects.toThrow(IdentifierError);
  });

  it('verifies each revision against a digest, old ones included', async () => {
    const digest = test.ledger.getDigest();
    await test.qldb.execute('INSERT INTO T ?', { n: 11 });
    for (const revision of await first())
      await expect(test.qldb.verify(revision, digest)).resolves.toBe(true);
  });

  it('notices whatever was changed', async () => {
    const digest = test.ledger.getDigest();
    const [revision] = (await first()) as [Revision<Document>];
    const { data, metadata, blockAddress } = revision;
    const changed: Revision[] = [
      { ...revision, data: { ...data, n: 3 } },
      { ...revision, data: { ...data, price: Decimal.parse('1.1') } },
      { ...revision, hash: new Uint8Array(32) },
      { ...revision, metadata: { ...metadata, version: 1 } },
      { ...revision, metadata: { ...metadata, id: 'another' } },
      { ...revision, blockAddress: { ...blockAddress, sequenceNo: 3 } },
      { ...revision, blockAddress: { ...blockAddress, sequenceNo: 1e6 } },
    ];
    for (const one of changed)
      expect([one, await test.qldb.verify(one, digest)]).toEqual([one, false]);
    const wrong = { ...digest, digest: new Uint8Array(32) };
    await expect(test.qldb.verify(revision, wrong)).resolves.toBe(false);
    const { strandId } = digest.digestTipAddress;
    const tip = { ...digest, digestTipAddress: { strandId, sequenceNo: 1e6 } };
    await expect(test.qldb.verify(revision, tip)).resolves.toBe(false);
  });
});
