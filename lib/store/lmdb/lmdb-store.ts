import { mkdir, open, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isTimeToPause, isTurnLong, nextTurn } from '../../async/turns.js';
import type {
  Commit,
  Head,
  KeyOf,
  LedgerStore,
  MerkleNode,
  NewIndex,
  Snapshot,
  StoreContents,
} from '../contract.js';
import { decodeRevision } from '../revision-record.js';
import {
  StoreClosedError,
  StoreError,
  StoreInUseError,
  StoreLostError,
  StoreUnwritableError,
  TipMovedError,
} from '../store-errors.js';
import { BlockRecord } from './block-record.js';
import { Changes } from './changes.js';
import { DiskSpace } from './disk-space.js';
import { checkUnlessClosed, dataFile, markClosed } from './closed-mark.js';
import {
  behind,
  endOf,
  entryKey,
  idIn,
  sequenceIn,
  sequenceKey,
} from './keys.js';
import {
  blockRecords,
  inBatches,
  LmdbContents,
  storedNodes,
} from './lmdb-contents.js';
import { LmdbSnapshot, type SnapshotSource } from './lmdb-snapshot.js';
import {
  checkFormat,
  DROPPED,
  originIn,
  originWrite,
  UNBUILT,
  UNSCRUBBED,
} from './meta.js';
import { OpenRanges } from './open-ranges.js';
import { Ownership } from './ownership.js';
import { FileScrub, type ScrubStep } from './scrub.js';
import { NOTHING, openRoot, type Root, type Tree, Trees } from './trees.js';
import { type Write, writesOf } from './writes.js';

/** More writes than these are made in steps, so that they do not hold up the event loop. */
const AT_ONCE = 1000;
/** Documents that one step of building an index looks at, and entries that one append removes of a dropped one. */
const STEP = 400;

/** How long a step of scrubbing takes, and how long it waits for those that still read, in milliseconds. */
const SCRUB_STEP = 4;
const READERS_WAIT = 100;

const OWNER = 'owner';

/**
 * A ledger in a folder of this machine, in LMDB. What `append` acknowledged has
 * been flushed to the disk and survives a killed process and a lost power.
 */
export class LmdbStore implements LedgerStore {
  readonly #path: string;
  readonly #trees: Trees;
  readonly #ownership: Ownership;
  readonly #space: DiskSpace;
  readonly #changes: Changes;
  readonly #ranges = new OpenRanges();
  readonly #source: SnapshotSource;
  readonly #openSnapshots = new Map<number, number>();
  readonly #unbuilt = new Map<string, NewIndex>();
  /** Ended indexes that still have entries, by the block that ended them. */
  readonly #dropped = new Map<string, number>();
  #head: Head | undefined;
  origin: number;
  #failure: StoreError | undefined;
  onFailure?: (failure: StoreError) => void;
  /** Writes are made one after the other. */
  #writing: Promise<unknown> = Promise.resolve();
  #scrubbing: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;

