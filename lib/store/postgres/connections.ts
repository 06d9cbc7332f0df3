import { setTimeout as sleep } from 'node:timers/promises';
import {
  StoreClosedError,
  StoreError,
  StoreUnreachableError,
} from '../store-errors.js';
import { failureOf, reasonOf, storeErrorOf } from './postgres-errors.js';
import {
  type PostgresClient,
  type PostgresPool,
  type PostgresSettings,
  shownUrl,
} from './postgres-options.js';

/** A text that is sent once for each connection, and run by its name from then on. */
export interface PreparedText {
  readonly name: string;
  readonly text: string;
}

const preparedTexts = new Map<string, PreparedText>();

/** Gives a text its name: the same text, the same name. */
export function prepared(text: string): PreparedText {
  let statement = preparedTexts.get(text);
  if (!statement) {
    statement = { name: `qldb-${preparedTexts.size + 1}`, text };
    preparedTexts.set(text, statement);
  }
  return statement;
}

/** A statement with its values. */
export type Query =
  | { readonly statement: PreparedText; readonly values: unknown[] }
  /** Of few texts, if it has values: it is prepared, too. */
  | { readonly text: string; readonly values?: unknown[] };

/** The values of a row, in the order of its columns. */
export type Row = readonly unknown[];

/** Connections are replaced within the hour: some services end older ones. */
const LONGEST_LIFE_SECONDS = 30 * 60;
const CONNECT_TIMEOUT = 10_000;
/** How long a store that is just being opened waits: whoever opens it tries again, and says so. */
const OPEN_TIMEOUT = 3_000;
/** How much longer than the database this process waits for an answer that it does not get, in milliseconds. */
const ANSWER_GRACE = 5_000;
/** Between attempts, in milliseconds: the first wait, and the longest. */
const FIRST_WAIT = 20;
const LONGEST_WAIT = 1_000;

const OID_BYTEA = 17;
const NUMBERS = new Set([20, 21, 23, 701]);

/** Columns as we need them: `int8` as numbers, for ours are safe; `jsonb` as text. */
const types = {
  getTypeParser(oid: number): (text: string) => unknown {
    if (NUMBERS.has(oid)) return Number;
    if (oid === OID_BYTEA) return (text) => Buffer.from(text.slice(2), 'hex');
    return (text) => text;
  },
};

interface OwnedPool extends PostgresPool {
  end(): Promise<void>;
}

/** The connections of a store: one pool to read, one connection at a time to write. */
export class Connections {
  /** What came of the last attempt, while the next one is waited for. */
  trouble: string | undefined;
  #closed = false;
  #isOpen = false;
  readonly #known = new WeakSet<PostgresClient>();

  private constructor(
    /** The database as messages name it: without a password. */
    readonly where: string,
    private readonly settings: PostgresSettings,
    private readonly readers: PostgresPool,
    private readonly writers: PostgresPool,
    private readonly owned: readonly OwnedPool[],
  ) {}

  /** Opens nothing yet. @throws StoreError `QLDB_STORE_OPTIONS` when the package `pg` is not there */
  static async of(settings: PostgresSettings): Promise<Connections> {
    const { pool, url, maxConnections } = settings;
    if (pool)
      return new Connections(
        "of the application's pool",
        settings,
        pool,
        pool,
        [],
      );
    const readers = await ownPool(settings, maxConnections - 1, false);
    const writers = await ownPool(settings, 1, true);
    const where = url === undefined ? 'of the environment' : shownUrl(url);
    return new Connections(where, settings, readers, writers, [
      readers,
      writers,
    ]);
  }

  /** When an attempt that begins now is the last, in milliseconds of `performance.now()`. */
  deadline(): number {
    return performance.now() + this.#patience;
  }

