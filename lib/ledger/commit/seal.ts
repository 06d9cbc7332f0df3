import type { Steps } from '../../async/maybe-promise.js';
import { isTimeToPause, nextTurn } from '../../async/turns.js';
import type {
  IndexEntry,
  NewIndex,
  Revision,
  StoredTable,
} from '../../store/contract.js';
import { sealBlock } from '../journal/seal-block.js';
import { conflictKey } from '../transaction/read-set.js';
import {
  readDefinition,
  SYSTEM_TABLE_ID,
  type TableDefinition,
} from '../transaction/table-catalog.js';
import type { LedgerTransaction } from '../transaction/transaction.js';
import type { PendingDocument } from '../transaction/write-set.js';
import type { Sealed, Tip } from './draft.js';

/** Where and when a block is made. */
export interface SealingPlace {
  readonly strandId: string;
  /** What it is chained to. */
  readonly tip: Tip;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Makes the block of a transaction, and all that it adds to the store. */
export function* sealTransaction(
  { strandId, tip, now }: SealingPlace,
  transaction: LedgerTransaction,
): Steps<Sealed> {
  const { catalog, committedCatalog } = transaction;
  const written = writtenDocuments(transaction);
  const sequenceNo = tip.sequenceNo + 1;
  const timestamp = Math.max(now, tip.timestamp);
  const { bytes, blockHash, revisions } = yield* sealBlock({
    address: { strandId, sequenceNo },
    transactionId: transaction.id,
    timestamp,
    previousBlockHash: tip.blockHash,
    statements: transaction.statements,
    changes: written.map(({ documentId, table, base, data, statements }) => ({
      documentId,
      tableId: table.tableId,
      tableName: table.name,
      version: base ? base.version + 1 : 0,
      ...(data && { data }),
      statements,
    })),
    redaction: transaction.redaction,
  });
  const indexEntries: IndexEntry[] = [];
  let count = 0;
  for (const entries of transaction.indexEntries()) {
    indexEntries.push(...entries);
    if (isTimeToPause(count++)) yield nextTurn();
  }
  const definitions = definitionsIn(written);
  const { redaction } = transaction;
  const writtenKeys = new Set<string>();
  if (redaction) writtenKeys.add(conflictKey.document(redaction.documentId));
  for (const key of keysOf(revisions, indexEntries, definitions)) {
    writtenKeys.add(key);
    if (isTimeToPause(count++)) yield nextTurn();
  }
  return {
    commit: {
      sequenceNo,
      blockHash,
      block: bytes,
      blockTimestamp: timestamp,
      revisions,
      indexEntries,
      writtenKeys,
      ...(definitions.length > 0 && { tables: definitions.map(storedTable) }),
      ...(redaction && { redactions: [redaction] }),
      ...(catalog !== committedCatalog && {
        newIndexes: [...indexesOnlyIn(catalog, committedCatalog)],
        endedIndexes: Array.from(
          indexesOnlyIn(committedCatalog, catalog),
          ({ indexId }) => indexId,
        ),
      }),
    },
    definitions,
    writtenKeys,
  };
}

/** What a store knows of a table. */
export function storedTable({
  tableId,
  name,
  status,
}: TableDefinition): StoredTable {
  return { tableId, name, isActive: status === 'ACTIVE' };
}

/** The documents that a transaction leaves changed. */
function writtenDocuments({
  writes,
}: LedgerTransaction): readonly PendingDocument[] {
  // A document inserted and deleted by one transaction was never there.
  return [...writes].filter(({ base, data }) => base ?? data);
}

function definitionsIn(
  written: readonly PendingDocument[],
): readonly TableDefinition[] {
  return written
    .filter(({ table }) => table.tableId === SYSTEM_TABLE_ID)
    .flatMap(({ data }) => (data ? [readDefinition(data)] : []));
}

/** The indexes of one catalog that the other has not. */
export function* indexesOnlyIn(
  catalog: LedgerTransaction['catalog'],
  other: LedgerTransaction['catalog'],
): Iterable<NewIndex> {
  for (const { tableId, indexes } of catalog.all())
    for (const { indexId } of indexes)
      if (!other.hasIndex(tableId, indexId)) yield { tableId, indexId };
}

function* keysOf(
  revisions: readonly Revision[],
  indexEntries: readonly IndexEntry[],
  definitions: readonly TableDefinition[],
): Iterable<string> {
  let lastTable: string | undefined;
  for (const { tableId, documentId } of revisions) {
    yield conflictKey.document(documentId);
    if (tableId !== lastTable) yield conflictKey.table(tableId);
    lastTable = tableId;
  }
  for (const { indexId, key } of indexEntries)
    yield conflictKey.entry(indexId, key);
  for (const { name } of definitions) yield conflictKey.tableName(name);
}
