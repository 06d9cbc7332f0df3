import { setTimeout as sleep } from 'node:timers/promises';
import { isTurnLong, nextTurn } from '../../async/turns.js';
import {
  type AppendedBlock,
  type Batches,
  type Commit,
  FOLLOWED_AT_ONCE,
  type Head,
  type KeyOf,
  type LedgerStore,
  type MerkleNode,
  type NewIndex,
  type Redaction,
  type SharedJournal,
  type Snapshot,
  type StoreContents,
  type StoredEntry,
} from '../contract.js';
import {
  StoreClosedError,
  StoreDamagedError,
  StoreError,
  StoreUnreachableError,
  TipMovedError,
} from '../store-errors.js';
import { AppendRows, entryColumns } from './append-rows.js';
import { appendStatement, appendStatements } from './append-statement.js';
import { Connections, type Row } from './connections.js';
import { readNodes } from './merkle-nodes.js';
import { BLOCK_ITEM, firstPart, furtherParts, WRITTEN_ITEM } from './parts.js';
import { PostgresContents } from './postgres-contents.js';
import {
  AskAgainError,
  failureOf,
  isUnsupported,
  storeErrorOf,
} from './postgres-errors.js';
import type { PostgresClient, PostgresSettings } from './postgres-options.js';
import {
  nextLimit,
  PostgresSnapshot,
  type SnapshotSource,
} from './postgres-snapshot.js';
import {
  partsReader,
  type ReadParts,
  readRevisions,
  REVISION_COLUMNS,
} from './revision-rows.js';
import {
  checkVersion,
  jsonColumns,
  define,
  type Migration,
  migrate,
  MIGRATIONS,
  readVersion,
} from './schema.js';
import { isLedgerName } from './names.js';
import { snapshotStatements } from './snapshot-statements.js';
import { updateViews } from './views.js';
import { decodeWrittenKeys } from './written-keys.js';

/** Documents that one step of building an index looks at. */
const STEP = 500;
/** How long a turn may be held without a word, in milliseconds: whoever has it may have died. */
const LONGEST_TURN = 5_000;
/** How long entries of a dropped index stay, for transactions that began before, in milliseconds. */
const DROPPED_STAY = 60 * 60_000;

/** The row of a ledger. */
interface LedgerRow {
  readonly id: number;
  readonly origin: number;
  readonly generation: number;
  readonly json: boolean;
}

/** A turn among all who write: a transaction that holds the lock of the ledger's row. */
interface OpenTurn {
  readonly client: PostgresClient;
}

/**
 * A ledger in PostgreSQL, or an engine that speaks its protocol. Any number of
 * processes may have it open. What `append` acknowledged is committed there.
 */
export class PostgresStore implements LedgerStore {
  readonly address = undefined;
  readonly #name: string;
  readonly #settings: PostgresSettings;
  readonly #connections: Connections;
  readonly #migrations: readonly Migration[];
  /** The schema, quoted. */
  readonly #schema: string;
  readonly #ledger: number;
  readonly #json: boolean;
  readonly #readParts: ReadParts;
  readonly #source: SnapshotSource;
  readonly #unbuilt = new Map<string, NewIndex>();
  #generation: number;
  origin: number;
  /** The last block that this process knows of, and the last one up to it that defined tables. */
  #head: Head | undefined;
  #definitions = -1;
  #failure: StoreError | undefined;
  onFailure?: (failure: StoreError) => void;
  #turn: OpenTurn | undefined;
  /** Whether each table is written by a statement of its own: some engines demand that. */
  #writesApart: boolean;
  /** False where no lock makes others wait, or a turn could not be ended. */
  #hasTurns = true;
  #writing: Promise<unknown> = Promise.resolve();
  #later: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;

