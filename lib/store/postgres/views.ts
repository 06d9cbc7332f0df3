import { createHash } from 'node:crypto';
import type { Connections } from './connections.js';
import { isRefusedFor } from './postgres-errors.js';
import { define } from './schema.js';

/** Longest name of a view, in bytes; longer ones are cut off by PostgreSQL. */
const LONGEST_NAME = 63;
/** PostgreSQL's code for what others depend on. */
const DEPENDENTS = '2BP01';

/** A ledger in a schema. */
export interface ViewPlace {
  readonly schema: string;
  readonly ledger: number;
  /** The ledger's name. */
  readonly name: string;
  /** The ledger in whose place it is put. */
  readonly former?: number | undefined;
}

/** The schema of a ledger's views: one for each ledger, as PostgREST and others want it. */
export function viewSchema({
  schema,
  name,
}: Pick<ViewPlace, 'schema' | 'name'>): string {
  const full = `${schema}_${name}`;
  if (full.length <= LONGEST_NAME) return full;
  // Cut off, it could be that of another ledger, or the ledgers' own schema.
  const hash = createHash('sha256').update(full).digest('hex').slice(0, 12);
  return `${full.slice(0, LONGEST_NAME - 13)}-${hash}`;
}

/** What the definition of a view of a ledger has in it, as PostgreSQL writes it. */
const isOf = (definition: string, ledger: number): boolean =>
  // Older releases name the table with each column.
  new RegExp(`\\((?:\\w+\\.)?ledger = ${ledger}\\)`).test(definition);

/** Removes the views of a ledger, and their schema if nothing else is in it. */
export async function removeViews(
  connections: Connections,
  place: ViewPlace,
): Promise<void> {
  const schema = quoted(viewSchema(place));
  const there = (await connections.read({
    text: 'SELECT viewname, definition FROM pg_catalog.pg_views WHERE schemaname = $1',
    values: [viewSchema(place)],
  })) as readonly (readonly [string, string])[];
  const own = there.filter(([, text]) => isOf(text, place.ledger));
  for (const [name] of own)
    await define(
      connections,
      `DROP VIEW IF EXISTS ${schema}.${quoted(name)}`,
    ).catch(throwUnlessNeeded);
  if (own.length > 0 && own.length === there.length)
    await define(connections, `DROP SCHEMA IF EXISTS ${schema}`).catch(
      throwUnlessNeeded,
    );
}

/** What somebody else has made a view over, or put something else into, stays. */
function throwUnlessNeeded(error: unknown): void {
  if (!isRefusedFor(error, DEPENDENTS)) throw error;
}

/**
 * Makes the views of a ledger: for each table one with a row for each current
 * document, and `<table>_history` with one for each revision. Those of dropped
 * tables go. What is there already is left as it is.
 */
export async function updateViews(
  connections: Connections,
  place: ViewPlace,
): Promise<void> {
  const s = quoted(place.schema);
  const [wanted, there] = await Promise.all([
    connections.read({
      text: `SELECT name, table_id FROM ${s}.tables WHERE ledger = $1 AND is_active`,
      values: [place.ledger],
    }),
    connections.read({
      text: `SELECT viewname, definition FROM pg_catalog.pg_views WHERE schemaname = $1`,
      values: [viewSchema(place)],
    }),
  ]);
  const existing = new Map(there as readonly (readonly [string, string])[]);
  const views = new Map<string, { readonly text: string; tableId: string }>();
  const tables = wanted as readonly (readonly [string, string])[];
  const names = new Set(tables.map(([name]) => name));
  for (const [name, tableId] of tables)
    if (
      /^\w+$/.test(tableId) &&
      Buffer.byteLength(name) <= LONGEST_NAME - HISTORY.length
    )
      for (const [view, text] of viewsOf(place, tableId, name))
        // A table of that name comes first.
        if (view === name || !names.has(view))
          views.set(view, { text, tableId });
  const schema = quoted(viewSchema(place));
  for (const [name, definition] of existing)
    if (
      !views.has(name) &&
      (isOf(definition, place.ledger) ||
        (place.former !== undefined && isOf(definition, place.former)))
    )
      await define(
        connections,
        `DROP VIEW IF EXISTS ${schema}.${quoted(name)}`,
      ).catch(throwUnlessNeeded);
  let isThere = existing.size > 0;
  for (const [name, { text, tableId }] of views) {
    const definition = existing.get(name);
    // The table's and the ledger's id stand in it, and tell whose it is.
    if (definition?.includes(`'${tableId}'`) && isOf(definition, place.ledger))
      continue;
    if (!isThere)
      await define(connections, `CREATE SCHEMA IF NOT EXISTS ${schema}`);
    isThere = true;
    await define(
      connections,
      `CREATE OR REPLACE VIEW ${schema}.${quoted(name)} AS ${text}`,
    );
  }
}

const HISTORY = '_history';

function viewsOf(
  { schema, ledger }: ViewPlace,
  tableId: string,
  name: string,
): readonly (readonly [string, string])[] {
  const s = quoted(schema);
  const from = (
    table: string,
  ) => `SELECT document_id AS id, version, json AS data,
      to_timestamp(tx_time / 1000.0) AS tx_time, tx_id, sequence_no
    FROM ${s}.${table} WHERE ledger = ${ledger} AND table_id = '${tableId}'`;
  return [
    [name, `${from('documents')} AND data IS NOT NULL`],
    [
      `${name}${HISTORY}`,
      `${from('superseded')} UNION ALL ${from('documents')}`,
    ],
  ];
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
