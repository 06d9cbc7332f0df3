import type { MerkleNode } from '../contract.js';
import { int8Array } from './binary-array.js';
import type { Connections } from './connections.js';

/** Hashes of complete Merkle nodes, which stand with the block that completes them. */
export async function readNodes(
  read: Connections['read'],
  place: {
    /** The schema, quoted. */
    readonly schema: string;
    readonly ledger: number;
    readonly origin: number;
  },
  nodes: readonly Pick<MerkleNode, 'level' | 'index'>[],
): Promise<readonly Uint8Array[]> {
  if (nodes.length === 0) return [];
  const leaves = nodes.map(
    ({ level, index }) => place.origin + (index + 1) * 2 ** level - 1,
  );
  const rows = (await read({
    text: `SELECT sequence_no, merkle_nodes FROM ${place.schema}.blocks WHERE ledger = $1 AND sequence_no = ANY ($2::int8[])`,
    values: [place.ledger, int8Array([...new Set(leaves)])],
  })) as readonly [number, Buffer][];
  const bySequence = new Map(rows);
  return nodes.map(({ level, index }, n) => {
    const hash = bySequence
      .get(leaves[n])
      ?.subarray(32 * level, 32 * (level + 1));
    if (hash?.length !== 32)
      throw new RangeError(`No Merkle node ${level}:${index}.`);
    return hash;
  });
}