  private constructor(
    name: string,
    settings: PostgresSettings,
    connections: Connections,
    row: LedgerRow,
    migrations: readonly Migration[],
  ) {
    this.#name = name;
    this.#settings = settings;
    this.#connections = connections;
    this.#migrations = migrations;
    this.#schema = `"${settings.schema}"`;
    this.#ledger = row.id;
    this.#json = row.json;
    this.#writesApart = settings.writesApart;
    this.#generation = row.generation;
    this.origin = row.origin;
    this.#readParts = partsReader(
      (query) => connections.read(query),
      this.#schema,
      row.id,
    );
    this.#source = {
      ledger: row.id,
      settled: snapshotStatements(this.#schema, true),
      newest: snapshotStatements(this.#schema, false),
      connections,
      readParts: this.#readParts,
      known: () => ({
        sequenceNo: this.#head?.sequenceNo ?? -1,
        definitions: this.#definitions,
      }),
      lost: () => this.#lost(),
      throwIfClosed: () => this.#throwIfClosed(),
    };
  }

  /**
   * Opens the store of a ledger, and makes it, its tables included, if there is none.
   *
   * @throws StoreUnreachableError, StoreError
   */
  static async open(
    settings: PostgresSettings,
    name: string,
    migrations: readonly Migration[] = MIGRATIONS,
  ): Promise<PostgresStore> {
    const connections = await Connections.of(settings);
    try {
      await migrate(connections, settings.schema, migrations);
      const row = await ledgerRow(connections, settings, name);
      const store = new PostgresStore(
        name,
        settings,
        connections,
        row,
        migrations,
      );
      await store.#readHead();
      await store.#readUnbuilt();
      await store.#removeDropped();
      store.#updateViews();
      connections.opened();
      return store;
    } catch (error) {
      await connections.end();
      throw error;
    }
  }

  head(): Promise<Head | undefined> {
    this.#throwIfClosed();
    return this.#readHead();
  }

  get failure(): StoreError | undefined {
    return this.#failure;
  }

  get trouble(): string | undefined {
    return this.#connections.trouble;
  }

  get unbuilt(): ReadonlyMap<string, NewIndex> {
    return this.#unbuilt;
  }

  readonly shared: SharedJournal = {
    blocksAfter: (sequenceNo) => this.#blocksAfter(sequenceNo),
    takeTurn: (sequenceNo) => this.#takeTurn(sequenceNo),
    leave: () => this.#leaveTurn(),
  };

  append(tip: number, commits: readonly Commit[]): Promise<void> {
    this.#throwIfClosed();
    return this.#inTurn(() => this.#append(tip, commits));
  }

  async #append(tip: number, commits: readonly Commit[]): Promise<void> {
    const first = commits.at(0);
    const last = commits.at(-1);
    if (!first || !last) return this.#leaveTurn();
    if (this.#failure) throw this.#failure;
    const known = this.#head?.sequenceNo;
    const begins = known === undefined;
    if (!begins && tip !== known) {
      await this.#leaveTurn();
      throw new TipMovedError(tip, known);
    }
    if (begins && tip >= 0) await this.#setOrigin(tip + 1);
    const turn = this.#turn;
    this.#turn = undefined;
    if (turn) await this.#writeInTurn(turn, tip, commits);
    else await this.#write(tip, commits);
    this.#head = last;
    for (const { tables = [], sequenceNo } of commits)
      if (tables.length > 0) this.#definitions = sequenceNo;
    this.#afterDefinitions(commits);
  }

