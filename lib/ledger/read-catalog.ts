import type { LedgerStore } from '../store/contract.js';
import { decodeStruct } from './journal/block.js';
import {
  readDefinition,
  SYSTEM_TABLE_ID,
  TableCatalog,
  type TableDefinition,
} from './transaction/table-catalog.js';

/** The tables of a stored ledger as of a block. */
export async function readCatalog(
  store: LedgerStore,
  at: number,
): Promise<TableCatalog> {
  const definitions: TableDefinition[] = [];
  const snapshot = store.snapshot(at);
  try {
    for await (const revisions of snapshot.scan(SYSTEM_TABLE_ID))
      for (const { data } of revisions)
        if (data) definitions.push(readDefinition(decodeStruct(data)));
  } finally {
    snapshot.close();
  }
  return TableCatalog.empty.with(definitions);
}
