import type { Commit, Head, MerkleNode } from '../contract.js';

const NODE_COUNT = 8;
const NODES = 9;
const HASH_LENGTH = 32;

/**
 * A block as a record of bytes, with the Merkle nodes that it completes: they
 * are written together, so they lie on the same pages. Its sequence number
 * stands in the record's key.
 *
 *   blockTimestamp 8 · number of nodes 1 · hash 32 of each, the block's own
 *   first · block to the end
 */
export function encodeBlock(commit: Commit): Buffer {
  const { block, blockTimestamp, merkleNodes } = commit;
  const start = NODES + merkleNodes.length * HASH_LENGTH;
  const record = Buffer.allocUnsafe(start + block.length);
  record.writeDoubleBE(blockTimestamp, 0);
  record.writeUInt8(merkleNodes.length, NODE_COUNT);
  merkleNodes.forEach(({ hash }, level) =>
    record.set(hash, NODES + level * HASH_LENGTH),
  );
  record.set(block, start);
  return record;
}

export function blockOf(record: Buffer): Buffer {
  return record.subarray(NODES + record[NODE_COUNT] * HASH_LENGTH);
}

export function headOf(sequenceNo: number, record: Buffer): Head {
  return {
    sequenceNo,
    blockTimestamp: record.readDoubleBE(0),
    blockHash: nodeOf(record, 0) as Buffer,
  };
}

/** The hash of the node of a level that the block completes, if it does. */
export function nodeOf(record: Buffer, level: number): Buffer | undefined {
  if (level >= record[NODE_COUNT]) return undefined;
  const start = NODES + level * HASH_LENGTH;
  return record.subarray(start, start + HASH_LENGTH);
}

/** The block that completes a node: the last one below it. */
export function completedBy({
  level,
  index,
}: Pick<MerkleNode, 'level' | 'index'>): number {
  return (index + 1) * 2 ** level - 1;
}
