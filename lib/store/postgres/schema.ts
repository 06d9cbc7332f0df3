import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError } from '../store-errors.js';
import type { Connections } from './connections.js';
import { isRefusedFor } from './postgres-errors.js';

/** A step from one form of the tables to the next. Its statements may be run twice, and by several processes at once. */
export interface Migration {
  readonly version: number;
  /** The oldest version whose processes may go on beside it: they name the columns that they know. */
  readonly least: number;
  readonly statements: (schema: string) => readonly string[];
}

/** Text that is compared byte by byte, whatever the language of the database. */
const ID = 'text COLLATE "C" NOT NULL';

const REVISION_COLUMNS = `
  ledger int NOT NULL, table_id ${ID}, document_id ${ID}, version int NOT NULL,
  sequence_no bigint NOT NULL, tx_id ${ID}, tx_time bigint NOT NULL,
  hash bytea NOT NULL, data bytea, data_hash bytea, parts int NOT NULL`;

/**
 * All that a ledger has in a database. Every key is (ledger, …), so that many
 * ledgers share the tables and none is in the way of another.
 *
 * - `ledgers`: a row for each; whoever appends locks it, for its turn
 * - `blocks`: the journal, with what it takes to follow it; its key is the fence
 * - `documents`: the current revision of every document, deleted ones without data
 * - `superseded`: the revisions before those
 * - `entries`, `ended_entries`: where indexes find documents, and found them
 * - `tables`: their names, for views; the documents of the system table say the same
 * - `parts`: what is longer than a column should be
 * - `unbuilt`, `dropped`: indexes that do not have all entries yet, or still have some
 */
export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    least: 1,
    statements: (s) => [
      `CREATE TABLE IF NOT EXISTS ${s}.ledgers (
        id int PRIMARY KEY, name text COLLATE "C" NOT NULL UNIQUE,
        origin bigint NOT NULL, generation bigint NOT NULL, json boolean NOT NULL, settings text)`,
      `CREATE TABLE IF NOT EXISTS ${s}.blocks (
        ledger int NOT NULL, sequence_no bigint NOT NULL, block_time bigint NOT NULL,
        definitions bigint NOT NULL, merkle_nodes bytea NOT NULL,
        written bytea NOT NULL, written_parts int NOT NULL,
        block bytea NOT NULL, parts int NOT NULL,
        PRIMARY KEY (ledger, sequence_no))`,
      `CREATE TABLE IF NOT EXISTS ${s}.documents (${REVISION_COLUMNS},
        PRIMARY KEY (ledger, table_id, document_id))`,
      `CREATE TABLE IF NOT EXISTS ${s}.superseded (${REVISION_COLUMNS},
        PRIMARY KEY (ledger, table_id, document_id, version))`,
      `CREATE TABLE IF NOT EXISTS ${s}.entries (
        ledger int NOT NULL, index_id ${ID}, key bytea NOT NULL, document_id ${ID},
        PRIMARY KEY (ledger, index_id, key, document_id))`,
      `CREATE TABLE IF NOT EXISTS ${s}.ended_entries (
        ledger int NOT NULL, index_id ${ID}, key bytea NOT NULL, ended_by bigint NOT NULL, document_id ${ID},
        PRIMARY KEY (ledger, index_id, key, ended_by, document_id))`,
      `CREATE TABLE IF NOT EXISTS ${s}.parts (
        ledger int NOT NULL, sequence_no bigint NOT NULL, item ${ID}, part int NOT NULL, bytes bytea NOT NULL,
        PRIMARY KEY (ledger, sequence_no, item, part))`,
      `CREATE TABLE IF NOT EXISTS ${s}.tables (
        ledger int NOT NULL, table_id ${ID}, name ${ID}, is_active boolean NOT NULL,
        PRIMARY KEY (ledger, table_id))`,
      `CREATE TABLE IF NOT EXISTS ${s}.unbuilt (
        ledger int NOT NULL, index_id ${ID}, table_id ${ID}, next_document ${ID},
        PRIMARY KEY (ledger, index_id))`,
      `CREATE TABLE IF NOT EXISTS ${s}.dropped (
        ledger int NOT NULL, index_id ${ID}, since bigint NOT NULL,
        PRIMARY KEY (ledger, index_id))`,
    ],
  },
];

