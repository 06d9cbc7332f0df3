/** A failure of the place where a ledger is kept. */
export class StoreError extends Error {
  constructor(
    /** Stable identifier of the kind of failure. */
    readonly code:
      | 'QLDB_STORE_TIP_MOVED'
      | 'QLDB_STORE_CLOSED'
      | 'QLDB_STORE_IN_USE'
      | 'QLDB_STORE_UNWRITABLE'
      | 'QLDB_STORE_FULL'
      | 'QLDB_STORE_LOST'
      | 'QLDB_STORE_DAMAGED'
      | 'QLDB_STORE_UNKNOWN'
      | 'QLDB_STORE_FORMAT'
      | 'QLDB_STORE_MOVED'
      | 'QLDB_STORE_UNREACHABLE'
      | 'QLDB_STORE_OPTIONS'
      | 'QLDB_STORE_TOO_LARGE',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** Another writer appended first. Read the new blocks, validate again, and append to the new tip. */
export class TipMovedError extends StoreError {
  constructor(expected: number, actual: number) {
    super(
      'QLDB_STORE_TIP_MOVED',
      `The journal ends with block ${actual}, not ${expected}: another writer appended first.`,
    );
  }
}

/** Another process has defined tables that this one does not know of yet: what was about to be read may be understood wrongly. */
export class DefinitionsMovedError extends StoreError {
  constructor(known: number, defined: number) {
    super(
      'QLDB_STORE_MOVED',
      `Block ${defined} defines tables, and this process knows the journal up to block ${known}. Read the new blocks, and begin again.`,
    );
  }
}

/** The store is elsewhere, and does not answer. */
export class StoreUnreachableError extends StoreError {
  constructor(
    /** What was tried, how often, and what came of it; never a password. */
    what: string,
    /** Whether what was to be written may have been written all the same. */
    readonly mayBeWritten: boolean,
    options?: ErrorOptions,
  ) {
    super('QLDB_STORE_UNREACHABLE', what, options);
  }
}

/** The store was closed. */
export class StoreClosedError extends StoreError {
  constructor() {
    super(
      'QLDB_STORE_CLOSED',
      'The ledger store is closed. Open the ledger again to use it.',
    );
  }
}

/** Another process, or another ledger object of this one, has the store open. */
export class StoreInUseError extends StoreError {
  constructor(path: string, owner: string) {
    super(
      'QLDB_STORE_IN_USE',
      `The ledger in ${path} is open in ${owner}. One process at a time may open an embedded ledger: stop the other one, or give this one a folder of its own.`,
    );
  }
}

/** The store's folder cannot be made or written to. */
export class StoreUnwritableError extends StoreError {
  constructor(path: string, cause: unknown) {
    const reason =
      cause instanceof Error && 'code' in cause
        ? ` (${String(cause.code)})`
        : '';
    super(
      'QLDB_STORE_UNWRITABLE',
      `The ledger folder ${path} cannot be written to${reason}. Make it writable for this process, or name another with \`store: 'file:<folder>'\`.`,
      { cause },
    );
  }
}

/** Too little space is left where the store is. Nothing was written. */
export class StoreFullError extends StoreError {
  constructor(path: string) {
    super(
      'QLDB_STORE_FULL',
      `Less than 16 MiB are left on the disk of ${path}, so the ledger does not write to it. Make space, then try again; nothing was lost.`,
    );
  }
}

/** The store's folder was removed, or another was put in its place, while the ledger was open. */
export class StoreLostError extends StoreError {
  constructor(path: string) {
    super(
      'QLDB_STORE_LOST',
      `The ledger folder ${path} was removed or replaced while the ledger was open: what is written now would be gone. Put the folder back, or restore a backup, and start the application again.`,
    );
  }
}

/** What is stored is not what was written: the disk failed, or somebody else wrote to the files. */
export class StoreDamagedError extends StoreError {
  constructor(
    /** The record at fault, and how. */
    readonly what: string,
    options?: ErrorOptions,
  ) {
    super(
      'QLDB_STORE_DAMAGED',
      `The ledger's store is damaged: ${what}. Restore it from a backup, or, if its journal is whole, rebuild the rest from that.`,
      options,
    );
  }
}
