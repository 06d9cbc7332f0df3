import type { ConnectionOptions } from 'node:tls';
import { StoreError } from '../store-errors.js';

/** What the store needs of a connection of the package `pg`. */
export interface PostgresClient {
  /** Whether it sends queries before the ones before are answered. */
  readonly pipeline?: boolean;
  query(query: {
    readonly text: string;
    readonly name?: string | undefined;
    readonly values?: unknown[] | undefined;
    readonly rowMode?: 'array';
    readonly types?: {
      getTypeParser(oid: number): (text: string) => unknown;
    };
  }): Promise<{ readonly rows: unknown[]; readonly rowCount: number | null }>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  release(destroy?: boolean | Error): void;
}

/** What the store needs of a `Pool` of the package `pg`. */
export interface PostgresPool {
  connect(): Promise<PostgresClient>;
}

/** A ledger's place in a PostgreSQL database, or one that speaks its protocol. */
export interface PostgresStoreOptions {
  /**
   * `postgres://user:password@host:5432/database`, with `?sslmode=` and the other
   * parameters of PostgreSQL's own clients. What it leaves out comes from the
   * environment (`PGHOST`, `PGPASSWORD` …). Not beside {@link pool}.
   */
  readonly url?: string;
  /**
   * A `Pool` of the package `pg` that the application has already. It is used as
   * it is, and left open when the ledger is closed.
   */
  readonly pool?: PostgresPool;
  /** The schema of the ledger's tables; made if it is not there. Default: `qldb`. */
  readonly schema?: string;
  /** TLS, as `pg` takes it: `true`, or options of Node's `tls.connect`. Default: as the url says. */
  readonly ssl?: boolean | ConnectionOptions;
  /** Connections that this process has open at the most: one of them to write, the others to read. Default: 10. */
  readonly maxConnections?: number;
  /** How long the database may take for one statement, in milliseconds; 0 leaves it to the database. Default: 30,000. */
  readonly statementTimeout?: number;
  /**
   * How long an answer is waited for in all when the database cannot be reached,
   * in milliseconds, with a new attempt every while. Default: 30,000.
   */
  readonly answerTimeout?: number;
  /**
   * Rows that one write may have; larger transactions are refused, and groups of
   * smaller ones kept below it. Default: none for a transaction, 2,500 for a
   * group. Aurora DSQL takes 3,000.
   */
  readonly maxRows?: number;
  /** Bytes that one write may have. Default: none for a transaction, 8 MiB for a group. Aurora DSQL takes 10 MiB. */
  readonly maxBytes?: number;
  /**
   * Whether the documents are kept as `jsonb` too, with a view for each table, for
   * whoever reads them with SQL. It is settled when a ledger is made. Default: `true`.
   */
  readonly json?: boolean;
  /** Whether statements are prepared once for each connection; some poolers do not take that. Default: `true`. */
  readonly prepare?: boolean;
}

/** Options with their defaults. */
export interface PostgresSettings {
  readonly url: string | undefined;
  readonly pool: PostgresPool | undefined;
  readonly schema: string;
  readonly ssl: boolean | ConnectionOptions | undefined;
  readonly maxConnections: number;
  readonly statementTimeout: number;
  readonly answerTimeout: number;
  readonly maxRows: number;
  readonly maxBytes: number;
  readonly json: boolean;
  readonly prepare: boolean;
  /** For tests: what an engine demands that writes no two tables in one statement. */
  readonly writesApart: boolean;
}

/** Kept as a record, so that the compiler sees one that is missing. */
const KINDS: Record<keyof PostgresStoreOptions, (value: unknown) => boolean> = {
  url: (value) => typeof value === 'string' && isPostgresUrl(value),
  pool: (value) =>
    typeof value === 'object' &&
    value !== null &&
    typeof (value as PostgresPool).connect === 'function',
  schema: (value) =>
    typeof value === 'string' && /^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(value),
  ssl: (value) =>
    typeof value === 'boolean' || (typeof value === 'object' && value !== null),
  maxConnections: (value) => isCount(value, 2),
  statementTimeout: (value) => isCount(value, 0),
  answerTimeout: (value) => isCount(value, 1),
  maxRows: (value) => isCount(value, 10),
  maxBytes: (value) => isCount(value, 1 << 20),
  json: (value) => typeof value === 'boolean',
  prepare: (value) => typeof value === 'boolean',
};

