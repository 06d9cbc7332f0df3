import { setTimeout as sleep } from 'node:timers/promises';
import {
  type MaybePromise,
  run,
  type Steps,
  wait,
} from '../../async/maybe-promise.js';
import {
  LedgerFullException,
  LimitExceededException,
  NotCommittedException,
  OccConflictException,
} from '../../session/index.js';
import {
  type AppendedBlock,
  FOLLOWED_AT_ONCE,
  type Head,
  type LedgerStore,
} from '../../store/contract.js';
import {
  StoreError,
  StoreFullError,
  StoreUnreachableError,
  TipMovedError,
} from '../../store/store-errors.js';
import type { LedgerPorts } from '../ports.js';
import { readCatalog } from '../read-catalog.js';
import { conflictKey } from '../transaction/read-set.js';
import { REDACTIONS_TABLE } from '../transaction/table-catalog.js';
import type { LedgerTransaction } from '../transaction/transaction.js';
import { ConflictQueue } from './conflict-queue.js';
import { Draft, rowsOf, type Sealed, type Tip, type Waiting } from './draft.js';
import type { IndexBuilder } from './index-builder.js';
import { sealTransaction } from './seal.js';
import { WriteTimes } from './write-times.js';

/** Blocks are written together until they have so many bytes, or change so many things. */
const DRAFT_BYTES = 4 << 20;
const DRAFT_ROWS = 2_500;
/** How many bytes a store writes for each byte of a block, about: the document, and its copies. */
const STORED_BYTES = 3;
const NO_BOUNDS = { rows: Infinity, bytes: Infinity };
/** How long whoever made an index waits for it to be built, in milliseconds; it is built anyway. */
const BUILD_WAIT = 2_000;
/** After losing to another process, so many writes take turns with it; each one that finds nobody else counts. */
const QUIET_TURNS = 4;

/** What every redaction writes. */
const REDACTIONS = conflictKey.table(REDACTIONS_TABLE.tableId);

/**
 * Puts the transactions of a ledger in one order: each is validated, chained to
 * the one before and made a block. Blocks are appended in one durable write as
 * soon as the write before has ended; those that come meanwhile are made ready
 * for the next one. Nobody is told of a commit before all that it stands on is
 * durable.
 *
 * Where other processes append, too, their blocks are followed: when a write
 * finds that another was first, what it was to write is validated again behind
 * the new blocks, and written there.
 */
export class Sequencer {
  readonly #store: LedgerStore;
  readonly #strandId: string;
  readonly #ports: LedgerPorts;
  readonly #indexes: IndexBuilder;
  readonly #writeTimes = new WriteTimes();
  readonly #oldestSnapshot: () => number;
  readonly #conflicts = new ConflictQueue((keys) => this.#writesBefore(keys));
  #tip: Tip;
  readonly #queue: Waiting[] = [];
  /** A large transaction is made a block in steps; the ones behind it wait. */
  #sealing = false;
  /** Blocks that are being written, and those that follow them. */
  #writing: Draft | undefined;
  #next: Draft;
  /** Set when the next write has all that the store takes in one. */
  #isFull = false;
  /** Set while nothing is sealed, because blocks of others are being read first. */
  #waitsForOthers = false;
  /** Blocks of others are read once at a time; whoever asks meanwhile has them read once more. */
  #following: Promise<void> | undefined;
  #followingNext: Promise<void> | undefined;
  /** How many more writes take turns with other processes. */
  #turnsToTake = 0;
  #idle: (() => void)[] = [];

  constructor(options: {
    store: LedgerStore;
    strandId: string;
    ports: LedgerPorts;
    indexes: IndexBuilder;
    tip: Tip;
    /** The block as of which the oldest open transaction reads. */
    oldestSnapshot: () => number;
  }) {
    this.#store = options.store;
    this.#strandId = options.strandId;
    this.#ports = options.ports;
    this.#indexes = options.indexes;
    this.#tip = options.tip;
    this.#next = new Draft(options.tip);
    this.#oldestSnapshot = options.oldestSnapshot;
  }

  /** The last block that is durable, as far as this process knows. */
  get tip(): Tip {
    return this.#tip;
  }

