import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { type Database, open, type RootDatabase } from 'lmdb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LedgerDigest, openLedger } from '../../lib/ledger/index.js';
import { verifyContents } from '../../lib/ledger/verification/verify-contents.js';
import { LmdbContents } from '../../lib/store/lmdb/lmdb-contents.js';
import { live } from './live.js';

type Tree = Database<Buffer, Buffer>;
/** Writes to some records: what is in the place of each, or nothing. */
type Tampering = readonly { key: Buffer; value: Buffer | undefined }[];

const WITH_CHECKSUM = ['blocks', 'documents', 'superseded'];
const WITHOUT_VALUES = ['deleted', 'entries', 'endedEntries'];
const FIRST = Buffer.alloc(6);
const NAMED = /^QLDB_(JOURNAL_INVALID|VIEWS_INVALID|STORE_DAMAGED)$/;

describe('a ledger that somebody wrote to behind its back', () => {
  let folder: string;
  let root: RootDatabase<Buffer, Buffer>;
  let digest: LedgerDigest;
  const trees = new Map<string, Tree>();
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'qldb-tampering-'));
    const ledger = await openLedger({ name: 'test', store: `file:${folder}` });
    await live(ledger);
    digest = ledger.getDigest();
    await ledger.close();
    root = open<Buffer, Buffer>({
      path: join(folder, 'test'),
      noSubdir: false,
      maxDbs: 16,
      encoding: 'binary',
      keyEncoding: 'binary',
    });
    for (const name of [...WITH_CHECKSUM, ...WITHOUT_VALUES])
      trees.set(
        name,
        root.openDB<Buffer, Buffer>({
          name,
          encoding: 'binary',
          keyEncoding: 'binary',
        }),
      );
  });
  afterAll(async () => {
    await root.close();
    await rm(folder, { recursive: true, force: true });
  });

  const treeOf = (name: string) => trees.get(name) as Tree;
  const recordsOf = (name: string) => Array.from(treeOf(name).getRange());

  async function verify(): Promise<unknown> {
    const contents = LmdbContents.at(join(folder, 'test'));
    try {
      return await verifyContents(
        contents,
        { digests: [digest] },
        { throwIfStopped() {}, onProgress() {} },
      );
    } finally {
      contents.close();
    }
  }

  async function write(tree: Tree, records: Tampering): Promise<void> {
    for (const { key, value } of records)
      if (value) await tree.put(key, value);
      else await tree.remove(key);
  }

  /** What verification says of changed records, which are put right afterwards. */
  async function tampered(name: string, change: Tampering): Promise<Error> {
    const tree = treeOf(name);
    const before = change.map(({ key }) => ({ key, value: tree.get(key) }));
    await write(tree, change);
    try {
      await verify();
      return new Error('Verification noticed nothing.');
    } catch (error) {
      return error as Error;
    } finally {
      await write(tree, before);
    }
  }

  const flipped = (bytes: Buffer, at: number): Buffer => {
    const copy = Buffer.from(bytes);
    copy[at] = copy[at] ^ 1;
    return copy;
  };
  const withChecksum = (record: Buffer): Buffer => {
    const end = record.length - 4;
    record.writeUInt32BE(crc32(record.subarray(0, end)), end);
    return record;
  };
  const named = { code: expect.stringMatching(NAMED) as string };

  it('is whole as long as nobody did', async () => {
    expect(await verify()).toMatchObject(digest);
  });

  it.each(WITH_CHECKSUM)(
    'is found out by any byte of any record: %s',
    async (name) => {
      let places = 0;
      for (const { key, value } of recordsOf(name))
        // Odd steps that differ, so that all kinds of bytes get their turn.
        for (let at = places % 7; at < value.length - 4; at += 41) {
          places++;
          const damaged = { key, value: flipped(value, at) };
          expect(await tampered(name, [damaged]), `byte ${at}`).toMatchObject({
            code: 'QLDB_STORE_DAMAGED',
          });
          // The id and the time of the first transaction, which has no
          // revisions, are in no hash of the journal.
          if (name === 'blocks' && key.equals(FIRST)) continue;
          const forged = { key, value: withChecksum(flipped(value, at)) };
          expect(await tampered(name, [forged]), `byte ${at}`).toMatchObject(
            named,
          );
        }
      expect(places).toBeGreaterThan(50);
    },
    60_000,
  );

  it.each([...WITH_CHECKSUM, ...WITHOUT_VALUES])(
    'is found out by records that are gone, moved, or one too many: %s',
    async (name) => {
      const records = recordsOf(name);
      expect(records.length).toBeGreaterThan(name === 'deleted' ? 0 : 3);
      for (const [n, { key, value }] of records.entries()) {
        const gone = { key, value: undefined };
        expect(await tampered(name, [gone]), `gone ${n}`).toMatchObject(named);
        const elsewhere = flipped(key, key.length - 1 - (n % 4));
        if (treeOf(name).doesExist(elsewhere)) continue;
        const other = { key: elsewhere, value };
        expect(await tampered(name, [other]), `extra ${n}`).toMatchObject(
          named,
        );
        expect(await tampered(name, [gone, other]), `moved ${n}`).toMatchObject(
          named,
        );
      }
    },
    60_000,
  );

  it('is found out by swapped and doubled blocks', async () => {
    const blocks = recordsOf('blocks');
    for (let n = 1; n < blocks.length; n++) {
      const [a, b] = [blocks[n - 1], blocks[n]];
      const swap = [
        { key: a.key, value: b.value },
        { key: b.key, value: a.value },
      ];
      expect(await tampered('blocks', swap)).toMatchObject({
        code: 'QLDB_JOURNAL_INVALID',
        sequenceNo: n - 1,
      });
      const double = [{ key: b.key, value: a.value }];
      expect(await tampered('blocks', double)).toMatchObject({
        code: 'QLDB_JOURNAL_INVALID',
        sequenceNo: n,
      });
    }
  });

  it('is told what differs, and where', async () => {
    const [document] = recordsOf('documents').slice(-1);
    const documentId = document.key.toString('latin1', 22, 44);
    expect(
      await tampered('documents', [{ key: document.key, value: undefined }]),
    ).toMatchObject({
      code: 'QLDB_VIEWS_INVALID',
      message: expect.stringContaining(
        `of document ${documentId} in table ${document.key.toString('latin1', 0, 22)} is missing`,
      ) as string,
    });
    const forged = withChecksum(
      flipped(document.value, document.value.length - 6),
    );
    expect(
      await tampered('documents', [{ key: document.key, value: forged }]),
    ).toMatchObject({
      differences: expect.arrayContaining([
        expect.stringMatching(`document ${documentId} .* is another`),
      ]) as string[],
    });
    const [entry] = recordsOf('entries');
    const message = (
      await tampered('entries', [{ key: entry.key, value: undefined }])
    ).message;
    expect(message).toMatch(/the entry of document .* in index .* is missing/);
  });

  it('is told a current document that stands among the former ones', async () => {
    const [{ key, value }] = recordsOf('documents').slice(-1);
    const version = value.subarray(1, 5);
    await treeOf('superseded').put(Buffer.concat([key, version]), value);
    expect(
      await tampered('documents', [{ key, value: undefined }]),
    ).toMatchObject({
      code: 'QLDB_VIEWS_INVALID',
      message: expect.stringContaining(
        'is not among the current ones',
      ) as string,
    });
    await treeOf('superseded').remove(Buffer.concat([key, version]));
    await verify();
  });

  it('is checked from a known block on', async () => {
    const store = join(folder, 'copy');
    await cp(join(folder, 'test'), join(store, 'test'), { recursive: true });
    const ledger = await openLedger({ name: 'test', store: `file:${store}` });
    try {
      const at = async (sequenceNo: number) => {
        const { strandId } = ledger;
        const { block } = await ledger.getBlock({ strandId, sequenceNo });
        return { sequenceNo, blockHash: block.get('blockHash') as Uint8Array };
      };
      const last = ledger.getDigest().digestTipAddress.sequenceNo;
      expect(await ledger.verify({ from: await at(5) })).toMatchObject({
        blocks: last - 4,
        digestTipAddress: { sequenceNo: last },
      });
      expect(await ledger.verify({ from: await at(0) })).toMatchObject({
        blocks: last + 1,
      });
      await expect(
        ledger.verify({
          from: { ...(await at(5)), blockHash: Buffer.alloc(32) },
        }),
      ).rejects.toMatchObject({ code: 'QLDB_JOURNAL_INVALID', sequenceNo: 5 });
    } finally {
      await ledger.close();
    }
  });

  it('is found out by a digest that was kept outside', async () => {
    const other = { ...digest, digest: Buffer.alloc(32, 7) };
    const contents = LmdbContents.at(join(folder, 'test'));
    await expect(
      verifyContents(
        contents,
        { digests: [other] },
        { throwIfStopped() {}, onProgress() {} },
      ),
    ).rejects.toMatchObject({ code: 'QLDB_JOURNAL_INVALID' });
    contents.close();
  });
});
