import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from 'lmdb';
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
} from 'vitest';
import { toNative } from '../../lib/ion/native.js';
import { formatIonText } from '../../lib/ion/text.js';
import {
  type Ledger,
  openLedger,
  verifyBlock,
  verifyRevision,
} from '../../lib/ledger/index.js';
import { execute, transact } from '../contract/raw-session.js';

interface Committed {
  blockAddress: { strandId: string; sequenceNo: number };
  metadata: { id: string; version: number };
}

const committed = (ledger: Ledger) =>
  execute<Committed>(ledger.sessions, 'SELECT * FROM _ql_committed_T');

/** Several transactions of several documents each. */
async function fill(ledger: Ledger, transactions = 5): Promise<void> {
  await execute(ledger.sessions, 'CREATE TABLE T');
  await execute(ledger.sessions, 'CREATE INDEX ON T (n)');
  for (let n = 0; n < transactions; n++)
    await transact(ledger.sessions, async (session) => {
      for (let i = 0; i <= n; i++)
        await session.execute('INSERT INTO T ?', {
          n: 10 * n + i,
          list: [1.5],
        });
      await session.execute('SELECT * FROM T WHERE n = ?', 0);
    });
}

describe('openLedger', () => {
  it.each(['', '-a', 'a-', 'a--b', '123', 'a b', 'a/b', '..', 'a'.repeat(33)])(
    'refuses the name %j',
    async (name) => {
      await expect(
        openLedger({ name, store: 'memory:' }),
      ).rejects.toMatchObject({ code: 'QLDB_LEDGER_NAME' });
    },
  );

  it.each(['mysql://user:secret@host/db', 'file:', '.qldb', ''])(
    'refuses the store %j, without repeating what it says',
    async (store) => {
      const opened = openLedger({ name: 'test', store });
      await expect(opened).rejects.toMatchObject({
        code: 'QLDB_STORE_UNKNOWN',
        message: expect.not.stringContaining('secret') as string,
      });
    },
  );
});

