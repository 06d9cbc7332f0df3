import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { open, type Database, type RootDatabase } from 'lmdb';
import {
  BATCH_SIZE,
  type Commit,
  type Head,
  type LedgerStore,
  type MerkleNode,
  type Revision,
  type Snapshot,
} from '../contract.js';
import {
  decodeRevision,
  encodeRevision,
  revisionSequence,
  revisionVersion,
} from '../revision-record.js';
import {
  StoreClosedError,
  StoreError,
  StoreUnwritableError,
  TipMovedError,
} from '../store-errors.js';
import {
  blockOf,
  completedBy,
  encodeBlock,
  headOf,
  nodeOf,
} from './block-record.js';
import {
  documentKey,
  endedKey,
  endOf,
  entryKey,
  entryPrefix,
  ID_LENGTH,
  readSequence,
  revisionKey,
  sequenceKey,
} from './keys.js';
import { DiskSpace } from './disk-space.js';
import { claimOwnership, type Ownership } from './ownership.js';

type Bytes = Database<Buffer, Buffer>;

/** 1 kept the Merkle nodes and the head apart from the blocks. */
const FORMAT = 2;
/** Ended index entries removed with one append, so that none of them is slow. */
const SWEEP_LIMIT = 1000;

/**
 * A ledger in a folder of this machine, in LMDB. What `append` acknowledged has
 * been flushed to the disk and survives a killed process and a lost power.
 */
export class LmdbStore implements LedgerStore {
  readonly #root: RootDatabase<Buffer, Buffer>;
  readonly #ownership: Ownership;
  /** Blocks by sequence number, with the Merkle nodes that they complete. */
  readonly #blocks: Bytes;
  /** The latest revision of each document, one that deletes it included. */
  readonly #current: Bytes;
  /** The revisions before the latest. */
  readonly #superseded: Bytes;
  /** Index entries; the value is empty, or the block that ended the entry. */
  readonly #entries: Bytes;
  /** Ended entries by the block that ended them, to be swept. */
  readonly #ended: Bytes;

  readonly #space: DiskSpace;
  #head: Head | undefined;
  readonly #openSnapshots = new Map<number, number>();
  #appending: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;

  private constructor(
    root: RootDatabase<Buffer, Buffer>,
    ownership: Ownership,
    space: DiskSpace,
  ) {
    this.#space = space;
    this.#root = root;
    this.#ownership = ownership;
    this.#blocks = openBytes(root, 'blocks');
    this.#current = openBytes(root, 'current');
    this.#superseded = openBytes(root, 'superseded');
    this.#entries = openBytes(root, 'entries');
    this.#ended = openBytes(root, 'ended');
    this.#head = this.#lastBlock();
  }

  /**
   * Opens the store in `folder`, and makes the folder if there is none.
   *
   * @throws StoreUnwritableError, StoreInUseError
   */
  static async open(folder: string): Promise<LmdbStore> {
    const path = resolve(folder);
    try {
      await mkdir(path, { recursive: true });
    } catch (error) {
      throw new StoreUnwritableError(path, error);
    }
    const space = new DiskSpace(path);
    let root: RootDatabase<Buffer, Buffer> | undefined;
    let ownership: Ownership | undefined;
    try {
      space.take(0);
      root = open<Buffer, Buffer>({
        path,
        // A folder name with a dot in it is still a folder.
        noSubdir: false,
        maxDbs: 16,
        // With it, a commit would be acknowledged before it is flushed.
        overlappingSync: false,
        encoding: 'binary',
        keyEncoding: 'binary',
      });
      const meta = openBytes(root, 'meta');
      ownership = await claimOwnership(path, meta);
      checkFormat(path, meta);
      return new LmdbStore(root, ownership, space);
    } catch (error) {
      // What went wrong first is what is told.
      try {
        ownership?.release();
      } catch {}
      await root?.close().catch(() => {});
      throw error instanceof StoreError
        ? error
        : new StoreUnwritableError(path, error);
    }
  }

  head(): Head | undefined {
    this.#throwIfClosed();
    return this.#head;
  }

  append(tip: number, commits: readonly Commit[]): Promise<void> {
    this.#throwIfClosed();
    const appended = this.#appending.then(() => this.#append(tip, commits));
    this.#appending = appended.catch(() => {});
    return appended;
  }

