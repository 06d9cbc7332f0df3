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
import { nextLimit } from './pages.js';
import { type ReadParts, readRevisions } from './revision-rows.js';
import type { SnapshotStatements } from './snapshot-statements.js';

/** Ids, or keys of an index, that one statement asks for. */
const ASKED_AT_ONCE = 100;
/** Later than every time. */
const LATEST = Number.MAX_SAFE_INTEGER;

/** What a snapshot reads from. */
export interface SnapshotSource {
  readonly ledger: number;
  readonly settled: SnapshotStatements;
  readonly newest: SnapshotStatements;
  readonly connections: Pick<Connections, 'read'>;
  readonly readParts: ReadParts;
  /** Takes note that the database has lost blocks; what is to be thrown then. */
  lost(): StoreError;
  /** @throws StoreClosedError */
  throwIfClosed(): void;
}

/**
 * Reads as of one block. Every row says which block it began with, so pages of
 * one snapshot come from any connection, at any time; and the first read of one
 * that is not settled learns in the same statement which block that is.
 */
export class PostgresSnapshot implements Snapshot {
  readonly #source: SnapshotSource;
  readonly #ledger: number;
  /** The block; while it is not settled, the last one that the reader knows. */
  #at: number;
  #isSettled: boolean;
  #reads = 0;

  constructor(source: SnapshotSource, at: number, isSettled: boolean) {
    this.#source = source;
    this.#ledger = source.ledger;
    this.#at = at;
    this.#isSettled = isSettled;
  }

  get at(): number {
    return this.#at;
  }

  get isOneRead(): boolean {
    return this.#reads <= 1;
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** Runs a statement. @returns its rows, without the end of the journal behind them */
  async #read(
    which: keyof SnapshotStatements,
    ...values: unknown[]
  ): Promise<readonly Row[]> {
    this.#reads++;
    const { connections, settled, newest } = this.#source;
    if (this.#isSettled)
      return connections.read({
        statement: settled[which],
        values: [this.#ledger, this.#at, ...values],
      });
    const rows = await connections.read({
      statement: newest[which],
      values: [this.#ledger, null, ...values],
    });
    const [head, definitions] = (rows.at(0)?.slice(-2) ?? []) as number[];
    // Several first reads may run at once: the first answer is the one that counts.
    if (!this.#isSettled) {
      if (head !== undefined) this.#settle(head, definitions);
    } else if (head !== this.#at) return this.#read(which, ...values);
    return rows.filter((row) => row[0] !== null);
  }

  #settle(sequenceNo: number, definitions: number): void {
    if (sequenceNo < this.#at) throw this.#source.lost();
    // What the reader knows of tables is not what there is.
    if (definitions > this.#at)
      throw new DefinitionsMovedError(this.#at, definitions);
    this.#at = sequenceNo;
    this.#isSettled = true;
  }

  async get(
    tableId: string,
    documentIds: readonly string[],
  ): Promise<readonly Revision[]> {
    this.#source.throwIfClosed();
    const found: Revision[] = [];
    for (const ids of chunks(documentIds)) {
      const rows = await this.#read('get', tableId, idArray(ids));
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
    const bytes = keys.map((key) => Buffer.from(key, 'latin1'));
    const rows = await (bytes.length === 1
      ? this.#read('lookupOne', tableId, indexId, bytes[0], after, limit)
      : this.#read(
          'lookup',
          tableId,
          indexId,
          byteaArray(bytes),
          after,
          limit,
        ));
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
    let after = '';
    for (let limit = BATCH_SIZE; ;) {
      this.#source.throwIfClosed();
      const rows = await this.#read('scan', tableId, after, limit);
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
    const [[, count]] = await this.#read('count', tableId);
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
    let after: readonly [string, number] = ['', -1];
    for (let limit = BATCH_SIZE; ;) {
      this.#source.throwIfClosed();
      const values = [tableId, ...after, limit, Math.min(to, LATEST)];
      const rows = await (ids
        ? this.#read('historyOf', ...values, idArray(ids))
        : this.#read('history', ...values));
      const page = rows.slice(0, limit);
      const revisions = await this.#revisions(page);
      yield revisions;
      if (rows.length < limit) return;
      const { documentId, version } = revisions.at(-1) as Revision;
      after = [documentId, version];
      limit = nextLimit(revisions, limit);
    }
  }

  /** @param from - the first column of the revisions */
  #revisions(rows: readonly Row[], from = 0): Promise<readonly Revision[]> {
    return readRevisions(
      from === 0 ? rows : rows.map((row) => row.slice(from)),
      this.#source.readParts,
    );
  }

  close(): void {
    // It holds nothing: what it reads stays where it is.
  }
}

function* chunks<T>(items: readonly T[]): Iterable<readonly T[]> {
  for (let at = 0; at < items.length; at += ASKED_AT_ONCE)
    yield items.slice(at, at + ASKED_AT_ONCE);
}