describe('Ledger', () => {
  let ledger: Ledger;
  beforeEach(async () => {
    ledger = await openLedger({ name: 'test', store: 'memory:' });
  });
  afterEach(() => ledger.close());

  it('begins with one block, and has a digest from the start', async () => {
    const { digest, digestTipAddress } = ledger.getDigest();
    expect(digest).toHaveLength(32);
    expect(digestTipAddress).toEqual({
      strandId: ledger.strandId,
      sequenceNo: 0,
    });
    expect(await ledger.verify()).toMatchObject({ blocks: 1, revisions: 0 });
  });

  it('adds a block per transaction that wrote, and none for the others', async () => {
    await fill(ledger, 3);
    expect(ledger.getDigest().digestTipAddress.sequenceNo).toBe(5);
    await execute(ledger.sessions, 'SELECT * FROM T');
    await execute(ledger.sessions, "DELETE FROM T WHERE n = 'none'");
    expect(ledger.getDigest().digestTipAddress.sequenceNo).toBe(5);
  });

  it('writes blocks of the shape that QLDB wrote', async () => {
    await fill(ledger, 2);
    const { strandId } = ledger;
    const { block } = await ledger.getBlock({ strandId, sequenceNo: 4 });
    expect([...block.fields()].map(([name]) => name)).toEqual([
      'blockAddress',
      'transactionId',
      'blockTimestamp',
      'blockHash',
      'entriesHash',
      'previousBlockHash',
      'entriesHashList',
      'transactionInfo',
      'revisions',
    ]);
    const plain = toNative(block) as {
      transactionInfo: {
        statements: { statement: string }[];
        documents: Record<string, { tableName: string; statements: number[] }>;
      };
      revisions: { data: { n: number }; metadata: { id: string } }[];
    };
    expect(
      plain.transactionInfo.statements.map(({ statement }) => statement),
    ).toEqual([
      'INSERT INTO T ?',
      'INSERT INTO T ?',
      'SELECT * FROM T WHERE n = ?',
    ]);
    expect(Object.keys(plain.transactionInfo.documents)).toEqual(
      plain.revisions.map(({ metadata }) => metadata.id),
    );
    expect(Object.values(plain.transactionInfo.documents)).toMatchObject([
      { tableName: 'T', statements: [0] },
      { tableName: 'T', statements: [1] },
    ]);
    expect(plain.revisions.map(({ data }) => data.n)).toEqual([10, 11]);
    // Wherever the process runs: UTC, known to be so.
    expect(formatIonText(block)).toMatch(
      /blockTimestamp:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z,/,
    );
  });

  it('proves every revision and block against every later digest', async () => {
    await fill(ledger, 6);
    const tip = ledger.getDigest().digestTipAddress;
    const { digest } = ledger.getDigest();
    const rows = await committed(ledger);
    expect(rows).toHaveLength(21);
    for (const { blockAddress, metadata } of rows) {
      const { revision, proof } = await ledger.getRevision(
        blockAddress,
        metadata.id,
        tip,
      );
      expect(verifyRevision(revision, proof!, digest)).toBe(true);
      const other = Buffer.from(digest).fill(7);
      expect(verifyRevision(revision, proof!, other)).toBe(false);
    }
    const first = { strandId: ledger.strandId, sequenceNo: 0 };
    for (let sequenceNo = 0; sequenceNo <= tip.sequenceNo; sequenceNo++) {
      const address = { ...first, sequenceNo };
      const { block, proof } = await ledger.getBlock(address, tip);
      const previous = block.get('previousBlockHash') as Uint8Array;
      const hash = verifyBlock(sequenceNo, block, previous);
      const { foldProof } = await import('../../lib/ledger/index.js');
      expect(Buffer.from(foldProof(hash, proof!))).toEqual(Buffer.from(digest));
    }
  });

  it('proves an old revision against an old digest that was kept', async () => {
    await fill(ledger, 2);
    const kept = ledger.getDigest();
    const [{ blockAddress, metadata }] = (await committed(ledger)) as [
      Committed,
    ];
    for (let n = 0; n < 9; n++)
      await execute(ledger.sessions, 'UPDATE T SET x = ?', n);
    const { revision, proof } = await ledger.getRevision(
      blockAddress,
      metadata.id,
      kept.digestTipAddress,
    );
    expect(verifyRevision(revision, proof!, kept.digest)).toBe(true);
    expect(verifyRevision(revision, proof!, ledger.getDigest().digest)).toBe(
      false,
    );
  });

  it('refuses addresses that it does not have, in QLDB’s words', async () => {
    await fill(ledger, 1);
    const { strandId } = ledger;
    const at = (sequenceNo: number, strand = strandId) => ({
      strandId: strand,
      sequenceNo,
    });
    const id = 'X'.repeat(22);
    const refused = (promise: Promise<unknown>, message: RegExp) =>
      expect(promise).rejects.toMatchObject({
        code: 'QLDB_INVALID_PARAMETER',
        message: expect.stringMatching(message) as string,
      });
    await refused(ledger.getBlock(at(99)), /beyond the strand's latest/);
    await refused(ledger.getBlock(at(-1)), /is not valid/);
    await refused(ledger.getBlock(at(0.5)), /is not valid/);
    await refused(ledger.getBlock(at(0, id)), /Strand ID/);
    await refused(
      ledger.getBlock(at(0), at(99)),
      /digest tip address is beyond/,
    );
    await refused(ledger.getBlock(at(2), at(1)), /must not be greater/);
    await refused(
      ledger.getRevision(at(2), id, at(2)),
      /Document ID is not found/,
    );
  });

  it('keeps many commits that arrive together in one order', async () => {
    await execute(ledger.sessions, 'CREATE TABLE T');
    await Promise.all(
      Array.from({ length: 200 }, (_, n) =>
        execute(ledger.sessions, 'INSERT INTO T ?', { n }),
      ),
    );
    expect(await ledger.verify()).toMatchObject({
      blocks: 202,
      revisions: 201,
    });
    const addresses = (await committed(ledger)).map(
      ({ blockAddress }) => blockAddress.sequenceNo,
    );
    expect(new Set(addresses).size).toBe(200);
  });

  it('refuses everything after close, and closes twice', async () => {
    await ledger.close();
    await ledger.close();
    expect(() => ledger.getDigest()).toThrow(/closed/);
    await expect(execute(ledger.sessions, 'SELECT 1')).rejects.toMatchObject({
      name: 'CapacityExceededException',
    });
  });

  it('waits at close for the commits under way', async () => {
    await execute(ledger.sessions, 'CREATE TABLE T');
    const commit = execute(ledger.sessions, "INSERT INTO T VALUE {'n': 1}");
    await new Promise((resolve) => setImmediate(resolve));
    await ledger.close();
    await commit.catch(() => {});
  });
});

describe('a ledger on disk', () => {
  let root: string;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'qldb-ledger-'));
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  it('is the same when it is opened again', async () => {
    const store = `file:${join(root, 'again')}`;
    const ledger = await openLedger({ name: 'test', store });
    await fill(ledger);
    const digest = ledger.getDigest();
    const rows = await committed(ledger);
    await ledger.close();

    const again = await openLedger({ name: 'test', store });
    expect(again.getDigest().digestTipAddress).toEqual(digest.digestTipAddress);
    expect(Buffer.from(again.getDigest().digest)).toEqual(
      Buffer.from(digest.digest),
    );
    expect(await committed(again)).toEqual(rows);
    expect(await again.verify()).toMatchObject({ revisions: 17 });
    await execute(again.sessions, 'INSERT INTO T ?', { n: 1000 });
    expect(
      await execute(again.sessions, 'SELECT VALUE n FROM T WHERE n = 1000'),
    ).toEqual([1000]);
    await expect(execute(again.sessions, 'CREATE TABLE T')).rejects.toThrow(
      /already exists/,
    );
    await again.verify();
    await again.close();
  });

  describe('that someone changed', () => {
    let made: string;
    let last: number;
    let copies = 0;
    beforeAll(async () => {
      made = join(root, 'made');
      const ledger = await openLedger({ name: 'test', store: `file:${made}` });
      await fill(ledger);
      last = ledger.getDigest().digestTipAddress.sequenceNo;
      await ledger.close();
    });

    /** Changes bytes behind the ledger's back, and verifies. */
    async function tampered(
      table: string,
      change: (key: Buffer, value: Buffer) => Buffer | undefined,
    ): Promise<unknown> {
      const folder = join(root, `copy-${copies++}`);
      await cp(made, folder, { recursive: true });
      const root_ = open<Buffer, Buffer>({
        path: join(folder, 'test'),
        noSubdir: false,
        maxDbs: 16,
        encoding: 'binary',
        keyEncoding: 'binary',
      });
      const db = root_.openDB<Buffer, Buffer>({
        name: table,
        encoding: 'binary',
        keyEncoding: 'binary',
      });
      let changed = 0;
      const records = Array.from(db.getRange());
      for (const { key, value } of records) {
        const bytes = change(key, value);
        if (bytes) {
          changed++;
          await db.put(key, bytes);
        }
      }
      expect(changed).toBe(1);
      await root_.close();
      const ledger = await openLedger({
        name: 'test',
        store: `file:${folder}`,
      });
      try {
        return await ledger.verify();
      } finally {
        await ledger.close();
      }
    }
    const sequence = (key: Buffer) => key.readUIntBE(0, 6);
    const flip = (bytes: Buffer, at: number) => {
      const copy = Buffer.from(bytes);
      copy[at] = copy[at] ^ 1;
      return copy;
    };
    const invalid = {
      code: expect.stringMatching(/JOURNAL_INVALID|STORE_DAMAGED/) as string,
    };

    it('is found out by a changed document in a block', async () => {
      await expect(
        tampered('blocks', (key, value) => {
          const at = value.indexOf(Buffer.from([0x21, 40]));
          return sequence(key) === 7 && at > 0
            ? flip(value, at + 1)
            : undefined;
        }),
      ).rejects.toMatchObject(invalid);
    });

    it('is found out by a block that is exchanged for an honest one', async () => {
      const blocks: Buffer[] = [];
      await expect(
        tampered('blocks', (key, value) => {
          blocks.push(value);
          return sequence(key) === 5 ? blocks[4] : undefined;
        }),
      ).rejects.toMatchObject({ ...invalid, sequenceNo: 5 });
    });

    it('is found out by a changed place of a document', async () => {
      await expect(
        tampered('documents', (key, value) =>
          key.toString('latin1').startsWith('0000')
            ? Buffer.from(value).fill(7, 5, 11)
            : undefined,
        ),
      ).rejects.toMatchObject(invalid);
    });

    it('is found out, at the start, by a last block that is another', async () => {
      await expect(
        tampered('blocks', (key, value) =>
          // The block's hash stands before the block.
          sequence(key) === last ? flip(value, 20) : undefined,
        ),
      ).rejects.toMatchObject(invalid);
    });

    it('is found out by a changed document outside the journal', async () => {
      let done = false;
      await expect(
        tampered('documents', (key, value) => {
          if (done || key.toString('latin1').startsWith('0000'))
            return undefined;
          done = true;
          return flip(value, value.length - 1);
        }),
      ).rejects.toMatchObject({
        ...invalid,
      });
    });
  });

  it('is refused to a second opener, and taken over from a dead one', async () => {
    const store = `file:${join(root, 'owned')}`;
    const ledger = await openLedger({ name: 'test', store });
    await expect(openLedger({ name: 'test', store })).rejects.toMatchObject({
      code: 'QLDB_STORE_IN_USE',
    });
    const other = await openLedger({ name: 'other', store });
    await other.close();
    await ledger.close();
  });
});