/** What is right, for whoever gave something else. */
const RIGHT: Record<keyof PostgresStoreOptions, string> = {
  url: 'begins with postgres:// or postgresql://',
  pool: 'is a Pool of the package pg',
  schema: 'has 1 to 63 letters, digits and underscores, and no digit first',
  ssl: 'is true, false or options of tls.connect',
  maxConnections: 'is a whole number from 2 on',
  statementTimeout: 'is a number of milliseconds, from 0 on',
  answerTimeout: 'is a number of milliseconds, from 1 on',
  maxRows: 'is a whole number from 10 on',
  maxBytes: 'is a number of bytes, from 1 MiB on',
  json: 'is true or false',
  prepare: 'is true or false',
};

function isCount(value: unknown, least: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= least;
}

/** Whether an address is that of a PostgreSQL database. */
export function isPostgresUrl(address: string): boolean {
  return /^postgres(?:ql)?:\/\//.test(address) && URL.canParse(address);
}

/** What is wrong with options, a sentence each. Nothing of their values is told. */
export function postgresProblems(options: object): readonly string[] {
  const problems = Object.entries(options).flatMap(
    ([name, value]: [string, unknown]) => {
      if (!Object.hasOwn(KINDS, name))
        return [
          `store.${name} is not an option; there are ${Object.keys(KINDS).join(', ')}`,
        ];
      const option = name as keyof PostgresStoreOptions;
      return value === undefined || KINDS[option](value)
        ? []
        : [`store.${name} ${RIGHT[option]}`];
    },
  );
  const { url, pool, ssl, maxConnections } = options as PostgresStoreOptions;
  const { max } =
    (pool as { options?: { max?: number } } | undefined)?.options ?? {};
  if (max !== undefined && max < 2)
    problems.push('store.pool has two connections or more');
  if (pool !== undefined)
    for (const [name, value] of Object.entries({ url, ssl, maxConnections }))
      if (value !== undefined)
        problems.push(`store.${name} is for a pool that the ledger makes`);
  return problems;
}

/**
 * Completes options; of an address, those that stand in its query.
 *
 * @throws StoreError `QLDB_STORE_OPTIONS` naming everything that is wrong with them
 */
export function postgresSettings(
  place: string | PostgresStoreOptions,
): PostgresSettings {
  const options = typeof place === 'string' ? optionsIn(place) : place;
  const problems = postgresProblems(options);
  if (problems.length > 0)
    throw new StoreError(
      'QLDB_STORE_OPTIONS',
      `The store cannot be used: ${problems.join('; ')}.`,
    );
  const { maxRows, maxBytes } = options;
  return {
    url: options.url,
    pool: options.pool,
    schema: options.schema ?? 'qldb',
    ssl: options.ssl,
    maxConnections: options.maxConnections ?? 10,
    statementTimeout: options.statementTimeout ?? 30_000,
    answerTimeout: options.answerTimeout ?? 30_000,
    maxRows: maxRows ?? Infinity,
    maxBytes: maxBytes ?? Infinity,
    json: options.json ?? true,
    prepare: options.prepare ?? true,
    writesApart: false,
  };
}

/** An address without our own parameters, and these. */
function optionsIn(address: string): PostgresStoreOptions {
  if (!isPostgresUrl(address))
    throw new StoreError(
      'QLDB_STORE_OPTIONS',
      'The address of a database is postgres://user:password@host:5432/database.',
    );
  const url = new URL(address);
  const own: Record<string, unknown> = {};
  for (const name of Object.keys(KINDS)) {
    const text = url.searchParams.get(name);
    if (text === null || name === 'url' || name === 'pool' || name === 'ssl')
      continue;
    url.searchParams.delete(name);
    own[name] =
      name === 'schema'
        ? text
        : text === 'true' || text === 'false'
          ? text === 'true'
          : Number(text);
  }
  return { ...own, url: url.href };
}

/** An address that may be shown: without a password, and what else may be one. */
export function shownUrl(address: string): string {
  const { protocol, hostname, port, pathname } = new URL(address);
  return `${protocol}//${hostname}${port && `:${port}`}${pathname}`;
}
