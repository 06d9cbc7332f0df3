/** Bounds of a ledger's sessions. Times are in milliseconds. */
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
}

export const DEFAULT_LIMITS: LedgerLimits = {
  transactionTimeout: 30_000,
  sessionLifetime: 15 * 60_000,
  maxSessions: 1500,
  pageRows: 200,
  pageBytes: 1 << 20,
};