/** Adds the columns of a schema that keeps documents as `jsonb`, too, unless they are there: that takes no rights, and no lock. */
export async function addJson(
  connections: Connections,
  schema: string,
): Promise<void> {
  const there = await connections.read({
    text: `SELECT table_name FROM information_schema.columns WHERE table_schema = $1 AND column_name = 'json'`,
    values: [schema],
  });
  for (const table of ['documents', 'superseded'])
    if (!there.some(([name]) => name === table))
      await define(
        connections,
        `ALTER TABLE "${schema}".${table} ADD COLUMN IF NOT EXISTS json jsonb`,
      );
}

/** What several processes that do the same thing at once may tell one another; it is there then. */
const RACED = ['23505', '42P06', '42P07', '42701', '42710', 'XX000', '40001'];
const ATTEMPTS = 10;

/**
 * Makes the tables, or brings them to the newest form.
 *
 * @throws StoreError `QLDB_STORE_FORMAT` when a newer version of this package made them, and this one cannot go on with them
 */
export async function migrate(
  connections: Connections,
  schema: string,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<void> {
  const there = await readVersion(connections, schema);
  const known = migrations.at(-1)?.version ?? 0;
  checkVersion(there, known, schema);
  if (there.version >= known) return;
  const s = `"${schema}"`;
  await define(connections, `CREATE SCHEMA IF NOT EXISTS ${s}`);
  await define(
    connections,
    `CREATE TABLE IF NOT EXISTS ${s}.migrations (version int PRIMARY KEY, least int NOT NULL)`,
  );
  for (const { version, least, statements } of migrations) {
    if (version <= there.version) continue;
    for (const statement of statements(s)) await define(connections, statement);
    await define(
      connections,
      `INSERT INTO ${s}.migrations (version, least) VALUES (${version}, ${least}) ON CONFLICT (version) DO NOTHING`,
    );
  }
}

/** The form that the tables have. */
export interface SchemaVersion {
  readonly version: number;
  /** The oldest version that may go on with them. */
  readonly least: number;
}

/** @throws StoreError `QLDB_STORE_FORMAT` */
export function checkVersion(
  { version, least }: SchemaVersion,
  known: number,
  schema: string,
): void {
  if (known >= version || known >= least) return;
  throw new StoreError(
    'QLDB_STORE_FORMAT',
    `The tables in schema ${schema} have form ${version}, of a newer version of this package; this one knows form ${known}. Update it here, too.`,
  );
}

/** The form of the tables; 0 if there are none. */
export async function readVersion(
  connections: Connections,
  schema: string,
): Promise<SchemaVersion> {
  try {
    const rows = await connections.read({
      text: `SELECT version, least FROM "${schema}".migrations ORDER BY version DESC LIMIT 1`,
    });
    if (rows.length === 0) return { version: 0, least: 0 };
    const [[version, least]] = rows as readonly (readonly number[])[];
    return { version, least };
  } catch (error) {
    if (isMissing(error)) return { version: 0, least: 0 };
    throw error;
  }
}

/** Whether an error says that there is no such table, or schema. */
export function isMissing(error: unknown): boolean {
  return isRefusedFor(error, '42P01', '3F000');
}

/** Runs a definition that may be there already, or be made by another process just now. */
export async function define(
  connections: Connections,
  text: string,
): Promise<void> {
  for (let attempt = 1; ; attempt++)
    try {
      await connections.read({ text });
      return;
    } catch (error) {
      if (!isRefusedFor(error, ...RACED) || attempt === ATTEMPTS) throw error;
      await sleep(20 * attempt);
    }
}
