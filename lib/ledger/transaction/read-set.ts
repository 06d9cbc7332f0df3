/**
 * Names of what a transaction reads and a commit writes. Two transactions
 * conflict when one wrote a name that the other read.
 */
export const conflictKey = {
  document: (documentId: string) => `d${documentId}`,
  /** The whole table: a scan reads it, every write to one of its documents writes it. */
  table: (tableId: string) => `t${tableId}`,
  /** One key of an index, whether a document stands under it or not. */
  entry: (indexId: string, key: Uint8Array) =>
    `e${indexId}${Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1')}`,
  /** A table name, in use or free. */
  tableName: (name: string) => `n${name}`,
};

/** What a transaction read, for the validation at its commit; and how many documents that were. */
export class ReadSet implements Iterable<string> {
  readonly #keys = new Set<string>();
  /** Documents read, as `ConsumedIOs` reports them. */
  documentsRead = 0;

  add(key: string): void {
    this.#keys.add(key);
  }

  [Symbol.iterator](): Iterator<string> {
    return this.#keys.values();
  }
}