  /**
   * Commits a transaction; durable when the promise resolves. One that wrote
   * nothing is only validated and leaves no block.
   *
   * @throws OccConflictException when what it read was changed since
   * @throws NotCommittedException when the store could not write
   */
  commit(transaction: LedgerTransaction): MaybePromise<void> {
    if (transaction.isReadOnly) return run(this.#commitRead(transaction));
    return new Promise<void>((resolve, reject) => {
      this.#queue.push({ transaction, resolve, reject });
      this.#advance();
    });
  }

  *#commitRead(transaction: LedgerTransaction): Steps<void> {
    const { snapshot, isOneStatement } = transaction;
    // One statement is right as of its block, wherever that stands by now.
    const isRight = snapshot.isSettled && isOneStatement;
    if (this.#store.shared && !(isRight && snapshot.isOneRead === true)) {
      yield* wait(this.follow());
      // Unless something of that block was redacted between two reads.
      if (
        isRight &&
        this.#writeTimes.writtenAfter(snapshot.at, [REDACTIONS]) === undefined
      )
        return;
    }
    this.#validate(transaction);
  }

  /**
   * Reads the blocks that other processes have appended until now.
   *
   * @throws StoreError when they cannot be read
   */
  follow(): MaybePromise<void> {
    if (!this.#store.shared) return undefined;
    if (!this.#following) return (this.#following = this.#followOnce());
    this.#followingNext ??= this.#following
      .catch(() => {})
      .then(() => {
        this.#followingNext = undefined;
        return (this.#following = this.#followOnce());
      });
    return this.#followingNext;
  }

  async #followOnce(): Promise<void> {
    try {
      await this.#takeIn();
    } finally {
      if (!this.#followingNext) this.#following = undefined;
    }
  }

  /** Takes in blocks of others until there are no more. @returns whether there were some */
  async #takeIn(
    first?: () => Promise<readonly AppendedBlock[]>,
  ): Promise<boolean> {
    const { shared } = this.#store;
    if (!shared) return false;
    let hadSome = false;
    for (let read = first; ; read = undefined) {
      const blocks = await (read ?? (() => this.#blocksAfterTip()))();
      if (blocks.length > 0 && (await this.#add(blocks))) hadSome = true;
      if (blocks.length < FOLLOWED_AT_ONCE) return hadSome;
    }
  }

  #blocksAfterTip(): Promise<readonly AppendedBlock[]> {
    return (
      this.#store.shared?.blocksAfter(this.#tip.sequenceNo) ??
      Promise.resolve([])
    );
  }

  /** Moves the tip over blocks that are durable. @returns whether it moved */
  async #add(blocks: readonly AppendedBlock[]): Promise<boolean> {
    const defines = blocks.some(({ definesTables }) => definesTables);
    const last = blocks.at(-1) as AppendedBlock;
    const catalog = defines
      ? await readCatalog(this.#store, last.sequenceNo)
      : undefined;
    const tip = this.#tip;
    // Its own blocks are there already, and may have come meanwhile.
    const fresh = blocks.filter((one) => one.sequenceNo > tip.sequenceNo);
    if (fresh.length === 0) return false;
    const frontier = tip.frontier.clone();
    for (const { blockHash, sequenceNo, writtenKeys } of fresh) {
      frontier.append(blockHash);
      this.#writeTimes.record(
        sequenceNo,
        writtenKeys && new Set(writtenKeys),
        this.#oldestSnapshot,
      );
    }
    this.#tip = {
      sequenceNo: last.sequenceNo,
      blockHash: last.blockHash,
      timestamp: last.blockTimestamp,
      frontier,
      catalog: catalog ?? tip.catalog,
    };
    // Whoever made an index may not come to build it.
    if (defines) void this.#indexes.build([...this.#store.unbuilt.values()]);
    return true;
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    while (this.#isBusy)
      await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  get #isBusy(): boolean {
    return (
      this.#writing !== undefined ||
      this.#sealing ||
      this.#waitsForOthers ||
      this.#queue.length > 0
    );
  }

  /** Makes blocks of what waits, and writes them, as far as that can be done now. */
  #advance(): void {
    if (this.#waitsForOthers) return;
    if (this.#mustWaitForOthers()) {
      // What is ready is written as it is; the turn comes behind it.
      if (!this.#writing && this.#next.isEmpty && !this.#sealing)
        void this.#takeTurn();
    } else
      while (this.#canSeal()) {
        const sealing = this.#seal(this.#queue.shift() as Waiting);
        if (!sealing) continue;
        this.#sealing = true;
        void sealing.finally(() => {
          this.#sealing = false;
          this.#advance();
        });
      }
    if (!this.#writing && !this.#next.isEmpty && !this.#waitsForOthers)
      void this.#write();
    if (this.#isBusy) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Whether the store takes a block in one write with those that are ready. */
  #fits(sealed: Sealed): boolean {
    const { rows, bytes } = this.#store.shared?.largestWrite ?? NO_BOUNDS;
    return (
      this.#next.rows + rowsOf(sealed) <= rows &&
      STORED_BYTES * (this.#next.bytes + sealed.commit.block.length) <= bytes
    );
  }

  #canSeal(): boolean {
    return (
      !this.#sealing &&
      !this.#isFull &&
      this.#queue.length > 0 &&
      this.#next.bytes < DRAFT_BYTES &&
      this.#next.rows < DRAFT_ROWS
    );
  }

  /** Whether blocks of others are to be read before what waits is sealed: it would be in vain. */
  #mustWaitForOthers(): boolean {
    if (!this.#store.shared || this.#queue.length === 0) return false;
    return (
      this.#turnsToTake > 0 ||
      this.#queue.some(
        ({ transaction: { snapshot } }) =>
          snapshot.at > this.#next.tip.sequenceNo,
      )
    );
  }

  /** Takes in the blocks of others while they cannot append, seals what waits, and writes it. */
  async #takeTurn(): Promise<void> {
    const { shared } = this.#store;
    if (!shared) return;
    this.#waitsForOthers = true;
    const takesTurn = this.#turnsToTake > 0;
    try {
      const hadSome = await this.#takeIn(
        takesTurn ? () => shared.takeTurn(this.#tip.sequenceNo) : undefined,
      );
      if (takesTurn)
        this.#turnsToTake = hadSome ? QUIET_TURNS : this.#turnsToTake - 1;
      this.#next = new Draft(this.#tip);
      while (this.#canSeal()) {
        const sealing = this.#seal(this.#queue.shift() as Waiting);
        if (!sealing) continue;
        this.#sealing = true;
        await sealing;
        this.#sealing = false;
      }
      if (takesTurn && this.#next.isEmpty) await shared.leave();
    } catch (error) {
      const failure = notCommitted(error);
      for (const { reject } of this.#queue.splice(0)) reject(failure);
      await shared.leave().catch(() => {});
    }
    this.#waitsForOthers = false;
    if (this.#next.isEmpty) this.#advance();
    else await this.#write();
  }

  /** Makes a block of a transaction, or tells it why not; later, if it takes long. */
  #seal(waiting: Waiting): Promise<void> | undefined {
    const { transaction, reject } = waiting;
    try {
      this.#validate(transaction);
      const place = {
        strandId: this.#strandId,
        tip: this.#next.tip,
        now: this.#ports.now(),
      };
      const sealed = run(sealTransaction(place, transaction));
      if (!(sealed instanceof Promise)) {
        this.#addToNext(place.tip, sealed, waiting);
        return undefined;
      }
      return sealed
        .then((ready) => this.#addToNext(place.tip, ready, waiting))
        .catch(reject);
    } catch (error) {
      reject(error);
      return undefined;
    }
  }

  /** @param tip - what the block is chained to */
  #addToNext(tip: Tip, sealed: Sealed, waiting: Waiting): void {
    // What it is chained to was to be written meanwhile, and could not be.
    if (tip !== this.#next.tip) {
      this.#queue.unshift(waiting);
      return;
    }
    // It waits for a write of its own.
    if (!this.#next.isEmpty && !this.#fits(sealed)) {
      this.#queue.unshift(waiting);
      this.#isFull = true;
      return;
    }
    const reserved = this.#conflicts.reservedFor(
      waiting.transaction,
      sealed.writtenKeys,
    );
    if (reserved === undefined) this.#next.add(sealed, waiting);
    else waiting.reject(this.#conflict(waiting.transaction, reserved));
  }

  async #write(): Promise<void> {
    const draft = this.#next;
    this.#writing = draft;
    this.#next = new Draft(draft.tip);
    this.#isFull = false;
    try {
      await this.#store.append(draft.base.sequenceNo, draft.commits);
    } catch (error) {
      await this.#failed(draft, error);
      return;
    }
    const before = this.#tip.sequenceNo;
    // Blocks of others behind them may have been read already.
    if (draft.tip.sequenceNo > before) this.#tip = draft.tip;
    this.#writing = undefined;
    for (const { sequenceNo, keys } of draft.written)
      if (sequenceNo > before)
        this.#writeTimes.record(sequenceNo, keys, this.#oldestSnapshot);
    this.#conflicts.settled(1);
    const built = this.#indexes.build(draft.newIndexes());
    for (const { resolve, transaction } of draft.waiting) {
      if (built && transaction.catalog !== transaction.committedCatalog)
        void Promise.race([built, sleep(BUILD_WAIT)]).then(resolve);
      else resolve();
    }
    this.#advance();
  }

  /** Blocks could not be written: neither can those that follow them. */
  async #failed(draft: Draft, error: unknown): Promise<void> {
    if (error instanceof TipMovedError && this.#store.shared)
      return this.#lostTo(draft);
    // Others may have appended meanwhile: there the store itself says what it does not know.
    const isUnknown = this.#store.shared
      ? error instanceof StoreUnreachableError && error.mayBeWritten
      : (await this.#storedHead())?.sequenceNo !== draft.base.sequenceNo;
    const followers = this.#next.waiting;
    this.#next = new Draft(this.#tip);
    this.#isFull = false;
    this.#writing = undefined;
    this.#conflicts.settled(2);
    const failure = isUnknown ? error : notCommitted(error);
    for (const { reject } of draft.waiting) reject(failure);
    // What stood on it was never sent.
    for (const { reject } of followers) reject(notCommitted(error));
    // What is there after all is read before anything else is sealed.
    if (this.#store.shared) this.#turnsToTake = QUIET_TURNS;
    this.#advance();
  }

  /** Another process was first: what was to be written is validated, sealed and written behind its blocks. */
  #lostTo(draft: Draft): void {
    this.#queue.unshift(...draft.waiting, ...this.#next.waiting);
    this.#next = new Draft(this.#tip);
    this.#isFull = false;
    this.#writing = undefined;
    this.#turnsToTake = QUIET_TURNS;
    this.#conflicts.settled(2);
    this.#advance();
  }

  /** Where the journal ends, if the store can tell. */
  async #storedHead(): Promise<Head | undefined> {
    try {
      return await this.#store.head();
    } catch {
      return undefined;
    }
  }

  #validate(transaction: LedgerTransaction): void {
    const { snapshot, reads } = transaction;
    const conflict =
      this.#writeTimes.writtenAfter(snapshot.at, reads) ??
      this.#writing?.firstWritten(reads) ??
      this.#next.firstWritten(reads);
    if (conflict !== undefined) throw this.#conflict(transaction, conflict);
  }

  #conflict(transaction: LedgerTransaction, key: string): OccConflictException {
    return new OccConflictException(
      'Optimistic concurrency control (OCC) failure encountered while committing the transaction',
      { turn: this.#conflicts.turnOf(transaction, key) },
    );
  }

  /** How many writes are to end until all that was committed under the keys is durable. */
  #writesBefore(keys: Iterable<string>): number {
    if (this.#next.firstWritten(keys) !== undefined)
      return this.#writing ? 2 : 1;
    return this.#writing?.firstWritten(keys) === undefined ? 0 : 1;
  }
}

/** What a transaction is told whose block the store could not write, and did not. */
function notCommitted(error: unknown): Error {
  if (error instanceof StoreFullError)
    return new LedgerFullException(error.message, { cause: error });
  if (error instanceof StoreError && error.code === 'QLDB_STORE_TOO_LARGE')
    return new LimitExceededException(error.message, { cause: error });
  return new NotCommittedException(
    error instanceof StoreUnreachableError
      ? `Nothing was committed. ${error.message}`
      : 'The ledger could not write the block; nothing was committed. See the cause.',
    { cause: error },
  );
}
