import { type PreparedText, prepared, type Query } from './connections.js';
import {
  type AppendRows,
  entryColumns,
  revisionColumns,
} from './append-rows.js';
import {
  arrayOf,
  bool,
  bytea,
  type Column,
  int4,
  int8,
  text,
} from './columns.js';

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

/** What an append does to one table. */
interface Part {
  readonly name: string;
  /** The rows that it takes, as columns; mostly one group of them. */
  readonly rows: readonly (readonly Column[])[];
  /** @param from - what makes rows of each group */
  readonly sql: (...from: string[]) => string;
}

const COLUMNS =
  'ledger, table_id, document_id, version, sequence_no, tx_id, tx_time, hash, data, data_hash, parts';

/** The statements by what they have: they are few. */
const statements = new Map<string, PreparedText>();

/**
 * All that an append writes, in one statement, which the database does whole or
 * not at all, in one round trip. It writes nothing unless the row of `ledgers` is
 * as it was, for whose lock it waits: its turn among all who write. The key of
 * `blocks` refuses it when another process appended first.
 *
 * Every table is changed by one part of it alone, and no row twice; only `entries`
 * are put and removed, each row by one of the two.
 */
export function appendStatement(rows: AppendRows, place: AppendPlace): Query {
  return statementOf(place, partsOf(rows, place), 'together');
}

/**
 * The same, a statement for each table, for a transaction: for engines that do
 * not change several tables in one. The first says how many blocks were written.
 */
export function appendStatements(
  rows: AppendRows,
  place: AppendPlace,
): readonly Query[] {
  return partsOf(rows, place).map((part) =>
    statementOf(place, [part], 'alone'),
  );
}

function statementOf(
  { schema, ledger, generation, json }: AppendPlace,
  parts: readonly Part[],
  how: 'together' | 'alone',
): Query {
  const values: unknown[] = [ledger, generation];
  let shape = `${schema} ${json} ${how}`;
  for (const { name, rows } of parts) {
    shape += ` ${name}`;
    for (const columns of rows) {
      // A single row needs no arrays.
      const isOne = columns.every((column) => column.values.length === 1);
      shape += isOne ? '1' : '*';
      for (const column of columns)
        values.push(isOne ? column.values[0] : arrayOf(column));
    }
  }
  let statement = statements.get(shape);
  if (!statement) {
    statement = prepared(textOf(schema, parts, how));
    statements.set(shape, statement);
  }
  return { statement, values };
}

function textOf(
  schema: string,
  parts: readonly Part[],
  how: 'together' | 'alone',
): string {
  let parameters = 2;
  const texts = parts.map(({ name, rows, sql }) => {
    const from = rows.map((columns) => {
      const isOne = columns.every((column) => column.values.length === 1);
      const list = columns
        .map(({ type }) => `$${++parameters}::${type}${isOne ? '' : '[]'}`)
        .join(', ');
      return isOne ? `(SELECT ${list})` : `unnest(${list})`;
    });
    return how === 'alone' ? sql(...from) : `${name} AS (${sql(...from)})`;
  });
  const turn = `WITH turn AS MATERIALIZED (SELECT id FROM ${schema}.ledgers WHERE id = $1::int AND generation = $2::int8 FOR UPDATE)`;
  return how === 'alone'
    ? `${turn} ${texts.join()}`
    : `${turn},\n${texts.join(',\n')}\nSELECT count(*) FROM blocks`;
}

