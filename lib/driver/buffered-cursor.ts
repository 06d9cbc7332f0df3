import type { Observable } from 'rxjs';
import type { Steps } from '../async/maybe-promise.js';
import type { Cursor } from './cursor.js';
import { ResultClosedError } from './driver-errors.js';
import { observeRows } from './observable-rows.js';
import type { PagedCursor } from './paged-cursor.js';
import type { ConsumedIOs, ProcessingTime } from './statistics.js';

/**
 * Rows that are all in memory. Lives on after its transaction, and can be
 * iterated as often as you like, with `for` as well as with `for await`.
 */
export class BufferedCursor<T = unknown> implements Cursor<T>, Iterable<T> {
  readonly #transactionId: string;
  readonly #consumedIOs: ConsumedIOs | undefined;
  readonly #processingTime: ProcessingTime | undefined;
  #rows: readonly T[] | undefined;

  /** @internal */
  constructor(
    transactionId: string,
    rows: readonly T[],
    consumedIOs: ConsumedIOs | undefined,
    processingTime: ProcessingTime | undefined,
  ) {
    this.#transactionId = transactionId;
    this.#rows = rows;
    this.#consumedIOs = consumedIOs;
    this.#processingTime = processingTime;
  }

  /** Reads what is left of a cursor into memory. @internal */
  static *read<T>(
    cursor: PagedCursor<T>,
    transactionId: string,
  ): Steps<BufferedCursor<T>> {
    const rows = yield* cursor.readRest();
    return new BufferedCursor(
      transactionId,
      rows,
      cursor.getConsumedIOs(),
      cursor.getTimingInformation(),
    );
  }

  /** How many rows there are. */
  get length(): number {
    return this.#open().length;
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this.#open().values();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, undefined> {
    yield* this.#open();
  }

  // oxlint-disable-next-line require-await -- a closed cursor is a rejection, as it is with other cursors
  async toArray(): Promise<T[]> {
    return this.#open().slice();
  }

  toObservable(): Observable<T> {
    return observeRows(this);
  }

  /** Lets go of the rows. */
  close(): Promise<void> {
    this.#rows = undefined;
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  getConsumedIOs(): ConsumedIOs | undefined {
    return this.#consumedIOs;
  }

  getTimingInformation(): ProcessingTime | undefined {
    return this.#processingTime;
  }

  #open(): readonly T[] {
    if (!this.#rows) throw new ResultClosedError(this.#transactionId);
    return this.#rows;
  }
}