  async #append(tip: number, commits: readonly Commit[]): Promise<void> {
    const head = commits.at(-1);
    if (!head) return;
    // What throws in a child transaction leaves nothing of it. Reads in here see
    // the store as this transaction leaves it.
    this.#space.take(sizeOf(commits));
    const written = this.#root.childTransaction(() => {
      // Another process may have taken an owner that was silent for dead.
      this.#ownership.assertHeld();
      if (!this.#endsAt(tip))
        throw new TipMovedError(tip, this.#lastBlock()?.sequenceNo ?? -1);
      this.#sweep();
      for (const commit of commits) this.#write(commit);
    });
    // A disk that is full fails this commit; it must not fail the process.
    this.#root.committed.then(ignore, ignore);
    written.catch((error: { commitError?: Promise<unknown> }) =>
      error.commitError?.catch(ignore),
    );
    await written;
    this.#head = head;
  }

  #write(commit: Commit): void {
    this.#blocks.putSync(sequenceKey(commit.sequenceNo), encodeBlock(commit));

    for (const revision of commit.revisions) {
      const { tableId, documentId } = revision;
      const key = documentKey(tableId, documentId);
      const previous = this.#current.get(key);
      if (previous)
        this.#superseded.putSync(
          revisionKey(tableId, documentId, revisionVersion(previous)),
          previous,
        );
      this.#current.putSync(key, encodeRevision(revision));
    }

    commit.indexEntries.forEach((entry, n) => {
      const key = entryKey(entry.indexId, entry.key, entry.documentId);
      this.#entries.putSync(
        key,
        entry.ended ? sequenceKey(commit.sequenceNo) : NOTHING,
      );
      if (entry.ended) this.#ended.putSync(endedKey(commit.sequenceNo, n), key);
    });
  }

  /** Removes index entries that ended before every open snapshot. */
  #sweep(): void {
    const oldest = Math.min(
      this.#head?.sequenceNo ?? 0,
      ...this.#openSnapshots.keys(),
    );
    const ended = [
      ...this.#ended.getRange({
        end: sequenceKey(oldest + 1),
        limit: SWEEP_LIMIT,
      }),
    ];
    for (const { key, value } of ended) {
      const end = this.#entries.get(value);
      // The entry may have begun again since.
      if (end?.length && readSequence(end) === readSequence(key))
        this.#entries.removeSync(value);
      this.#ended.removeSync(key);
    }
  }

  snapshot(at: number): Snapshot {
    this.#throwIfClosed();
    this.#openSnapshots.set(at, (this.#openSnapshots.get(at) ?? 0) + 1);
    let closed = false;
    return {
      at,
      get: (tableId, ids) => this.#get(at, tableId, ids),
      lookup: (tableId, indexId, keys) =>
        this.#lookup(at, tableId, indexId, keys),
      scan: (tableId) => this.#scan(at, tableId),
      history: (tableId, ids) => this.#history(at, tableId, ids),
      close: () => {
        if (closed) return;
        closed = true;
        const left = (this.#openSnapshots.get(at) ?? 1) - 1;
        if (left > 0) this.#openSnapshots.set(at, left);
        else this.#openSnapshots.delete(at);
      },
    };
  }

  #get(at: number, tableId: string, ids: readonly string[]): Revision[] {
    this.#throwIfClosed();
    const found: Revision[] = [];
    for (const id of ids) {
      const record = this.#current.get(documentKey(tableId, id));
      const revision = record && this.#asOf(at, tableId, id, record);
      if (revision?.data) found.push(revision);
    }
    return found;
  }

  /** The revision of a document that was current at a block, given the latest one. */
  #asOf(
    at: number,
    tableId: string,
    documentId: string,
    latest: Buffer,
  ): Revision | undefined {
    let record: Buffer | undefined = latest;
    let version = revisionVersion(latest);
    while (record && revisionSequence(record) > at) {
      if (version === 0) return undefined;
      version--;
      record = this.#superseded.get(revisionKey(tableId, documentId, version));
    }
    return record && decodeRevision(tableId, documentId, record);
  }

  *#lookup(
    at: number,
    tableId: string,
    indexId: string,
    keys: readonly Uint8Array[],
  ): Iterable<readonly Revision[]> {
    for (const indexKey of keys) {
      const prefix = entryPrefix(indexId, indexKey);
      for (const entries of this.#ranges(this.#entries, prefix)) {
        const ids = entries
          .filter(({ value }) => value.length === 0 || readSequence(value) > at)
          .map(({ key }) => key.toString('latin1', prefix.length));
        yield this.#get(at, tableId, ids);
      }
    }
  }

  *#scan(at: number, tableId: string): Iterable<readonly Revision[]> {
    for (const records of this.#ranges(this.#current, idPrefix(tableId))) {
      const revisions: Revision[] = [];
      for (const { key, value } of records) {
        const id = key.toString('latin1', ID_LENGTH);
        const revision = this.#asOf(at, tableId, id, value);
        if (revision?.data) revisions.push(revision);
      }
      yield revisions;
    }
  }

  *#history(
    at: number,
    tableId: string,
    ids?: readonly string[],
  ): Iterable<readonly Revision[]> {
    const prefixes = ids
      ? ids.map((id) => documentKey(tableId, id))
      : [idPrefix(tableId)];
    for (const prefix of prefixes)
      for (const latest of this.#ranges(this.#current, prefix))
        for (const { key, value } of latest)
          yield* this.#revisions(at, tableId, key, value);
  }

  *#revisions(
    at: number,
    tableId: string,
    document: Buffer,
    latest: Buffer,
  ): Iterable<readonly Revision[]> {
    const id = document.toString('latin1', ID_LENGTH);
    for (const records of this.#ranges(this.#superseded, document)) {
      yield records
        .map(({ value }) => decodeRevision(tableId, id, value))
        .filter(
          ({ sequenceNo, version }) =>
            // The latest may have been superseded since it was read.
            sequenceNo <= at && version < revisionVersion(latest),
        );
    }
    if (revisionSequence(latest) <= at)
      yield [decodeRevision(tableId, id, latest)];
  }

  *blocks(from: number, to: number): Iterable<readonly Uint8Array[]> {
    let next = Math.max(from, 0);
    while (next <= to) {
      this.#throwIfClosed();
      const batch = Array.from(
        this.#blocks.getRange({
          start: sequenceKey(next),
          end: sequenceKey(to + 1),
          limit: BATCH_SIZE,
        }),
        ({ value }) => blockOf(value),
      );
      if (batch.length === 0) return;
      next += batch.length;
      yield batch;
    }
  }

  merkleNodes(
    nodes: readonly Pick<MerkleNode, 'level' | 'index'>[],
  ): readonly Uint8Array[] {
    this.#throwIfClosed();
    return nodes.map((node) => {
      const record = this.#blocks.get(sequenceKey(completedBy(node)));
      const hash = record && nodeOf(record, node.level);
      if (!hash)
        throw new RangeError(`No Merkle node ${node.level}:${node.index}.`);
      return hash;
    });
  }

  #endsAt(sequenceNo: number): boolean {
    const isStored = (n: number) => this.#blocks.doesExist(sequenceKey(n));
    return (
      (sequenceNo < 0 || isStored(sequenceNo)) && !isStored(sequenceNo + 1)
    );
  }

  #lastBlock(): Head | undefined {
    for (const { key, value } of this.#blocks.getRange({
      reverse: true,
      limit: 1,
    }))
      return headOf(readSequence(key), value);
    return undefined;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#appending;
    try {
      this.#ownership.release();
    } finally {
      await this.#root.close();
    }
  }

  /**
   * Entries under a prefix, in batches. Each batch is a range of its own: no
   * database snapshot stays open while the reader is away.
   */
  *#ranges(
    db: Bytes,
    prefix: Buffer,
  ): Iterable<{ key: Buffer; value: Buffer }[]> {
    const end = endOf(prefix);
    let start = prefix;
    for (;;) {
      this.#throwIfClosed();
      const batch = [...db.getRange({ start, end, limit: BATCH_SIZE })];
      yield batch;
      const last = batch.at(-1);
      if (!last || batch.length < BATCH_SIZE) return;
      start = Buffer.concat([last.key, NEXT]);
    }
  }

  #throwIfClosed(): void {
    if (this.#closing) throw new StoreClosedError();
  }
}

const ignore = () => {};

const NOTHING = Buffer.alloc(0);
/** Added to a key it gives the next possible one. */
const NEXT = Buffer.from([0]);
const FORMAT_KEY = Buffer.from('format');

function openBytes(root: RootDatabase<Buffer, Buffer>, name: string): Bytes {
  return root.openDB<Buffer, Buffer>({
    name,
    encoding: 'binary',
    keyEncoding: 'binary',
  });
}

/** About how many bytes blocks and the documents in them take. */
function sizeOf(commits: readonly Commit[]): number {
  return commits.reduce((sum, { block }) => sum + 2 * block.length, 4096);
}

function idPrefix(tableId: string): Buffer {
  return Buffer.from(tableId, 'latin1');
}

function checkFormat(path: string, meta: Bytes): void {
  const format = meta.get(FORMAT_KEY);
  if (!format) meta.putSync(FORMAT_KEY, Buffer.from([FORMAT]));
  else if (format[0] !== FORMAT)
    throw new StoreError(
      'QLDB_STORE_FORMAT',
      `The ledger in ${path} has format ${format[0]}; this version of nestjs-qldb reads format ${FORMAT}. Open it with the version that wrote it.`,
    );
}
