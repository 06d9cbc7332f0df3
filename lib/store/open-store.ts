import { fileURLToPath } from 'node:url';
import type { LedgerStore, StoreContents } from './contract.js';
import { MemoryHome } from './memory/memory-home.js';
import {
  isPostgresUrl,
  postgresProblems,
  postgresSettings,
  shownUrl,
  type PostgresStoreOptions,
} from './postgres/postgres-options.js';
import { StoreError } from './store-errors.js';
import type { StoreHome } from './store-home.js';

export type {
  PostgresClient,
  PostgresPool,
  PostgresStoreOptions,
} from './postgres/postgres-options.js';

const MEMORY = 'memory:';
const FILE = 'file:';

/**
 * Where ledgers are kept:
 *
 * - `file:<folder>`: LMDB, in a folder of that name with one folder per ledger
 * - `memory:`: in this process's memory
 * - `postgres://…`, or options: a PostgreSQL database, which many processes share
 */
export type StorePlace = string | PostgresStoreOptions;

/** Whether an address names a store. */
export function isStoreAddress(address: string): boolean {
  return (
    address === MEMORY ||
    (address.startsWith(FILE) && address.length > FILE.length) ||
    isPostgresUrl(address)
  );
}

/** What is wrong with a place, a sentence each. */
export function placeProblems(place: unknown): readonly string[] {
  if (typeof place === 'string')
    return isStoreAddress(place) ? [] : [`store is ${PLACES}`];
  return typeof place === 'object' && place !== null
    ? postgresProblems(place)
    : [`store is a text: ${PLACES}; or options of a PostgreSQL store`];
}

const PLACES = "'file:<folder>', 'memory:' or 'postgres://…'";

/**
 * The place where ledgers are kept. It is opened with the first store.
 *
 * @throws StoreError when it is none
 */
export async function storeHome(place: StorePlace): Promise<StoreHome> {
  // Each is loaded when needed: an application on another store pays nothing for it.
  if (typeof place === 'object' || isPostgresUrl(place)) {
    const settings = postgresSettings(place);
    const { PostgresHome } = await import('./postgres/postgres-home.js');
    return new PostgresHome(settings);
  }
  if (place === MEMORY) return new MemoryHome();
  const folder = storeFolder(place);
  if (folder !== undefined) {
    const { FolderHome } = await import('./lmdb/folder-home.js');
    return new FolderHome(folder);
  }
  throw new StoreError(
    'QLDB_STORE_UNKNOWN',
    `No store is known by the address ${JSON.stringify(place.replace(/:.*/s, ':…'))}. Use ${PLACES}.`,
  );
}

/**
 * Opens the store of a ledger in a place.
 *
 * @throws StoreError
 */
export async function openStore(
  place: StorePlace,
  ledgerName: string,
): Promise<LedgerStore> {
  return (await storeHome(place)).open(ledgerName);
}

/** The folder that the stores of a place are in, if they are in a folder. */
export function storeFolder(place: StorePlace): string | undefined {
  return typeof place === 'string' && place.startsWith(FILE)
    ? folderOf(place)
    : undefined;
}

/** A place as it may be shown: without a password. */
export function shownPlace(place: StorePlace): string {
  if (typeof place === 'string')
    return isPostgresUrl(place) ? shownUrl(place) : place;
  return place.url === undefined ? 'PostgreSQL' : shownUrl(place.url);
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
