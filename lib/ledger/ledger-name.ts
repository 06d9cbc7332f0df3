const LEDGER_NAME = /^(?!.*--)(?![0-9]+$)(?!-)(?!.*-$)[A-Za-z0-9-]{1,32}$/;

/** QLDB's rule for ledger names. */
export function isLedgerName(name: unknown): name is string {
  return typeof name === 'string' && LEDGER_NAME.test(name);
}