  get #patience(): number {
    const { answerTimeout } = this.settings;
    return this.#isOpen ? answerTimeout : Math.min(answerTimeout, OPEN_TIMEOUT);
  }

  /** From now on others rely on it: it is worth waiting for. */
  opened(): void {
    this.#isOpen = true;
  }

  /**
   * Reads, as often as it takes to have an answer.
   *
   * @throws StoreUnreachableError when there is none in time
   * @throws StoreError when the database refuses the statement
   */
  async read(query: Query): Promise<readonly Row[]> {
    return this.insist((attempt) =>
      this.#with(this.readers, (client) => this.run(client, query), attempt),
    );
  }

  /** Does something until it is done; what is lost is done again. */
  async insist<T>(attempt: (n: number) => Promise<T>): Promise<T> {
    const deadline = this.deadline();
    for (let n = 0; ; n++) {
      try {
        const result = await attempt(n);
        this.trouble = undefined;
        return result;
      } catch (error) {
        await this.pauseAfter(error, n, deadline, false);
      }
    }
  }

  /** A connection to write with; {@link released} gives it back. */
  async writer(): Promise<PostgresClient> {
    return this.#take(this.writers);
  }

  /** Takes a connection of a pool. */
  async #take(pool: PostgresPool): Promise<PostgresClient> {
    this.#throwIfClosed();
    const client = await pool.connect();
    if (!this.#known.has(client)) {
      this.#known.add(client);
      // A connection that is lost fails what was asked of it; it must not fail the process.
      client.on('error', () => {});
    }
    return client;
  }

  /** Runs a statement on a connection. */
  async run(client: PostgresClient, query: Query): Promise<readonly Row[]> {
    const { values } = query;
    const { name, text } =
      'statement' in query
        ? query.statement
        : values
          ? prepared(query.text)
          : { name: undefined, text: query.text };
    const { rows } = await client.query({
      name: this.settings.prepare ? name : undefined,
      text,
      values,
      rowMode: 'array',
      types,
    });
    return rows as readonly Row[];
  }

  /** Runs statements without values in one round trip. @returns the rows of each */
  async runAll(
    client: PostgresClient,
    texts: readonly string[],
  ): Promise<readonly (readonly Row[])[]> {
    const results = await client.query({
      text: texts.join('; '),
      rowMode: 'array',
      types,
    });
    return (
      results as unknown as readonly { readonly rows: readonly Row[] }[]
    ).map(({ rows }) => rows);
  }

  async #with<T>(
    pool: PostgresPool,
    work: (client: PostgresClient) => Promise<T>,
    attempt = 0,
  ): Promise<T> {
    const client = await this.#take(pool);
    let error: unknown;
    try {
      return await work(client);
    } catch (thrown) {
      error = thrown;
      throw thrown;
    } finally {
      // After a second failure other connections may have the same trouble: this one goes anyway.
      client.release(
        error !== undefined && (failureOf(error) === 'lost' || attempt > 0),
      );
    }
  }

  /** A connection of its own, for one long transaction of reads. */
  async reader(): Promise<PostgresClient> {
    return this.insist(() => this.#take(this.readers));
  }

  /**
   * Waits before the next attempt.
   *
   * @throws StoreError what has happened, if another attempt makes no sense, or it is too late for it
   */
  async pauseAfter(
    error: unknown,
    attempt: number,
    deadline: number,
    mayBeWritten: boolean,
  ): Promise<void> {
    const failure = failureOf(error);
    if (failure === 'refused' || failure === 'taken')
      throw storeErrorOf(error, this.where);
    const wait = Math.min(FIRST_WAIT * 2 ** attempt, LONGEST_WAIT);
    if (performance.now() + wait > deadline)
      throw new StoreUnreachableError(
        `The database ${this.where} did not answer within ${this.#patience} ms (${attempt + 1} attempts): ${reasonOf(error)}. Check that it is up and can be reached from here.`,
        mayBeWritten,
        { cause: new Error(reasonOf(error)) },
      );
    this.trouble = `The database ${this.where} does not answer: ${reasonOf(error)}`;
    await sleep(wait);
    this.#throwIfClosed();
  }

  async end(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.owned.map((pool) => pool.end()));
  }

  #throwIfClosed(): void {
    if (this.#closed) throw new StoreClosedError();
  }
}

async function ownPool(
  { url, ssl, statementTimeout }: PostgresSettings,
  max: number,
  pipeline: boolean,
): Promise<OwnedPool> {
  const { default: pg } = await import('pg').catch((cause: unknown) => {
    throw new StoreError(
      'QLDB_STORE_OPTIONS',
      'A ledger on PostgreSQL needs the package pg: npm install pg.',
      { cause },
    );
  });
  const pool = new pg.Pool({
    ...(url === undefined ? {} : { connectionString: url }),
    ...(ssl === undefined ? {} : { ssl }),
    max,
    pipeline,
    application_name: 'nestjs-qldb',
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_TIMEOUT,
    maxLifetimeSeconds: LONGEST_LIFE_SECONDS,
    // Planning our statements takes longer than running them: once for each connection is enough.
    verify(
      client: { query(text: string, done: () => void): void },
      ready: () => void,
    ) {
      // Where there is no such setting, it goes as it goes.
      client.query('SET plan_cache_mode = force_generic_plan', () => ready());
    },
    ...(statementTimeout > 0 && {
      statement_timeout: statementTimeout,
      query_timeout: statementTimeout + ANSWER_GRACE,
    }),
  });
  // An idle connection that is lost: the next statement takes another.
  pool.on('error', () => {});
  return pool;
}

/** The result of what a connection was used for, which is given back when there is one; one that failed is not used again. */
export async function released<T>(
  client: PostgresClient,
  used: Promise<T>,
): Promise<T> {
  let hasFailed = true;
  try {
    const result = await used;
    hasFailed = false;
    return result;
  } finally {
    client.release(hasFailed);
  }
}
