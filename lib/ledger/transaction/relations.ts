import type { Timestamp } from 'ion-js';
import { equalityKey } from '../../partiql/index.js';
import type {
  Counts,
  Relation,
  RelationWriter,
  Row,
  Rows,
} from '../../partiql/catalog.js';
import type { IonValue } from '../../ion/value.js';
import { appendBatch, mapBatches, oneBatch } from '../../store/batches.js';
import type { Batches, Revision, Snapshot } from '../../store/contract.js';
import { decodeStruct, revisionStruct } from '../journal/block.js';
import { conflictKey, type ReadSet } from './read-set.js';
import {
  definitionStruct,
  type IndexDefinition,
  SYSTEM_TABLE_ID,
  SYSTEM_TABLE_NAME,
  type TableCatalog,
  type TableDefinition,
} from './table-catalog.js';
import type { PendingDocument, WriteView } from './write-set.js';

/** What a statement reads from: a snapshot, and what its transaction wrote over it. */
export interface ReadView {
  readonly strandId: string;
  readonly snapshot: Snapshot;
  /** What the transaction wrote before the statement. */
  readonly writes: WriteView;
  readonly reads: ReadSet;
}

/** Path of the document id in the committed view and in a history. */
const METADATA_ID = ['metadata', 'id'] as const;

/** The current documents of a table, the transaction's own writes included. */
export function userTable(
  view: ReadView,
  table: TableDefinition,
  usable: readonly IndexDefinition[],
  write: RelationWriter,
): Relation {
  const { snapshot, writes, reads } = view;
  const { tableId } = table;
  const stored = (batches: Batches<Revision>) =>
    mapBatches(batches, (revisions) => {
      reads.documentsRead += revisions.length;
      return revisions
        .filter(({ documentId }) => !writes.get(tableId, documentId))
        .map(documentRow);
    });
  return {
    name: table.name,
    table: { name: table.name, path: [] },
    indexes: usable.map(({ field }) => [field]),
    write,
    scan: () => {
      reads.add(conflictKey.table(tableId));
      return appendBatch(
        stored(snapshot.scan(tableId)),
        pendingRows(writes.inTable(tableId)),
      );
    },
    count: () =>
      appendBatch(
        countRows(view, tableId),
        Array.from(
          writes.inTable(tableId),
          ({ base, data }) => (data ? 1 : 0) - (base ? 1 : 0),
        ),
      ),
    lookup: (index, values) => {
      const { indexId } = usable[index];
      const keys = readKeys(view, indexId, values);
      const pending = keys.flatMap((key) => [
        ...writes.lookup(tableId, indexId, key),
      ]);
      return appendBatch(
        recordDocuments(
          view,
          tableId,
          stored(snapshot.lookup(tableId, indexId, keys)),
        ),
        pendingRows(pending),
      );
    },
    byId: (ids) => {
      reads.addDocuments(tableId, ids);
      const pending = ids
        .map((id) => writes.get(tableId, id))
        .filter((document) => document !== undefined);
      return appendBatch(
        stored(oneBatch(snapshot.get(tableId, ids))),
        pendingRows(pending),
      );
    },
  };
}

/** `_ql_committed_T`: the current revisions as of the snapshot, with their metadata. */
export function committedView(
  view: ReadView,
  table: TableDefinition,
  usable: readonly IndexDefinition[],
): Relation {
  const { snapshot, reads } = view;
  const { tableId } = table;
  const byId = (ids: readonly string[]) => {
    reads.addDocuments(tableId, ids);
    return revisionRows(view, oneBatch(snapshot.get(tableId, ids)));
  };
  return {
    name: `_ql_committed_${table.name}`,
    table: { name: table.name, path: ['data'] },
    indexes: [...usable.map(({ field }) => ['data', field]), METADATA_ID],
    scan: () => {
      reads.add(conflictKey.table(tableId));
      return revisionRows(view, snapshot.scan(tableId));
    },
    count: () => countRows(view, tableId),
    lookup: (index, values) => {
      const found = usable[index];
      if (!found) return byId(texts(values));
      const keys = readKeys(view, found.indexId, values);
      return recordDocuments(
        view,
        tableId,
        revisionRows(view, snapshot.lookup(tableId, found.indexId, keys)),
      );
    },
    byId,
  };
}

