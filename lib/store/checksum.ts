import { crc32 } from 'node:zlib';

/** Bytes at the end of a record that tell whether it is what was written. */
export const CHECKSUM_LENGTH = 4;

/**
 * Writes the checksum into the last bytes of a record. It finds what a disk, or
 * a slip, did to a record before it is used; it is no proof against anybody who
 * can compute one too. That is what the journal's hashes are for.
 */
export function closeRecord(record: Buffer): Buffer {
  const end = record.length - CHECKSUM_LENGTH;
  record.writeUInt32BE(crc32(record.subarray(0, end)), end);
  return record;
}

/** Whether a record is what was written. */
export function checkRecord(record: Buffer): boolean {
  const end = record.length - CHECKSUM_LENGTH;
  return (
    end >= 0 && record.readUInt32BE(end) === crc32(record.subarray(0, end))
  );
}
