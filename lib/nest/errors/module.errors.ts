import { QldbNestError } from './qldb-nest.error.js';

/** The options of a module, of a stream or of a decorator are wrong; every problem is named at once. */
export class QldbOptionsError extends QldbNestError {
  constructor(
    what: string,
    /** One sentence each. */
    readonly problems: readonly string[],
  ) {
    super(
      'QLDB_OPTIONS',
      problems.length === 1
        ? `${what}: ${problems[0]}`
        : `${what}:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
    );
  }
}

/** Two `QldbModule` registrations of one application have the same name. */
export class DuplicateLedgerNameError extends QldbNestError {
  constructor(ledger: string) {
    super(
      'QLDB_DUPLICATE_NAME',
      `Two ledgers of this application are registered as '${ledger}'. Import QldbModule.forRoot() once per ledger, and give every further ledger a \`name\` of its own.`,
    );
  }
}

/** `Qldb.ledger` of a ledger that is not in this process, or not open yet. */
export class LedgerNotHereError extends QldbNestError {
  constructor(message: string) {
    super('QLDB_LEDGER_NOT_HERE', message);
  }
}
