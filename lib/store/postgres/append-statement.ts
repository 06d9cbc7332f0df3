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

/** What an append does to one table. */
interface Part {
  readonly name: string;
  readonly sql: (unnest: Unnest) => string;
}

/** Adds columns to the values of a statement. @returns what makes rows of them */
type Unnest = (types: string, columns: readonly Buffer[]) => string;

/**
 * All that an append writes, in one statement, which the database does whole or
 * not at all, in one round trip. It writes nothing unless the row of `ledgers` is
 * as it was, for whose lock it waits: its turn among all who write. The key of
 * `blocks` refuses it when another process appended first.
 *
 * Every table is changed by one part of it alone, and no row twice; only `entries`
 * are put and removed, each row by one of the two. Each column is an array, so
 * that one text serves any number of rows.
 */
export function appendStatement(rows: AppendRows, place: AppendPlace): Query {
  const values: unknown[] = [place.ledger, place.generation];
  const ctes = partsOf(rows, place).map(({ name, sql }) => ({
    name,
    sql: sql(unnestInto(values)),
  }));
  const shape = `${place.schema} ${place.json} ${ctes.map(({ name }) => name).join()}`;
  return {
    statement: statementOf(
      shape,
      () =>
        `${turnOf(place)},
        ${ctes.map(({ name, sql }) => `${name} AS (${sql})`).join(',\n')}
        SELECT count(*) FROM blocks`,
    ),
    values,
  };
}

/**
 * The same, a statement for each table, for a transaction: for engines that do
 * not change several tables in one. The first says how many blocks were written.
 */
export function appendStatements(
  rows: AppendRows,
  place: AppendPlace,
): readonly Query[] {
  return partsOf(rows, place).map(({ name, sql }) => {
    const values: unknown[] = [place.ledger, place.generation];
    const text = sql(unnestInto(values));
    return {
      statement: statementOf(
        `${place.schema} ${place.json} ${name} alone`,
        () => `${turnOf(place)} ${text}`,
      ),
      values,
    };
  });
}

const turnOf = ({ schema }: AppendPlace): string =>
  `WITH turn AS MATERIALIZED (SELECT id FROM ${schema}.ledgers WHERE id = $1::int AND generation = $2::int8 FOR UPDATE)`;

const unnestInto =
  (values: unknown[]): Unnest =>
  (types, columns) => {
    const first = values.length + 1;
    values.push(...columns);
    return `unnest(${types
      .split(', ')
      .map((type, n) => `$${first + n}::${type}`)
      .join(', ')})`;
  };

/** The parts of an append, in an order in which they can be done one by one. */
function partsOf(rows: AppendRows, place: AppendPlace): readonly Part[] {
  const { schema: s, json } = place;
  const parts: Part[] = [];
  const add = (name: string, sql: Part['sql']) => parts.push({ name, sql });

  add('blocks', (unnest) => {
    const from = unnest(
      COLUMN_TYPES.blocks,
      rows.blockColumns(place.definitions),
    );
    return `INSERT INTO ${s}.blocks (ledger, sequence_no, block_time, definitions, merkle_nodes, written, written_parts, block, parts)
      SELECT turn.id, u.* FROM turn, ${from} u RETURNING sequence_no`;
  });
  const columns = json ? `${COLUMNS}, json` : COLUMNS;
  const revisionTypes = json
    ? `${COLUMN_TYPES.revisions}, jsonb[]`
    : COLUMN_TYPES.revisions;
  const { replaced, superseded, documents, entries, tables } = rows;
  if (replaced.length > 0 || superseded.length > 0)
    add(superseded.length > 0 ? 'superseded' : 'replaced', (unnest) => {
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
      return `INSERT INTO ${s}.superseded (${columns}) ${stored}${own}`;
    });
  if (documents.length > 0)
    add('documents', (unnest) => {
      const from = unnest(revisionTypes, revisionColumns(documents, json));
      const set = columns
        .split(', ')
        .slice(3)
        .map((column) => `${column} = excluded.${column}`)
        .join(', ');
      return `INSERT INTO ${s}.documents (${columns}) SELECT turn.id, u.* FROM turn, ${from} u
        ON CONFLICT (ledger, table_id, document_id) DO UPDATE SET ${set}`;
    });
  const { begun, removed, ended } = entries;
  if (begun.length > 0)
    add('begun', (unnest) => {
      const from = unnest(COLUMN_TYPES.entries, entryColumns(begun));
      return `INSERT INTO ${s}.entries (ledger, index_id, key, document_id)
        SELECT turn.id, u.* FROM turn, ${from} u ON CONFLICT DO NOTHING`;
    });
  if (removed.length > 0)
    add('removed', (unnest) => {
      const from = unnest(COLUMN_TYPES.entries, entryColumns(removed));
      return `DELETE FROM ${s}.entries x USING turn, ${from} AS k (index_id, key, document_id)
        WHERE x.ledger = $1::int AND x.index_id = k.index_id AND x.key = k.key AND x.document_id = k.document_id`;
    });
  if (ended.length > 0)
    add('ended', (unnest) => {
      const from = unnest(`${COLUMN_TYPES.entries}, int8[]`, [
        ...entryColumns(ended),
        int8Array(ended.map(({ endedBy }) => endedBy)),
      ]);
      return `INSERT INTO ${s}.ended_entries (ledger, index_id, key, document_id, ended_by)
        SELECT turn.id, u.* FROM turn, ${from} u ON CONFLICT DO NOTHING`;
    });
  if (rows.parts.length > 0)
    add('parts', (unnest) => {
      const from = unnest('int8[], text[], int4[], bytea[]', [
        int8Array(rows.parts.map(({ sequenceNo }) => sequenceNo)),
        idArray(rows.parts.map(({ item }) => item)),
        int4Array(rows.parts.map(({ part }) => part)),
        byteaArray(rows.parts.map(({ bytes }) => bytes)),
      ]);
      return `INSERT INTO ${s}.parts (ledger, sequence_no, item, part, bytes) SELECT turn.id, u.* FROM turn, ${from} u`;
    });
  if (tables.length > 0)
    add('tables', (unnest) => {
      const from = unnest('text[], text[], bool[]', [
        idArray(tables.map(({ tableId }) => tableId)),
        idArray(tables.map(({ name }) => name)),
        boolArray(tables.map(({ isActive }) => isActive)),
      ]);
      return `INSERT INTO ${s}.tables (ledger, table_id, name, is_active) SELECT turn.id, u.* FROM turn, ${from} u
        ON CONFLICT (ledger, table_id) DO UPDATE SET name = excluded.name, is_active = excluded.is_active`;
    });
  const newIndexes = rows.commits.flatMap((one) => one.newIndexes ?? []);
  if (newIndexes.length > 0)
    add('unbuilt', (unnest) => {
      const from = unnest('text[], text[]', [
        idArray(newIndexes.map(({ indexId }) => indexId)),
        idArray(newIndexes.map(({ tableId }) => tableId)),
      ]);
      return `INSERT INTO ${s}.unbuilt (ledger, index_id, table_id, next_document) SELECT turn.id, u.*, '' FROM turn, ${from} u`;
    });
  return parts;
}

/** The statements by which of their parts they have: they are few. */
const statements = new Map<string, PreparedText>();

function statementOf(shape: string, text: () => string): PreparedText {
  let statement = statements.get(shape);
  if (!statement) statements.set(shape, (statement = prepared(text())));
  return statement;
}
