import type { Revision } from './contract.js';

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
 *   dataHash 32 if redacted · data to the end
 */
export function encodeRevision(revision: Revision): Buffer {
  const { data, dataHash } = revision;
  const tail = data ?? dataHash;
  const record = Buffer.allocUnsafe(HEADER + (tail?.length ?? 0));
  record.writeUInt8((data ? HAS_DATA : 0) | (dataHash ? REDACTED : 0), 0);
  record.writeUInt32BE(revision.version, VERSION);
  record.writeUIntBE(revision.sequenceNo, SEQUENCE, 6);
  record.writeDoubleBE(revision.txTime, TX_TIME);
  record.write(revision.txId, TX_ID, 'latin1');
  record.set(revision.hash, HASH);
  if (tail) record.set(tail, HEADER);
  return record;
}

/** Sequence number of a record, without decoding the rest. */
export function revisionSequence(record: Buffer): number {
  return record.readUIntBE(SEQUENCE, 6);
}

/** Version of a record, without decoding the rest. */
export function revisionVersion(record: Buffer): number {
  return record.readUInt32BE(VERSION);
}

export function decodeRevision(
  tableId: string,
  documentId: string,
  record: Buffer,
): Revision {
  const flags = record.readUInt8(0);
  const base = {
    tableId,
    documentId,
    version: revisionVersion(record),
    sequenceNo: revisionSequence(record),
    txTime: record.readDoubleBE(TX_TIME),
    txId: record.toString('latin1', TX_ID, HASH),
    hash: record.subarray(HASH, HEADER),
  };
  if (flags & HAS_DATA) return { ...base, data: record.subarray(HEADER) };
  if (flags & REDACTED)
    return {
      ...base,
      dataHash: record.subarray(HEADER, HEADER + HASH_LENGTH),
    };
  return base;
}
