import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fromIonBinary, toIonBinary } from '../../lib/ion/index.js';
import type {
  Batches,
  Commit,
  LedgerStore,
  Revision,
} from '../../lib/store/contract.js';
import { TipMovedError } from '../../lib/store/store-errors.js';

const TABLE = 'T'.repeat(22);
const OTHER_TABLE = 'U'.repeat(22);
const INDEX = 'I'.repeat(22);
const OTHER_INDEX = 'J'.repeat(22);

const id = (n: number) => `D${String(n).padStart(21, '0')}`;
const bytes = (text: string) => Buffer.from(text);
const ion = (text: string) => Buffer.from(toIonBinary(text));
const hash = (n: number) => Buffer.alloc(32, n);

/** A revision whose data is a text; `null` deletes the document. */
function revision(
  documentId: string,
  version: number,
  sequenceNo: number,
  data: string | null,
  tableId = TABLE,
): Revision {
  return {
    tableId,
    documentId,
    version,
    sequenceNo,
    txId: `X${String(sequenceNo).padStart(21, '0')}`,
    txTime: 1_700_000_000_000 + sequenceNo,
    hash: hash(sequenceNo),
    ...(data === null ? {} : { data: ion(data) }),
  };
}

function commit(
  sequenceNo: number,
  revisions: Revision[] = [],
  indexEntries: Commit['indexEntries'] = [],
): Commit {
  return {
    sequenceNo,
    blockHash: hash(sequenceNo),
    block: bytes(`block ${sequenceNo}`),
    blockTimestamp: 1_700_000_000_000 + sequenceNo,
    merkleNodes: [{ level: 0, index: sequenceNo, hash: hash(sequenceNo) }],
    revisions,
    indexEntries,
  };
}

const entry = (key: string, documentId: string, ended = false) => ({
  indexId: INDEX,
  key,
  documentId,
  ended,
});

async function all<T>(batches: Batches<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const batch of batches) items.push(...batch);
  return items;
}

const texts = (revisions: readonly Revision[]): string[] =>
  revisions
    .map(({ data }) => (data ? String(fromIonBinary(data)) : 'no data'))
    .toSorted();

