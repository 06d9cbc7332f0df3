import { type PreparedText, prepared, type Query } from './connections.js';
import {
  type AppendRows,
  entryColumns,
  revisionColumns,
} from './append-rows.js';
import {
  boolArray,
  byteaArray,
  idArray,
  int4Array,
  int8Array,
} from './binary-array.js';

/** For which ledger, in what state, a statement is. */
export interface AppendPlace {
  /** The schema, quoted. */
  readonly schema: string;
  readonly ledger: number;
  /** What a row of `ledgers` says as long as nothing but appends has happened. */
  readonly generation: number;
  /** The last block that defined tables. */
  readonly definitions: number;
  readonly json: boolean;
}

const COLUMN_TYPES = {
  blocks: 'int8[], int8[], int8[], bytea[], bytea[], int4[], bytea[], int4[]',
  revisions:
    'text[], text[], int4[], int8[], text[], int8[], bytea[], bytea[], bytea[], int4[]',
  entries: 'text[], bytea[], text[]',
};

const COLUMNS =
  'ledger, table_id, document_id, version, sequence_no, tx_id, tx_time, hash, data, data_hash, parts';

/** The statements by which of their parts they have: they are few. */
const statements = new Map<string, PreparedText>();

/**
 * All that an append writes, in one statement, which the database does whole or
 * not at all, in one round trip. It writes nothing unless the row of `ledgers` is
 * as it was, for whose lock it waits: its turn among all who write. The key of
 * `blocks` refuses it when another process appended first.
 *
 * Every table is changed by one part of it alone, and no row twice: some
 * engines demand that. Each column is an array, so that one text serves any
 * number of rows.
 */
