import { closeRecord, checkRecord, CHECKSUM_LENGTH } from './checksum.js';
import type { Revision } from './contract.js';
import { StoreDamagedError } from './store-errors.js';

const HAS_DATA = 1;
const REDACTED = 2;

const VERSION = 1;
const SEQUENCE = 5;
const TX_TIME = 11;
const TX_ID = 19;
const HASH = 41;
const HEADER = 73;
const HASH_LENGTH = 32;

/**
 * A revision as a record of bytes, for stores that keep bytes. The table and
 * document ids stand in the record's key.
 *
 *   flags 1 · version 4 · sequenceNo 6 · txTime 8 · txId 22 · hash 32 ·
 *   data, or dataHash 32 if redacted · checksum 4
 */
export function encodeRevision(revision: Revision): Buffer {
  const { data, dataHash } = revision;
  const tail = data ?? dataHash;
  const record = Buffer.allocUnsafe(
    HEADER + (tail?.length ?? 0) + CHECKSUM_LENGTH,
  );
  record[0] = (data ? HAS_DATA : 0) | (dataHash ? REDACTED : 0);
  record.writeUInt32BE(revision.version, VERSION);
  record.writeUIntBE(revision.sequenceNo, SEQUENCE, 6);
  record.writeDoubleBE(revision.txTime, TX_TIME);
  record.write(revision.txId, TX_ID, 'latin1');
  record.set(revision.hash, HASH);
  if (tail) record.set(tail, HEADER);
  return closeRecord(record);
}

/** Sequence number of a record, without decoding the rest. */
export function revisionSequence(record: Buffer): number {
  return whole(record).readUIntBE(SEQUENCE, 6);
}

/** Version of a record, without decoding the rest. */
export function revisionVersion(record: Buffer): number {
  return whole(record).readUInt32BE(VERSION);
}

/** When the revision was committed, without decoding the rest; milliseconds since the epoch. */
export function revisionTime(record: Buffer): number {
  return whole(record).readDoubleBE(TX_TIME);
}

function whole(record: Buffer): Buffer {
  if (record.length >= HEADER + CHECKSUM_LENGTH) return record;
  throw new StoreDamagedError('a revision is too short');
}

/** @throws StoreDamagedError when the record is not what was written */
export function decodeRevision(
  tableId: string,
  documentId: string,
  record: Buffer,
): Revision {
  if (record.length < HEADER + CHECKSUM_LENGTH || !checkRecord(record))
    throw new StoreDamagedError(
      `a revision of document ${documentId} is not what was written`,
    );
  return new StoredRevision(tableId, documentId, record);
}

/** A record whose members are read when they are asked for: a query needs two of them. */
class StoredRevision implements Revision {
  readonly #record: Buffer;

  constructor(
    readonly tableId: string,
    readonly documentId: string,
    record: Buffer,
  ) {
    this.#record = record;
  }

  get version(): number {
    return revisionVersion(this.#record);
  }

  get sequenceNo(): number {
    return revisionSequence(this.#record);
  }

  get txId(): string {
    return this.#record.toString('latin1', TX_ID, HASH);
  }

  get txTime(): number {
    return revisionTime(this.#record);
  }

  get hash(): Uint8Array {
    return this.#record.subarray(HASH, HEADER);
  }

  get data(): Uint8Array | undefined {
    const record = this.#record;
    return record[0] & HAS_DATA
      ? record.subarray(HEADER, record.length - CHECKSUM_LENGTH)
      : undefined;
  }

  get dataHash(): Uint8Array | undefined {
    return this.#record[0] & REDACTED
      ? this.#record.subarray(HEADER, HEADER + HASH_LENGTH)
      : undefined;
  }
}
