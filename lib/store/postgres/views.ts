import type { Connections } from './connections.js';
import { define } from './schema.js';

/** Longest name of a view, in bytes; longer ones are cut off by PostgreSQL. */
const LONGEST_NAME = 63;

/** A ledger in a schema. */
export interface ViewPlace {
  readonly schema: string;
  readonly ledger: number;
  /** The ledger's name. */
  readonly name: string;
}

/** The schema of a ledger's views: one for each ledger, as PostgREST and others want it. */
export const viewSchema = ({ schema, name }: ViewPlace): string =>
  `${schema}_${name}`.slice(0, LONGEST_NAME);

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
  for (const [name, tableId] of wanted as readonly (readonly [
    string,
    string,
  ])[])
    if (
      /^\w+$/.test(tableId) &&
      Buffer.byteLength(name) <= LONGEST_NAME - HISTORY.length
    )
      for (const [view, text] of viewsOf(place, tableId, name))
        views.set(view, { text, tableId });
  const schema = quoted(viewSchema(place));
  for (const name of existing.keys())
    if (!views.has(name))
      await define(
        connections,
        `DROP VIEW IF EXISTS ${schema}.${quoted(name)}`,
      );
  let isThere = existing.size > 0;
  for (const [name, { text, tableId }] of views) {
    const definition = existing.get(name);
    // The table's and the ledger's id stand in it, and tell whose it is.
    if (
      definition?.includes(`'${tableId}'`) &&
      definition.includes(`(ledger = ${place.ledger})`)
    )
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
