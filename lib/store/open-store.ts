import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LedgerStore, StoreContents } from './contract.js';
import { MemoryStore } from './memory/memory-store.js';
import { StoreError } from './store-errors.js';

const MEMORY = 'memory:';
const FILE = 'file:';

/** Whether an address names a store. */
export function isStoreAddress(address: string): boolean {
  return (
    address === MEMORY ||
    (address.startsWith(FILE) && address.length > FILE.length)
  );
}

/**
 * Opens the store that an address names, for one ledger.
 *
 * - `file:<folder>`: LMDB, in a folder of that name with one folder per ledger
 * - `memory:`: in this process's memory
 *
 * @throws StoreError
 */
export async function openStore(
  address: string,
  ledgerName: string,
): Promise<LedgerStore> {
  if (address === MEMORY) return new MemoryStore();
  if (address.startsWith(FILE)) {
    // Loaded when needed: an application on another store pays nothing for it.
    const { LmdbStore } = await import('./lmdb/lmdb-store.js');
    return LmdbStore.open(join(folderOf(address), ledgerName));
  }
  throw new StoreError(
    'QLDB_STORE_UNKNOWN',
    `No store is known by the address ${JSON.stringify(address.replace(/:.*/s, ':…'))}. Use 'file:<folder>' or 'memory:'.`,
  );
}

/** What a store of this process holds, for another thread of it: see {@link LedgerStore.address}. */
export async function openContents(address: string): Promise<StoreContents> {
  const { LmdbContents } = await import('./lmdb/lmdb-contents.js');
  return LmdbContents.at(address);
}

function folderOf(address: string): string {
  if (address.startsWith('file://')) return fileURLToPath(address);
  const folder = address.slice(FILE.length);
  if (folder === '')
    throw new StoreError(
      'QLDB_STORE_UNKNOWN',
      "The store address 'file:' names no folder. Write 'file:.qldb' or 'file:/var/lib/ledgers'.",
    );
  return folder;
}
