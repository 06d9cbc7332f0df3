import {
  BATCH_SIZE,
  type HistoryRange,
  type Revision,
  type Snapshot,
} from '../contract.js';
import {
  decodeRevision,
  revisionSequence,
  revisionTime,
  revisionVersion,
} from '../revision-record.js';
import type { Changes } from './changes.js';
import {
  behind,
  documentKey,
  endOf,
  entryPrefix,
  idIn,
  revisionKey,
  sequenceKey,
} from './keys.js';
import type { OpenRange, OpenRanges } from './open-ranges.js';
import type { Tree, Trees } from './trees.js';

/** Keys without values are small: so many are counted at once. */
const COUNT_SIZE = 2000;

/** What a snapshot reads from. */
export interface SnapshotSource {
  readonly trees: Trees;
  readonly ranges: OpenRanges;
  readonly changes: Changes;
  /** @throws StoreClosedError */
  throwIfClosed(): void;
}

/** A document by its key, with the record of its current revision unless it is deleted. */
type Take<T> = (key: string, latest: Buffer | undefined) => T | undefined;

/**
 * Reads as of one block, from trees that hold the newest state. A document
 * whose revision is too new has its older ones in `superseded`; one that was
 * deleted since, or no longer stands under a key, is found by the block that
 * ended it.
 */
export class LmdbSnapshot implements Snapshot {
  readonly isSettled = true;
  readonly #source: SnapshotSource;

  constructor(
    readonly at: number,
    source: SnapshotSource,
    readonly close: () => void,
  ) {
    this.#source = source;
  }

  get(tableId: string, documentIds: readonly string[]): readonly Revision[] {
    this.#source.throwIfClosed();
    const { documents } = this.#source.trees;
    const found: Revision[] = [];
    for (const id of documentIds) {
      const key = documentKey(tableId, id);
      const revision = this.#asOf(tableId, key, documents.get(key));
      if (revision) found.push(revision);
    }
    return found;
  }