/** `history(T, start, end)`: all revisions, or those that were current at some moment of the closed interval. */
export function history(
  view: ReadView,
  table: TableDefinition,
  start?: Timestamp,
  end?: Timestamp,
): Relation {
  const { snapshot, reads } = view;
  const rows = (ids?: readonly string[]) => {
    const revisions = snapshot.history(table.tableId, {
      documentIds: ids,
      from: start?.getDate().getTime(),
      to: end?.getDate().getTime(),
    });
    return revisionRows(
      view,
      start
        ? activeWithin(
            revisions,
            start.getDate().getTime(),
            end?.getDate().getTime() ?? Infinity,
          )
        : revisions,
    );
  };
  const byId = (ids: readonly string[]) => {
    reads.addDocuments(table.tableId, ids);
    return rows(ids);
  };
  return {
    name: `history(${table.name})`,
    indexes: [METADATA_ID],
    scan: () => {
      reads.add(conflictKey.table(table.tableId));
      return rows();
    },
    lookup: (_index, values) => byId(texts(values)),
    byId,
  };
}

/** `information_schema.user_tables`: the tables, those that the transaction made included. */
export function userTables(
  { reads }: ReadView,
  catalog: TableCatalog,
  isOnline: (tableId: string, index: IndexDefinition) => boolean,
): Relation {
  const rows = (tables: Iterable<TableDefinition>): readonly Row[] =>
    Array.from(tables, (table) => ({
      id: table.tableId,
      value: definitionStruct(table, (index) => isOnline(table.tableId, index)),
    }));
  return {
    name: SYSTEM_TABLE_NAME,
    indexes: [],
    scan: () => {
      reads.add(conflictKey.table(SYSTEM_TABLE_ID));
      return [rows(catalog.all())];
    },
    lookup: () => [],
    byId: (ids) => {
      reads.addDocuments(SYSTEM_TABLE_ID, ids);
      return [
        rows(
          ids
            .map((id) => catalog.byId(id))
            .filter((table) => table !== undefined),
        ),
      ];
    },
  };
}

/** The keys to look up; each is noted as read, whether something stands there or not. */
function readKeys(
  { reads }: ReadView,
  indexId: string,
  values: readonly IonValue[],
): readonly string[] {
  const keys = new Set<string>();
  for (const value of values) {
    const key = equalityKey(value);
    if (key === undefined) continue;
    keys.add(key);
    reads.add(conflictKey.entry(indexId, key));
  }
  return [...keys];
}

/** Notes the documents that a lookup found. */
function recordDocuments(
  { reads }: ReadView,
  tableId: string,
  rows: Batches<Row>,
): Rows {
  return mapBatches(rows, (batch) => {
    reads.addDocuments(
      tableId,
      batch.map(({ id }) => id),
    );
    return batch;
  });
}

function revisionRows(
  { strandId, reads }: ReadView,
  revisions: Batches<Revision>,
): Batches<Row> {
  return mapBatches(revisions, (batch) => {
    reads.documentsRead += batch.length;
    return batch.map((revision) => ({
      id: revision.documentId,
      value: revisionStruct(strandId, revision),
    }));
  });
}

/** Counts the documents of a table, which is a read of all of it. */
function countRows({ snapshot, reads }: ReadView, tableId: string): Counts {
  reads.add(conflictKey.table(tableId));
  return snapshot.count(tableId);
}

function documentRow({ documentId, data }: Revision): Row {
  return { id: documentId, value: decodeStruct(data as Uint8Array) };
}

function pendingRows(documents: Iterable<PendingDocument>): readonly Row[] {
  const rows: Row[] = [];
  for (const { documentId, data } of documents)
    if (data) rows.push({ id: documentId, value: data });
  return rows;
}

function texts(values: readonly IonValue[]): readonly string[] {
  return values.filter((value) => typeof value === 'string');
}

/**
 * The revisions that were current at some moment from `start` to `end`. A
 * revision is current from its time to that of the document's next one, which
 * stands right behind it.
 */
async function* activeWithin(
  revisions: Batches<Revision>,
  start: number,
  end: number,
): AsyncIterable<readonly Revision[]> {
  let last: Revision | undefined;
  const isActive = (revision: Revision, next: Revision | undefined) =>
    revision.txTime <= end &&
    (next?.documentId !== revision.documentId || next.txTime >= start);
  for await (const batch of revisions) {
    const active: Revision[] = [];
    for (const revision of batch) {
      if (last && isActive(last, revision)) active.push(last);
      last = revision;
    }
    yield active;
  }
  if (last && isActive(last, undefined)) yield [last];
}
