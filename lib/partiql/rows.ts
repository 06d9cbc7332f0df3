import type { MaybePromise } from '../async/maybe-promise.js';
import type { IonValue } from '../ion/value.js';
import { UnknownTextError } from '../ion/errors.js';
import { PartiqlError } from './errors.js';
import { stretch } from './values/effort.js';
import { Wait } from './plan/runtime.js';

/** A batch of rows, or a pause before the next one. */
export type RowFlow = Iterable<readonly IonValue[] | Wait<unknown>>;

/**
 * The rows of a statement in batches. A batch that is there already comes at
 * once, and one that has to be waited for as a promise.
 */
export class StatementRows implements AsyncIterable<readonly IonValue[]> {
  readonly #flow: Iterator<readonly IonValue[] | Wait<unknown>, void>;

  constructor(flow: RowFlow) {
    this.#flow = flow[Symbol.iterator]();
  }

  /** The next batch; undefined after the last. */
  next(): MaybePromise<readonly IonValue[] | undefined> {
    const { done, value } = this.#step();
    if (done === true) return undefined;
    return value instanceof Wait ? this.#after(value) : value;
  }

  #step() {
    try {
      return stretch(() => this.#flow.next());
    } catch (error) {
      throw asPartiqlError(error);
    }
  }

  async #after(pause: Wait<unknown>): Promise<readonly IonValue[] | undefined> {
    for (let wait = pause; ;) {
      try {
        wait.value = await wait.promise;
      } catch (error) {
        this.close();
        throw error;
      }
      const { done, value } = this.#step();
      if (done === true) return undefined;
      if (!(value instanceof Wait)) return value;
      wait = value;
    }
  }

  /** Ends the statement; what is left of its rows is not read. */
  close(): void {
    this.#flow.return?.();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<readonly IonValue[], void> {
    try {
      for (;;) {
        const batch = await this.next();
        if (batch === undefined) return;
        yield batch;
      }
    } finally {
      this.close();
    }
  }
}

/** Gives a name to what values can bring about that nobody foresees where it happens. */
function asPartiqlError(error: unknown): unknown {
  if (error instanceof UnknownTextError) {
    return new PartiqlError(
      'PARTIQL_EVALUATION',
      `Evaluator Error: the statement met a value that it cannot work with. ${error.message}`,
      { cause: error },
    );
  }
  if (error instanceof RangeError && error.message.includes('call stack')) {
    return new PartiqlError(
      'PARTIQL_LIMIT',
      'The statement met a value that is nested too deeply to work with: take it apart before it is stored or given',
      { cause: error },
    );
  }
  return error;
}
