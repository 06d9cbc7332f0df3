import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LedgerStore, StoreContents } from './contract.js';
import { MemoryStore } from './memory/memory-store.js';
import {
  isPostgresUrl,
  postgresProblems,
  postgresSettings,
  type PostgresStoreOptions,
} from './postgres/postgres-options.js';
import { StoreError } from './store-errors.js';

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

function isPostgres(place: StorePlace): place is PostgresStoreOptions | string {
  return typeof place === 'object' || isPostgresUrl(place);
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
  if (isPostgres(place)) {
    const { PostgresStore } = await import('./postgres/postgres-store.js');
    return PostgresStore.open(postgresSettings(place), ledgerName);
  }
  const address = place as string;
  if (address === MEMORY) return new MemoryStore();
  if (address.startsWith(FILE)) {
    // Loaded when needed: an application on another store pays nothing for it.
    const { LmdbStore } = await import('./lmdb/lmdb-store.js');
    return LmdbStore.open(join(folderOf(address), ledgerName));
  }
  throw new StoreError(
    'QLDB_STORE_UNKNOWN',
    `No store is known by the address ${JSON.stringify(address.replace(/:.*/s, ':…'))}. Use ${PLACES}.`,
  );
}

/**
 * Makes a store beside the place that an address names, lets it be filled, and
 * puts it there, in one step, when that has gone well. What was there is kept.
 *
 * @param fill - what fills the new store; when it fails, nothing has changed
 * @param options - `goesOn`: what a fill that failed has written stays beside the
 *   place, and the next one finds it in its store; `anew`: it does not
 * @returns what `fill` returned, and the file with what was there before, if there was any
 */
export async function replaceStore<T>(
  address: string,
  ledgerName: string,
  fill: (store: LedgerStore) => Promise<T>,
  { goesOn = false, anew = false } = {},
): Promise<{ readonly result: T; readonly former?: string }> {
  if (!address.startsWith(FILE))
    throw new StoreError(
      'QLDB_STORE_UNKNOWN',
      "A ledger can be put into a folder of this machine: use 'file:<folder>'.",
    );
  const [{ LmdbStore }, { putInPlace }] = await Promise.all([
    import('./lmdb/lmdb-store.js'),
    import('./lmdb/put-in-place.js'),
  ]);
  const path = join(folderOf(address), ledgerName);
  const beside = goesOn ? `${path}.unfinished` : `${path}.new-${process.pid}`;
  let isDone = false;
  try {
    if (anew) await rm(beside, { recursive: true, force: true });
    const store = await LmdbStore.open(beside);
    let result: T;
    try {
      result = await fill(store);
    } finally {
      await store.close();
    }
    const former = await putInPlace(beside, path);
    isDone = true;
    return { result, former };
  } finally {
    if (isDone || !goesOn) await rm(beside, { recursive: true, force: true });
  }
}

/** Whether there is a store for a ledger of a name. */
export function hasStore(address: string, ledgerName: string): boolean {
  return (
    address.startsWith(FILE) && existsSync(join(folderOf(address), ledgerName))
  );
}

/** The folder that the stores of an address are in, if they are in a folder. */
export function storeFolder(address: string): string | undefined {
  return address.startsWith(FILE) ? folderOf(address) : undefined;
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
