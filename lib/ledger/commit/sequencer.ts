import { setTimeout as sleep } from 'node:timers/promises';
import { type MaybePromise, run } from '../../async/maybe-promise.js';
import {
  LedgerFullException,
  NotCommittedException,
  OccConflictException,
} from '../../session/index.js';
import type { Head, LedgerStore } from '../../store/contract.js';
import { StoreFullError } from '../../store/store-errors.js';
import type { LedgerPorts } from '../ports.js';
import type { LedgerTransaction } from '../transaction/transaction.js';
import { ConflictQueue } from './conflict-queue.js';
import { Draft, type Sealed, type Tip, type Waiting } from './draft.js';
import type { IndexBuilder } from './index-builder.js';
import { sealTransaction } from './seal.js';
import { WriteTimes } from './write-times.js';

/** Blocks are written together until they have so many bytes. */
const DRAFT_BYTES = 4 << 20;
/** How long whoever made an index waits for it to be built, in milliseconds; it is built anyway. */
const BUILD_WAIT = 2_000;

/**
 * Puts the transactions of a ledger in one order: each is validated, chained to
 * the one before and made a block. Blocks are appended in one durable write as
 * soon as the write before has ended; those that come meanwhile are made ready
 * for the next one. Nobody is told of a commit before all that it stands on is
 * durable.
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

  /** The last block that is durable. */
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
    if (transaction.isReadOnly) return this.#validate(transaction);
    return new Promise<void>((resolve, reject) => {
      this.#queue.push({ transaction, resolve, reject });
      this.#advance();
    });
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    while (this.#writing || this.#sealing || this.#queue.length > 0)
      await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** Makes blocks of what waits, and writes them, as far as that can be done now. */
  #advance(): void {
    while (
      !this.#sealing &&
      this.#queue.length > 0 &&
      this.#next.bytes < DRAFT_BYTES
    )
      this.#seal(this.#queue.shift() as Waiting);
    if (!this.#writing && !this.#next.isEmpty) void this.#write();
    if (this.#writing || this.#sealing || this.#queue.length > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #seal(waiting: Waiting): void {
    const { transaction, reject } = waiting;
    try {
      this.#validate(transaction);
      const place = {
        strandId: this.#strandId,
        tip: this.#next.tip,
        now: this.#ports.now(),
      };
      const sealed = run(sealTransaction(place, transaction));
      if (!(sealed instanceof Promise))
        return this.#add(place.tip, sealed, waiting);
      this.#sealing = true;
      void sealed
        .then((ready) => this.#add(place.tip, ready, waiting))
        .catch(reject)
        .finally(() => {
          this.#sealing = false;
          this.#advance();
        });
    } catch (error) {
      reject(error);
    }
  }

  /** @param tip - what the block is chained to */
  #add(tip: Tip, sealed: Sealed, waiting: Waiting): void {
    // What it is chained to was to be written meanwhile, and could not be.
    if (tip !== this.#next.tip) {
      this.#queue.unshift(waiting);
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
    try {
      await this.#store.append(draft.base.sequenceNo, draft.commits);
    } catch (error) {
      await this.#failed(draft, error);
      return;
    }
    this.#tip = draft.tip;
    this.#writing = undefined;
    for (const { sequenceNo, keys } of draft.written)
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
    const head = await this.#storedHead();
    const failure =
      head?.sequenceNo === draft.base.sequenceNo ? notCommitted(error) : error;
    const followers = this.#next.waiting;
    this.#next = new Draft(draft.base);
    this.#writing = undefined;
    this.#conflicts.settled(2);
    for (const { reject } of [...draft.waiting, ...followers]) reject(failure);
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
function notCommitted(error: unknown): NotCommittedException {
  return error instanceof StoreFullError
    ? new LedgerFullException(error.message, { cause: error })
    : new NotCommittedException(
        'The ledger could not write the block; nothing was committed. See the cause.',
        { cause: error },
      );
}
