import { equalityKey } from '../../partiql/index.js';
import type { IonStruct } from '../../ion/value.js';
import type { IndexEntry, Revision } from '../../store/contract.js';
import { decodeStruct } from '../journal/block.js';
import { conflictKey } from './read-set.js';
import type { IndexDefinition, TableDefinition } from './table-catalog.js';

/** A document that a transaction wrote. */
export interface PendingDocument {
  readonly table: TableDefinition;
  readonly documentId: string;
  /** The revision that the transaction found; absent when it inserted the document. */
  readonly base?: Revision;
  /** The document as it stands; absent when the transaction deleted it. */
  readonly data?: IonStruct;
  /** The statements that wrote it, from 0. */
  readonly statements: readonly number[];
}

/** A document with its place in the indexes. */
interface Written extends PendingDocument {
  readonly keys: ReadonlyMap<string, Uint8Array>;
}

interface WrittenTable {
  readonly documents: Map<string, Written>;
  /** Index entry → the ids of the documents written that stand under it. */
  readonly entries: Map<string, Set<string>>;
}

/**
 * What a transaction wrote so far, over its snapshot. A statement's writes are
 * added when it has ended; a cursor that is open by then goes on with the set
 * that it began with.
 */
export class WriteSet {
  readonly #tables: Map<string, WrittenTable>;

  constructor(tables = new Map<string, WrittenTable>()) {
    this.#tables = tables;
  }

  /** The document of an id, if the transaction wrote it. */
  get(tableId: string, documentId: string): PendingDocument | undefined {
    return this.#tables.get(tableId)?.documents.get(documentId);
  }

  /** What was written to one table. */
  inTable(tableId: string): Iterable<PendingDocument> {
    return this.#tables.get(tableId)?.documents.values() ?? [];
  }

  /** The documents written to one table that now stand under a key of an index. */
  *lookup(
    tableId: string,
    indexId: string,
    key: Uint8Array,
  ): Iterable<PendingDocument> {
    const table = this.#tables.get(tableId);
    const ids = table?.entries.get(conflictKey.entry(indexId, key)) ?? [];
    for (const id of ids) yield table?.documents.get(id) as Written;
  }

  /** Every document written, by table, in the order of their first write. */
  *[Symbol.iterator](): Iterator<PendingDocument> {
    for (const { documents } of this.#tables.values())
      yield* documents.values();
  }

  put(document: PendingDocument): void {
    const { table, documentId, data } = document;
    let written = this.#tables.get(table.tableId);
    if (!written)
      this.#tables.set(
        table.tableId,
        (written = { documents: new Map(), entries: new Map() }),
      );
    const { documents, entries } = written;

    for (const [indexId, key] of documents.get(documentId)?.keys ?? [])
      entries.get(conflictKey.entry(indexId, key))?.delete(documentId);
    const keys = indexKeys(table, data);
    for (const [indexId, key] of keys) {
      const entry = conflictKey.entry(indexId, key);
      const ids = entries.get(entry);
      if (ids) ids.add(documentId);
      else entries.set(entry, new Set([documentId]));
    }
    documents.set(documentId, { ...document, keys });
  }

  /** What the written documents change in the indexes of their tables. */
  *indexEntries(): Iterable<IndexEntry> {
    for (const { documents } of this.#tables.values())
      for (const { table, documentId, base, keys } of documents.values()) {
        const before = indexKeys(table, base?.data && decodeStruct(base.data));
        for (const { indexId } of table.indexes) {
          const old = before.get(indexId);
          const key = keys.get(indexId);
          if (old && key && Buffer.compare(old, key) === 0) continue;
          if (old) yield { indexId, key: old, documentId, ended: true };
          if (key) yield { indexId, key, documentId, ended: false };
        }
      }
  }

  /** A copy to write to while this one is read. */
  clone(): WriteSet {
    return new WriteSet(
      new Map(
        [...this.#tables].map(([tableId, { documents, entries }]) => [
          tableId,
          {
            documents: new Map(documents),
            entries: new Map(
              [...entries].map(([entry, ids]) => [entry, new Set(ids)]),
            ),
          },
        ]),
      ),
    );
  }
}

/** The key under which an index finds a document; undefined when it does not (the field is null or missing). */
export function indexKey(
  { field }: IndexDefinition,
  data: IonStruct,
): Uint8Array | undefined {
  const value = data.get(field);
  return value === undefined ? undefined : equalityKey(value);
}

function indexKeys(
  { indexes }: TableDefinition,
  data: IonStruct | undefined,
): ReadonlyMap<string, Uint8Array> {
  const keys = new Map<string, Uint8Array>();
  if (data)
    for (const index of indexes) {
      const key = indexKey(index, data);
      if (key) keys.set(index.indexId, key);
    }
  return keys;
}
