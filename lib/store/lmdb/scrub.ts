import { fdatasyncSync, readSync, writeSync } from 'node:fs';
import { StoreDamagedError } from '../store-errors.js';
import {
  BIG_DATA,
  childOf,
  freePagesIn,
  META,
  META_SIZE,
  NO_PAGE,
  NODE_HEADER,
  OVERFLOW_RECORD,
  PAGE_HEADER,
  type PageRun,
  TREE_RECORD,
  treeRoot,
  type TreeRoot,
} from './page-format.js';

/** Free pages are looked at so many at once. */
const RUN = 256;

/** How far a step has come. */
export type ScrubStep =
  | 'done'
  /** There is more to do. */
  | 'paused'
  /** Somebody still reads pages that are free already: go on when he has ended. */
  | 'waiting';

/**
 * Writes zeros over all in an LMDB data file that nothing leads to: the unused
 * part of each page, and the free pages. LMDB takes what is deleted out of its
 * lists and leaves the bytes where they were; a redaction has to take them away.
 *
 * It goes on in steps. While a step runs, no transaction may be writing; between
 * two of them there may be any: what they write has no byte of what was deleted
 * before, since LMDB begins each page with zeros.
 */
export class FileScrub {
  /** The trees by name, the one that names them first; undefined when it is the free pages' turn. */
  #tree: string | undefined = '';
  /** The last key of the tree that is done. */
  #key: Buffer | undefined;
  /** The first free page that is not done. */
  #nextFree = 0n;
  readonly #pageSize: number;
  readonly #zeros: Buffer;

