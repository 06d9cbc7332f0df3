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
  type SharedJournal,
  type Snapshot,
  type StoreContents,
} from '../contract.js';
import {
  StoreClosedError,
  StoreDamagedError,
  StoreError,
  StoreUnreachableError,
  TipMovedError,
} from '../store-errors.js';
import { AppendRows } from './append-rows.js';
import { appendStatement, appendStatements } from './append-statement.js';
import { Connections, released, type Row } from './connections.js';
import { buildStep, type IndexPlace, removeDropped } from './index-rows.js';
import { type LedgerRow, ledgerRow } from './ledger-row.js';
import { readNodes } from './merkle-nodes.js';
import { BLOCK_ITEM, WRITTEN_ITEM } from './parts.js';
import { nextLimit } from './pages.js';
import { PostgresContents } from './postgres-contents.js';
import {
  AskAgainError,
  failureOf,
  isUnsupported,
  storeErrorOf,
} from './postgres-errors.js';
import type { PostgresClient, PostgresSettings } from './postgres-options.js';
import { PostgresSnapshot, type SnapshotSource } from './postgres-snapshot.js';
import { partsReader, type ReadParts } from './revision-rows.js';
import {
  checkVersion,
  type Migration,
  migrate,
  MIGRATIONS,
  readVersion,
} from './schema.js';
import { isLedgerName } from './names.js';
import { redact } from './redact.js';
import { snapshotStatements } from './snapshot-statements.js';
import { updateViews } from './views.js';
import { decodeWrittenKeys } from './written-keys.js';

/** How long a turn may be held without a word, in milliseconds: whoever has it may have died. */
const LONGEST_TURN = 5_000;

/** A turn among all who write: a transaction that holds the lock of the ledger's row. */
interface OpenTurn {
  readonly client: PostgresClient;
  /** Lets go on what waits for the end of the turn. */
  end: () => void;
}

/**
 * A ledger in PostgreSQL, or an engine that speaks its protocol. Any number of
 * processes may have it open. What `append` acknowledged is committed there.
 */
