import { CHECKSUM_LENGTH, checkRecord, closeRecord } from '../checksum.js';
import type { Commit, Head, MerkleNode } from '../contract.js';
import { StoreDamagedError } from '../store-errors.js';

const NODE_COUNT = 8;
const NODES = 9;
const HASH_LENGTH = 32;

/**
 * A block as a record of bytes, with the Merkle nodes that it completes: they
 * are written together, so they lie on the same pages. Its sequence number
 * stands in the record's key.
 *
 *   blockTimestamp 8 · number of nodes 1 · hash 32 of each, the block's own
 *   first · block · checksum 4
 */
export function encodeBlock({
  block,
  blockTimestamp,
  merkleNodes,
}: Pick<Commit, 'block' | 'blockTimestamp' | 'merkleNodes'>): Buffer {
  const start = NODES + merkleNodes.length * HASH_LENGTH;
  const record = Buffer.allocUnsafe(start + block.length + CHECKSUM_LENGTH);
  record.writeDoubleBE(blockTimestamp, 0);
  record[NODE_COUNT] = merkleNodes.length;
  merkleNodes.forEach(({ hash }, level) =>
    record.set(hash, NODES + level * HASH_LENGTH),
  );
  record.set(block, start);
  return closeRecord(record);
}

/** A record that is what was written. */
export class BlockRecord {
  /** @throws StoreDamagedError when the record is not what was written */
  constructor(
    readonly sequenceNo: number,
    private readonly record: Buffer,
  ) {
    if (
      !checkRecord(record) ||
      record.length < NODES + record[NODE_COUNT] * HASH_LENGTH + CHECKSUM_LENGTH
    )
      throw new StoreDamagedError(
        `the record of block ${sequenceNo} is not what was written`,
      );
  }

  /** The block as Ion binary. */
  get block(): Buffer {
    const { record } = this;
    return record.subarray(
      NODES + record[NODE_COUNT] * HASH_LENGTH,
      record.length - CHECKSUM_LENGTH,
    );
  }

  /** This record with other bytes of the block. */
  with(block: Uint8Array): Buffer {
    return encodeBlock({
      block,
      blockTimestamp: this.head.blockTimestamp,
      // Their hashes alone stand in a record.
      merkleNodes: this.nodes.map((hash, level) => ({ level, index: 0, hash })),
    });
  }

  get head(): Head {
    return {
      sequenceNo: this.sequenceNo,
      blockTimestamp: this.record.readDoubleBE(0),
      blockHash: this.node(0),
    };
  }

  /** The nodes that the block completes, its own leaf first. */
  get nodes(): readonly Uint8Array[] {
    return Array.from({ length: this.record[NODE_COUNT] }, (_, level) =>
      this.node(level),
    );
  }

  /**
   * The hash of the node of a level that the block completes.
   *
   * @throws StoreDamagedError when it completes none of that level
   */
  node(level: number): Uint8Array {
    if (level >= this.record[NODE_COUNT])
      throw new StoreDamagedError(
        `the record of block ${this.sequenceNo} lacks its Merkle node of level ${level}`,
      );
    const start = NODES + level * HASH_LENGTH;
    return this.record.subarray(start, start + HASH_LENGTH);
  }
}

/** The leaf that completes a node: the last one below it. */
export function completedBy({
  level,
  index,
}: Pick<MerkleNode, 'level' | 'index'>): number {
  return (index + 1) * 2 ** level - 1;
}
