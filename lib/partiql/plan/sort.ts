import { BATCH } from './runtime.js';

/** How many rows are sorted in one go. */
const RUN = 2048;

/**
 * A stable merge sort that hands control back on its way: rows are sorted in
 * runs as they come, and the runs are merged in steps.
 */
export class Sort<T> {
  #runs: T[][] = [];
  #open: T[] = [];

  constructor(readonly compare: (a: T, b: T) => number) {}

  add(row: T): void {
    this.#open.push(row);
    if (this.#open.length === RUN) this.#close();
  }

  #close(): void {
    this.#runs.push(this.#open.sort(this.compare));
    this.#open = [];
  }

  /** The rows in order, in batches; empty batches come while runs are merged. */
  *result(): Generator<readonly T[]> {
    this.#close();
    let runs = this.#runs;
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
      if (target.length % BATCH === 0) yield [];
    }
  }
}