  /** Writes until it is known what came of it: never twice, and never half. */
  async #write(
    tip: number,
    commits: readonly Commit[],
    // Whether an earlier attempt may have come through, or may yet.
    { mayBeWritten = false } = {},
  ): Promise<void> {
    const rows = new AppendRows(commits);
    this.#refuseTooLarge(rows);
    const deadline = this.#connections.deadline();
    for (let attempt = 0; ; attempt++) {
      let client: PostgresClient | undefined;
      let failed: unknown;
      try {
        client = await this.#connections.writer();
        if (await this.#send(client, rows)) {
          this.#connections.trouble = undefined;
          return;
        }
        // Somebody did something else than to append: look, and try again.
        await this.#readGeneration();
      } catch (error) {
        failed = error;
        const failure = failureOf(error);
        if (failure === 'taken') {
          if (mayBeWritten && (await this.#isWritten(commits))) return;
          throw await this.#tipMoved(tip);
        }
        // A connection that was never there has carried nothing.
        if (failure === 'lost' && client) mayBeWritten = true;
        await this.#connections
          .pauseAfter(error, attempt, deadline, mayBeWritten)
          .catch((final: unknown) => {
            throw mayBeWritten ? unknownOutcome(final) : final;
          });
      } finally {
        client?.release(failed !== undefined);
      }
    }
  }

  /** Writes in a turn that has been taken. What is lost then is looked for by {@link #write}. */
  async #writeInTurn(
    { client }: OpenTurn,
    tip: number,
    commits: readonly Commit[],
  ): Promise<void> {
    let failed: unknown;
    try {
      const rows = new AppendRows(commits);
      this.#refuseTooLarge(rows);
      // Both are sent at once: if the first fails, there is nothing to commit.
      const sent = this.#send(client, rows, true);
      const isOne = !this.#writesApart && !hasRedactions(commits);
      if (client.pipeline !== true || !isOne) await sent;
      const [isWritten] = await Promise.all([
        sent,
        this.#connections.run(client, { text: 'COMMIT' }),
      ]);
      if (isWritten) return;
      throw new StoreDamagedError('the row of the ledger changed in a turn');
    } catch (error) {
      failed = error;
      if (error instanceof StoreError) throw error;
      const failure = failureOf(error);
      if (failure === 'refused') throw storeErrorOf(error, this.#where);
    } finally {
      client.release(failed !== undefined);
    }
    await this.#write(tip, commits, { mayBeWritten: true });
  }

  /**
   * Sends an append, and what of it is more than one statement.
   *
   * @param inTransaction - whether it is within one already
   * @returns false when nothing was written, because the ledger's row is not as it was
   */
  async #send(
    client: PostgresClient,
    rows: AppendRows,
    inTransaction = false,
  ): Promise<boolean> {
    const run = (text: string, values?: unknown[]) =>
      this.#connections.run(client, { text, ...(values && { values }) });
    const redactions = rows.commits.flatMap((one) => one.redactions ?? []);
    const isOne =
      inTransaction || (redactions.length === 0 && !this.#writesApart);
    if (!isOne) await run('BEGIN');
    const isWritten = await this.#sendRows(client, rows);
    if (isWritten)
      for (const redaction of redactions) await this.#redact(redaction, run);
    if (!isOne) await run(isWritten ? 'COMMIT' : 'ROLLBACK');
    return isWritten;
  }

  /** @returns whether the rows were written */
  async #sendRows(client: PostgresClient, rows: AppendRows): Promise<boolean> {
    const place = {
      schema: this.#schema,
      ledger: this.#ledger,
      generation: this.#generation,
      definitions: this.#definitions,
      json: this.#json,
    };
    const { length } = rows.commits;
    if (!this.#writesApart)
      try {
        const [[count]] = await this.#connections.run(
          client,
          appendStatement(rows, place),
        );
        return count === length;
      } catch (error) {
        if (!isUnsupported(error)) throw error;
        // From the next attempt on it gets others.
        this.#writesApart = true;
        throw new AskAgainError('The engine takes no such statement');
      }
    const [blocks, ...others] = appendStatements(rows, place);
    if ((await this.#connections.run(client, blocks)).length !== length)
      return false;
    for (const statement of others)
      await this.#connections.run(client, statement);
    return true;
  }

  async #redact(
    redaction: Redaction,
    run: (text: string, values: unknown[]) => Promise<readonly Row[]>,
  ): Promise<void> {
    const s = this.#schema;
    const { tableId, documentId, version, sequenceNo, dataHash } = redaction;
    const [found] = await run(
      `SELECT block, parts FROM ${s}.blocks WHERE ledger = $1 AND sequence_no = $2`,
      [this.#ledger, sequenceNo],
    );
    const revisions = await run(
      `UPDATE ${s}.superseded SET data = NULL, data_hash = $5, parts = 0 ${this.#json ? ', json = NULL' : ''}
        WHERE ledger = $1 AND table_id = $2 AND document_id = $3 AND version = $4 AND sequence_no = $6 RETURNING version`,
      [this.#ledger, tableId, documentId, version, dataHash, sequenceNo],
    );
    if (!found || revisions.length === 0)
      throw new StoreDamagedError(
        `revision ${version} of document ${documentId} is not there to be redacted`,
      );
    const [first, parts] = found as [Buffer, number];
    const block = redaction.redactBlock(
      parts > 0
        ? await this.#readParts(sequenceNo, BLOCK_ITEM, first, parts)
        : first,
    );
    await run(
      `DELETE FROM ${s}.parts WHERE ledger = $1 AND sequence_no = $2 AND item = ANY ($3::text[])`,
      [this.#ledger, sequenceNo, [BLOCK_ITEM, documentId]],
    );
    const left = firstPart(block);
    await run(
      `UPDATE ${s}.blocks SET block = $3, parts = $4 WHERE ledger = $1 AND sequence_no = $2`,
      [this.#ledger, sequenceNo, left.first, left.parts],
    );
    for (const { part, bytes } of furtherParts(block))
      await run(
        `INSERT INTO ${s}.parts (ledger, sequence_no, item, part, bytes) VALUES ($1, $2, $3, $4, $5)`,
        [this.#ledger, sequenceNo, BLOCK_ITEM, part, bytes],
      );
    for (const entry of redaction.lostEntries)
      await run(
        entry.endedBy === undefined
          ? `DELETE FROM ${s}.entries WHERE ledger = $1 AND index_id = $2 AND key = $3 AND document_id = $4`
          : `DELETE FROM ${s}.ended_entries WHERE ledger = $1 AND index_id = $2 AND key = $3 AND document_id = $4 AND ended_by = $5`,
        this.#entryValues(entry),
      );
    for (const entry of redaction.addedEntries)
      await run(
        entry.endedBy === undefined
          ? `INSERT INTO ${s}.entries (ledger, index_id, key, document_id) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`
          : `INSERT INTO ${s}.ended_entries (ledger, index_id, key, document_id, ended_by) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
        this.#entryValues(entry),
      );
  }

  #entryValues({ indexId, key, documentId, endedBy }: StoredEntry): unknown[] {
    return [
      this.#ledger,
      indexId,
      Buffer.from(key, 'latin1'),
      documentId,
      ...(endedBy === undefined ? [] : [endedBy]),
    ];
  }

  #refuseTooLarge({ rows, bytes }: AppendRows): void {
    const { maxRows, maxBytes } = this.#settings;
    if (rows <= maxRows && bytes <= maxBytes) return;
    throw new StoreError(
      'QLDB_STORE_TOO_LARGE',
      rows > maxRows
        ? `A transaction needs about ${rows} rows of the database, which is told to take ${maxRows} in one (maxRows). Write fewer documents in it.`
        : `A transaction needs about ${bytes} bytes of the database, which is told to take ${maxBytes} in one (maxBytes). Write less in it.`,
    );
  }

  /** Whether the blocks are there, and not others in their place. */
  #isWritten(commits: readonly Commit[]): Promise<boolean> {
    const { sequenceNo, blockHash } = commits.at(-1) as Commit;
    return this.#connections
      .read({
        text: `SELECT substring(merkle_nodes FROM 1 FOR 32) FROM ${this.#schema}.blocks WHERE ledger = $1 AND sequence_no = $2`,
        values: [this.#ledger, sequenceNo],
      })
      .then(([row]) => row !== undefined && isSame(row[0], blockHash));
  }

  async #tipMoved(tip: number): Promise<TipMovedError> {
    const [row] = await this.#connections.read({
      text: `SELECT sequence_no FROM ${this.#schema}.blocks WHERE ledger = $1 ORDER BY sequence_no DESC LIMIT 1`,
      values: [this.#ledger],
    });
    return new TipMovedError(tip, (row?.[0] as number | undefined) ?? -1);
  }

  /** An imported journal begins with another block than 0. */
  async #setOrigin(origin: number): Promise<void> {
    await this.#connections.read({
      text: `UPDATE ${this.#schema}.ledgers SET origin = $2 WHERE id = $1`,
      values: [this.#ledger, origin],
    });
    this.origin = origin;
  }

  async #blocksAfter(sequenceNo: number): Promise<readonly AppendedBlock[]> {
    this.#throwIfClosed();
    const rows = await this.#connections.read({
      text: this.#blocksFrom('$1', '$2'),
      values: [this.#ledger, sequenceNo],
    });
    return this.#follow(sequenceNo, rows);
  }

  /** Blocks from the one that is known on: it must be what it was. */
  #blocksFrom(ledger: string, sequenceNo: string): string {
    return `SELECT sequence_no, block_time, definitions, substring(merkle_nodes FROM 1 FOR 32), written, written_parts
      FROM ${this.#schema}.blocks WHERE ledger = ${ledger} AND sequence_no >= ${sequenceNo} ORDER BY sequence_no LIMIT ${FOLLOWED_AT_ONCE + 1}`;
  }

  async #follow(
    sequenceNo: number,
    rows: readonly Row[],
  ): Promise<readonly AppendedBlock[]> {
    const blocks: AppendedBlock[] = [];
    for (const row of rows as unknown as readonly (readonly [
      number,
      number,
      number,
      Buffer,
      Buffer,
      number,
    ])[]) {
      const [number, blockTimestamp, definitions, blockHash, first, parts] =
        row;
      const head = { sequenceNo: number, blockTimestamp, blockHash };
      if (number === sequenceNo) {
        this.#throwIfOther(head);
        continue;
      }
      const written =
        parts > 0
          ? await this.#readParts(number, WRITTEN_ITEM, first, parts)
          : first;
      blocks.push({
        ...head,
        writtenKeys: decodeWrittenKeys(written),
        definesTables: definitions === number,
      });
      this.#definitions = Math.max(this.#definitions, definitions);
    }
    const last = blocks.at(-1);
    if (rows.length === 0 && sequenceNo >= this.origin) throw this.#lost();
    if (last && last.sequenceNo > (this.#head?.sequenceNo ?? -1))
      this.#head = last;
    if (this.#unbuilt.size > 0 || blocks.some((one) => one.definesTables))
      await this.#readUnbuilt();
    return blocks;
  }

  #throwIfOther({ sequenceNo, blockHash }: Head): void {
    if (
      this.#head?.sequenceNo === sequenceNo &&
      !isSame(this.#head.blockHash, blockHash)
    )
      throw this.#lost();
  }

  /** The database does not have what it acknowledged: another one took its place, or an older state of it. */
  #lost(): StoreError {
    if (this.#failure) return this.#failure;
    const failure = new StoreError(
      'QLDB_STORE_LOST',
      `The database ${this.#where} does not have the last block that it had acknowledged to this process: it is another one, or an older state of it, such as after a failover to a replica that was behind. Nothing more is written. Compare the digest of the ledger there with one that was kept, then start the application again.`,
    );
    this.#failure = failure;
    this.onFailure?.(failure);
    return failure;
  }

  async #takeTurn(sequenceNo: number): Promise<readonly AppendedBlock[]> {
    this.#throwIfClosed();
    await this.#writing;
    if (!this.#hasTurns || this.#turn) return this.#blocksAfter(sequenceNo);
    const rows = await this.#connections.insist(() =>
      this.#beginTurn(sequenceNo),
    );
    if (!rows) return this.#blocksAfter(sequenceNo);
    try {
      return await this.#follow(sequenceNo, rows);
    } catch (error) {
      await this.#leaveTurn();
      throw error;
    }
  }

  /**
   * Waits for the lock, and reads what is new behind it, in one round trip.
   *
   * @returns undefined from an engine that has no such turns: its writers are as fast as they are
   */
  async #beginTurn(sequenceNo: number): Promise<readonly Row[] | undefined> {
    const client = await this.#connections.writer();
    try {
      const results = await this.#connections.runAll(client, [
        'BEGIN',
        `SET LOCAL idle_in_transaction_session_timeout = ${LONGEST_TURN}`,
        `SELECT generation FROM ${this.#schema}.ledgers WHERE id = ${this.#ledger} FOR UPDATE`,
        this.#blocksFrom(String(this.#ledger), String(sequenceNo)),
      ]);
      const [, , [row], blocks = []] = results;
      if (!row) throw this.#lost();
      [this.#generation] = row as number[];
      this.#turn = { client };
      return blocks;
    } catch (error) {
      client.release(true);
      if (error instanceof StoreError || failureOf(error) !== 'refused')
        throw error;
      this.#hasTurns = false;
      return undefined;
    }
  }

  async #leaveTurn(): Promise<void> {
    const turn = this.#turn;
    if (!turn) return;
    this.#turn = undefined;
    let failed: unknown;
    try {
      await this.#connections.run(turn.client, { text: 'ROLLBACK' });
    } catch (error) {
      failed = error;
    } finally {
      turn.client.release(failed !== undefined);
    }
  }

  async #readHead(): Promise<Head | undefined> {
    const [row] = (await this.#connections.read({
      text: `SELECT sequence_no, block_time, substring(merkle_nodes FROM 1 FOR 32), definitions
        FROM ${this.#schema}.blocks WHERE ledger = $1 ORDER BY sequence_no DESC LIMIT 1`,
      values: [this.#ledger],
    })) as readonly [number, number, Buffer, number][];
    if (!row) return undefined;
    const [sequenceNo, blockTimestamp, blockHash, definitions] = row;
    const head = { sequenceNo, blockTimestamp, blockHash };
    if (this.#head) return head;
    this.#head = head;
    this.#definitions = definitions;
    await this.#readGeneration();
    return head;
  }

  /** What is known of the ledger's row, once more. */
  async #readGeneration(): Promise<void> {
    const { schema } = this.#settings;
    checkVersion(
      await readVersion(this.#connections, schema),
      this.#migrations.at(-1)?.version ?? 0,
      schema,
    );
    const [row] = await this.#connections.read({
      text: `SELECT generation, origin FROM ${this.#schema}.ledgers WHERE id = $1`,
      values: [this.#ledger],
    });
    if (!row) throw this.#lost();
    const [generation, origin] = row as readonly number[];
    this.#generation = generation;
    this.origin = origin;
  }

  async #readUnbuilt(): Promise<void> {
    const rows = (await this.#connections.read({
      text: `SELECT index_id, table_id FROM ${this.#schema}.unbuilt WHERE ledger = $1`,
      values: [this.#ledger],
    })) as readonly [string, string][];
    const there = new Set(rows.map(([indexId]) => indexId));
    for (const indexId of this.#unbuilt.keys())
      if (!there.has(indexId)) this.#unbuilt.delete(indexId);
    for (const [indexId, tableId] of rows)
      this.#unbuilt.set(indexId, { indexId, tableId });
  }

  /** What is left to do for definitions that are committed; nobody has to wait for it. */
  #afterDefinitions(commits: readonly Commit[]): void {
    for (const { newIndexes = [], endedIndexes = [] } of commits) {
      for (const index of newIndexes) this.#unbuilt.set(index.indexId, index);
      for (const indexId of endedIndexes) this.#unbuilt.delete(indexId);
    }
    const ended = commits.flatMap(({ endedIndexes = [] }) => endedIndexes);
    if (ended.length > 0)
      this.#afterwards(async () => {
        for (const indexId of ended) await this.#drop(indexId);
      });
    if (commits.some(({ tables = [] }) => tables.length > 0))
      this.#updateViews();
  }

  #updateViews(): void {
    // A ledger that is being filled is none yet.
    if (this.#json && isLedgerName(this.#name))
      this.#afterwards(() => updateViews(this.#connections, this.#place));
  }

  #afterwards(work: () => Promise<void>): void {
    this.#later = this.#later
      .then(work)
      // It is done again when the ledger is opened next.
      .catch(() => {});
  }

  get #place() {
    return {
      schema: this.#settings.schema,
      ledger: this.#ledger,
      name: this.#name,
    };
  }

  async #drop(indexId: string): Promise<void> {
    await this.#connections.read({
      text: `DELETE FROM ${this.#schema}.unbuilt WHERE ledger = $1 AND index_id = $2`,
      values: [this.#ledger, indexId],
    });
    await this.#connections.read({
      text: `INSERT INTO ${this.#schema}.dropped (ledger, index_id, since) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
      values: [this.#ledger, indexId, Date.now()],
    });
  }

  /** Removes entries of indexes that were dropped long ago, a part at a time. */
  async #removeDropped(): Promise<void> {
    const s = this.#schema;
    const rows = await this.#connections.read({
      text: `SELECT index_id FROM ${s}.dropped WHERE ledger = $1 AND since < $2`,
      values: [this.#ledger, Date.now() - DROPPED_STAY],
    });
    for (const [indexId] of rows) {
      for (const table of ['entries', 'ended_entries'])
        for (;;) {
          const gone = await this.#connections.read({
            text: `DELETE FROM ${s}.${table} WHERE ledger = $1 AND index_id = $2 AND key IN
              (SELECT key FROM ${s}.${table} WHERE ledger = $1 AND index_id = $2 LIMIT 200) RETURNING 1`,
            values: [this.#ledger, indexId],
          });
          if (gone.length === 0) break;
        }
      await this.#connections.read({
        text: `DELETE FROM ${s}.dropped WHERE ledger = $1 AND index_id = $2`,
        values: [this.#ledger, indexId],
      });
    }
  }

  async buildIndex(indexId: string, keyOf: KeyOf): Promise<void> {
    while (this.#unbuilt.has(indexId) && !this.#closing) {
      const isDone = await this.#inTurn(() =>
        this.#connections.insist(() => this.#buildStep(indexId, keyOf)),
      );
      if (isDone) this.#unbuilt.delete(indexId);
      else if (isTurnLong()) await nextTurn();
    }
  }

  /**
   * Adds entries for some documents, while nobody appends: how far it has come
   * stands in the database, so any number of processes may take steps.
   *
   * @returns whether all are there
   */
  async #buildStep(indexId: string, keyOf: KeyOf): Promise<boolean> {
    const s = this.#schema;
    const client = await this.#connections.writer();
    const run = (text: string, values?: unknown[]) =>
      this.#connections.run(client, { text, ...(values && { values }) });
    let failed: unknown;
    try {
      await run('BEGIN');
      // Appends that wait for the lock do not see what was added meanwhile: their turn is void.
      await run(
        `UPDATE ${s}.ledgers SET generation = generation + 1 WHERE id = $1`,
        [this.#ledger],
      );
      const [unbuilt] = (await run(
        `SELECT table_id, next_document FROM ${s}.unbuilt WHERE ledger = $1 AND index_id = $2`,
        [this.#ledger, indexId],
      )) as readonly [string, string][];
      if (!unbuilt) {
        await run('ROLLBACK');
        return true;
      }
      const [tableId, after] = unbuilt;
      const rows = await run(
        `SELECT ${REVISION_COLUMNS} FROM ${s}.documents WHERE ledger = $1 AND table_id = $2 AND document_id > $3 ORDER BY document_id LIMIT ${STEP}`,
        [this.#ledger, tableId, after],
      );
      const entries = (await readRevisions(rows, this.#readParts)).flatMap(
        ({ documentId, data }) => {
          const key = data && keyOf(data);
          return key === undefined ? [] : [{ indexId, key, documentId }];
        },
      );
      await run(
        `INSERT INTO ${s}.entries (ledger, index_id, key, document_id)
          SELECT $1::int, u.* FROM unnest($2::text[], $3::bytea[], $4::text[]) u ON CONFLICT DO NOTHING`,
        [this.#ledger, ...entryColumns(entries)],
      );
      const isDone = rows.length < STEP;
      await (isDone
        ? run(`DELETE FROM ${s}.unbuilt WHERE ledger = $1 AND index_id = $2`, [
            this.#ledger,
            indexId,
          ])
        : run(
            `UPDATE ${s}.unbuilt SET next_document = $3 WHERE ledger = $1 AND index_id = $2`,
            [this.#ledger, indexId, rows.at(-1)?.[1]],
          ));
      await run('COMMIT');
      return isDone;
    } catch (error) {
      failed = error;
      throw error;
    } finally {
      client.release(failed !== undefined);
    }
  }

  snapshot(at?: number): Snapshot {
    this.#throwIfClosed();
    return new PostgresSnapshot(this.#source, at);
  }

  async contents(): Promise<StoreContents> {
    this.#throwIfClosed();
    return PostgresContents.open(this.#connections, this.#place, this.#json);
  }

  async *blocks(from: number, to: number): Batches<Uint8Array> {
    let next = Math.max(from, 0);
    let limit = 50;
    while (next <= to) {
      this.#throwIfClosed();
      const rows = (await this.#connections.read({
        text: `SELECT sequence_no, block, parts FROM ${this.#schema}.blocks
          WHERE ledger = $1 AND sequence_no >= $2 AND sequence_no <= $3 ORDER BY sequence_no LIMIT $4::int`,
        values: [this.#ledger, next, to, limit],
      })) as readonly [number, Buffer, number][];
      const blocks: Buffer[] = [];
      for (const [sequenceNo, first, parts] of rows)
        blocks.push(
          parts > 0
            ? await this.#readParts(sequenceNo, BLOCK_ITEM, first, parts)
            : first,
        );
      yield blocks;
      if (rows.length < limit) return;
      next = (rows.at(-1)?.[0] ?? to) + 1;
      limit = nextLimit(
        blocks.map((data) => ({ data })),
        limit,
      );
    }
  }

  merkleNodes(
    nodes: readonly Pick<MerkleNode, 'level' | 'index'>[],
  ): Promise<readonly Uint8Array[]> {
    this.#throwIfClosed();
    return readNodes(
      (query) => this.#connections.read(query),
      { schema: this.#schema, ledger: this.#ledger, origin: this.origin },
      nodes,
    );
  }

  /** Its rows have nothing of redacted data once the append is there; what the server keeps of older rows, it clears itself. */
  async redactionsDone(): Promise<void> {}

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#writing.catch(() => {});
    await this.#leaveTurn();
    await this.#later;
    await this.#connections.end();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#writing.then(work);
    this.#writing = done.catch(() => {});
    return done;
  }

  get #where(): string {
    return this.#connections.where;
  }

  #throwIfClosed(): void {
    if (this.#closing) throw new StoreClosedError();
  }
}

/** The row of a ledger, which is made if there is none. */
async function ledgerRow(
  connections: Connections,
  { schema, json }: PostgresSettings,
  name: string,
): Promise<LedgerRow> {
  const s = `"${schema}"`;
  if (json)
    for (const statement of jsonColumns(s)) {
      const [, table = ''] = /\.(\w+) ADD/.exec(statement) ?? [];
      if (!(await hasColumn(connections, schema, table)))
        await define(connections, statement);
    }
  for (;;) {
    const [row] = (await connections.read({
      text: `SELECT id, origin, generation, json FROM ${s}.ledgers WHERE name = $1`,
      values: [name],
    })) as readonly [number, number, number, string][];
    if (row) {
      const [id, origin, generation, has] = row;
      return { id, origin, generation, json: has === 't' };
    }
    await connections
      .read({
        text: `INSERT INTO ${s}.ledgers (id, name, origin, generation, json)
          SELECT coalesce(max(id), 0) + 1, $1, 0, 0, $2 FROM ${s}.ledgers`,
        values: [name, json],
      })
      // Another process was first, with this name or this id.
      .catch((error: unknown) => {
        if (!/\(23505\)/.test(String(error))) throw error;
      });
    await sleep(1);
  }
}

async function hasColumn(
  connections: Connections,
  schema: string,
  table: string,
): Promise<boolean> {
  const rows = await connections.read({
    text: `SELECT 1 FROM information_schema.columns WHERE table_schema = $1 AND table_name = $2 AND column_name = 'json'`,
    values: [schema, table],
  });
  return rows.length > 0;
}

/** What is thrown when an earlier attempt may have come through, and no later one can tell. */
function unknownOutcome(error: unknown): StoreUnreachableError {
  if (error instanceof StoreUnreachableError) return error;
  return new StoreUnreachableError(
    `Whether the database has written a block cannot be told: the answer was lost, and then: ${error instanceof Error ? error.message : 'unknown error'}`,
    true,
    { cause: error },
  );
}

const hasRedactions = (commits: readonly Commit[]): boolean =>
  commits.some(({ redactions = [] }) => redactions.length > 0);

function isSame(a: unknown, b: Uint8Array): boolean {
  return a instanceof Uint8Array && Buffer.compare(a, b) === 0;
}
