import { behind, endOf } from './keys.js';
import type { Tree } from './trees.js';

/** An entry of a tree. */
export interface Entry {
  readonly key: string;
  readonly value: Buffer;
}

/**
 * Ranges that are being read in batches while their trees change. No database
 * snapshot stays open between two batches, for that would make the file grow;
 * so a key may leave the tree before its reader has come to it. Whoever removes
 * a key says so first, and the reader is handed it at the end.
 */
export class OpenRanges {
  readonly #open = new Set<OpenRange>();
  /** Keys that are being removed: for some time a reader may still find them. */
  #leaving: (readonly [Tree, string])[] = [];

  /** Begins to read the keys of a tree that begin with `prefix`. Close it when done. */
  open(tree: Tree, prefix: string): OpenRange {
    const range = new OpenRange(tree, prefix, () => this.#open.delete(range));
    this.#open.add(range);
    for (const [from, key] of this.#leaving) range.miss(from, key);
    return range;
  }

  /** A key is about to leave its tree. */
  leaves(tree: Tree, key: string): void {
    this.#leaving.push([tree, key]);
    for (const range of this.#open) range.miss(tree, key);
  }

  /** What was about to leave has left, or never will. */
  settled(): void {
    if (this.#leaving.length > 0) this.#leaving = [];
  }
}

export class OpenRange {
  /** Keys that left, or are about to, before the reader came to them. */
  readonly missed = new Set<string>();
  /** Where the next batch begins; undefined when there is none. */
  #next: string | undefined;

  constructor(
    private readonly tree: Tree,
    private readonly prefix: string,
    readonly close: () => void,
  ) {
    this.#next = prefix;
  }

  /** The next entries of the range; undefined after the last. Those that are {@link missed} are left out. */
  entries(limit: number): readonly Entry[] | undefined {
    return this.#batch(
      limit,
      ({ key }) => key,
      (options) => this.tree.getRange(options),
    );
  }

  /** The same without values. */
  keys(limit: number): readonly string[] | undefined {
    return this.#batch(
      limit,
      (key) => key,
      (options) => this.tree.getKeys(options),
    );
  }

  #batch<T>(
    limit: number,
    keyOf: (item: T) => string,
    read: (options: {
      start: string;
      end: string;
      limit: number;
    }) => Iterable<T>,
  ): readonly T[] | undefined {
    if (this.#next === undefined) return undefined;
    const batch = Array.from(
      read({ start: this.#next, end: endOf(this.prefix), limit }),
    );
    const last = batch.at(-1);
    this.#next =
      last === undefined || batch.length < limit
        ? undefined
        : behind(keyOf(last));
    return this.missed.size === 0
      ? batch
      : batch.filter((item) => !this.missed.has(keyOf(item)));
  }

  miss(tree: Tree, key: string): void {
    if (
      tree === this.tree &&
      this.#next !== undefined &&
      key >= this.#next &&
      key.startsWith(this.prefix)
    )
      this.missed.add(key);
  }
}
