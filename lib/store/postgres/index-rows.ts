import type { KeyOf } from '../contract.js';
import { entryColumns } from './append-rows.js';
import { arrayOf } from './columns.js';
import { type Connections, released } from './connections.js';
import type { PostgresClient } from './postgres-options.js';
import {
  partsReader,
  readRevisions,
  REVISION_COLUMNS,
} from './revision-rows.js';

/** Documents that one step of building an index looks at. */
const STEP = 500;
/** How long entries of a dropped index stay, for transactions that began before, in milliseconds. */
const DROPPED_STAY = 60 * 60_000;

/** The indexes of a ledger. */
export interface IndexPlace {
  readonly connections: Connections;
  /** The schema, quoted. */
  readonly s: string;
  readonly ledger: number;
}

/** Removes entries of indexes that were dropped long ago, a part at a time. */
export async function removeDropped({
  connections,
  s,
  ledger,
}: IndexPlace): Promise<void> {
  await connections.read({
    text: `DELETE FROM ${s}.unbuilt WHERE ledger = $1 AND index_id IN (SELECT index_id FROM ${s}.dropped WHERE ledger = $1)`,
    values: [ledger],
  });
  const rows = await connections.read({
    text: `SELECT index_id FROM ${s}.dropped WHERE ledger = $1 AND since < $2`,
    values: [ledger, Date.now() - DROPPED_STAY],
  });
  for (const [indexId] of rows) {
    for (const table of ['entries', 'ended_entries'])
      for (;;) {
        const gone = await connections.read({
          text: `DELETE FROM ${s}.${table} WHERE ledger = $1 AND index_id = $2 AND key IN
              (SELECT key FROM ${s}.${table} WHERE ledger = $1 AND index_id = $2 LIMIT 200) RETURNING 1`,
          values: [ledger, indexId],
        });
        if (gone.length === 0) break;
      }
    await connections.read({
      text: `DELETE FROM ${s}.dropped WHERE ledger = $1 AND index_id = $2`,
      values: [ledger, indexId],
    });
  }
}

/**
 * Adds entries for some documents, while nobody appends: how far it has come
 * stands in the database, so any number of processes may take steps.
 *
 * @returns whether all are there
 */
export async function buildStep(
  place: IndexPlace,
  indexId: string,
  keyOf: KeyOf,
): Promise<boolean> {
  const client = await place.connections.writer();
  return released(client, stepOn(client, place, indexId, keyOf));
}

async function stepOn(
  client: PostgresClient,
  { connections, s, ledger }: IndexPlace,
  indexId: string,
  keyOf: KeyOf,
): Promise<boolean> {
  const run = (text: string, values?: unknown[]) =>
    connections.run(client, { text, ...(values && { values }) });
  // Whoever holds one connection waits for no other.
  const readParts = partsReader(
    (query) => connections.run(client, query),
    s,
    ledger,
  );
  await run('BEGIN ISOLATION LEVEL READ COMMITTED');
  // Appends that wait for the lock do not see what was added meanwhile: their turn is void.
  await run(
    `UPDATE ${s}.ledgers SET generation = generation + 1 WHERE id = $1`,
    [ledger],
  );
  const [unbuilt] = (await run(
    `SELECT table_id, next_document FROM ${s}.unbuilt WHERE ledger = $1 AND index_id = $2`,
    [ledger, indexId],
  )) as readonly [string, string][];
  if (!unbuilt) {
    await run('ROLLBACK');
    return true;
  }
  const [tableId, after] = unbuilt;
  const rows = await run(
    `SELECT ${REVISION_COLUMNS} FROM ${s}.documents WHERE ledger = $1 AND table_id = $2 AND document_id > $3 ORDER BY document_id LIMIT ${STEP}`,
    [ledger, tableId, after],
  );
  const entries = (await readRevisions(rows, readParts)).flatMap(
    ({ documentId, data }) => {
      const key = data && keyOf(data);
      return key === undefined ? [] : [{ indexId, key, documentId }];
    },
  );
  await run(
    `INSERT INTO ${s}.entries (ledger, index_id, key, document_id)
        SELECT $1::int, u.* FROM unnest($2::text[], $3::bytea[], $4::text[]) u ON CONFLICT DO NOTHING`,
    [ledger, ...entryColumns(entries).map(arrayOf)],
  );
  const isDone = rows.length < STEP;
  await (isDone
    ? run(`DELETE FROM ${s}.unbuilt WHERE ledger = $1 AND index_id = $2`, [
        ledger,
        indexId,
      ])
    : run(
        `UPDATE ${s}.unbuilt SET next_document = $3 WHERE ledger = $1 AND index_id = $2`,
        [ledger, indexId, rows.at(-1)?.[1]],
      ));
  await run('COMMIT');
  return isDone;
}
