/**
 * Names of what a transaction reads and a commit writes. Two transactions
 * conflict when one wrote a name that the other read.
 */
export const conflictKey = {
  document: (documentId: string) => documentId,
  /** The whole table: a scan reads it, every write to one of its documents writes it. */
  table: (tableId: string) => `t:${tableId}`,
  /** One key of an index, whether a document stands under it or not. */
  entry: (indexId: string, key: string) => `e:${indexId}${key}`,
  /** A table name, in use or free. */
  tableName: (name: string) => `n:${name}`,
};

/** Whoever reads more documents of a table counts as having read all of it. */
const MOST_DOCUMENTS = 50_000;

/** What a transaction read, for the validation at its commit; and how many documents that were. */
export class ReadSet implements Iterable<string> {
  readonly #keys = new Set<string>();
  /** Documents noted by table, where there are many. */
  #counts: Map<string, number> | undefined;
  /** Documents read, as `ConsumedIOs` reports them. */
  documentsRead = 0;

  add(key: string): void {
    this.#keys.add(key);
  }

  /** Notes documents of a table; too many of them as the whole table, so that the set stays small. */
  addDocuments(tableId: string, ids: readonly string[]): void {
    if (ids.length > 1) {
      const counts = (this.#counts ??= new Map<string, number>());
      const count = (counts.get(tableId) ?? 0) + ids.length;
      counts.set(tableId, count);
      if (count > MOST_DOCUMENTS) {
        this.#keys.add(conflictKey.table(tableId));
        return;
      }
    }
    for (const id of ids) this.#keys.add(conflictKey.document(id));
  }

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  [Symbol.iterator](): Iterator<string> {
    return this.#keys.values();
  }
}