  /** The revision of a document that was current at the block, if there was one and it had data. */
  #asOf(
    tableId: string,
    key: string,
    latest: Buffer | undefined,
  ): Revision | undefined {
    let record = latest;
    if (latest) {
      if (revisionSequence(latest) > this.at)
        record = this.#lastThat(
          this.#isOldEnough,
          key,
          revisionVersion(latest),
        );
    } else if (this.#source.changes.lastDeletion(tableId) > this.at)
      record = this.#lastThat(this.#isOldEnough, key, this.#versions(key));
    if (!record) return undefined;
    const revision = decodeRevision(tableId, idIn(key), record);
    return revision.data ? revision : undefined;
  }

  readonly #isOldEnough = (record: Buffer): boolean =>
    revisionSequence(record) <= this.at;

  /**
   * Of the superseded revisions of a document before a version, the last one for
   * which something holds that holds for all older ones too.
   */
  #lastThat(
    holds: (record: Buffer) => boolean,
    key: string,
    before: number,
  ): Buffer | undefined {
    const { superseded } = this.#source.trees;
    let found: Buffer | undefined;
    let low = 0;
    let high = before;
    // The one just before is the likeliest; from there on by halves.
    for (let version = high - 1; low < high; version = (low + high) >> 1) {
      const record = superseded.get(revisionKey(key, version));
      if (record && holds(record)) {
        found = record;
        low = version + 1;
      } else high = version;
    }
    return found;
  }

  /** How many superseded revisions a document has. */
  #versions(key: string): number {
    const [last] = this.#source.trees.superseded.getRange({
      start: endOf(key),
      end: key,
      reverse: true,
      limit: 1,
    });
    return last ? revisionVersion(last.value) + 1 : 0;
  }

  *lookup(
    tableId: string,
    indexId: string,
    keys: readonly string[],
  ): Iterable<readonly Revision[]> {
    const seen = new Set<string>();
    for (const key of keys)
      for (const ids of this.#idsUnder(indexId, entryPrefix(indexId, key))) {
        const fresh = seen.size > 0 ? ids.filter((id) => !seen.has(id)) : ids;
        yield this.get(tableId, fresh);
        // A document may come from one key to another between two reads.
        if (keys.length > 1) for (const id of fresh) seen.add(id);
      }
  }

  /** Ids of the documents that stood under a key at the block, and maybe of others; each once. */
  *#idsUnder(indexId: string, prefix: string): Iterable<readonly string[]> {
    const { trees, ranges, changes } = this.#source;
    this.#source.throwIfClosed();
    const hasEnded = changes.lastEnd(indexId) > this.at;
    if (!hasEnded) {
      const keys = keysIn(trees.entries, prefix, endOf(prefix));
      if (keys.length < BATCH_SIZE) {
        yield keys.map(idIn);
        return;
      }
    }
    const range = ranges.open(trees.entries, prefix);
    try {
      const ended = new Set<string>();
      if (hasEnded) {
        for (const key of trees.endedEntries.getKeys({
          start: prefix + sequenceKey(this.at + 1),
          end: endOf(prefix),
        }))
          ended.add(idIn(key));
        yield [...ended];
      }
      const isOther = (id: string) => !ended.has(id);
      for (
        let keys = range.keys(BATCH_SIZE);
        keys;
        keys = range.keys(BATCH_SIZE)
      ) {
        yield keys.map(idIn).filter(isOther);
        this.#source.throwIfClosed();
      }
      yield Array.from(range.missed, idIn).filter(isOther);
    } finally {
      range.close();
    }
  }

  *scan(tableId: string): Iterable<readonly Revision[]> {
    yield* this.#documents(tableId, this.at + 1, (key, latest) =>
      this.#asOf(tableId, key, latest),
    );
  }

  *count(tableId: string): Iterable<readonly number[]> {
    const { trees, ranges, changes } = this.#source;
    this.#source.throwIfClosed();
    const range = ranges.open(trees.documents, tableId);
    const take: Take<Revision> = (key, latest) =>
      this.#asOf(tableId, key, latest);
    try {
      let isFirst = true;
      // As long as nothing was written to the table since, its keys tell.
      while (changes.lastWrite(tableId) <= this.at) {
        const keys = range.keys(COUNT_SIZE);
        if (!keys) return;
        yield [keys.length];
        this.#source.throwIfClosed();
        isFirst = false;
      }
      // What was deleted while the range was open is counted, or missed by it.
      if (isFirst)
        for (const batch of this.#deleted(tableId, this.at + 1, take))
          yield [batch.length];
      for (const batch of this.#left(range, take)) yield [batch.length];
    } finally {
      range.close();
    }
  }

  *history(
    tableId: string,
    { documentIds, from = -Infinity, to = Infinity }: HistoryRange = {},
  ): Iterable<readonly Revision[]> {
    const documents = documentIds
      ? this.#latest(documentIds.map((id) => documentKey(tableId, id)))
      : this.#documents(tableId, 0, (key, latest) => ({ key, latest }));
    let revisions: Revision[] = [];
    for (const batch of documents)
      for (const { key, latest } of batch)
        for (const record of this.#records(key, latest, from, to)) {
          revisions.push(decodeRevision(tableId, idIn(key), record));
          if (revisions.length < BATCH_SIZE) continue;
          yield revisions;
          revisions = [];
          this.#source.throwIfClosed();
        }
    yield revisions;
  }

  *#latest(
    keys: readonly string[],
  ): Iterable<readonly { key: string; latest: Buffer | undefined }[]> {
    for (const key of keys) {
      this.#source.throwIfClosed();
      yield [{ key, latest: this.#source.trees.documents.get(key) }];
    }
  }

  /** The records of a document's revisions up to the block: those current at some time of an interval. */
  *#records(
    key: string,
    latest: Buffer | undefined,
    from: number,
    to: number,
  ): Iterable<Buffer> {
    const isBefore = (record: Buffer) => revisionTime(record) < from;
    if (!latest || (revisionVersion(latest) > 0 && !isBefore(latest))) {
      const count = latest ? revisionVersion(latest) : this.#versions(key);
      const first =
        from === -Infinity ? undefined : this.#lastThat(isBefore, key, count);
      const start = first ? revisionVersion(first) : 0;
      for (const record of this.#supersededFrom(key, start, count))
        if (revisionSequence(record) > this.at || revisionTime(record) > to)
          return;
        else yield record;
    }
    if (
      latest &&
      revisionSequence(latest) <= this.at &&
      revisionTime(latest) <= to
    )
      yield latest;
  }

  /** Records of the superseded revisions of a document, in order. */
  *#supersededFrom(key: string, start: number, end: number): Iterable<Buffer> {
    const { superseded } = this.#source.trees;
    for (let version = start; version < end;) {
      const batch = Array.from(
        superseded.getRange({
          start: revisionKey(key, version),
          end: revisionKey(key, end),
          limit: BATCH_SIZE,
        }),
        ({ value }) => value,
      );
      if (batch.length === 0) return;
      yield* batch;
      version += batch.length;
    }
  }

  /** What becomes of each document of a table, and of those that a block from `deletedFrom` on deleted. */
  *#documents<T>(
    tableId: string,
    deletedFrom: number,
    take: Take<T>,
  ): Iterable<readonly T[]> {
    const { trees, ranges } = this.#source;
    this.#source.throwIfClosed();
    const range = ranges.open(trees.documents, tableId);
    try {
      yield* this.#deleted(tableId, deletedFrom, take);
      yield* this.#left(range, take);
    } finally {
      range.close();
    }
  }

  /** The documents that were deleted from a block on, up to the last one that is durable. */
  *#deleted<T>(
    tableId: string,
    from: number,
    take: Take<T>,
  ): Iterable<readonly T[]> {
    const { trees, changes } = this.#source;
    if (changes.lastDeletion(tableId) < from) return;
    // What is deleted from now on, the open range is told.
    const end = tableId + sequenceKey(changes.durable + 1);
    for (let start = tableId + sequenceKey(from); ;) {
      const keys = keysIn(trees.deleted, start, end);
      yield taken(keys, (key) =>
        take(documentKey(tableId, idIn(key)), undefined),
      );
      const last = keys.at(-1);
      if (last === undefined || keys.length < BATCH_SIZE) return;
      start = behind(last);
      this.#source.throwIfClosed();
    }
  }

  /** What a range has still to give, and what left before it came to it. */
  *#left<T>(range: OpenRange, take: Take<T>): Iterable<readonly T[]> {
    for (
      let batch = range.entries(BATCH_SIZE);
      batch;
      batch = range.entries(BATCH_SIZE)
    ) {
      yield taken(batch, ({ key, value }) => take(key, value));
      this.#source.throwIfClosed();
    }
    const { documents } = this.#source.trees;
    yield taken([...range.missed], (key) => take(key, documents.get(key)));
  }
}

function taken<T, U>(
  items: readonly T[],
  take: (item: T) => U | undefined,
): readonly U[] {
  const results: U[] = [];
  for (const item of items) {
    const result = take(item);
    if (result !== undefined) results.push(result);
  }
  return results;
}

/** The first keys of a range. */
function keysIn(tree: Tree, start: string, end: string): readonly string[] {
  return Array.from(tree.getKeys({ start, end, limit: BATCH_SIZE }));
}