export function appendStatement(rows: AppendRows, place: AppendPlace): Query {
  const { schema: s, json } = place;
  const values: unknown[] = [place.ledger, place.generation];
  const ctes: string[] = [];
  let shape = `${s} ${json ? 'j' : 'b'}`;
  const unnest = (types: string, columns: readonly Buffer[]) => {
    const first = values.length + 1;
    values.push(...columns);
    return `unnest(${types
      .split(', ')
      .map((type, n) => `$${first + n}::${type}`)
      .join(', ')})`;
  };
  const add = (name: string, sql: () => string) => {
    shape += ` ${name}`;
    ctes.push(sql());
  };

  add('b', () => {
    const from = unnest(
      COLUMN_TYPES.blocks,
      rows.blockColumns(place.definitions),
    );
    return `b AS (INSERT INTO ${s}.blocks (ledger, sequence_no, block_time, definitions, merkle_nodes, written, written_parts, block, parts)
      SELECT turn.id, u.* FROM turn, ${from} u RETURNING sequence_no)`;
  });
  const columns = json ? `${COLUMNS}, json` : COLUMNS;
  const revisionTypes = json
    ? `${COLUMN_TYPES.revisions}, jsonb[]`
    : COLUMN_TYPES.revisions;
  const { replaced, superseded, documents, entries, parts } = rows;
  if (replaced.length > 0 || superseded.length > 0)
    add(superseded.length > 0 ? 's2' : 's1', () => {
      const ids = unnest('text[], text[]', [
        idArray(replaced.map(({ tableId }) => tableId)),
        idArray(replaced.map(({ documentId }) => documentId)),
      ]);
      const stored = `SELECT ${columns
        .split(', ')
        .map((column) => `d.${column}`)
        .join(', ')}
        FROM turn, ${ids} AS k (table_id, document_id), ${s}.documents d
        WHERE d.ledger = $1::int AND d.table_id = k.table_id AND d.document_id = k.document_id`;
      const own =
        superseded.length > 0
          ? ` UNION ALL SELECT turn.id, u.* FROM turn, ${unnest(revisionTypes, revisionColumns(superseded, json))} u`
          : '';
      return `s AS (INSERT INTO ${s}.superseded (${columns}) ${stored}${own})`;
    });
  if (documents.length > 0)
    add('d', () => {
      const from = unnest(revisionTypes, revisionColumns(documents, json));
      const set = columns
        .split(', ')
        .slice(3)
        .map((column) => `${column} = excluded.${column}`)
        .join(', ');
      return `d AS (INSERT INTO ${s}.documents (${columns}) SELECT turn.id, u.* FROM turn, ${from} u
        ON CONFLICT (ledger, table_id, document_id) DO UPDATE SET ${set})`;
    });
  const { begun, removed, ended } = entries;
  if (begun.length > 0)
    add('e', () => {
      const from = unnest(COLUMN_TYPES.entries, entryColumns(begun));
      return `e AS (INSERT INTO ${s}.entries (ledger, index_id, key, document_id)
        SELECT turn.id, u.* FROM turn, ${from} u ON CONFLICT DO NOTHING)`;
    });
  if (removed.length > 0)
    add('r', () => {
      const from = unnest(COLUMN_TYPES.entries, entryColumns(removed));
      return `r AS (DELETE FROM ${s}.entries x USING turn, ${from} AS k (index_id, key, document_id)
        WHERE x.ledger = $1::int AND x.index_id = k.index_id AND x.key = k.key AND x.document_id = k.document_id)`;
    });
  if (ended.length > 0)
    add('x', () => {
      const from = unnest(`${COLUMN_TYPES.entries}, int8[]`, [
        ...entryColumns(ended),
        int8Array(ended.map(({ endedBy }) => endedBy)),
      ]);
      return `x AS (INSERT INTO ${s}.ended_entries (ledger, index_id, key, document_id, ended_by)
        SELECT turn.id, u.* FROM turn, ${from} u ON CONFLICT DO NOTHING)`;
    });
  if (parts.length > 0)
    add('p', () => {
      const from = unnest('int8[], text[], int4[], bytea[]', [
        int8Array(parts.map(({ sequenceNo }) => sequenceNo)),
        idArray(parts.map(({ item }) => item)),
        int4Array(parts.map(({ part }) => part)),
        byteaArray(parts.map(({ bytes }) => bytes)),
      ]);
      return `p AS (INSERT INTO ${s}.parts (ledger, sequence_no, item, part, bytes) SELECT turn.id, u.* FROM turn, ${from} u)`;
    });
  const { tables } = rows;
  if (tables.length > 0)
    add('t', () => {
      const from = unnest('text[], text[], bool[]', [
        idArray(tables.map(({ tableId }) => tableId)),
        idArray(tables.map(({ name }) => name)),
        boolArray(tables.map(({ isActive }) => isActive)),
      ]);
      return `t AS (INSERT INTO ${s}.tables (ledger, table_id, name, is_active) SELECT turn.id, u.* FROM turn, ${from} u
        ON CONFLICT (ledger, table_id) DO UPDATE SET name = excluded.name, is_active = excluded.is_active)`;
    });
  const newIndexes = rows.commits.flatMap((one) => one.newIndexes ?? []);
  if (newIndexes.length > 0)
    add('n', () => {
      const from = unnest('text[], text[]', [
        idArray(newIndexes.map(({ indexId }) => indexId)),
        idArray(newIndexes.map(({ tableId }) => tableId)),
      ]);
      return `n AS (INSERT INTO ${s}.unbuilt (ledger, index_id, table_id, next_document) SELECT turn.id, u.*, '' FROM turn, ${from} u)`;
    });
  return { statement: statementOf(shape, ctes, s), values };
}

function statementOf(
  shape: string,
  ctes: readonly string[],
  s: string,
): PreparedText {
  let statement = statements.get(shape);
  if (!statement) {
    statement =
      prepared(`WITH turn AS MATERIALIZED (SELECT id FROM ${s}.ledgers WHERE id = $1::int AND generation = $2::int8 FOR UPDATE),
      ${ctes.join(',\n')}
      SELECT count(*) FROM b`);
    statements.set(shape, statement);
  }
  return statement;
}
