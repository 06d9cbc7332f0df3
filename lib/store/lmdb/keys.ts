/** Ids are 22 ASCII characters, so keys that begin with one sort and scan by it. */
export const ID_LENGTH = 22;

const SEQUENCE_LENGTH = 6;
const AFTER_ALL_IDS = Buffer.from([0xff]);

/** Key of a document in its table. */
export function documentKey(tableId: string, documentId: string): Buffer {
  return Buffer.from(tableId + documentId, 'latin1');
}

/** Key of one revision of a document; revisions of a document sort by version. */
export function revisionKey(
  tableId: string,
  documentId: string,
  version: number,
): Buffer {
  const key = Buffer.allocUnsafe(2 * ID_LENGTH + 4);
  key.write(tableId, 0, 'latin1');
  key.write(documentId, ID_LENGTH, 'latin1');
  key.writeUInt32BE(version, 2 * ID_LENGTH);
  return key;
}

/** Prefix of all entries of an index under one key; the document id follows it. */
export function entryPrefix(indexId: string, key: Uint8Array): Buffer {
  // The length stands before the key, so that no key is a prefix of another.
  return Buffer.concat([
    Buffer.from(indexId, 'latin1'),
    Buffer.from([key.length]),
    key,
  ]);
}

export function entryKey(
  indexId: string,
  key: Uint8Array,
  documentId: string,
): Buffer {
  return Buffer.concat([
    entryPrefix(indexId, key),
    Buffer.from(documentId, 'latin1'),
  ]);
}

/** Key of a sequence number; sorts by number. */
export function sequenceKey(sequenceNo: number): Buffer {
  const key = Buffer.allocUnsafe(SEQUENCE_LENGTH);
  key.writeUIntBE(sequenceNo, 0, SEQUENCE_LENGTH);
  return key;
}

export function readSequence(bytes: Buffer, at = 0): number {
  return bytes.readUIntBE(at, SEQUENCE_LENGTH);
}

/** Key of the n-th index entry that a block ended. */
export function endedKey(sequenceNo: number, n: number): Buffer {
  const key = Buffer.allocUnsafe(SEQUENCE_LENGTH + 4);
  key.writeUIntBE(sequenceNo, 0, SEQUENCE_LENGTH);
  key.writeUInt32BE(n, SEQUENCE_LENGTH);
  return key;
}

/** The end of the range of keys that begin with `prefix` and go on with an id or a version. */
export function endOf(prefix: Buffer): Buffer {
  return Buffer.concat([prefix, AFTER_ALL_IDS]);
}
