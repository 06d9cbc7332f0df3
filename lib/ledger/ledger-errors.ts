/** A failure of a ledger, outside the session API. */
export class LedgerError extends Error {
  constructor(
    /** Stable identifier of the kind of failure. */
    readonly code:
      | 'QLDB_LEDGER_NAME'
      | 'QLDB_LEDGER_LIMITS'
      | 'QLDB_LEDGER_CLOSED'
      | 'QLDB_JOURNAL_INVALID'
      | 'QLDB_VIEWS_INVALID'
      | 'QLDB_BACKUP_INVALID'
      | 'QLDB_LEDGER_EXISTS'
      | 'QLDB_LEDGER_MISSING'
      | 'QLDB_INVALID_PARAMETER',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The name is none that QLDB accepted for a ledger. */
export class LedgerNameError extends LedgerError {
  constructor(name: unknown) {
    super(
      'QLDB_LEDGER_NAME',
      typeof name === 'string' && name !== ''
        ? `${JSON.stringify(name.slice(0, 64))} is no ledger name. Use 1 to 32 letters, digits and single hyphens, not only digits, with no hyphen first or last.`
        : 'A ledger needs a name: 1 to 32 letters, digits and single hyphens.',
    );
  }
}

/** Limits that a ledger cannot have. */
export class LedgerLimitsError extends LedgerError {
  constructor(
    /** What is wrong with them, a sentence each. */
    readonly problems: readonly string[],
  ) {
    super(
      'QLDB_LEDGER_LIMITS',
      `The limits of the ledger cannot be used: ${problems.join('; ')}.`,
    );
  }
}

/** The ledger was closed. */
export class LedgerClosedError extends LedgerError {
  constructor() {
    super(
      'QLDB_LEDGER_CLOSED',
      'The ledger is closed. Open it again to use it.',
    );
  }
}

/** A block does not hash to what it, or the chain, says: the journal was changed, or damaged. */
export class JournalInvalidError extends LedgerError {
  constructor(
    /** The block at fault. */
    readonly sequenceNo: number,
    /** What does not agree. */
    readonly what: string,
    options?: ErrorOptions,
  ) {
    super(
      'QLDB_JOURNAL_INVALID',
      `Block ${sequenceNo} is not what was written: ${what}. The journal was changed or damaged after the block was committed; restore the ledger's store from a copy.`,
      options,
    );
  }
}

/** So many differences stand in a message. */
const DIFFERENCES_TOLD = 3;

/** What queries and indexes see is not what the journal says. The journal is as it was written. */
export class ViewsInvalidError extends LedgerError {
  constructor(
    /** What is missing, too much or another, and where; some of it if it is much. */
    readonly differences: readonly string[],
  ) {
    const told = differences.slice(0, DIFFERENCES_TOLD).join('; ');
    const more = differences.length - DIFFERENCES_TOLD;
    super(
      'QLDB_VIEWS_INVALID',
      `What the ledger's queries see is not what its journal says: ${told}${more > 0 ? `; and ${more} more` : ''}. The journal is whole: rebuild the ledger from it ('nestjs-qldb rebuild').`,
    );
  }
}

/** What is to be restored is no backup of a ledger, or not all of it. */
export class BackupInvalidError extends LedgerError {
  constructor(what: string) {
    super(
      'QLDB_BACKUP_INVALID',
      `The backup cannot be restored: ${what}. Nothing was restored; use another backup.`,
    );
  }
}

/** A ledger is to be made where there is one. */
export class LedgerExistsError extends LedgerError {
  constructor(name: string) {
    super(
      'QLDB_LEDGER_EXISTS',
      `There is a ledger ${name} in that store already, and it is left as it is. Name another store or ledger, or move that one away.`,
    );
  }
}

/** A ledger that is to be worked on is not there. */
export class LedgerMissingError extends LedgerError {
  constructor(name: string) {
    super(
      'QLDB_LEDGER_MISSING',
      `There is no ledger ${name} in that store. Check its name, and the store's.`,
    );
  }
}

/** A block address, document id or tip that the ledger does not have. Wordings are QLDB's. */
export class InvalidParameterError extends LedgerError {
  constructor(message: string) {
    super('QLDB_INVALID_PARAMETER', message);
  }
}
