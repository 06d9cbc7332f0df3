import { StoreFullError, StoreError } from '../store-errors.js';

/**
 * What an error says of what was asked:
 *
 * - `again`: nothing was decided; ask again
 * - `lost`: the answer was lost; what was asked may have been done
 * - `taken`: a key is there already
 * - `refused`: it was refused, and will be again
 */
export type PostgresFailure = 'again' | 'lost' | 'taken' | 'refused';

/** SQLSTATEs after which nothing was done. */
const AGAIN = new Set([
  '40001', // serialization_failure; Aurora DSQL's OC000 and OC001 come with it
  '40P01', // deadlock_detected
  '55P03', // lock_not_available
  '57014', // query_canceled: the statement's time was over
  '25006', // read_only_sql_transaction: it was the primary, before a failover
  '25P03', // idle_in_transaction_session_timeout
  '53300', // too_many_connections
  '57P03', // cannot_connect_now: it is starting up, or shutting down
  '57P04', // database_dropped
  '26000', // invalid_sql_statement_name: a pooler gave us another connection
]);
/** SQLSTATEs after which nobody knows. */
const LOST = new Set([
  '40003', // statement_completion_unknown: CockroachDB's "result is ambiguous"
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
]);
/** Errors of a socket that was never open. */
const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
]);
const DISK_FULL = '53100';
const UNSUPPORTED = '0A000';
export const UNIQUE_VIOLATION = '23505';

/** Sorts an error of the package `pg`, or of the socket under it. */
export function failureOf(error: unknown): PostgresFailure {
  if (error instanceof StoreError) return 'refused';
  const code = codeOf(error);
  if (code === undefined) {
    if (hasMessage(error, /when trying to connect|before secure TLS/))
      return 'again';
    return hasMessage(error, /connection|terminated|timeout|not queryable/i)
      ? 'lost'
      : 'refused';
  }
  if (code === UNIQUE_VIOLATION) return 'taken';
  if (AGAIN.has(code) || NEVER_SENT.has(code)) return 'again';
  if (LOST.has(code) || code.startsWith('08')) return 'lost';
  // A result of a prepared statement has other columns, since a migration.
  if (code === UNSUPPORTED && hasMessage(error, /cached plan/)) return 'again';
  return /^(E[A-Z]+|ERR_STREAM_\w+)$/.test(code) ? 'lost' : 'refused';
}

/** Nothing was done, and the next attempt is made in another way. */
export class AskAgainError extends Error {
  readonly code = '40001';
}

/** Whether an engine says that it does not do such a thing. */
export function isUnsupported(error: unknown): boolean {
  return codeOf(error) === UNSUPPORTED && !hasMessage(error, /cached plan/);
}

/** A statement that the database refused. */
export class StatementRefusedError extends StoreError {
  constructor(
    where: string,
    /** Why, in PostgreSQL's codes. */
    readonly sqlState: string,
    reason: string,
  ) {
    super(
      'QLDB_STORE_UNWRITABLE',
      `The database ${where} refused a statement of the ledger (${sqlState}): ${reason}.`,
      // Its detail, which names values, is not passed on.
      { cause: new Error(reason) },
    );
  }
}

/** Whether the database refused a statement for one of some reasons. */
export function isRefusedFor(
  error: unknown,
  ...sqlStates: readonly string[]
): boolean {
  return (
    error instanceof StatementRefusedError && sqlStates.includes(error.sqlState)
  );
}

/** An error as the ledger tells it, without the values that `pg` may quote in its detail. */
export function storeErrorOf(error: unknown, where: string): unknown {
  const code = codeOf(error);
  // One of ours, which no database has sent.
  if (error instanceof StoreError || code === undefined) return error;
  if (code === DISK_FULL) return new StoreFullError(where);
  const reason = error instanceof Error ? error.message : 'unknown error';
  return new StatementRefusedError(where, code, withoutValues(reason));
}

/** An error in a few words. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : '';
  return withoutValues(
    message || code || 'unknown error',
    code === undefined || message.includes(code) ? '' : ` (${code})`,
  );
}

/** Quoted parts of PostgreSQL's messages are names; what follows a colon in data errors is a value. */
function withoutValues(message: string, code = ''): string {
  return message.replace(/(invalid input syntax[^:]*):.*/s, '$1') + code;
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

function hasMessage(error: unknown, pattern: RegExp): boolean {
  return error instanceof Error && pattern.test(error.message);
}
