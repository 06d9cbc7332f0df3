/**
 * Where the driver says what it does. Every method is optional, and a method
 * that is absent costs nothing: its message is not even built. Nest's `Logger`
 * and `console` fit as they are.
 *
 * Messages carry names, counts and ids; never a session token, a statement, a
 * parameter or a row.
 */
export interface DriverLogger {
  /** Each session that starts or ends, each transaction that is run again. */
  debug?(message: string): void;
  info?(message: string): void;
  /** Something was lost or left behind: a session that could not be ended. */
  warn?(message: string): void;
  error?(message: string): void;
}

/** What may be said of an error in a log: its kind, not its message. */
export function errorName(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? `${error.name} (${code})` : error.name;
}
