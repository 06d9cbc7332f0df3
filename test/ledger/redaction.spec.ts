import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dot, hashIon } from '../../lib/ion/hash.js';
import { IonStruct } from '../../lib/ion/value.js';
import {
  type Ledger,
  openLedger,
  verifyBlock,
  verifyRevision,
} from '../../lib/ledger/index.js';
import { execute, RawSession, transact } from '../contract/raw-session.js';

interface Row {
  readonly blockAddress: {
    readonly strandId: string;
    readonly sequenceNo: number;
  };
  readonly hash: Uint8Array;
  readonly data?: object;
  readonly dataHash?: Uint8Array;
  readonly metadata: { readonly id: string; readonly version: number };
}

const SECRET = 'Erika Mustermann, Heidestrasse 17';
const REDACT = 'EXEC REDACT_REVISION ?, ?, ?';

describe.each(['memory:', 'file:'])('redaction in %s', (kind) => {
  let folder: string;
  let store: string;
  let ledger: Ledger;
  let tableId: string;
  let id: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'qldb-redaction-'));
    store = kind === 'memory:' ? kind : `file:${folder}`;
    ledger = await openLedger({ name: 'test', store });
    const { sessions } = ledger;
    await execute(sessions, 'CREATE TABLE Person');
    await execute(sessions, 'CREATE INDEX ON Person (name)');
    await execute(sessions, 'INSERT INTO Person ?', { name: 'other' });
    await execute(sessions, 'INSERT INTO Person ?', { name: SECRET, n: 1 });
    [{ id }] = await execute<{ id: string }>(
      sessions,
      'SELECT id FROM Person BY id WHERE name = ?',
      SECRET,
    );
    await execute(
      sessions,
      'UPDATE Person SET name = ?, n = 2 WHERE n = 1',
      ['nobody'][0],
    );
    [tableId] = await execute<string>(
      sessions,
      'SELECT VALUE tableId FROM information_schema.user_tables',
    );
  });
  afterEach(async () => {
    await ledger.close();
    await rm(folder, { recursive: true, force: true });
  });

  const history = () =>
    execute<Row>(
      ledger.sessions,
      'SELECT * FROM history(Person) AS h WHERE h.metadata.id = ?',
      id,
    );
  const redact = (row: Row, table = tableId, document = id) =>
    execute(ledger.sessions, REDACT, row.blockAddress, table, document);

  it('takes the data, and leaves its hash', async () => {
    const [before, current] = await history();
    expect(await redact(before)).toEqual([
      {
        blockAddress: before.blockAddress,
        tableId,
        documentId: id,
        version: 0,
      },
    ]);
    const [after, untouched] = await history();
    expect(after.data).toBeUndefined();
    expect(after).toEqual({
      blockAddress: before.blockAddress,
      hash: before.hash,
      dataHash: expect.any(Uint8Array) as Uint8Array,
      metadata: before.metadata,
    });
    expect(untouched).toEqual(current);
    expect(
      await execute(
        ledger.sessions,
        'SELECT VALUE n FROM Person BY i WHERE i = ?',
        id,
      ),
    ).toEqual([2]);
  });

  it('keeps every proof that was given before, and the digest of then', async () => {
    const [row] = await history();
    const { digest, digestTipAddress } = ledger.getDigest();
    const given = await ledger.getRevision(
      row.blockAddress,
      id,
      digestTipAddress,
    );
    expect(verifyRevision(given.revision, given.proof ?? [], digest)).toBe(
      true,
    );
    await redact(row);
    expect(verifyRevision(given.revision, given.proof ?? [], digest)).toBe(
      true,
    );
    const now = await ledger.getRevision(
      row.blockAddress,
      id,
      digestTipAddress,
    );
    expect(now.proof).toEqual(given.proof);
    expect(now.revision.has('data')).toBe(false);
    expect(verifyRevision(now.revision, now.proof ?? [], digest)).toBe(true);
    await expect(
      ledger.verify({ digest: { digest, digestTipAddress } }),
    ).resolves.toMatchObject({ digest: ledger.getDigest().digest });
  });

  it('is told by the block that asks for it, among its entries', async () => {
    const [row] = await history();
    await redact(row);
    const { digestTipAddress } = ledger.getDigest();
    const { block } = await ledger.getBlock(digestTipAddress);
    const { block: before } = await ledger.getBlock({
      ...digestTipAddress,
      sequenceNo: digestTipAddress.sequenceNo - 1,
    });
    expect(
      verifyBlock(
        digestTipAddress.sequenceNo,
        block,
        before.get('blockHash') as Uint8Array,
      ),
    ).toEqual(block.get('blockHash'));
    const info = block.get('redactionInfo') as IonStruct;
    const [redaction] = info.get('revisions') as readonly IonStruct[];
    expect(redaction.fields().map(([name]) => name)).toEqual([
      'blockAddress',
      'tableId',
      'documentId',
      'version',
    ]);
    expect(block.get('entriesHashList')).toContainEqual(hashIon(info));
  });

  it('leaves a block whose hashes are those of before', async () => {
    const [row] = await history();
    const { block: before } = await ledger.getBlock(row.blockAddress);
    await redact(row);
    const { block } = await ledger.getBlock(row.blockAddress);
    expect(block.get('blockHash')).toEqual(before.get('blockHash'));
    const [revision] = block.get('revisions') as readonly IonStruct[];
    expect(
      dot(
        hashIon(revision.get('metadata') ?? null),
        revision.get('dataHash') as Uint8Array,
      ),
    ).toEqual(row.hash);
  });

  it('takes a revision of a deleted document, and of a dropped table', async () => {
    await execute(ledger.sessions, 'DELETE FROM Person WHERE n = 2');
    await execute(ledger.sessions, 'DROP TABLE Person');
    const rows = await execute<Row>(
      ledger.sessions,
      `SELECT * FROM history('${tableId}') AS h WHERE h.metadata.id = ?`,
      id,
    );
    expect(rows).toHaveLength(3);
    await redact(rows[1]);
    await expect(redact(rows[2])).rejects.toThrow('has no data');
    await ledger.verify();
  });

  it.each([
    ['the current revision', async () => (await history())[1]],
    [
      'an address of another strand',
      async () => {
        const [row] = await history();
        return {
          ...row,
          blockAddress: { ...row.blockAddress, strandId: 'x'.repeat(22) },
        };
      },
    ],
    [
      'a block without the document',
      async () => {
        const [row] = await history();
        return {
          ...row,
          blockAddress: { ...row.blockAddress, sequenceNo: 0 },
        };
      },
    ],
    [
      'an address that is none',
      async () => ({ ...(await history())[0], blockAddress: {} as never }),
    ],
  ])('refuses %s', async (_, row) => {
    const { digest } = ledger.getDigest();
    await expect(redact(await row())).rejects.toMatchObject({
      name: 'BadRequestException',
    });
    expect(ledger.getDigest().digest).toEqual(digest);
  });

  it('refuses what is not there, what is redacted, and a second one in a transaction', async () => {
    const [row] = await history();
    await expect(redact(row, 'x'.repeat(22))).rejects.toThrow('No table');
    await expect(redact(row, tableId, 'x'.repeat(22))).rejects.toThrow(
      'no revision in the block',
    );
    await expect(
      transact(ledger.sessions, async (session) => {
        await session.execute(REDACT, row.blockAddress, tableId, id);
        await session.execute(REDACT, row.blockAddress, tableId, id);
      }),
    ).rejects.toThrow('one revision');
    await redact(row);
    await expect(redact(row)).rejects.toThrow('already');
  });

  it('is not done by a transaction that is not committed, or that comes second', async () => {
    const [row] = await history();
    const [one, two] = await Promise.all([
      RawSession.start(ledger.sessions),
      RawSession.start(ledger.sessions),
    ]);
    await one.begin();
    await two.begin();
    await one.execute(REDACT, row.blockAddress, tableId, id);
    await two.execute(REDACT, row.blockAddress, tableId, id);
    expect((await history())[0].data).toBeDefined();
    await one.commit();
    await expect(two.commit()).rejects.toMatchObject({
      name: 'OccConflictException',
    });
    expect((await history())[0].data).toBeUndefined();
  });

  it('redacts two revisions of one block by commits at once', async () => {
    const { sessions } = ledger;
    await execute(sessions, "INSERT INTO Person << {'a': 1}, {'a': 2} >>");
    await execute(sessions, 'UPDATE Person SET a = 0 WHERE a > 0');
    const rows = await execute<Row>(
      sessions,
      'SELECT * FROM history(Person) AS h WHERE h.data.a > 0',
    );
    expect(rows).toHaveLength(2);
    await Promise.all(rows.map((row) => redact(row, tableId, row.metadata.id)));
    const { block } = await ledger.getBlock(rows[0].blockAddress);
    for (const revision of block.get('revisions') as readonly IonStruct[])
      expect(revision.has('data')).toBe(false);
    await ledger.verify();
  });
  if (kind === 'memory:') return;

  /** All that stands in the ledger's files. */
  const files = async () => {
    const path = join(folder, 'test');
    const names = await readdir(path);
    const texts = names.map((name) => readFile(join(path, name), 'latin1'));
    return (await Promise.all(texts)).join('\n');
  };

  it('leaves nothing of the data in the files', async () => {
    const [row] = await history();
    expect(await files()).toContain(SECRET);
    await redact(row);
    await ledger.redactionsDone();
    expect(await files()).not.toContain(SECRET);
    await ledger.close();
    expect(await files()).not.toContain(SECRET);
    ledger = await openLedger({ name: 'test', store });
    await ledger.verify();
    expect((await history())[0].dataHash).toBeDefined();
  });

  it('goes on where a process ended before the files were clean', async () => {
    const [row] = await history();
    await redact(row);
    const copy = join(folder, 'copy', 'test');
    // As a process leaves it that is killed now.
    await cp(join(folder, 'test'), copy, { recursive: true });
    await rm(join(copy, 'owner.json'), { force: true });
    const other = await openLedger({
      name: 'test',
      store: `file:${join(folder, 'copy')}`,
    });
    await other.redactionsDone();
    await other.close();
    expect(await readFile(join(copy, 'data.mdb'), 'latin1')).not.toContain(
      SECRET,
    );
  });

  it('leaves nothing of much data, small and large, indexed, while others write', async () => {
    const { sessions } = ledger;
    const secrets = Array.from({ length: 60 }, (_, n) => `secret-${n}-`);
    for (const [n, secret] of secrets.entries())
      await execute(sessions, 'INSERT INTO Person ?', {
        name: `${secret}name`,
        secret: n,
        text: secret.repeat(n % 5 === 0 ? 2000 : 10),
      });
    // Pages are split and moved.
    for (let n = 0; n < 200; n++)
      await execute(sessions, 'INSERT INTO Person ?', {
        name: `public-${n}`,
        text: 'x'.repeat((n * 37) % 900),
      });
    await execute(
      sessions,
      "UPDATE Person SET name = 'gone', text = '' WHERE secret >= 0",
    );
    const rows = await execute<Row>(
      sessions,
      'SELECT * FROM history(Person) AS h WHERE h.data.secret >= 0 AND h.metadata.version = 0',
    );
    expect(rows).toHaveLength(secrets.length);
    let isDone = false;
    const writing = (async () => {
      for (let n = 0; !isDone; n++)
        await execute(sessions, 'INSERT INTO Person ?', {
          name: `public-again-${n}`,
          text: 'y'.repeat((n * 53) % 700),
        });
    })();
    for (const row of rows) await redact(row, tableId, row.metadata.id);
    await ledger.redactionsDone();
    isDone = true;
    await writing;
    const all = await files();
    expect(all).toContain('public-');
    expect(all.match(/secret-\d+-/g)).toBeNull();
    await ledger.verify();
  });
});
