import { isTimeToPause, nextTurn } from '../../async/turns.js';
import {
  BATCH_SIZE,
  type Batches,
  type Commit,
  type Head,
  type HistoryRange,
  type IndexEntry,
  type KeyOf,
  type LedgerStore,
  type MerkleNode,
  type NewIndex,
  type Redaction,
  type Revision,
  type Snapshot,
  type StoreContents,
  type StoredEntry,
} from '../contract.js';
import { StoreClosedError, TipMovedError } from '../store-errors.js';

/**
 * A ledger in this process's memory, for tests; and the simplest statement of
 * the store contract. Nothing of it outlives the process.
 */
export class MemoryStore implements LedgerStore {
  readonly failure = undefined;
  readonly address = undefined;
  readonly shared = undefined;
  readonly unbuilt = new Map<string, NewIndex>();
  origin = 0;
  readonly #commits: Commit[] = [];
  readonly #nodes = new Map<string, Uint8Array>();
  /** Table id → document id → its revisions in order. */
  readonly #tables = new Map<string, Map<string, Revision[]>>();
  /** Index id → key → document ids that have an entry there (true), or had one. */
  readonly #entries = new Map<string, Map<string, Map<string, boolean>>>();
  #endedEntries: StoredEntry[] = [];
  #closed = false;

  head(): Head | undefined {
    this.#throwIfClosed();
    return this.#commits.at(-1);
  }

