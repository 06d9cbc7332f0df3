import {
  type Batches,
  BATCH_SIZE,
  type HistoryRange,
  type Revision,
  type Snapshot,
} from '../contract.js';
import { DefinitionsMovedError, type StoreError } from '../store-errors.js';
import { byteaArray, idArray } from './binary-array.js';
import type { Connections, Row } from './connections.js';
import {
  type ReadParts,
  readRevisions,
  revisionColumnsOf,
} from './revision-rows.js';

/** A page of large documents has fewer of them. */
const PAGE_BYTES = 4 << 20;
/** Ids, or keys of an index, that one statement asks for. */
const ASKED_AT_ONCE = 100;
/** Later than every block. */
const NEWEST = Number.MAX_SAFE_INTEGER;

/** What a snapshot reads from. */
export interface SnapshotSource {
  /** The schema, quoted. */
  readonly schema: string;
  readonly ledger: number;
  readonly connections: Pick<Connections, 'read'>;
  readonly readParts: ReadParts;
  /** What this process knows of the end of the journal. */
  known(): KnownEnd;
  /** Takes note that the database has lost blocks; what is to be thrown then. */
  lost(): StoreError;
  /** @throws StoreClosedError */
  throwIfClosed(): void;
}

/** The end of a journal. */
export interface KnownEnd {
  /** The last block. */
  readonly sequenceNo: number;
  /** The last one up to it that defines tables. */
  readonly definitions: number;
}

/**
 * Reads as of one block. Every row says which block it began with, so pages of
 * one snapshot come from any connection, at any time; and the first read of one
 * that is not settled learns in the same statement which block that is.
 */
export class PostgresSnapshot implements Snapshot {
  readonly #source: SnapshotSource;
  readonly #ledger: number;
  /** What was known when it began: so far whoever reads understands what is there. */
  readonly #known: KnownEnd;
  #at: number | undefined;

  constructor(source: SnapshotSource, at: number | undefined) {
    this.#source = source;
    this.#ledger = source.ledger;
    this.#known = source.known();
    this.#at = at;
  }

  get at(): number {
    return this.#at ?? this.#known.sequenceNo;
  }

  get isSettled(): boolean {
    return this.#at !== undefined;
  }

