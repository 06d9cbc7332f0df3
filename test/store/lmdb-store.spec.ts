import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from 'lmdb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DiskSpace } from '../../lib/store/lmdb/disk-space.js';
import { LmdbStore } from '../../lib/store/lmdb/lmdb-store.js';
import { describeStore } from '../contract/store.js';

let root: string;
let opened = 0;
let last = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'qldb-lmdb-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

describeStore(
  'lmdb',
  () => LmdbStore.open((last = join(root, `store.${opened++}`))),
  () => LmdbStore.open(last),
);

describe('LmdbStore', () => {
  it('is opened once at a time, in this process too', async () => {
    const path = join(root, 'twice');
    const store = await LmdbStore.open(path);
    await expect(LmdbStore.open(path)).rejects.toMatchObject({
      name: 'StoreInUseError',
      code: 'QLDB_STORE_IN_USE',
      message: expect.stringContaining('this process') as string,
    });
    await store.close();
    await (await LmdbStore.open(path)).close();
  });

  it('names the folder that it cannot write to', async () => {
    const file = join(root, 'a-file');
    await writeFile(file, '');
    await expect(LmdbStore.open(join(file, 'ledger'))).rejects.toMatchObject({
      code: 'QLDB_STORE_UNWRITABLE',
      message: expect.stringContaining('ENOTDIR') as string,
    });
  });

  it('stops before the disk is full', () => {
    const space = new DiskSpace(root);
    space.take(1000);
    expect(() => space.take(2 ** 50)).toThrow(
      expect.objectContaining({ code: 'QLDB_STORE_FULL' }) as Error,
    );
    space.take(1000);
  });

  it('does not write any more when another process has taken over', async () => {
    const path = join(root, 'taken');
    const store = await LmdbStore.open(path);
    // As another process leaves it that thought this one dead.
    const env = open<Buffer, Buffer>({
      path,
      noSubdir: false,
      maxDbs: 16,
      encoding: 'binary',
      keyEncoding: 'binary',
    });
    const owner = env.openDB<Buffer, Buffer>({
      name: 'owner',
      encoding: 'binary',
      keyEncoding: 'binary',
      useVersions: true,
    });
    await owner.put(Buffer.from('owner'), Buffer.alloc(0), 42);
    const block = {
      sequenceNo: 0,
      blockHash: Buffer.alloc(32),
      block: Buffer.from('b'),
      blockTimestamp: 0,
      merkleNodes: [],
      revisions: [],
      indexEntries: [],
    };
    await expect(store.append(-1, [block])).rejects.toMatchObject({
      code: 'QLDB_STORE_IN_USE',
    });
    expect(store.head()).toBeUndefined();
    await store.close();
    // The claim of the other one stands.
    expect(owner.doesExist(Buffer.from('owner'), 42)).toBe(true);
    await env.close();
  });
});
