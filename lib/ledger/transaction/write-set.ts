import { hashIon } from '../../ion/hash.js';
import { IonStruct } from '../../ion/value.js';
import { equalityKey } from '../../partiql/index.js';
import type { IndexEntry, Revision } from '../../store/contract.js';
import { decodeStruct } from '../journal/block.js';
import { conflictKey } from './read-set.js';
import type { IndexDefinition, TableDefinition } from './table-catalog.js';

/** A document that a transaction wrote. */
export interface PendingDocument {
  readonly table: TableDefinition;
  readonly documentId: string;
  /** The revision that the transaction found; absent when it inserted the document. */
  readonly base?: Revision | undefined;
  /** The document as it stands; absent when the transaction deleted it. */
  readonly data?: IonStruct | undefined;
  /** The statements that wrote it, from 0, in order. */
  readonly statements: readonly number[];
}

/** A document with its place in the indexes. */
interface Written {
  readonly document: PendingDocument;
  readonly keys: ReadonlyMap<string, string>;
  /** What it was before the last statement that wrote it, if somebody may still read that. */
  readonly before: Written | undefined;
}

interface WrittenTable {
  readonly documents: Map<string, Written>;
  /** Index entry → the ids of the documents written that stand, or stood, under it. */
  readonly entries: Map<string, Set<string>>;
}

/** What a transaction wrote so far, over its snapshot. A statement's writes are added when it has ended. */
export class WriteSet {
  readonly #tables = new Map<string, WrittenTable>();

  /** What was written before a statement. It stays as it is, if later writes are told to keep it. */
  before(statement: number): WriteView {
    return new WriteView(this.#tables, statement);
  }

  /** Every document written, by table, in the order of their first write. */
  *[Symbol.iterator](): Iterator<PendingDocument> {
    for (const { documents } of this.#tables.values())
      for (const { document } of documents.values()) yield document;
  }

  /**
   * Adds what a statement wrote.
   *
   * @param keep - whether somebody may still read as of an earlier statement
   */
  put(document: PendingDocument, keep: boolean): void {
    const { table, documentId, data } = document;
    let written = this.#tables.get(table.tableId);
    if (!written)
      this.#tables.set(
        table.tableId,
        (written = { documents: new Map(), entries: new Map() }),
      );
    const { documents, entries } = written;
    const before = documents.get(documentId);
    if (!keep)
      for (const [indexId, key] of before?.keys ?? [])
        entries.get(conflictKey.entry(indexId, key))?.delete(documentId);
    const keys = indexKeys(table.indexes, data);
    for (const [indexId, key] of keys) {
      const entry = conflictKey.entry(indexId, key);
      const ids = entries.get(entry);
      if (ids) ids.add(documentId);
      else entries.set(entry, new Set([documentId]));
    }
    documents.set(documentId, {
      document,
      keys,
      before: keep ? before : undefined,
    });
    // Its revision will need it; so long a commit need not take.
    if (data) hashIon(data);
  }

  /** What the written documents change in indexes. */
  *indexEntries(
    indexesOf: (tableId: string) => readonly IndexDefinition[],
  ): Iterable<Iterable<IndexEntry>> {
    for (const [tableId, { documents }] of this.#tables) {
      const indexes = indexesOf(tableId);
      if (indexes.length === 0) continue;
      for (const { document, keys } of documents.values()) {
        const { documentId, base } = document;
        const before = indexKeys(indexes, base?.data);
        yield entriesBetween(indexes, documentId, before, keys);
      }
    }
  }
}

/** What a transaction wrote before one of its statements. */
export class WriteView {
  readonly #tables: ReadonlyMap<string, WrittenTable>;
  readonly #statement: number;

  constructor(tables: ReadonlyMap<string, WrittenTable>, statement: number) {
    this.#tables = tables;
    this.#statement = statement;
  }

  /** The document of an id, if the transaction wrote it. */
  get(tableId: string, documentId: string): PendingDocument | undefined {
    if (this.#tables.size === 0) return undefined;
    const written = this.#tables.get(tableId)?.documents.get(documentId);
    return this.#asOf(written)?.document;
  }

  /** What was written to one table. */
  *inTable(tableId: string): Iterable<PendingDocument> {
    for (const written of this.#tables.get(tableId)?.documents.values() ?? []) {
      const { document } = this.#asOf(written) ?? {};
      if (document) yield document;
    }
  }

  /** The documents written to one table that stand under a key of an index. */
  *lookup(
    tableId: string,
    indexId: string,
    key: string,
  ): Iterable<PendingDocument> {
    const table = this.#tables.get(tableId);
    const ids = table?.entries.get(conflictKey.entry(indexId, key)) ?? [];
    for (const id of ids) {
      const written = this.#asOf(table?.documents.get(id));
      if (written?.keys.get(indexId) === key) yield written.document;
    }
  }

  #asOf(latest: Written | undefined): Written | undefined {
    let written = latest;
    while (
      written &&
      (written.document.statements.at(-1) ?? 0) >= this.#statement
    )
      written = written.before;
    return written;
  }
}

/** The key under which an index finds a document; undefined when it does not (the field is null or missing). */
export function indexKey(
  { field }: IndexDefinition,
  data: IonStruct,
): string | undefined {
  const value = data.get(field);
  return value === undefined ? undefined : equalityKey(value);
}

/** What changes in indexes when a document comes from one state to another. */
export function* entriesBetween(
  indexes: readonly IndexDefinition[],
  documentId: string,
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): Iterable<IndexEntry> {
  for (const { indexId } of indexes) {
    const old = before.get(indexId);
    const key = after.get(indexId);
    if (old === key) continue;
    if (old !== undefined) yield { indexId, key: old, documentId, ended: true };
    if (key !== undefined) yield { indexId, key, documentId, ended: false };
  }
}

/** The keys under which indexes find a document, by their ids. */
export function indexKeys(
  indexes: readonly IndexDefinition[],
  document: IonStruct | Uint8Array | undefined,
): ReadonlyMap<string, string> {
  if (!document || indexes.length === 0) return NO_KEYS;
  const data =
    document instanceof IonStruct ? document : decodeStruct(document);
  const keys = new Map<string, string>();
  for (const index of indexes) {
    const key = indexKey(index, data);
    if (key !== undefined) keys.set(index.indexId, key);
  }
  return keys;
}

const NO_KEYS: ReadonlyMap<string, string> = new Map();
