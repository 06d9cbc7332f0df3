import { BATCH, isStrained } from './runtime.js';

/** How many rows are sorted in one go, and of how many bytes. */
const RUN = 2048;
const RUN_BYTES = 1 << 18;
/** The most rows that may be wanted for no more than these to be kept. */
export const MOST_WANTED = 32_768;

/** What is told of the rows that a sort keeps. */
export interface Keeper<T> {
  /** A row is kept from now on; gives its bytes. */
  hold(row: T): number;
  /** A row is kept no more. */
  release(row: T): void;
}

/**
 * A stable merge sort that hands control back on its way: rows are sorted in
 * runs as they come, and the runs are merged in steps. Where few rows are wanted
 * it keeps no more than these, and those of one run.
 */
export class Sort<T> {
  readonly #runs: T[][] = [];
  #open: T[] = [];
  /** Bytes of the open run. */
  #bytes = 0;
  /** The last of the rows that are wanted so far: none behind it is. */
  #last: T | undefined;
  readonly #wanted: number | undefined;

  /** @param limit - how many rows are wanted, of those that come first */
  constructor(
    readonly compare: (a: T, b: T) => number,
    limit = Infinity,
    readonly keeper?: Keeper<T>,
  ) {
    this.#wanted = limit <= MOST_WANTED ? Math.floor(limit) : undefined;
  }

  add(row: T): void {
    // Of equal rows the one that came first is the first.
    if (this.#last !== undefined && this.compare(this.#last, row) <= 0) return;
    this.#bytes += this.keeper?.hold(row) ?? 0;
    this.#open.push(row);
    if (
      this.#open.length === RUN + (this.#wanted ?? 0) ||
      (this.#wanted === undefined && this.#bytes > RUN_BYTES)
    ) {
      this.#close();
    }
  }

  #close(): void {
    const run = this.#open.sort(this.compare);
    if (this.#wanted === undefined) {
      this.#runs.push(run);
      this.#open = [];
      this.#bytes = 0;
      return;
    }
    // They stay in front of those that come, so that the sort is stable.
    const dropped = run.splice(this.#wanted);
    for (const row of dropped) this.keeper?.release(row);
    if (run.length === this.#wanted) this.#last = run.at(-1);
  }

  /** The rows in order, in batches; empty batches come while runs are merged. */
  *result(): Generator<readonly T[]> {
    this.#close();
    let runs = this.#wanted === undefined ? this.#runs : [this.#open];
    while (runs.length > 1) {
      const merged: T[][] = [];
      for (let index = 0; index < runs.length; index += 2) {
        const target: T[] = [];
        yield* this.#merge(runs[index] ?? [], runs[index + 1] ?? [], target);
        merged.push(target);
      }
      runs = merged;
    }
    const rows = runs[0] ?? [];
    for (let start = 0; start < rows.length; start += BATCH) {
      yield rows.slice(start, start + BATCH);
    }
  }

  *#merge(
    left: readonly T[],
    right: readonly T[],
    target: T[],
  ): Generator<readonly T[]> {
    let i = 0;
    let j = 0;
    while (i < left.length || j < right.length) {
      // Of equal rows the left one came first.
      const takesLeft =
        j >= right.length ||
        (i < left.length && this.compare(left[i], right[j]) <= 0);
      target.push(takesLeft ? left[i++] : right[j++]);
      // Rows with long keys take long to compare.
      if (target.length % BATCH === 0 || isStrained()) yield [];
    }
  }
}
