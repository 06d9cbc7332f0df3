/*
 * The pages of an LMDB data file, as far as they are looked at here: see the
 * comments on MDB_meta, MDB_page and MDB_node in LMDB's own mdb.c.
 */

export const MAGIC = 0xbeefc0de;
/** The data format whose pages are known here; others are left to LMDB. */
export const DATA_VERSION = 2;
export const META_SIZE = 168;

export const PAGE_HEADER = 24;
export const BRANCH = 1;
export const LEAF = 2;
export const OVERFLOW = 4;

export const NODE_HEADER = 8;
export const BIG_DATA = 1;
export const SUB_TREE = 2;
export const TREE_RECORD = 48;
export const OVERFLOW_RECORD = 24;
export const NO_PAGE = 2n ** 64n - 1n;

/** Where the members of a meta page stand. */
export const META = {
  version: PAGE_HEADER + 4,
  pageSize: PAGE_HEADER + 24,
  freeTree: PAGE_HEADER + 24,
  mainTree: PAGE_HEADER + 24 + TREE_RECORD,
  lastPage: PAGE_HEADER + 120,
  transaction: PAGE_HEADER + 128,
} as const;

/** The root of a B-tree, and how many levels it has. */
export interface TreeRoot {
  readonly root: bigint;
  readonly depth: number;
}

/** Where a record of a tree says that its root is. */
export function treeRoot(bytes: Buffer, at: number): TreeRoot {
  return {
    depth: bytes.readUInt16LE(at + 6),
    root: bytes.readBigUInt64LE(at + 40),
  };
}

/** The page below a node of a branch. */
export function childOf(page: Buffer, node: number): bigint {
  return (
    BigInt(page.readUInt32LE(node)) +
    (BigInt(page.readUInt16LE(node + 4)) << 32n)
  );
}

/** Pages that lie together. */
export interface PageRun {
  readonly first: bigint;
  readonly count: bigint;
}

/** The pages that a record of the free list names; undefined if it is cut off. */
export function freePagesIn(list: Buffer): readonly PageRun[] | undefined {
  const count = Number(list.readBigUInt64LE(0));
  if (8 * (count + 1) > list.length) return undefined;
  const runs: PageRun[] = [];
  for (let i = 1; i <= count; i++) {
    const entry = list.readBigInt64LE(8 * i);
    if (entry === 0n) continue;
    // A negative number is how many pages there are from the next one on.
    const pages = entry < 0n ? -entry : 1n;
    const first = entry < 0n ? list.readBigInt64LE(8 * ++i) : entry;
    if (first !== 0n) runs.push({ first, count: pages });
  }
  return runs;
}
