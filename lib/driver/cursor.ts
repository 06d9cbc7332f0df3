import type { Observable } from 'rxjs';
import type { ConsumedIOs, ProcessingTime } from './statistics.js';

/**
 * The rows of a statement.
 *
 * ```ts
 * for await (const row of await txn.executeStatement<Vehicle>('SELECT * FROM Vehicle')) {
 *   …
 * }
 * ```
 *
 * Leaving the loop early closes the cursor; the transaction goes on.
 */
export interface Cursor<T = unknown> extends AsyncIterable<T>, AsyncDisposable {
  /** Gives up the rows that were not read. Reading on is a {@link ResultClosedError}. Idempotent. */
  close(): Promise<void>;

  /** Reads all rows that are left. */
  toArray(): Promise<T[]>;

  /** The rows as a cold Observable. A stream is read from the first subscription on, and closed when it unsubscribes. */
  toObservable(): Observable<T>;

  /** What the pages that were fetched so far have cost; undefined if the ledger does not say. */
  getConsumedIOs(): ConsumedIOs | undefined;

  /** How long the ledger worked on the pages fetched so far; undefined if it does not say. */
  getTimingInformation(): ProcessingTime | undefined;
}
