import { setImmediate } from 'node:timers/promises';

/** How long rows may be worked through before others get a turn, in milliseconds. */
const LONGEST_RUN = 10;

/** How many rows go by between two looks at the clock; a power of two. */
const ROWS_PER_LOOK = 32;

/** Keeps a long result from holding up the event loop. */
export class Pacer {
  #rows = 0;
  #since = performance.now();

  /** Counts a row; true if it is time to {@link rest}. */
  due(): boolean {
    return (
      (++this.#rows & (ROWS_PER_LOOK - 1)) === 0 &&
      performance.now() - this.#since > LONGEST_RUN
    );
  }

  async rest(): Promise<void> {
    await setImmediate();
    this.#since = performance.now();
  }
}
