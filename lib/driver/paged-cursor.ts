import type { Observable } from 'rxjs';
import {
  after,
  type MaybePromise,
  promised,
  run,
  type Steps,
  wait,
} from '../async/maybe-promise.js';
import { isTimeToPause, isTurnLong, nextTurn } from '../async/turns.js';
import type {
  FetchPageResult,
  Page,
  ValueHolder,
} from '../session/endpoint.js';
import { ignoreRejection } from './cancellation.js';
import type { Cursor } from './cursor.js';
import { channels, type RowMessage } from './diagnostics.js';
import {
  ResultClosedError,
  ResultConsumedError,
  ResultTooLargeError,
  RowUnreadableError,
} from './driver-errors.js';
import { observeRows } from './observable-rows.js';
import type { RowDecoder } from './row-decoder.js';
import {
  type ConsumedIOs,
  type ProcessingTime,
  type ReplyStatistics,
  Statistics,
} from './statistics.js';

/** What a cursor needs of its transaction. */
export interface ResultSource {
  readonly transactionId: string;
  /** The transaction takes no more commands. */
  readonly isClosed: boolean;
  readonly decode: RowDecoder;
  /** Largest result kept in memory, in rows; 0 for any. */
  readonly maxBufferedRows: number;
  /** Fetches a page when its turn comes, unless nobody wants it by then. */
  fetchPage(
    token: string,
    isWanted: () => boolean,
  ): MaybePromise<FetchPageResult>;
  /** Lets the transaction fail when it is to be committed. */
  doom(error: unknown): void;
  /** Counts work that the lambda must await. */
  track<T>(work: Promise<T>): Promise<T>;
}

const END: IteratorResult<never> = { done: true, value: undefined };

/** What stream and read-ahead cursors share: rows are decoded one by one, pages come from {@link nextPage}. */
export abstract class PagedCursor<T> implements Cursor<T> {
  protected readonly source: ResultSource;
  readonly #statistics = new Statistics();
  #page: readonly ValueHolder[];
  /** Next row of the page, and of the result. */
  #position = 0;
  #row = 0;
  #turning: Promise<boolean> | undefined;
  #iterated = false;
  #atEnd = false;
  #closed = false;

  constructor(
    source: ResultSource,
    firstPage: Page | undefined,
    statistics: ReplyStatistics | undefined,
  ) {
    this.source = source;
    this.#page = firstPage?.Values ?? [];
    this.#statistics.add(statistics);
  }

  /** The next page, or undefined after the last. */
  protected abstract nextPage(): MaybePromise<Page | undefined>;

  /** The cursor was closed: stop what runs. */
  protected onClose(): void {}

  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    this.#claim();
    return {
      next: () => this.#next(),
      return: async () => {
        await this.close();
        return END;
      },
    };
  }

  toArray(): Promise<T[]> {
    return this.source.track(
      promised(() => {
        this.#claim();
        return run(this.readRest());
      }),
    );
  }

  toObservable(): Observable<T> {
    return observeRows(this, () => ignoreRejection(this.close()));
  }

  close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      this.#page = [];
      this.onClose();
    }
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  getConsumedIOs(): ConsumedIOs | undefined {
    return this.#statistics.consumedIOs;
  }

  getTimingInformation(): ProcessingTime | undefined {
    return this.#statistics.processingTime;
  }

  /** Whether this is a result of that transaction. @internal */
  belongsTo(source: ResultSource): boolean {
    return this.source === source;
  }

  /** The rows that are left, whoever began to read them. @internal */
  *readRest(): Steps<T[]> {
    const { maxBufferedRows } = this.source;
    const rows: T[] = [];
    do {
      this.#throwIfClosed();
      if (
        maxBufferedRows > 0 &&
        rows.length + this.#page.length - this.#position > maxBufferedRows
      ) {
        throw new ResultTooLargeError(
          this.source.transactionId,
          maxBufferedRows,
        );
      }
      while (this.#position < this.#page.length) {
        rows.push(this.#take());
        if (isTimeToPause(this.#row)) {
          yield nextTurn();
          this.#throwIfClosed();
        }
      }
    } while (yield* wait(this.#turnPage()));
    return rows;
  }

  protected get isClosed(): boolean {
    return this.#closed || this.source.isClosed;
  }

  protected fetch(token: string): MaybePromise<Page> {
    const reply = this.source.fetchPage(token, () => !this.isClosed);
    return after(reply, (result) => {
      this.#statistics.add(result);
      return result.Page ?? {};
    });
  }

  #claim(): void {
    if (this.#closed) this.#throwIfClosed();
    if (this.#iterated) {
      throw new ResultConsumedError(this.source.transactionId);
    }
    this.#iterated = true;
  }

  /** Without a turn of any queue while the page has rows: this is the hot path of streaming. */
  #next(): Promise<IteratorResult<T, undefined>> {
    if (
      this.#position < this.#page.length &&
      !this.isClosed &&
      !isTimeToPause(this.#row)
    ) {
      try {
        return Promise.resolve({ done: false, value: this.#take() });
      } catch (error) {
        return Promise.reject(error);
      }
    }
    return this.#atEnd
      ? Promise.resolve(END)
      : this.source.track(this.#nextAfterWait());
  }

  async #nextAfterWait(): Promise<IteratorResult<T, undefined>> {
    this.#throwIfClosed();
    if (this.#position < this.#page.length) await nextTurn();
    while (this.#position >= this.#page.length) {
      if (!(await this.#turnPage())) return END;
    }
    this.#throwIfClosed();
    return { done: false, value: this.#take() };
  }

  /** False after the last page. Callers that come while a page is on its way wait for the same one. */
  #turnPage(): MaybePromise<boolean> {
    if (this.#atEnd) return false;
    if (this.#turning) return this.#turning;
    const turning = run(this.#turnPageOnce());
    if (!(turning instanceof Promise)) return turning;
    this.#turning = turning.finally(() => {
      this.#turning = undefined;
    });
    return this.#turning;
  }

  *#turnPageOnce(): Steps<boolean> {
    this.#throwIfClosed();
    // Pages can come without a turn of the event loop, from a ledger in this process.
    if (isTurnLong()) yield nextTurn();
    let page: Page | undefined;
    try {
      page = yield* wait(this.nextPage());
    } catch (error) {
      yield this.close();
      throw error;
    }
    this.#throwIfClosed();
    this.#position = 0;
    this.#page = page?.Values ?? [];
    if (page === undefined) this.#atEnd = true;
    return page !== undefined;
  }

  #take(): T {
    const row = this.#row++;
    const holder = this.#page[this.#position++];
    if (channels.row.hasSubscribers) {
      channels.row.publish({
        transactionId: this.source.transactionId,
        row,
      } satisfies RowMessage);
    }
    try {
      return this.source.decode(holder) as T;
    } catch (cause) {
      const error = new RowUnreadableError(this.source.transactionId, row, {
        cause,
      });
      this.source.doom(error);
      this.#closed = true;
      this.onClose();
      throw error;
    }
  }

  #throwIfClosed(): void {
    if (this.isClosed) throw new ResultClosedError(this.source.transactionId);
  }
}