/** The parts of an append, in an order in which they can be done one by one. */
function partsOf(
  rows: AppendRows,
  { schema: s, json, definitions }: AppendPlace,
): readonly Part[] {
  const parts: Part[] = [
    {
      name: 'blocks',
      rows: [rows.blockColumns(definitions)],
      sql: (from) =>
        `INSERT INTO ${s}.blocks (ledger, sequence_no, block_time, definitions, merkle_nodes, written, written_parts, block, parts)
        SELECT turn.id, u.* FROM turn, ${from} u RETURNING sequence_no`,
    },
  ];
  const columns = json ? `${COLUMNS}, json` : COLUMNS;
  const { replaced, superseded, documents, tables, entries } = rows;
  const { begun, removed, ended } = entries;
  if (replaced.length > 0 || superseded.length > 0)
    parts.push({
      name: 'superseded',
      rows: [
        [
          text(replaced.map(({ tableId }) => tableId)),
          text(replaced.map(({ documentId }) => documentId)),
        ],
        ...(superseded.length > 0 ? [revisionColumns(superseded, json)] : []),
      ],
      sql: (stored, own) =>
        `INSERT INTO ${s}.superseded (${columns})
        SELECT ${columns
          .split(', ')
          .map((column) => `d.${column}`)
          .join(', ')}
        FROM turn, ${stored} AS k (table_id, document_id), ${s}.documents d
        WHERE d.ledger = $1::int AND d.table_id = k.table_id AND d.document_id = k.document_id
        ${own === undefined ? '' : `UNION ALL SELECT turn.id, u.* FROM turn, ${own} u`}`,
    });
  if (documents.length > 0)
    parts.push({
      name: 'documents',
      rows: [revisionColumns(documents, json)],
      sql: (from) =>
        `INSERT INTO ${s}.documents (${columns}) SELECT turn.id, u.* FROM turn, ${from} u
        ON CONFLICT (ledger, table_id, document_id) DO UPDATE SET ${columns
          .split(', ')
          .slice(3)
          .map((column) => `${column} = excluded.${column}`)
          .join(', ')}`,
    });
  if (begun.length > 0)
    parts.push({
      name: 'begun',
      rows: [entryColumns(begun)],
      sql: (from) =>
        `INSERT INTO ${s}.entries (ledger, index_id, key, document_id)
        SELECT turn.id, u.* FROM turn, ${from} u ON CONFLICT DO NOTHING`,
    });
  if (removed.length > 0)
    parts.push({
      name: 'removed',
      rows: [entryColumns(removed)],
      sql: (from) =>
        `DELETE FROM ${s}.entries x USING turn, ${from} AS k (index_id, key, document_id)
        WHERE x.ledger = $1::int AND x.index_id = k.index_id AND x.key = k.key AND x.document_id = k.document_id`,
    });
  if (ended.length > 0)
    parts.push({
      name: 'ended',
      rows: [
        [...entryColumns(ended), int8(ended.map(({ endedBy }) => endedBy))],
      ],
      sql: (from) =>
        `INSERT INTO ${s}.ended_entries (ledger, index_id, key, document_id, ended_by)
        SELECT turn.id, u.* FROM turn, ${from} u ON CONFLICT DO NOTHING`,
    });
  if (rows.parts.length > 0)
    parts.push({
      name: 'parts',
      rows: [
        [
          int8(rows.parts.map(({ sequenceNo }) => sequenceNo)),
          text(rows.parts.map(({ item }) => item)),
          int4(rows.parts.map(({ part }) => part)),
          bytea(rows.parts.map(({ bytes }) => bytes)),
        ],
      ],
      sql: (from) =>
        `INSERT INTO ${s}.parts (ledger, sequence_no, item, part, bytes) SELECT turn.id, u.* FROM turn, ${from} u`,
    });
  if (tables.length > 0)
    parts.push({
      name: 'tables',
      rows: [
        [
          text(tables.map(({ tableId }) => tableId)),
          text(tables.map(({ name }) => name)),
          bool(tables.map(({ isActive }) => isActive)),
        ],
      ],
      sql: (from) =>
        `INSERT INTO ${s}.tables (ledger, table_id, name, is_active) SELECT turn.id, u.* FROM turn, ${from} u
        ON CONFLICT (ledger, table_id) DO UPDATE SET name = excluded.name, is_active = excluded.is_active`,
    });
  const newIndexes = rows.commits.flatMap((one) => one.newIndexes ?? []);
  if (newIndexes.length > 0)
    parts.push({
      name: 'unbuilt',
      rows: [
        [
          text(newIndexes.map(({ indexId }) => indexId)),
          text(newIndexes.map(({ tableId }) => tableId)),
        ],
      ],
      sql: (from) =>
        `INSERT INTO ${s}.unbuilt (ledger, index_id, table_id, next_document) SELECT turn.id, u.*, '' FROM turn, ${from} u`,
    });
  const endedIndexes = rows.commits.flatMap((one) => one.endedIndexes ?? []);
  if (endedIndexes.length > 0)
    parts.push({
      name: 'dropped',
      rows: [[text(endedIndexes), int8(endedIndexes.map(() => Date.now()))]],
      sql: (from) =>
        `INSERT INTO ${s}.dropped (ledger, index_id, since) SELECT turn.id, u.* FROM turn, ${from} u ON CONFLICT DO NOTHING`,
    });
  return parts;
}
