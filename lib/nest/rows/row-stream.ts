import { Observable } from 'rxjs';
import { Handoff } from './handoff.js';

/** Takes a row; what it returns is awaited before the next one is read. */
export type RowSink<T> = (row: T) => void | Promise<void>;

/** Reads all rows into a sink, until the signal says to stop. */
export type RowReader<T> = (
  sink: RowSink<T>,
  signal: AbortSignal,
) => Promise<void>;

/**
 * The rows of a statement, as an Observable or as an async iterable. Either
 * way nothing happens until someone listens, and each listener starts anew.
 *
 * - **Observable**: pushes rows as they are read, a page ahead. Unsubscribing
 *   aborts the stream's transaction.
 * - **`for await`**: pulls rows, so a slow reader slows the reading. Leaving
 *   the loop aborts the transaction, before the loop's end is reached.
 *
 * Rows are final when the stream completes, because its transaction commits
 * then. After an error, forget the rows that came before it.
 */
export class RowStream<T> extends Observable<T> implements AsyncIterable<T> {
  readonly #read: RowReader<T>;

  /** @internal */
  constructor(read: RowReader<T>) {
    super((subscriber) => {
      const stop = new AbortController();
      read((row) => subscriber.next(row), stop.signal).then(
        () => subscriber.complete(),
        (error: unknown) => subscriber.error(error),
      );
      return () => stop.abort();
    });
    this.#read = read;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    const stop = new AbortController();
    const handoff = new Handoff<T>();
    const reading = this.#read((row) => handoff.put(row), stop.signal).then(
      () => handoff.end(),
      (reason: unknown) => handoff.end({ reason }),
    );
    try {
      for (;;) {
        const next = await handoff.next();
        if (next.done) return;
        yield next.value;
      }
    } finally {
      stop.abort();
      handoff.release();
      await reading;
    }
  }
}