/** What every store does. `open` makes an empty one; `reopen` is given where a store outlives its object. */
export function describeStore(
  name: string,
  open: () => Promise<LedgerStore>,
  reopen?: (store: LedgerStore) => Promise<LedgerStore>,
): void {
  describe(`store contract: ${name}`, () => {
    let store: LedgerStore;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    const scan = (at: number, table = TABLE) =>
      all(store.snapshot(at).scan(table)).then(texts);
    const lookup = (at: number, ...keys: string[]) =>
      all(store.snapshot(at).lookup(TABLE, INDEX, keys)).then(texts);

    it('is empty at first', async () => {
      expect(await store.head()).toBeUndefined();
      expect(await scan(0)).toEqual([]);
      expect(await all(store.blocks(0, 100))).toEqual([]);
    });

    it('appends blocks in order and keeps the last as its head', async () => {
      await store.append(-1, [commit(0), commit(1)]);
      await store.append(1, [commit(2)]);

      expect(await store.head()).toMatchObject({
        sequenceNo: 2,
        blockTimestamp: 1_700_000_000_002,
      });
      expect(Buffer.from((await store.head())!.blockHash)).toEqual(hash(2));
      const blocks = await all(store.blocks(1, 2));
      expect(blocks.map((block) => Buffer.from(block).toString())).toEqual([
        'block 1',
        'block 2',
      ]);
    });

    it('refuses to append to a tip that has moved, and writes nothing', async () => {
      await store.append(-1, [commit(0)]);
      await expect(
        store.append(-1, [commit(0, [revision(id(1), 0, 0, 'a')])]),
      ).rejects.toThrow(TipMovedError);
      await expect(store.append(1, [commit(2)])).rejects.toMatchObject({
        code: 'QLDB_STORE_TIP_MOVED',
      });
      expect((await store.head())?.sequenceNo).toBe(0);
      expect(await scan(0)).toEqual([]);
    });

    it('runs appends that are started together one after the other', async () => {
      const appends = [0, 1, 2, 3].map((n) =>
        store.append(n - 1, [commit(n, [revision(id(n), 0, n, `d${n}`)])]),
      );
      await Promise.all(appends);
      expect(await scan(3)).toEqual(['d0', 'd1', 'd2', 'd3']);
    });

    it('reads as of the block of a snapshot', async () => {
      await store.append(-1, [
        commit(0, [revision(id(1), 0, 0, 'one'), revision(id(2), 0, 0, 'two')]),
        commit(1, [revision(id(1), 1, 1, 'one, changed')]),
      ]);
      await store.append(1, [commit(2, [revision(id(2), 1, 2, null)])]);
      await store.append(2, [commit(3, [revision(id(3), 0, 3, 'three')])]);

      expect(await scan(0)).toEqual(['one', 'two']);
      expect(await scan(1)).toEqual(['one, changed', 'two']);
      expect(await scan(2)).toEqual(['one, changed']);
      expect(await scan(3)).toEqual(['one, changed', 'three']);

      const get = async (at: number, ...ids: string[]) =>
        texts(await store.snapshot(at).get(TABLE, ids));
      expect(await get(0, id(1), id(2), id(3))).toEqual(['one', 'two']);
      expect(await get(2, id(2), id(9))).toEqual([]);
      expect(await get(3, id(1))).toEqual(['one, changed']);
    });

    it('gives back every member of a revision', async () => {
      const redacted: Revision = {
        ...revision(id(2), 0, 0, null),
        dataHash: hash(9),
      };
      await store.append(-1, [
        commit(0, [revision(id(1), 0, 0, 'one'), redacted]),
        commit(1, [revision(id(1), 1, 1, null)]),
      ]);
      const plain = (found: Revision) => ({
        tableId: found.tableId,
        documentId: found.documentId,
        version: found.version,
        sequenceNo: found.sequenceNo,
        txId: found.txId,
        txTime: found.txTime,
        hash: Buffer.from(found.hash),
        ...(found.data && { data: Buffer.from(found.data) }),
        ...(found.dataHash && { dataHash: Buffer.from(found.dataHash) }),
      });
      const history = await all(store.snapshot(1).history(TABLE));
      expect(history.map(plain)).toEqual([
        revision(id(1), 0, 0, 'one'),
        revision(id(1), 1, 1, null),
        redacted,
      ]);
    });

    it('keeps the tables apart', async () => {
      await store.append(-1, [
        commit(0, [
          revision(id(1), 0, 0, 'one'),
          revision(id(2), 0, 0, 'other', OTHER_TABLE),
        ]),
      ]);
      expect(await scan(0)).toEqual(['one']);
      expect(await scan(0, OTHER_TABLE)).toEqual(['other']);
    });

    it('has the history of a document, deletions included, as of the snapshot', async () => {
      await store.append(-1, [
        commit(0, [revision(id(1), 0, 0, 'a'), revision(id(2), 0, 0, 'x')]),
        commit(1, [revision(id(1), 1, 1, 'b')]),
        commit(2, [revision(id(1), 2, 2, null)]),
      ]);
      const versions = async (at: number, ids?: string[]) =>
        (
          await all(store.snapshot(at).history(TABLE, { documentIds: ids }))
        ).map(({ documentId, version }) => `${documentId.at(-1)}.${version}`);
      expect(await versions(2, [id(1)])).toEqual(['1.0', '1.1', '1.2']);
      expect(await versions(1, [id(1)])).toEqual(['1.0', '1.1']);
      expect(await versions(2)).toEqual(['1.0', '1.1', '1.2', '2.0']);
      expect(await versions(2, [id(9)])).toEqual([]);
    });

    it('finds documents by an index entry, at every snapshot that had it', async () => {
      await store.append(-1, [
        commit(
          0,
          [revision(id(1), 0, 0, 'one'), revision(id(2), 0, 0, 'two')],
          [entry('a', id(1)), entry('b', id(2))],
        ),
      ]);
      const before = store.snapshot(0);
      await store.append(0, [
        commit(
          1,
          [revision(id(1), 1, 1, 'one, moved')],
          [entry('a', id(1), true), entry('b', id(1))],
        ),
      ]);

      expect(await lookup(1, 'b')).toEqual(['one, moved', 'two']);
      expect(await lookup(1, 'a', 'b')).toEqual(
        expect.arrayContaining(['one, moved', 'two']),
      );
      expect(texts(await all(before.lookup(TABLE, INDEX, ['a'])))).toEqual([
        'one',
      ]);
      before.close();
    });

    it('still finds a document whose entry ended and began again', async () => {
      await store.append(-1, [
        commit(0, [revision(id(1), 0, 0, 'a')], [entry('a', id(1))]),
        commit(
          1,
          [revision(id(1), 1, 1, 'b')],
          [entry('a', id(1), true), entry('b', id(1))],
        ),
        commit(
          2,
          [revision(id(1), 2, 2, 'a again')],
          [entry('b', id(1), true), entry('a', id(1))],
        ),
      ]);
      // Later appends sweep what ended.
      for (let n = 3; n < 6; n++) await store.append(n - 1, [commit(n)]);
      expect(await lookup(5, 'a')).toEqual(['a again']);
    });

    it('finds a document whose key comes back, each time, over separate appends', async () => {
      await store.append(-1, [
        commit(0, [revision(id(1), 0, 0, 'a')], [entry('a', id(1))]),
      ]);
      for (let n = 1; n < 9; n++) {
        const [from, to] = n % 2 === 1 ? ['a', 'b'] : ['b', 'a'];
        await store.append(n - 1, [
          commit(
            n,
            [revision(id(1), n, n, to)],
            [entry(from, id(1), true), entry(to, id(1))],
          ),
        ]);
        expect(await lookup(n, to)).toEqual([to]);
      }
    });

    it('keeps indexes, and keys that begin alike, apart', async () => {
      await store.append(-1, [
        commit(
          0,
          [revision(id(1), 0, 0, 'one'), revision(id(2), 0, 0, 'two')],
          [entry('a', id(1)), entry('ab', id(2))],
        ),
      ]);
      expect(await lookup(0, 'a')).toEqual(['one']);
      expect(await lookup(0, 'ab')).toEqual(['two']);
      expect(await lookup(0, 'abc')).toEqual([]);
      expect(
        await all(store.snapshot(0).lookup(TABLE, OTHER_INDEX, ['a'])),
      ).toEqual([]);
    });

    it('reads more rows than fit in a batch, while others are written', async () => {
      const revisions = Array.from({ length: 1000 }, (_, n) =>
        revision(id(n), 0, 0, `row ${n}`),
      );
      const entries = revisions.map(({ documentId }) => entry('k', documentId));
      await store.append(-1, [commit(0, revisions, entries)]);

      const snapshot = store.snapshot(0);
      const scanned: Revision[] = [];
      let sequenceNo = 0;
      for await (const batch of snapshot.scan(TABLE)) {
        scanned.push(...batch);
        sequenceNo++;
        await store.append(sequenceNo - 1, [
          commit(sequenceNo, [
            revision(id(999), sequenceNo, sequenceNo, 'changed'),
            revision(`E${id(sequenceNo).slice(1)}`, 0, sequenceNo, 'new'),
          ]),
        ]);
      }
      expect(texts(scanned)).toEqual(texts(revisions));
      expect(await all(snapshot.lookup(TABLE, INDEX, ['k']))).toHaveLength(
        1000,
      );
      snapshot.close();
      expect(await all(store.blocks(0, 10_000))).toHaveLength(sequenceNo + 1);
    });

    it('finds Merkle nodes in the order asked for', async () => {
      await store.append(-1, [
        commit(0),
        {
          ...commit(1),
          merkleNodes: [
            { level: 0, index: 1, hash: hash(1) },
            { level: 1, index: 0, hash: hash(77) },
          ],
        },
      ]);
      const nodes = await store.merkleNodes([
        { level: 1, index: 0 },
        { level: 0, index: 0 },
      ]);
      expect(nodes.map((node) => Buffer.from(node))).toEqual([
        hash(77),
        hash(0),
      ]);
    });

    it('begins with any block, and its tree with it', async () => {
      expect(store.origin).toBe(0);
      await store.append(6, [
        { ...commit(7), merkleNodes: [{ level: 0, index: 0, hash: hash(7) }] },
        {
          ...commit(8, [revision(id(1), 0, 8, 'text')]),
          merkleNodes: [
            { level: 0, index: 1, hash: hash(8) },
            { level: 1, index: 0, hash: hash(78) },
          ],
        },
      ]);
      await expect(store.append(-1, [commit(0)])).rejects.toThrow(
        'ends with block 8',
      );
      await store.append(8, [commit(9)]);
      expect(store.origin).toBe(7);
      expect((await store.head())?.sequenceNo).toBe(9);
      expect(await all(store.blocks(0, 100))).toHaveLength(3);
      expect(await all(store.blocks(8, 8))).toHaveLength(1);
      expect(
        (
          await store.merkleNodes([
            { level: 1, index: 0 },
            { level: 0, index: 1 },
          ])
        ).map((node) => Buffer.from(node)),
      ).toEqual([hash(78), hash(8)]);
      const contents = await store.contents();
      expect(contents.origin).toBe(7);
      expect(await all(contents.blocks(8))).toHaveLength(2);
      contents.close();
    });

    it('refuses use after close, which can be called twice', async () => {
      await store.append(-1, [commit(0)]);
      await store.close();
      await store.close();
      expect(() => store.snapshot(0)).toThrow(
        expect.objectContaining({ code: 'QLDB_STORE_CLOSED' }) as Error,
      );
    });

    // A store in memory ends with its object.
    it.runIf(reopen)('keeps everything over close and open', async () => {
      await store.append(-1, [
        commit(0, [revision(id(1), 0, 0, 'one')], [entry('a', id(1))]),
        commit(1, [revision(id(1), 1, 1, 'one, changed')]),
      ]);
      await store.close();
      store = await reopen!(store);
      expect(await store.head()).toMatchObject({ sequenceNo: 1 });
      expect(await lookup(1, 'a')).toEqual(['one, changed']);
      expect(await scan(0)).toEqual(['one']);
      await store.append(1, [commit(2)]);
      expect(await all(store.blocks(0, 2))).toHaveLength(3);
    });
  });
}
