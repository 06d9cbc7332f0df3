import { dot } from '../../ion/hash.js';
import type { MaybePromise } from '../../async/maybe-promise.js';
import type { MerkleNode } from '../../store/contract.js';

type NodeAddress = Pick<MerkleNode, 'level' | 'index'>;

/** An empty hash: the identity of `dot`, and the root of no leaves. */
export const NO_HASH = new Uint8Array(0);

/**
 * Root of a Merkle tree as QLDB builds it: neighbours are combined with `dot`, a
 * lone last node goes up unchanged, until one is left.
 */
export function merkleRoot(leaves: readonly Uint8Array[]): Uint8Array {
  let level = leaves;
  while (level.length > 1) level = parents(level);
  return level[0] ?? NO_HASH;
}

/** The siblings, from the leaf up, that lead from one leaf to the root. */
export function merklePath(
  leaves: readonly Uint8Array[],
  leaf: number,
): Uint8Array[] {
  const path: Uint8Array[] = [];
  let index = leaf;
  for (let level = leaves; level.length > 1; level = parents(level)) {
    const sibling = level[index ^ 1];
    if (sibling) path.push(sibling);
    index >>= 1;
  }
  return path;
}

function parents(level: readonly Uint8Array[]): Uint8Array[] {
  const up: Uint8Array[] = [];
  for (let i = 0; i < level.length; i += 2) {
    const left = level[i];
    const right = level[i + 1];
    up.push(right ? dot(left, right) : left);
  }
  return up;
}

/**
 * The right edge of the tree over all block hashes: the roots of its complete
 * subtrees, largest first. Its size is the number of bits of the leaf count, so
 * a block is added, and the digest taken, in a few hashes.
 */
export class MerkleFrontier {
  #peaks: Uint8Array[];
  #leaves: number;

  private constructor(leaves: number, peaks: readonly Uint8Array[]) {
    this.#leaves = leaves;
    this.#peaks = [...peaks];
  }

  /** The frontier of a tree that has no leaf yet. */
  static empty(): MerkleFrontier {
    return new MerkleFrontier(0, []);
  }

  /** The frontier over the first `leaves` block hashes, from the nodes a store keeps. */
  static async over(
    leaves: number,
    nodes: (
      addresses: readonly NodeAddress[],
    ) => MaybePromise<readonly Uint8Array[]>,
  ): Promise<MerkleFrontier> {
    return new MerkleFrontier(leaves, await nodes(peakAddresses(0, leaves)));
  }

  get leaves(): number {
    return this.#leaves;
  }

  /** Adds a block hash; returns the nodes that it completes, its own leaf first. */
  append(hash: Uint8Array): MerkleNode[] {
    const completed: MerkleNode[] = [{ level: 0, index: this.#leaves, hash }];
    let node = hash;
    for (
      let level = 1, index = this.#leaves;
      index % 2 === 1;
      level++, index = (index - 1) / 2
    ) {
      node = dot(this.#peaks.pop() as Uint8Array, node);
      completed.push({ level, index: (index - 1) / 2, hash: node });
    }
    this.#peaks.push(node);
    this.#leaves++;
    return completed;
  }

  /** Root of the tree: the ledger's digest. */
  get root(): Uint8Array {
    return foldPeaks(this.#peaks);
  }

  clone(): MerkleFrontier {
    return new MerkleFrontier(this.#leaves, this.#peaks);
  }
}

/** Root over peaks, largest first: each is the left neighbour of all after it. */
function foldPeaks(peaks: readonly Uint8Array[]): Uint8Array {
  return peaks.reduceRight((right, left) => dot(left, right), NO_HASH);
}

/** The complete subtrees that cover the leaves `from` to `leaves`, largest first. */
function peakAddresses(from: number, leaves: number): NodeAddress[] {
  const addresses: NodeAddress[] = [];
  for (let start = from; start < leaves;) {
    // `from` is the first leaf of a subtree, so halving finds aligned ones.
    let level = 0;
    while (start % 2 ** (level + 1) === 0 && start + 2 ** (level + 1) <= leaves)
      level++;
    addresses.push({ level, index: start / 2 ** level });
    start += 2 ** level;
  }
  return addresses;
}

/** Siblings of a block on the way up to the digest of a tip, from the leaf up. */
export async function blockPath(
  sequenceNo: number,
  tip: number,
  nodes: (
    addresses: readonly NodeAddress[],
  ) => MaybePromise<readonly Uint8Array[]>,
): Promise<Uint8Array[]> {
  const leaves = tip + 1;
  // Each sibling is one complete subtree, or the cover of the tree's unfinished right edge.
  const siblings: NodeAddress[][] = [];
  let index = sequenceNo;
  for (let level = 0; 2 ** level < leaves; level++) {
    const first = (index % 2 === 0 ? index + 1 : index - 1) * 2 ** level;
    if (first < leaves)
      siblings.push(peakAddresses(first, Math.min(first + 2 ** level, leaves)));
    index = Math.floor(index / 2);
  }
  const hashes = await nodes(siblings.flat());
  let at = 0;
  return siblings.map(({ length }) =>
    foldPeaks(hashes.slice(at, (at += length))),
  );
}
