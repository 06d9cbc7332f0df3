import { type PreparedText, prepared } from './connections.js';
import { revisionColumnsOf } from './revision-rows.js';

/**
 * The statements of a snapshot. `$1` is the ledger, `$2` the block. Each is made
 * twice: of a snapshot that is settled it says what stood at its block; of
 * another, what stands now, with the last block there is, and the last one that
 * defined tables, behind each row (or in a row of nulls).
 */
export interface SnapshotStatements {
  /** Of a table (`$3`), documents of ids (`$4`). */
  readonly get: PreparedText;
  /** Of a table (`$3`), by an index (`$4`), a page of `$7` documents behind `$6` under each of the keys `$5`: its id, the number of the key, the revision if there is one. */
  readonly lookup: PreparedText;
  /** The same under one key. */
  readonly lookupOne: PreparedText;
  /** Of a table (`$3`), a page of `$5` documents behind `$4`: its id, the revision if there is one. */
  readonly scan: PreparedText;
  /** How many documents a table (`$3`) has, behind a 0. */
  readonly count: PreparedText;
  /** Of a table (`$3`), a page of `$6` revisions behind version `$5` of document `$4`, until time `$7`. */
  readonly history: PreparedText;
  /** The same of documents of ids (`$8`). */
  readonly historyOf: PreparedText;
}

/** @param s - the schema, quoted */
export function snapshotStatements(
  s: string,
  isSettled: boolean,
): SnapshotStatements {
  /** What a statement is in the end. */
  const complete = (text: string, order: string): PreparedText =>
    prepared(
      isSettled
        ? `${text} ORDER BY ${order}`
        : `SELECT q.*, h.sequence_no, h.definitions
      FROM (SELECT sequence_no, definitions FROM ${s}.blocks WHERE ledger = $1 ORDER BY sequence_no DESC LIMIT 1) h
      LEFT JOIN LATERAL (${text} ORDER BY ${order}) q ON true`,
    );
  /**
   * The documents `d` for which something holds, each as it was at the block.
   * Whoever looks for one of an id adds `LIMIT 1`: then each is found by the
   * whole key, whatever the database's statistics say, or do not say yet.
   */
  const documents = (condition: string): string => {
    const where = `d.ledger = $1::int AND d.table_id = $3 AND ${condition}`;
    if (!isSettled)
      return `SELECT ${revisionColumnsOf('d')} FROM ${s}.documents d
        WHERE ${where} AND d.data IS NOT NULL AND $2::int8 IS NULL`;
    return `SELECT ${revisionColumnsOf('r')} FROM ${s}.documents d
      CROSS JOIN LATERAL (
        SELECT ${revisionColumnsOf('d')} WHERE d.sequence_no <= $2::int8
        UNION ALL
        (SELECT ${revisionColumnsOf('s')} FROM ${s}.superseded s
          WHERE d.sequence_no > $2::int8 AND s.ledger = d.ledger AND s.table_id = d.table_id
            AND s.document_id = d.document_id AND s.sequence_no <= $2::int8
          ORDER BY s.version DESC LIMIT 1)
      ) r WHERE ${where} AND r.data IS NOT NULL`;
  };
  /** Ids under a key. Entries that ended behind the block count as well. */
  const under = (key: string): string => {
    const live = `SELECT e.document_id FROM ${s}.entries e
      WHERE e.ledger = $1::int AND e.index_id = $4 AND e.key = ${key} AND e.document_id > $6 ORDER BY e.document_id LIMIT $7::int`;
    return isSettled
      ? `SELECT document_id FROM ((${live})
        UNION (SELECT x.document_id FROM ${s}.ended_entries x
          WHERE x.ledger = $1::int AND x.index_id = $4 AND x.key = ${key} AND x.ended_by > $2::int8 AND x.document_id > $6)) either
        ORDER BY document_id LIMIT $7::int`
      : live;
  };
  const found = `LEFT JOIN LATERAL (${documents('d.document_id = e.document_id')} LIMIT 1) r ON true`;
  const revisions = (
    table: string,
    behind: string,
    limit: string,
    of: string,
  ) => `(SELECT ${revisionColumnsOf('t')}
      FROM ${s}.${table} t WHERE t.ledger = $1::int AND t.table_id = $3 AND ${behind}
        AND ($2::int8 IS NULL OR t.sequence_no <= $2::int8) AND t.tx_time <= $7::int8 ${of}
      ORDER BY t.document_id, t.version LIMIT ${limit})`;
  const history = (of: string): PreparedText =>
    complete(
      `SELECT * FROM (${revisions('superseded', '(t.document_id, t.version) > ($4, $5::int)', '$6::int', of)}
        UNION ALL ${revisions('documents', 't.document_id >= $4', '$6::int + 1', of)}) r
      WHERE (document_id, version) > ($4, $5::int)`,
      'document_id, version',
    );
  return {
    get: complete(documents('d.document_id = ANY ($4::text[])'), 'document_id'),
    lookup: complete(
      `SELECT e.document_id AS found, k.n, ${revisionColumnsOf('r')}
      FROM unnest($5::bytea[]) WITH ORDINALITY AS k (key, n)
      CROSS JOIN LATERAL (${under('k.key')}) e ${found}`,
      'n, found',
    ),
    lookupOne: complete(
      `SELECT e.document_id AS found, 1 AS n, ${revisionColumnsOf('r')}
      FROM (${under('$5::bytea')}) e ${found}`,
      'found',
    ),
    scan: complete(
      `SELECT e.document_id AS found, ${revisionColumnsOf('r')}
      FROM (SELECT document_id FROM ${s}.documents WHERE ledger = $1::int AND table_id = $3 AND document_id > $4
        ORDER BY document_id LIMIT $5::int) e ${found}`,
      'found',
    ),
    count: complete(
      `SELECT 0 AS one, (SELECT count(*) FROM (${documents('true')}) r) AS count`,
      'one',
    ),
    history: history(''),
    historyOf: history('AND t.document_id = ANY ($8::text[])'),
  };
}
