import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
});
