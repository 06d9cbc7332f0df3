import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  blockPath,
  MerkleFrontier,
  merklePath,
  merkleRoot,
} from '../../lib/ledger/journal/merkle.js';
import { foldProof } from '../../lib/ledger/journal/verify.js';
import { dot } from '../../lib/ion/hash.js';

const leaf = (n: number) => createHash('sha256').update(`leaf ${n}`).digest();
const leaves = (count: number) =>
  Array.from({ length: count }, (_, n) => leaf(n));

/** A store of nodes that answers only for what was completed. */
function grow(count: number) {
  const nodes = new Map<string, Uint8Array>();
  const read = (addresses: readonly { level: number; index: number }[]) =>
    addresses.map(({ level, index }) => {
      const hash = nodes.get(`${level}:${index}`);
      if (!hash) throw new Error(`asked for ${level}:${index}`);
      return hash;
    });
  return { nodes, read, count };
}

async function grown(count: number) {
  const tree = grow(count);
  const frontier = await MerkleFrontier.over(0, tree.read);
  for (const hash of leaves(count))
    for (const node of frontier.append(hash))
      tree.nodes.set(`${node.level}:${node.index}`, node.hash);
  return { ...tree, frontier };
}

describe('merkleRoot', () => {
  it('combines neighbours and lets a lone last node go up unchanged', () => {
    const [a, b, c, d, e] = leaves(5) as [
      Buffer,
      Buffer,
      Buffer,
      Buffer,
      Buffer,
    ];
    expect(merkleRoot([])).toHaveLength(0);
    expect(merkleRoot([a])).toBe(a);
    expect(merkleRoot([a, b, c])).toEqual(dot(dot(a, b), c));
    expect(merkleRoot([a, b, c, d, e])).toEqual(
      dot(dot(dot(a, b), dot(c, d)), e),
    );
  });
});

describe('merklePath', () => {
  it('leads from every leaf to the root', () => {
    for (let count = 1; count < 20; count++)
      for (let n = 0; n < count; n++)
        expect(foldProof(leaf(n), merklePath(leaves(count), n))).toEqual(
          merkleRoot(leaves(count)),
        );
  });
});

describe('MerkleFrontier', () => {
  it('has the root of all leaves after each, and completes each node once', async () => {
    const tree = grow(0);
    const frontier = await MerkleFrontier.over(0, tree.read);
    for (let n = 0; n < 70; n++) {
      const completed = frontier.append(leaf(n));
      expect(completed[0]).toEqual({ level: 0, index: n, hash: leaf(n) });
      for (const { level, index, hash } of completed) {
        const name = `${level}:${index}`;
        expect(tree.nodes.has(name)).toBe(false);
        tree.nodes.set(name, hash);
        const below = leaves(n + 1).slice(
          index * 2 ** level,
          (index + 1) * 2 ** level,
        );
        expect(below).toHaveLength(2 ** level);
        expect(hash).toEqual(merkleRoot(below));
      }
      expect(frontier.root).toEqual(merkleRoot(leaves(n + 1)));
    }
  });

  it('is the same when it is read again from the stored nodes', async () => {
    const { read, frontier } = await grown(70);
    for (const count of [1, 2, 3, 31, 32, 33, 64, 69, 70]) {
      const again = await MerkleFrontier.over(count, read);
      expect(again.root).toEqual(merkleRoot(leaves(count)));
    }
    const last = await MerkleFrontier.over(70, read);
    expect(last.append(leaf(70))).toEqual(frontier.append(leaf(70)));
  });
});

describe('blockPath', () => {
  it('leads from every block to the digest of every later tip', async () => {
    const { read } = await grown(40);
    for (let tip = 0; tip < 40; tip++)
      for (let n = 0; n <= tip; n++)
        expect(foldProof(leaf(n), await blockPath(n, tip, read))).toEqual(
          merkleRoot(leaves(tip + 1)),
        );
  });

  it.each([
    // As in genuine proofs, less the hashes inside the block and the previous block's.
    [19, 19, 3],
    [19, 35, 6],
    [30, 38, 6],
    [100, 123, 7],
    [175, 176, 7],
  ])('of block %d under tip %d has %d hashes', async (block, tip, length) => {
    const { read } = await grown(tip + 1);
    expect(await blockPath(block, tip, read)).toHaveLength(length);
  });
});