export class PostgresStore implements LedgerStore {
  readonly address = undefined;
  readonly shared: SharedJournal;
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
  /** False where no lock makes others wait. */
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
    this.shared = {
      largestWrite: { rows: settings.maxRows, bytes: settings.maxBytes },
      newest: (known) => {
        this.#throwIfClosed();
        return new PostgresSnapshot(this.#source, known, false);
      },
      blocksAfter: (sequenceNo) => this.#blocksAfter(sequenceNo),
      takeTurn: (sequenceNo) => this.#takeTurn(sequenceNo),
      leave: () => this.#leaveTurn(),
    };
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
      await removeDropped(store.#indexes);
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

  append(tip: number, commits: readonly Commit[]): Promise<void> {
    this.#throwIfClosed();
    // Whatever else writes waits for the end of a turn that has been taken.
    return this.#turn
      ? this.#append(tip, commits)
      : this.#inOrder(() => this.#append(tip, commits));
  }

  async #append(tip: number, commits: readonly Commit[]): Promise<void> {
    const first = commits.at(0);
    const last = commits.at(-1);
    if (!first || !last) return this.#leaveTurn();
    if (this.#failure) {
      await this.#leaveTurn();
      throw this.#failure;
    }
    const known = this.#head?.sequenceNo;
    const begins = known === undefined;
    if (!begins && tip !== known) {
      await this.#leaveTurn();
      throw new TipMovedError(tip, known);
    }
    if (begins && tip >= 0) await this.#setOrigin(tip + 1);
    const turn = this.#turn;
    this.#turn = undefined;
    try {
      if (turn) await this.#writeInTurn(turn, tip, commits);
      else await this.#write(tip, commits);
    } finally {
      turn?.end();
    }
    this.#noteHead(last);
    for (const { tables = [], sequenceNo } of commits)
      if (tables.length > 0)
        this.#definitions = Math.max(this.#definitions, sequenceNo);
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
      let isSent = false;
      try {
        const client = await this.#connections.writer();
        isSent = true;
        const isWritten = await released(client, this.#send(client, rows));
        isSent = false;
        this.#connections.trouble = undefined;
        if (isWritten) return;
        // Somebody did something else than to append: look, and try again.
        await this.#readGeneration();
      } catch (error) {
        const failure = failureOf(error);
        if (failure === 'taken') {
          if (mayBeWritten && (await this.#isWritten(commits))) return;
          throw await this.#tipMoved(tip);
        }
        // A connection that was never there has carried nothing.
        if (failure === 'lost' && isSent) mayBeWritten = true;
        await this.#connections
          .pauseAfter(error, attempt, deadline, mayBeWritten)
          .catch((final: unknown) => {
            throw mayBeWritten ? unknownOutcome(final) : final;
          });
      }
    }
  }

  /** Writes in a turn that has been taken. What is lost then is looked for by {@link #write}. */
  async #writeInTurn(
    { client }: OpenTurn,
    tip: number,
    commits: readonly Commit[],
  ): Promise<void> {
    try {
      await released(client, this.#commitTurn(client, commits));
      return;
    } catch (error) {
      if (error instanceof StoreError) throw error;
      if (failureOf(error) === 'refused')
        throw storeErrorOf(error, this.#where);
    }
    await this.#write(tip, commits, { mayBeWritten: true });
  }

  async #commitTurn(
    client: PostgresClient,
    commits: readonly Commit[],
  ): Promise<void> {
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
    if (!isWritten)
      throw new StoreDamagedError('the row of the ledger changed in a turn');
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
    if (!isOne) await run('BEGIN ISOLATION LEVEL READ COMMITTED');
    const isWritten = await this.#sendRows(client, rows);
    if (isWritten)
      for (const redaction of redactions)
        await redact(redaction, {
          schema: this.#schema,
          ledger: this.#ledger,
          json: this.#json,
          // Whoever holds one connection waits for no other.
          readParts: partsReader(
            (query) => this.#connections.run(client, query),
            this.#schema,
            this.#ledger,
          ),
          run,
        });
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
    if (last) this.#noteHead(last);
    if (this.#unbuilt.size > 0 || blocks.some((one) => one.definesTables))
      await this.#readUnbuilt();
    return blocks;
  }

  /** Blocks of others may have been read before it was heard of an own one. */
  #noteHead(head: Head): void {
    if (head.sequenceNo > (this.#head?.sequenceNo ?? -1)) this.#head = head;
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
    return this.#fail(
      `The database ${this.#where} does not have the last block that it had acknowledged to this process: it is another one, or an older state of it, such as after a failover to a replica that was behind. Nothing more is written. Compare the digest of the ledger there with one that was kept, then start the application again.`,
    );
  }

  #fail(message: string): StoreError {
    if (this.#failure) return this.#failure;
    const failure = new StoreError('QLDB_STORE_LOST', message);
    this.#failure = failure;
    this.onFailure?.(failure);
    return failure;
  }

  async #takeTurn(sequenceNo: number): Promise<readonly AppendedBlock[]> {
    this.#throwIfClosed();
    const rows = this.#hasTurns ? await this.#beginTurn(sequenceNo) : undefined;
    if (!rows) return this.#blocksAfter(sequenceNo);
    // What takes more reads is read without a lock: whoever holds one waits for no other connection.
    const news = rows.filter(([number]) => (number as number) > sequenceNo);
    if (this.#unbuilt.size > 0 || news.some(needsMore)) await this.#leaveTurn();
    try {
      return await this.#follow(sequenceNo, rows);
    } catch (error) {
      await this.#leaveTurn();
      throw error;
    }
  }

  /** Takes the lock when nothing of this process is being written, and holds all writes until the turn is over. */
  #beginTurn(sequenceNo: number): Promise<readonly Row[] | undefined> {
    return new Promise((resolve, reject) => {
      void this.#inOrder(async () => {
        let rows: readonly Row[] | undefined;
        try {
          rows = await this.#connections.insist(() => this.#lock(sequenceNo));
        } catch (error) {
          reject(error);
          return;
        }
        const turn = this.#turn;
        if (!turn) return resolve(rows);
        await new Promise<void>((end) => {
          turn.end = end;
          resolve(rows);
        });
      });
    });
  }

  /**
   * Waits for the lock, and reads what is new behind it, in one round trip.
   *
   * @returns undefined from an engine that has no such turns: its writers are as fast as they are
   */
  async #lock(sequenceNo: number): Promise<readonly Row[] | undefined> {
    const client = await this.#connections.writer();
    try {
      const results = await this.#connections.runAll(client, [
        'BEGIN ISOLATION LEVEL READ COMMITTED',
        `SET LOCAL idle_in_transaction_session_timeout = ${LONGEST_TURN}`,
        `SELECT generation, name FROM ${this.#schema}.ledgers WHERE id = ${this.#ledger} FOR UPDATE`,
        this.#blocksFrom(String(this.#ledger), String(sequenceNo)),
      ]);
      const [, , [row], blocks = []] = results;
      this.#throwIfReplaced(row);
      [this.#generation] = row as unknown as readonly [number, string];
      this.#turn = { client, end: () => {} };
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
    const { client, end } = turn;
    // If it cannot be told, the server finds out by itself.
    await released(
      client,
      this.#connections.run(client, { text: 'ROLLBACK' }),
    ).catch(() => {});
    end();
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
    const isFirst = this.#head === undefined;
    // Whoever asks goes on from there.
    this.#noteHead(head);
    this.#definitions = Math.max(this.#definitions, definitions);
    if (isFirst) await this.#readGeneration();
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
      text: `SELECT generation, name, origin FROM ${this.#schema}.ledgers WHERE id = $1`,
      values: [this.#ledger],
    });
    this.#throwIfReplaced(row);
    const [generation, , origin] = row as readonly [number, string, number];
    this.#generation = generation;
    this.origin = origin;
  }

  /** The row of a ledger that another was put in the place of has another name. */
  #throwIfReplaced(row: Row | undefined): void {
    if (row?.[1] === this.#name) return;
    throw this.#fail(
      `The ledger ${this.#name} in the database ${this.#where} was removed, or another was put in its place, while it was open here. Nothing more is written. Start the application again.`,
    );
  }

  async #readUnbuilt(): Promise<void> {
    const rows = (await this.#connections.read({
      text: `SELECT index_id, table_id FROM ${this.#schema}.unbuilt u WHERE ledger = $1
        AND NOT EXISTS (SELECT 1 FROM ${this.#schema}.dropped d WHERE d.ledger = u.ledger AND d.index_id = u.index_id)`,
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
    if (commits.some(({ endedIndexes = [] }) => endedIndexes.length > 0))
      this.#afterwards(() => removeDropped(this.#indexes));
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

  get #indexes(): IndexPlace {
    return {
      connections: this.#connections,
      s: this.#schema,
      ledger: this.#ledger,
    };
  }

  get #place() {
    return {
      schema: this.#settings.schema,
      ledger: this.#ledger,
      name: this.#name,
    };
  }

  async buildIndex(indexId: string, keyOf: KeyOf): Promise<void> {
    while (this.#unbuilt.has(indexId) && !this.#closing) {
      const isDone = await this.#inOrder(() =>
        this.#connections.insist(() =>
          buildStep(this.#indexes, indexId, keyOf),
        ),
      );
      if (isDone) this.#unbuilt.delete(indexId);
      else if (isTurnLong()) await nextTurn();
    }
  }

  snapshot(at: number): Snapshot {
    this.#throwIfClosed();
    return new PostgresSnapshot(this.#source, at, true);
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
    await this.#leaveTurn();
    await this.#writing.catch(() => {});
    await this.#later;
    await this.#connections.end();
  }

  #inOrder<T>(work: () => Promise<T>): Promise<T> {
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

/** What is thrown when an earlier attempt may have come through, and no later one can tell. */
function unknownOutcome(error: unknown): StoreUnreachableError {
  if (error instanceof StoreUnreachableError) return error;
  return new StoreUnreachableError(
    `Whether the database has written a block cannot be told: the answer was lost, and then: ${error instanceof Error ? error.message : 'unknown error'}`,
    true,
    { cause: error },
  );
}

/** Whether a block that others appended takes more reads: it defines tables, or wrote much. */
const needsMore = ([sequenceNo, , definitions, , , parts]: Row): boolean =>
  definitions === sequenceNo || (parts as number) > 0;

const hasRedactions = (commits: readonly Commit[]): boolean =>
  commits.some(({ redactions = [] }) => redactions.length > 0);

function isSame(a: unknown, b: Uint8Array): boolean {
  return a instanceof Uint8Array && Buffer.compare(a, b) === 0;
}
