import type { IndexEntry } from '../contract.js';

/**
 * Keys are strings of the characters 0 to 255, each of which is one byte. They
 * begin with ids of 22 characters, so they sort, and are scanned, by these.
 */
export const keyEncoder = {
  writeKey: (key: string, target: Buffer, start: number): number =>
    start + target.write(key, start, 'latin1'),
  readKey: (source: Buffer, start: number, end: number): string =>
    source.toString('latin1', start, end),
};

export const ID_LENGTH = 22;

export const SEQUENCE_LENGTH = 6;
/** Comes after every id, number and version. */
const LAST = '\xff\xff\xff\xff\xff\xff\xff';

/** The end of the keys that begin with a prefix. */
export const endOf = (prefix: string): string => prefix + LAST;

/** The next key that is possible after one. */
export const behind = (key: string): string => `${key}\0`;

/** Key of a document in its table. */
export const documentKey = (tableId: string, documentId: string): string =>
  tableId + documentId;

/** Key of one revision of a document; revisions of a document sort by version. */
export const revisionKey = (document: string, version: number): string =>
  document + bytesOf(version, 4);

/** Key of the deletion of a document; those of a table sort by block. */
export const deletionKey = (
  tableId: string,
  sequenceNo: number,
  documentId: string,
): string => tableId + sequenceKey(sequenceNo) + documentId;

/** Prefix of all entries of an index under one key; the document id follows it. */
export const entryPrefix = (indexId: string, key: string): string =>
  // The length stands before the key, so that no key is a prefix of another.
  indexId + String.fromCharCode(key.length) + key;

export const entryKey = ({
  indexId,
  key,
  documentId,
}: Omit<IndexEntry, 'ended'>): string => entryPrefix(indexId, key) + documentId;

/** Key of an entry that a block ended; those under one key sort by block. */
export const endedEntryKey = (
  { indexId, key, documentId }: Omit<IndexEntry, 'ended'>,
  sequenceNo: number,
): string => entryPrefix(indexId, key) + sequenceKey(sequenceNo) + documentId;

/** Key of a sequence number; sorts by number. */
export const sequenceKey = (sequenceNo: number): string =>
  bytesOf(sequenceNo, SEQUENCE_LENGTH);

/** The sequence number that stands in a key, from a position on. */
export function sequenceIn(key: string, at = 0): number {
  let number = 0;
  for (let i = at; i < at + SEQUENCE_LENGTH; i++)
    number = number * 256 + key.charCodeAt(i);
  return number;
}

/** The document id at the end of a key. */
export const idIn = (key: string): string => key.slice(-ID_LENGTH);

/** A number as bytes, the highest first. */
function bytesOf(value: number, length: number): string {
  const low = value % 2 ** 24;
  const high = Math.floor(value / 2 ** 24);
  const last = String.fromCharCode(low >> 16, (low >> 8) & 255, low & 255);
  return length === 4
    ? String.fromCharCode(high) + last
    : String.fromCharCode(high >> 16, (high >> 8) & 255, high & 255) + last;
}
