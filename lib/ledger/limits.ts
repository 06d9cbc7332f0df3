/** Bounds of a ledger's sessions and transactions. Times are in milliseconds. */
export interface LedgerLimits {
  /** How long a transaction may be open. Default: 30,000, as QLDB. */
  readonly transactionTimeout: number;
  /** How long a session lives, used or not. Default: 900,000 (15 minutes; QLDB's lived 13 to 17). */
  readonly sessionLifetime: number;
  /** Sessions at a time. Default: 1,500, as QLDB. */
  readonly maxSessions: number;
  /** Rows in a page of a result. Default: 200, as QLDB. */
  readonly pageRows: number;
  /** Bytes after which a page ends, so that one page of large documents stays small. Default: 1,048,576. */
  readonly pageBytes: number;
  /** Documents that one transaction may insert, update and delete. Default: 100,000; QLDB allowed 40. */
  readonly maxTransactionDocuments: number;
  /**
   * Bytes that one transaction may hold: its parameters, and the documents that
   * it writes, as they were and as they become, in Ion binary. Default:
   * 67,108,864 (64 MiB); QLDB allowed 4 MB.
   */
  readonly maxTransactionBytes: number;
  /**
   * Bytes that one statement may hold at a time while it sorts, groups, joins or
   * gathers rows; over it, it ends with an error and the transaction goes on.
   * Default: 268,435,456 (256 MiB).
   */
  readonly maxStatementBytes: number;
  /**
   * Bytes of the largest value that a statement may make, such as by `||` or a
   * query within a query, as it would be if it were written out. Documents and
   * parameters have {@link maxTransactionBytes}. Default: 16,777,216 (16 MiB).
   */
  readonly maxValueBytes: number;
}

export const DEFAULT_LIMITS: LedgerLimits = {
  transactionTimeout: 30_000,
  sessionLifetime: 15 * 60_000,
  maxSessions: 1500,
  pageRows: 200,
  pageBytes: 1 << 20,
  maxTransactionDocuments: 100_000,
  maxTransactionBytes: 64 << 20,
  maxStatementBytes: 256 << 20,
  maxValueBytes: 16 << 20,
};

/** Longest time that a timer can wait. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** The largest value of each limit. */
const LARGEST: Record<keyof LedgerLimits, number> = {
  transactionTimeout: LONGEST_TIMER,
  sessionLifetime: Number.MAX_SAFE_INTEGER,
  maxSessions: Number.MAX_SAFE_INTEGER,
  pageRows: Number.MAX_SAFE_INTEGER,
  pageBytes: Number.MAX_SAFE_INTEGER,
  maxTransactionDocuments: Number.MAX_SAFE_INTEGER,
  maxTransactionBytes: Number.MAX_SAFE_INTEGER,
  maxStatementBytes: Number.MAX_SAFE_INTEGER,
  maxValueBytes: Number.MAX_SAFE_INTEGER,
};

/** What is wrong with limits, a sentence each. */
export function limitProblems(limits: unknown): readonly string[] {
  if (limits === undefined) return [];
  if (typeof limits !== 'object' || limits === null || Array.isArray(limits))
    return ['limits is an object, such as { maxTransactionDocuments: 1000 }'];
  return Object.entries(limits).flatMap(([name, value]: [string, unknown]) => {
    if (!Object.hasOwn(LARGEST, name))
      return [
        `limits.${name} is not a limit; there are ${Object.keys(LARGEST).join(', ')}`,
      ];
    const largest = LARGEST[name as keyof LedgerLimits];
    return value === undefined ||
      (Number.isSafeInteger(value) &&
        (value as number) >= 1 &&
        (value as number) <= largest)
      ? []
      : [`limits.${name} is a whole number from 1 to ${largest}`];
  });
}

/** Limits with the defaults for what they leave out. */
export function completeLimits(
  limits: Partial<LedgerLimits> = {},
): LedgerLimits {
  return {
    ...DEFAULT_LIMITS,
    ...Object.fromEntries(
      Object.entries(limits).filter(([, value]) => value !== undefined),
    ),
  };
}