  /** @param file - of the data file, for reading and writing */
  constructor(private readonly file: number) {
    this.#pageSize = this.#read(0, META_SIZE + PAGE_HEADER).readUInt32LE(
      META.pageSize,
    );
    this.#zeros = Buffer.alloc(this.#pageSize * RUN);
  }

  /**
   * @param isTime - whether the step has taken long enough
   * @param oldestReader - the oldest transaction that somebody reads as of, if anybody does
   */
  step(isTime: () => boolean, oldestReader: bigint | undefined): ScrubStep {
    const meta = this.#newestMeta();
    while (this.#tree !== undefined) {
      const names = this.#trees(meta);
      const root = this.#tree === '' ? mainTree(meta) : names.get(this.#tree);
      if (root && !this.#scrubTree(root, isTime)) return 'paused';
      const done = this.#tree;
      this.#tree = Array.from(names.keys())
        .toSorted()
        .find((name) => name > done);
      this.#key = undefined;
    }
    const isWhole = this.#scrubFree(meta, isTime, oldestReader);
    if (isWhole === undefined) return 'paused';
    fdatasyncSync(this.file);
    if (isWhole) return 'done';
    this.#nextFree = 0n;
    return 'waiting';
  }

  #newestMeta(): Buffer {
    const metas = [0, 1].map((page) =>
      this.#read(page * this.#pageSize, PAGE_HEADER + META_SIZE),
    );
    const [a, b] = metas;
    return b.readBigUInt64LE(META.transaction) >
      a.readBigUInt64LE(META.transaction)
      ? b
      : a;
  }

  /** The named trees. */
  #trees(meta: Buffer): Map<string, TreeRoot> {
    const trees = new Map<string, TreeRoot>();
    for (const { key, data } of this.#entries(mainTree(meta)))
      if (data?.length === TREE_RECORD)
        trees.set(key.toString('latin1'), treeRoot(data, 0));
    return trees;
  }

  /** Scrubs the leaves of a tree from the last key on, and what is behind long values. False if it was time before the end. */
  #scrubTree(root: TreeRoot, isTime: () => boolean): boolean {
    for (const number of this.#leaves(root)) {
      if (this.#key && isTime()) return false;
      const page = this.#pageAt(number);
      const lower = PAGE_HEADER + page.readUInt16LE(20);
      const upper = PAGE_HEADER + page.readUInt16LE(22);
      this.#zero(number, page, lower, upper);
      for (const node of nodesOf(page)) {
        this.#key = keyAt(page, node);
        if (page.readUInt16LE(node + 4) !== BIG_DATA) continue;
        const size = page.readUInt32LE(node);
        const record = dataAt(page, node, OVERFLOW_RECORD);
        const first = record.readBigUInt64LE(0);
        const count = record.readBigUInt64LE(16);
        const end = Number(count) * this.#pageSize;
        const rest = PAGE_HEADER + size;
        const tail = this.#read(
          Number(first) * this.#pageSize + rest,
          end - rest,
        );
        this.#zeroAt(Number(first) * this.#pageSize + rest, tail);
      }
    }
    return true;
  }

  /** The leaves of a tree that have keys after the last one that is done, in order. */
  *#leaves({ root, depth }: TreeRoot): Iterable<bigint> {
    if (root === NO_PAGE) return;
    yield* this.#below(root, depth - 1);
  }

  *#below(number: bigint, height: number): Iterable<bigint> {
    if (height === 0) {
      yield number;
      return;
    }
    const page = this.#pageAt(number);
    const nodes = nodesOf(page);
    const after = this.#key;
    for (const [n, node] of nodes.entries()) {
      // The first key of the next page is greater than all of this one.
      const next = nodes[n + 1];
      if (
        after &&
        next !== undefined &&
        Buffer.compare(keyAt(page, next), after) <= 0
      )
        continue;
      yield* this.#below(childOf(page, node), height - 1);
    }
  }

  /**
   * Scrubs the free pages from the last one on.
   *
   * @returns undefined if it was time before the end; else whether it was all of them
   */
  #scrubFree(
    meta: Buffer,
    isTime: () => boolean,
    oldestReader: bigint | undefined,
  ): boolean | undefined {
    const end = meta.readBigUInt64LE(META.lastPage) + 1n;
    const runs: PageRun[] = [];
    let isWhole = true;
    for (const { key, data, size, overflow } of this.#entries(
      treeRoot(meta, META.freeTree),
    )) {
      // Whoever reads as of an earlier transaction may still look at them.
      if (
        oldestReader !== undefined &&
        key.readBigUInt64LE(0) >= oldestReader
      ) {
        isWhole = false;
        continue;
      }
      const list =
        data ??
        this.#read(Number(overflow) * this.#pageSize + PAGE_HEADER, size);
      const named = freePagesIn(list);
      if (!named)
        throw new StoreDamagedError('a list of free pages is cut off');
      runs.push(...named);
    }
    runs.sort((a, b) => (a.first < b.first ? -1 : 1));
    for (const { first, count } of runs)
      for (let page = first; page < first + count; page += BigInt(RUN)) {
        if (page < this.#nextFree || page >= end) continue;
        const pages = [BigInt(RUN), first + count - page, end - page].reduce(
          (a, b) => (a < b ? a : b),
        );
        const at = Number(page) * this.#pageSize;
        this.#zeroAt(at, this.#read(at, Number(pages) * this.#pageSize));
        if (!isTime()) continue;
        this.#nextFree = page + 1n;
        return undefined;
      }
    return isWhole;
  }

  /** The entries of a tree that is small. A long value is told by its page. */
  *#entries(root: TreeRoot): Iterable<{
    readonly key: Buffer;
    readonly data: Buffer | undefined;
    readonly size: number;
    readonly overflow: bigint;
  }> {
    const key = this.#key;
    this.#key = undefined;
    const leaves = [...this.#leaves(root)];
    this.#key = key;
    for (const number of leaves) {
      const page = this.#pageAt(number);
      for (const node of nodesOf(page)) {
        const flags = page.readUInt16LE(node + 4);
        const size = page.readUInt32LE(node);
        const isLong = (flags & BIG_DATA) !== 0;
        const data = dataAt(page, node, isLong ? OVERFLOW_RECORD : size);
        yield {
          key: keyAt(page, node),
          data: isLong ? undefined : data,
          size,
          overflow: isLong ? data.readBigUInt64LE(0) : 0n,
        };
      }
    }
  }

  #pageAt(number: bigint): Buffer {
    return this.#read(Number(number) * this.#pageSize, this.#pageSize);
  }

  #zero(number: bigint, page: Buffer, start: number, end: number): void {
    if (end > start)
      this.#zeroAt(
        Number(number) * this.#pageSize + start,
        page.subarray(start, end),
      );
  }

  /** Writes zeros to a place, unless they are there. */
  #zeroAt(position: number, bytes: Buffer): void {
    for (let at = 0; at < bytes.length; at += this.#zeros.length) {
      const part = bytes.subarray(at, at + this.#zeros.length);
      const zeros = this.#zeros.subarray(0, part.length);
      if (!part.equals(zeros))
        writeSync(this.file, zeros, 0, zeros.length, position + at);
    }
  }

  #read(position: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    const read = readSync(this.file, bytes, 0, length, position);
    // Behind the last page that was written the file may end.
    return bytes.subarray(0, read);
  }
}

const mainTree = (meta: Buffer): TreeRoot => treeRoot(meta, META.mainTree);

/** Where the nodes of a page begin. */
function nodesOf(page: Buffer): readonly number[] {
  const end = PAGE_HEADER + page.readUInt16LE(20);
  const nodes: number[] = [];
  for (let at = PAGE_HEADER; at < end; at += 2)
    nodes.push(PAGE_HEADER + page.readUInt16LE(at));
  return nodes;
}

function keyAt(page: Buffer, node: number): Buffer {
  const start = node + NODE_HEADER;
  return page.subarray(start, start + page.readUInt16LE(node + 6));
}

function dataAt(page: Buffer, node: number, length: number): Buffer {
  const start = node + NODE_HEADER + page.readUInt16LE(node + 6);
  return page.subarray(start, start + length);
}