  async append(tip: number, commits: readonly Commit[]): Promise<void> {
    this.#throwIfClosed();
    if (commits.length === 0) return;
    if (this.#commits.length === 0) this.origin = tip + 1;
    const last = this.#tip;
    if (tip !== last) throw new TipMovedError(tip, last);
    for (const commit of commits) {
      this.#commits.push(commit);
      for (const node of commit.merkleNodes)
        this.#nodes.set(nodeKey(node), node.hash);
      for (const revision of commit.revisions) {
        const documents = getOrAdd(
          this.#tables,
          revision.tableId,
          () => new Map<string, Revision[]>(),
        );
        getOrAdd(documents, revision.documentId, () => []).push(revision);
      }
      for (const { ended, ...entry } of commit.indexEntries) {
        this.#setEntry(entry, !ended);
        if (ended)
          this.#endedEntries.push({ ...entry, endedBy: commit.sequenceNo });
      }
      for (const redaction of commit.redactions ?? []) this.#redact(redaction);
      for (const index of commit.newIndexes ?? [])
        this.unbuilt.set(index.indexId, index);
      // Its entries stay: a transaction that began before may ask for them.
      for (const indexId of commit.endedIndexes ?? [])
        this.unbuilt.delete(indexId);
    }
  }

  #redact(redaction: Redaction): void {
    const { tableId, documentId, version, sequenceNo, dataHash } = redaction;
    const at = sequenceNo - this.origin;
    const commit = this.#commits[at];
    this.#commits[at] = {
      ...commit,
      block: redaction.redactBlock(commit.block),
    };
    const revisions = this.#documents(tableId).get(documentId) ?? [];
    const n = revisions.findIndex((revision) => revision.version === version);
    revisions[n] = { ...revisions[n], data: undefined, dataHash };
    const isLost = (entry: StoredEntry) =>
      redaction.lostEntries.some(
        ({ indexId, key, documentId: id, endedBy }) =>
          entry.indexId === indexId &&
          entry.key === key &&
          entry.documentId === id &&
          entry.endedBy === endedBy,
      );
    this.#endedEntries = [
      ...this.#endedEntries.filter((entry) => !isLost(entry)),
      ...redaction.addedEntries,
    ];
    for (const { indexId, key } of redaction.lostEntries)
      if (this.#entries.get(indexId)?.get(key)?.get(documentId) === false)
        this.#entries.get(indexId)?.get(key)?.delete(documentId);
    for (const { indexId, key } of redaction.addedEntries)
      if (!this.#entries.get(indexId)?.get(key)?.has(documentId))
        this.#setEntry({ indexId, key, documentId }, false);
  }

  // oxlint-disable-next-line require-await -- the contract's other stores have to wait
  async buildIndex(indexId: string, keyOf: KeyOf): Promise<void> {
    const index = this.unbuilt.get(indexId);
    if (!index) return;
    let count = 0;
    for (const [documentId, revisions] of this.#documents(index.tableId)) {
      if (isTimeToPause(count++)) {
        await nextTurn();
        // It may have ended meanwhile.
        if (!this.unbuilt.has(indexId)) return;
      }
      const data = revisions.at(-1)?.data;
      const key = data && keyOf(data);
      if (key !== undefined) this.#setEntry({ indexId, key, documentId }, true);
    }
    this.unbuilt.delete(indexId);
  }

  #setEntry(
    { indexId, key, documentId }: Omit<IndexEntry, 'ended'>,
    isLive: boolean,
  ): void {
    const keys = getOrAdd(
      this.#entries,
      indexId,
      () => new Map<string, Map<string, boolean>>(),
    );
    getOrAdd(keys, key, () => new Map<string, boolean>()).set(
      documentId,
      isLive,
    );
  }

  get #tip(): number {
    return this.origin + this.#commits.length - 1;
  }

  #documents(tableId: string): ReadonlyMap<string, Revision[]> {
    return this.#tables.get(tableId) ?? new Map<string, Revision[]>();
  }

  snapshot(at: number): Snapshot {
    this.#throwIfClosed();
    const documents = (tableId: string) => this.#documents(tableId);
    const current = (revisions: readonly Revision[] | undefined) => {
      const latest = revisions?.findLast(({ sequenceNo }) => sequenceNo <= at);
      return latest?.data && latest;
    };
    const get = (tableId: string, ids: Iterable<string>) =>
      [...ids]
        .map((id) => current(documents(tableId).get(id)))
        .filter((revision) => revision !== undefined);
    const scan = (tableId: string) => get(tableId, documents(tableId).keys());

    return {
      at,
      isSettled: true,
      get,
      lookup: (tableId, indexId, keys) => {
        const ids = keys.flatMap((key) => [
          ...(this.#entries.get(indexId)?.get(key)?.keys() ?? []),
        ]);
        return batches(get(tableId, new Set(ids)));
      },
      scan: (tableId) => batches(scan(tableId)),
      count: (tableId) => [[scan(tableId).length]],
      history: (tableId, { documentIds }: HistoryRange = {}) =>
        batches(
          [...(documentIds ?? documents(tableId).keys())].flatMap((id) =>
            (documents(tableId).get(id) ?? []).filter(
              ({ sequenceNo }) => sequenceNo <= at,
            ),
          ),
        ),
      close: () => {},
    };
  }

  contents(): StoreContents {
    this.#throwIfClosed();
    const commits = [...this.#commits];
    const { origin } = this;
    const tip = this.#tip;
    const ended = [...this.#endedEntries];
    const live = [...this.#liveEntries()];
    const revisions = [...this.#tables]
      .toSorted(byKey)
      .flatMap(([, documents]) => [...documents].toSorted(byKey))
      .flatMap(([, all]) => {
        const present = all.filter(({ sequenceNo }) => sequenceNo <= tip);
        return present.map((revision, n) => ({
          revision,
          isCurrent: n === present.length - 1 && !isDeletion(revision),
        }));
      });
    const since = (from: number) =>
      revisions.filter(({ revision }) => revision.sequenceNo >= from);
    return {
      head: commits.at(-1),
      origin,
      unbuilt: new Set(this.unbuilt.keys()),
      blocks: (from) =>
        batches(
          commits.slice(Math.max(from - origin, 0)).map((commit) => ({
            ...commit,
            merkleNodes: commit.merkleNodes.map(({ hash }) => hash),
          })),
        ),
      revisions: (from) => batches(since(from)),
      indexEntries: () => batches([...live, ...ended]),
      deletions: (from) =>
        batches(
          since(from)
            .map(({ revision }) => revision)
            .filter(isDeletion),
        ),
      merkleNodes: (nodes) => this.merkleNodes(nodes),
      close: () => {},
    };
  }

  *#liveEntries(): Iterable<StoredEntry> {
    for (const [indexId, keys] of this.#entries)
      for (const [key, ids] of keys)
        for (const [documentId, isLive] of ids)
          if (isLive) yield { indexId, key, documentId };
  }

  blocks(from: number, to: number): Batches<Uint8Array> {
    this.#throwIfClosed();
    return batches(
      this.#commits
        .slice(
          Math.max(from - this.origin, 0),
          Math.max(to + 1 - this.origin, 0),
        )
        .map(({ block }) => block),
    );
  }

  merkleNodes(
    nodes: readonly Pick<MerkleNode, 'level' | 'index'>[],
  ): readonly Uint8Array[] {
    this.#throwIfClosed();
    return nodes.map((node) => {
      const hash = this.#nodes.get(nodeKey(node));
      if (!hash) throw new RangeError(`No Merkle node ${nodeKey(node)}.`);
      return hash;
    });
  }

  async redactionsDone(): Promise<void> {}

  async close(): Promise<void> {
    this.#closed = true;
  }

  #throwIfClosed(): void {
    if (this.#closed) throw new StoreClosedError();
  }
}

const nodeKey = ({ level, index }: Pick<MerkleNode, 'level' | 'index'>) =>
  `${level}:${index}`;

const byKey = (
  [a]: readonly [string, unknown],
  [b]: readonly [string, unknown],
) => (a < b ? -1 : 1);

const isDeletion = ({ data, dataHash }: Revision): boolean =>
  !data && !dataHash;

function getOrAdd<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}

function* batches<T>(items: readonly T[]): Iterable<readonly T[]> {
  for (let at = 0; at < items.length; at += BATCH_SIZE)
    yield items.slice(at, at + BATCH_SIZE);
}