  /**
   * Runs a query of revisions; `at` in it is `$2`.
   *
   * @param order - of its rows
   * @returns its rows, without columns before those
   */
  async #read(
    text: string,
    order: string,
    values: readonly unknown[],
  ): Promise<readonly Row[]> {
    const { schema: s, connections } = this.#source;
    if (this.#at !== undefined)
      return connections.read({
        text: `${text} ORDER BY ${order}`,
        values: [this.#ledger, this.#at, ...values],
      });
    const rows = await connections.read({
      text: `SELECT q.*, h.sequence_no, h.definitions
        FROM (SELECT sequence_no, definitions FROM ${s}.blocks WHERE ledger = $1 ORDER BY sequence_no DESC LIMIT 1) h
        LEFT JOIN (${text}) q ON true ORDER BY ${order
          .split(', ')
          .map((column) => `q.${column.replace(/^.*\./, '')}`)
          .join(', ')}`,
      values: [this.#ledger, NEWEST, ...values],
    });
    const head = rows.at(0)?.slice(-2) as readonly number[] | undefined;
    // Several first reads may run at once: the first answer is the one that counts.
    if (head && this.#at === undefined) {
      this.#settle(head[0], head[1]);
    } else if (head && head[0] !== this.#at)
      return this.#read(text, order, values);
    return rows.filter((row) => row[0] !== null);
  }

  #settle(sequenceNo: number, definitions: number): void {
    if (sequenceNo < this.#known.sequenceNo) throw this.#source.lost();
    if (definitions > this.#known.definitions)
      throw new DefinitionsMovedError(this.#known.sequenceNo, definitions);
    this.#at = sequenceNo;
  }

  /** The rows of a document table, as `d`, each as it was at the block, as `r`. */
  #asOf(): string {
    const { schema: s } = this.#source;
    const own = (alias: string) => revisionColumnsOf(alias);
    return `CROSS JOIN LATERAL (
        SELECT ${own('d')} WHERE d.sequence_no <= $2::int8
        UNION ALL
        (SELECT ${own('s')} FROM ${s}.superseded s
          WHERE d.sequence_no > $2::int8 AND s.ledger = d.ledger AND s.table_id = d.table_id
            AND s.document_id = d.document_id AND s.sequence_no <= $2::int8
          ORDER BY s.version DESC LIMIT 1)
      ) r`;
  }

  async get(
    tableId: string,
    documentIds: readonly string[],
  ): Promise<readonly Revision[]> {
    this.#source.throwIfClosed();
    const { schema: s } = this.#source;
    const found: Revision[] = [];
    for (const ids of chunks(documentIds)) {
      const rows = await this.#read(
        `SELECT ${revisionColumnsOf('r')}
        FROM ${s}.documents d ${this.#asOf()}
        WHERE d.ledger = $1::int AND d.table_id = $3 AND d.document_id = ANY ($4::text[]) AND r.data IS NOT NULL`,
        'r.document_id',
        [tableId, idArray(ids)],
      );
      found.push(...(await this.#revisions(rows)));
    }
    return found;
  }

  async *lookup(
    tableId: string,
    indexId: string,
    keys: readonly string[],
  ): Batches<Revision> {
    const seen = new Set<string>();
    const isNew = ({ documentId }: Revision) => {
      if (keys.length === 1) return true;
      if (seen.has(documentId)) return false;
      seen.add(documentId);
      return true;
    };
    for (const some of chunks(keys)) {
      const first = await this.#under(tableId, indexId, some, '', BATCH_SIZE);
      yield first.revisions.filter(isNew);
      // Keys with more documents than that go on by themselves.
      for (const [n, key] of some.entries()) {
        let page = first.pages[n];
        while (page.isFull) {
          const next = await this.#under(
            tableId,
            indexId,
            [key],
            page.last,
            page.limit,
          );
          yield next.revisions.filter(isNew);
          [page] = next.pages;
        }
      }
    }
  }

  /** A page of the documents that stood, or may have stood, under each of some keys. */
  async #under(
    tableId: string,
    indexId: string,
    keys: readonly string[],
    after: string,
    limit: number,
  ): Promise<{
    readonly revisions: readonly Revision[];
    readonly pages: readonly {
      readonly isFull: boolean;
      readonly last: string;
      readonly limit: number;
    }[];
  }> {
    this.#source.throwIfClosed();
    const { schema: s } = this.#source;
    // Entries that ended behind the block count as well; a new snapshot has none.
    const live = `SELECT e.document_id FROM ${s}.entries e
          WHERE e.ledger = $1::int AND e.index_id = $4 AND e.key = k.key AND e.document_id > $6 ORDER BY e.document_id LIMIT $7::int`;
    const ids = this.isSettled
      ? `(SELECT document_id FROM ((${live})
          UNION (SELECT x.document_id FROM ${s}.ended_entries x
            WHERE x.ledger = $1::int AND x.index_id = $4 AND x.key = k.key AND x.ended_by > $2::int8 AND x.document_id > $6)) either
          ORDER BY document_id LIMIT $7::int)`
      : `(${live})`;
    const rows = await this.#read(
      // Deleted and older documents count too: by them it is known where the next page begins.
      `SELECT e.document_id AS found, k.n, ${revisionColumnsOf('r')}
      FROM unnest($5::bytea[]) WITH ORDINALITY AS k (key, n)
      CROSS JOIN LATERAL ${ids} e
      LEFT JOIN (${s}.documents d ${this.#asOf()})
        ON d.ledger = $1::int AND d.table_id = $3 AND d.document_id = e.document_id AND r.data IS NOT NULL`,
      'n, found',
      [
        tableId,
        indexId,
        byteaArray(keys.map((key) => Buffer.from(key, 'latin1'))),
        after,
        limit,
      ],
    );
    const pages = keys.map(() => ({ count: 0, last: after }));
    for (const [found, n] of rows as readonly (readonly [string, number])[]) {
      const page = pages[n - 1];
      page.count++;
      page.last = found;
    }
    const revisions = await this.#revisions(
      rows.filter(([, , table]) => table !== null),
      2,
    );
    return {
      revisions,
      pages: pages.map(({ count, last }) => ({
        isFull: count >= limit,
        last,
        limit: nextLimit(revisions, limit),
      })),
    };
  }

  async *scan(tableId: string): Batches<Revision> {
    const { schema: s } = this.#source;
    let after = '';
    for (let limit = BATCH_SIZE; ;) {
      this.#source.throwIfClosed();
      const rows = await this.#read(
        `SELECT d.document_id AS found, ${revisionColumnsOf('r')}
        FROM (SELECT * FROM ${s}.documents WHERE ledger = $1::int AND table_id = $3 AND document_id > $4
          ORDER BY document_id LIMIT $5::int) d
        LEFT JOIN LATERAL (SELECT ${revisionColumnsOf('r')} FROM (SELECT 1) one ${this.#asOf()} WHERE r.data IS NOT NULL) r ON true`,
        'found',
        [tableId, after, limit],
      );
      const revisions = await this.#revisions(
        rows.filter(([, table]) => table !== null),
        1,
      );
      yield revisions;
      if (rows.length < limit) return;
      after = rows.at(-1)?.[0] as string;
      limit = nextLimit(revisions, limit);
    }
  }

  async *count(tableId: string): Batches<number> {
    this.#source.throwIfClosed();
    const { schema: s } = this.#source;
    const [[, count]] = await this.#read(
      `SELECT 0 AS one, (SELECT count(*) FROM ${s}.documents d ${this.#asOf()}
        WHERE d.ledger = $1::int AND d.table_id = $3 AND r.data IS NOT NULL) AS count`,
      'one',
      [tableId],
    );
    yield [count as number];
  }

  async *history(
    tableId: string,
    { documentIds, to = Infinity }: HistoryRange = {},
  ): Batches<Revision> {
    for (const ids of documentIds ? chunks(documentIds) : [undefined])
      yield* this.#history(tableId, ids, to);
  }

  /** The revisions of a table in order, up to a time. */
  async *#history(
    tableId: string,
    ids: readonly string[] | undefined,
    to: number,
  ): Batches<Revision> {
    const { schema: s } = this.#source;
    const ofIds = ids ? 'AND t.document_id = ANY ($7::text[])' : '';
    const part = (
      table: string,
      behind: string,
      limit: string,
    ) => `(SELECT ${revisionColumnsOf('t')}
        FROM ${s}.${table} t WHERE t.ledger = $1::int AND t.table_id = $3 AND ${behind}
          AND t.sequence_no <= $2::int8 AND t.tx_time <= $8::int8 ${ofIds}
        ORDER BY t.document_id, t.version LIMIT ${limit})`;
    let after: readonly [string, number] = ['', -1];
    for (let limit = BATCH_SIZE; ;) {
      this.#source.throwIfClosed();
      const rows = await this.#read(
        `SELECT * FROM (${part('superseded', '(t.document_id, t.version) > ($4, $5::int)', '$6::int')}
          UNION ALL ${part('documents', 't.document_id >= $4', '$6::int + 1')}) r
        WHERE (document_id, version) > ($4, $5::int) AND ${ids ? 'true' : '$7::text[] IS NULL'}`,
        'document_id, version',
        [
          tableId,
          ...after,
          limit,
          ids ? idArray(ids) : null,
          Math.min(to, NEWEST),
        ],
      );
      const page = rows.slice(0, limit);
      const revisions = await this.#revisions(page);
      yield revisions;
      if (rows.length < limit) return;
      const { documentId, version } = revisions.at(-1) as Revision;
      after = [documentId, version];
      limit = nextLimit(revisions, limit);
    }
  }

  #revisions(rows: readonly Row[], from = 0): Promise<readonly Revision[]> {
    return readRevisions(
      rows.map((row) => row.slice(from, from + 10)),
      this.#source.readParts,
    );
  }

  close(): void {
    // It holds nothing: what it reads stays where it is.
  }
}

/** How many rows the next page may have. */
export function nextLimit(
  page: readonly { readonly data?: Uint8Array | undefined }[],
  limit: number,
): number {
  const bytes = page.reduce((sum, { data }) => sum + (data?.length ?? 0), 0);
  if (page.length === 0 || bytes === 0) return limit;
  const fitting = Math.floor(PAGE_BYTES / (bytes / page.length));
  return Math.max(1, Math.min(fitting, 5 * BATCH_SIZE));
}

function* chunks<T>(items: readonly T[]): Iterable<readonly T[]> {
  for (let at = 0; at < items.length; at += ASKED_AT_ONCE)
    yield items.slice(at, at + ASKED_AT_ONCE);
}