  private constructor(
    path: string,
    trees: Trees,
    ownership: Ownership,
    space: DiskSpace,
  ) {
    this.#path = path;
    this.#trees = trees;
    this.#ownership = ownership;
    this.#space = space;
    this.#head = this.#lastBlock();
    this.origin = originIn(trees.meta);
    this.#changes = new Changes(this.#head?.sequenceNo ?? -1);
    this.#source = {
      trees,
      ranges: this.#ranges,
      changes: this.#changes,
      throwIfClosed: () => this.#throwIfClosed(),
    };
    for (const { key, value } of rangeOf(trees.meta, UNBUILT)) {
      const indexId = idIn(key);
      const tableId = value.toString('latin1');
      this.#unbuilt.set(indexId, { indexId, tableId });
    }
    for (const { key, value } of rangeOf(trees.meta, DROPPED))
      this.#dropped.set(idIn(key), sequenceIn(value.toString('latin1')));
  }

  /**
   * Opens the store in `folder`, and makes the folder, for its owner alone, if
   * there is none.
   *
   * @throws StoreUnwritableError, StoreInUseError, StoreDamagedError
   */
  static async open(folder: string): Promise<LmdbStore> {
    const path = resolve(folder);
    let ownership: Ownership | undefined;
    let root: Root | undefined;
    try {
      await mkdir(path, { recursive: true, mode: 0o700 });
      const space = new DiskSpace(path);
      space.take(0);
      ownership = await Ownership.claim(path);
      await checkUnlessClosed(path);
      root = openRoot(path);
      const trees = new Trees(root);
      checkFormat(path, trees.meta);
      await trees.owner.put(OWNER, NOTHING, ownership.version);
      const store = new LmdbStore(path, trees, ownership, space);
      await store.#watch();
      if (trees.meta.doesExist(UNSCRUBBED)) store.#scrub();
      return store;
    } catch (error) {
      // What went wrong first is what is told.
      await root?.close().catch(() => {});
      await ownership?.release();
      throw error instanceof StoreError
        ? error
        : new StoreUnwritableError(path, error);
    }
  }

  head(): Head | undefined {
    this.#throwIfClosed();
    return this.#head;
  }

  readonly shared = undefined;

  get address(): string {
    return this.#path;
  }

  get failure(): StoreError | undefined {
    return this.#failure;
  }

  get unbuilt(): ReadonlyMap<string, NewIndex> {
    return this.#unbuilt;
  }

  append(tip: number, commits: readonly Commit[]): Promise<void> {
    this.#throwIfClosed();
    return this.#inTurn(() => this.#append(tip, commits));
  }

  async #append(tip: number, commits: readonly Commit[]): Promise<void> {
    const last = commits.at(-1);
    if (!last) return;
    if (this.#failure) throw this.#failure;
    const begins = !this.#head && tip >= 0;
    if (tip !== this.#changes.durable && !begins)
      throw new TipMovedError(tip, this.#changes.durable);
    this.#space.take(sizeOf(commits));
    this.#changes.begin(commits);
    try {
      await this.#write(
        this.#withRemovals(
          begins
            ? withFirst(
                originWrite(this.#trees.meta, tip + 1),
                writesOf(this.#trees, commits),
              )
            : writesOf(this.#trees, commits),
        ),
        sequenceKey(commits[0].sequenceNo),
      );
    } finally {
      this.#ranges.settled();
    }
    this.#changes.durable = last.sequenceNo;
    if (begins) this.origin = tip + 1;
    this.#head = last;
    if (commits.some(({ redactions }) => redactions?.length)) this.#scrub();
    for (const { newIndexes = [], endedIndexes = [], sequenceNo } of commits) {
      for (const index of newIndexes) this.#unbuilt.set(index.indexId, index);
      for (const indexId of endedIndexes) {
        this.#unbuilt.delete(indexId);
        this.#dropped.set(indexId, sequenceNo);
      }
    }
  }

  /**
   * Makes writes in one transaction, durable when the promise resolves.
   *
   * @param block - key of the first block that they add, which must not be there yet
   * @throws StoreInUseError when another process has taken over
   * @throws TipMovedError when it has appended; nothing was written in either case
   */
  async #write(writes: IterableIterator<Write>, block?: string): Promise<void> {
    const first: Write[] = [];
    let next = writes.next();
    for (; !next.done; next = writes.next()) {
      if (first.length >= AT_ONCE || isTimeToPause(first.length)) break;
      first.push(next.value);
    }
    // The record of a large block has taken its time already.
    if (!next.done && isTurnLong()) await nextTurn();
    const written = next.done
      ? this.#writeAtOnce(first, block)
      : this.#writeInSteps(first, next.value, writes, block);
    // A disk that is full fails this write; it must not fail the process.
    this.#trees.root.committed.then(ignore, ignore);
    written.catch((error: { commitError?: Promise<unknown> }) =>
      error.commitError?.catch(ignore),
    );
    if (!(await written)) throw this.#fenceError();
  }

  /** Hands all writes to LMDB's own thread, which checks the fence too. */
  async #writeAtOnce(
    writes: readonly Write[],
    block: string | undefined,
  ): Promise<boolean> {
    const { owner, blocks } = this.#trees;
    const put = () => writes.forEach((write) => this.#put(write));
    let isNew: boolean | Promise<boolean> = true;
    const isOwner = await owner.ifVersion(
      OWNER,
      this.#ownership.version,
      () => {
        if (block === undefined) put();
        else isNew = blocks.ifNoExists(block, put);
      },
    );
    return isOwner && isNew;
  }

  /** Makes the writes on this thread, with turns for others, inside of one transaction. */
  async #writeInSteps(
    first: readonly Write[],
    second: Write,
    rest: Iterable<Write>,
    block: string | undefined,
  ): Promise<boolean> {
    const { root, owner, blocks } = this.#trees;
    return await root.childTransaction(async () => {
      if (
        !owner.doesExist(OWNER, this.#ownership.version) ||
        (block !== undefined && blocks.doesExist(block))
      )
        return false;
      for (const write of first) this.#put(write);
      this.#put(second);
      let count = 0;
      for (const write of rest) {
        this.#put(write);
        if (isTimeToPause(count++)) await nextTurn();
      }
      return true;
    });
  }

  #put({ tree, key, value }: Write): void {
    if (value) {
      void tree.put(key, value);
      return;
    }
    this.#ranges.leaves(tree, key);
    void tree.remove(key);
  }

  /** Why a write did not come through the fence. */
  #fenceError(): StoreError {
    const { owner } = this.#trees;
    return owner.doesExist(OWNER, this.#ownership.version)
      ? new TipMovedError(
          this.#changes.durable,
          this.#lastBlock()?.sequenceNo ?? -1,
        )
      : this.#fail(new StoreInUseError(this.#path, 'another process'));
  }

  /** From now on nothing is written any more. */
  #fail(failure: StoreError): StoreError {
    if (this.#failure) return this.#failure;
    this.#failure = failure;
    this.onFailure?.(failure);
    return failure;
  }

  /** Writes, and with them the removal of some entries that nobody can ask for any more. */
  *#withRemovals(writes: Iterable<Write>): IterableIterator<Write> {
    yield* writes;
    const oldest = Math.min(
      this.#changes.durable,
      ...this.#openSnapshots.keys(),
    );
    const { entries, endedEntries, meta } = this.#trees;
    let left = STEP;
    for (const [indexId, endedBy] of this.#dropped) {
      if (endedBy > oldest || left <= 0) continue;
      for (const tree of [entries, endedEntries])
        for (const key of keysOf(tree, indexId, left)) {
          yield { tree, key };
          left--;
        }
      if (left <= 0) return;
      yield { tree: meta, key: DROPPED + indexId };
      this.#dropped.delete(indexId);
    }
  }

  async buildIndex(indexId: string, keyOf: KeyOf): Promise<void> {
    const index = this.#unbuilt.get(indexId);
    if (!index) return;
    let next: string | undefined = index.tableId;
    while (next !== undefined && this.#unbuilt.has(indexId) && !this.#closing) {
      const start: string = next;
      next = await this.#inTurn(() => this.#buildStep(index, start, keyOf));
    }
  }

  /** Adds entries for some documents. Returns where the next step begins. */
  async #buildStep(
    { indexId, tableId }: NewIndex,
    start: string,
    keyOf: KeyOf,
  ): Promise<string | undefined> {
    // It may have ended while this waited for its turn.
    if (!this.#unbuilt.has(indexId)) return undefined;
    const { documents, entries, meta } = this.#trees;
    const writes: Write[] = [];
    let last: string | undefined;
    let count = 0;
    for (const { key, value } of documents.getRange({
      start,
      end: endOf(tableId),
      limit: STEP,
    })) {
      const documentId = idIn(key);
      const { data } = decodeRevision(tableId, documentId, value);
      const indexKey = data && keyOf(data);
      if (indexKey !== undefined)
        writes.push({
          tree: entries,
          key: entryKey({ indexId, key: indexKey, documentId }),
          value: NOTHING,
        });
      last = key;
      count++;
    }
    const isDone = count < STEP;
    if (isDone) writes.push({ tree: meta, key: UNBUILT + indexId });
    this.#space.take(200 * writes.length);
    await this.#write(writes.values());
    if (!isDone && last !== undefined) {
      if (isTurnLong()) await nextTurn();
      return behind(last);
    }
    this.#unbuilt.delete(indexId);
    return undefined;
  }

  snapshot(at: number): Snapshot {
    this.#throwIfClosed();
    this.#openSnapshots.set(at, (this.#openSnapshots.get(at) ?? 0) + 1);
    let closed = false;
    return new LmdbSnapshot(at, this.#source, () => {
      if (closed) return;
      closed = true;
      const left = (this.#openSnapshots.get(at) ?? 1) - 1;
      if (left > 0) this.#openSnapshots.set(at, left);
      else this.#openSnapshots.delete(at);
    });
  }

  contents(): StoreContents {
    this.#throwIfClosed();
    return new LmdbContents(this.#trees);
  }

  *blocks(from: number, to: number): Iterable<readonly Uint8Array[]> {
    for (const records of inBatches(
      blockRecords(this.#trees, Math.max(from, 0), to),
      ({ block }) => block.length,
    )) {
      yield records.map(({ block }) => block);
      this.#throwIfClosed();
    }
  }

  merkleNodes(
    nodes: readonly Pick<MerkleNode, 'level' | 'index'>[],
  ): readonly Uint8Array[] {
    this.#throwIfClosed();
    return storedNodes(this.#trees, nodes, this.origin);
  }

  #lastBlock(): Head | undefined {
    for (const { key, value } of this.#trees.blocks.getRange({
      start: endOf(''),
      end: '\0',
      reverse: true,
      limit: 1,
    }))
      return new BlockRecord(sequenceIn(key), value).head;
    return undefined;
  }

  redactionsDone(): Promise<void> {
    return this.#scrubbing;
  }

  /** Begins to write zeros over what redactions took out of the trees, once more if that is under way. */
  #scrub(): void {
    this.#scrubbing = this.#scrubbing
      .catch(ignore)
      .then(() => this.#scrubFile());
    // Whoever waits is told; it is taken up again when the store is opened next.
    this.#scrubbing.catch(ignore);
  }

  async #scrubFile(): Promise<void> {
    if (this.#closing || this.#failure) return;
    const file = await open(dataFile(this.#path), 'r+');
    try {
      const scrub = new FileScrub(file.fd);
      for (let step: ScrubStep = 'paused'; step !== 'done';) {
        if (this.#closing || this.#failure) return;
        step = await this.#inTurn(() => this.#scrubStep(scrub));
        if (step === 'waiting') await sleep(READERS_WAIT);
        else await nextTurn();
      }
    } finally {
      await file.close();
    }
    await this.#inTurn(async () => {
      if (this.#closing || this.#failure) return;
      await this.#write([{ tree: this.#trees.meta, key: UNSCRUBBED }].values());
    });
  }

  /** A step in which nothing is written. */
  async #scrubStep(scrub: FileScrub): Promise<ScrubStep> {
    const { root, owner } = this.#trees;
    return root.transactionSync(() => {
      if (!owner.doesExist(OWNER, this.#ownership.version))
        throw this.#fail(new StoreInUseError(this.#path, 'another process'));
      const end = performance.now() + SCRUB_STEP;
      return scrub.step(
        () => performance.now() > end,
        oldestReader(root.readerList()),
      );
    });
  }

  /** Notices when the folder is taken away, or replaced, under the open store. */
  async #watch(): Promise<void> {
    const file = dataFile(this.#path);
    const { dev, ino } = await stat(file);
    this.#ownership.keepAlive(async () => {
      const now = await stat(file).catch(() => undefined);
      if (now?.dev === dev && now.ino === ino) return;
      if (!this.#closing) this.#fail(new StoreLostError(this.#path));
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#scrubbing.catch(ignore);
    await this.#writing;
    try {
      await this.#trees.root.close();
      if (!this.#failure) await markClosed(this.#path);
    } finally {
      await this.#ownership.release();
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#writing.then(work);
    this.#writing = done.catch(ignore);
    return done;
  }

  #throwIfClosed(): void {
    if (this.#closing) throw new StoreClosedError();
  }
}

const ignore = () => {};

/** The oldest transaction that somebody reads as of, from LMDB's list of readers. */
function oldestReader(list: string): bigint | undefined {
  let oldest: bigint | undefined;
  for (const [, transaction] of list.matchAll(/^ *\d+ +[0-9a-f]+ +(\d+)$/gm)) {
    const id = BigInt(transaction);
    if (oldest === undefined || id < oldest) oldest = id;
  }
  return oldest;
}

/** About how many bytes blocks and the documents in them take. */
function sizeOf(commits: readonly Commit[]): number {
  return commits.reduce((sum, { block }) => sum + 2 * block.length, 4096);
}

function rangeOf(tree: Tree, prefix: string) {
  return tree.getRange({ start: prefix, end: endOf(prefix) });
}

/** Some of the keys that begin with a prefix. */
function keysOf(tree: Tree, prefix: string, limit: number): readonly string[] {
  return Array.from(tree.getKeys({ start: prefix, end: endOf(prefix), limit }));
}

function* withFirst<T>(first: T, rest: Iterable<T>): Iterable<T> {
  yield first;
  yield* rest;
}
