import type { ConflictTurn } from './endpoint.js';

/** What a service failure carries besides its message. */
export interface SessionExceptionOptions {
  /**
   * QLDB's own code, a number in a string, such as `"412"` (a table exists
   * already) or `"432"` (a name in a statement cannot be resolved).
   */
  readonly qldbCode?: string;
  /** HTTP status of the reply. Default: 400, the status of every modelled exception but CapacityExceeded. */
  readonly httpStatusCode?: number;
  /** Request id of the reply, to quote to whoever runs the service. */
  readonly requestId?: string;
  readonly cause?: unknown;
}

/**
 * A failure that a ledger (or the service) reported in answer to a command.
 *
 * Its shape is that of the AWS SDK's service exceptions (`name`, `$fault`,
 * `$metadata`, `Code`), so `instanceof OccConflictException` holds for the
 * classes of `@aws-sdk/client-qldb-session` as well.
 */
export class QldbSessionException extends Error {
  /** Stable identifier of the kind of failure. */
  readonly code: string = 'QLDB_SESSION';
  readonly $fault: 'client' | 'server' = 'client';
  readonly $metadata: {
    readonly httpStatusCode: number;
    readonly requestId?: string;
  };
  /** QLDB's own code where it sent one; see {@link SessionExceptionOptions.qldbCode}. */
  readonly Code?: string;

  constructor(message: string, options: SessionExceptionOptions = {}) {
    super(
      message,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.name = new.target.name;
    this.$metadata = {
      httpStatusCode: options.httpStatusCode ?? 400,
      ...(options.requestId === undefined
        ? {}
        : { requestId: options.requestId }),
    };
    if (options.qldbCode !== undefined) this.Code = options.qldbCode;
  }
}

/** The request is wrong: a statement that does not parse, an unknown table, a command out of order. Not repeatable. */
export class BadRequestException extends QldbSessionException {
  override readonly code = 'QLDB_BAD_REQUEST';
}

/** The session, or its transaction, is no more. A new session may succeed. */
export class InvalidSessionException extends QldbSessionException {
  override readonly code = 'QLDB_INVALID_SESSION';
}

/** Another transaction changed what this one read or wrote. Run the transaction again. */
export class OccConflictException extends QldbSessionException {
  override readonly code = 'QLDB_OCC_CONFLICT';
  readonly #turn: ConflictTurn | undefined;

  constructor(
    message: string,
    options: SessionExceptionOptions & {
      readonly turn?: ConflictTurn | undefined;
    } = {},
  ) {
    super(message, options);
    this.#turn = options.turn;
  }

  /** What a retry waits for, if the ledger is in this process. */
  get turn(): ConflictTurn | undefined {
    return this.#turn;
  }
}

/** Too many sessions, documents or bytes for the limits in force. */
export class LimitExceededException extends QldbSessionException {
  override readonly code = 'QLDB_LIMIT_EXCEEDED';
}

/** Requests come faster than the service takes them. */
export class RateExceededException extends QldbSessionException {
  override readonly code = 'QLDB_RATE_EXCEEDED';
}

/** The ledger cannot take the request just now. Repeatable. */
export class CapacityExceededException extends QldbSessionException {
  override readonly code: string = 'QLDB_CAPACITY_EXCEEDED';
  override readonly $fault = 'server';

  constructor(message: string, options: SessionExceptionOptions = {}) {
    super(message, { httpStatusCode: 503, ...options });
  }
}

/**
 * The ledger could not write to its store: the transaction is not committed,
 * nothing of it was written. Over the wire it is a `CapacityExceededException`
 * with this {@link Code}, which QLDB did not have.
 */
export class NotCommittedException extends CapacityExceededException {
  override readonly code: string = 'QLDB_NOT_COMMITTED';
  static readonly Code: string = 'NOT_COMMITTED';

  constructor(message: string, options: SessionExceptionOptions = {}) {
    super(message, { ...options, qldbCode: new.target.Code });
  }
}

/** Too little space is left on the disk of the ledger: the transaction is not committed, nothing of it was written. Make space. */
export class LedgerFullException extends NotCommittedException {
  override readonly code: string = 'QLDB_LEDGER_FULL';
  static override readonly Code: string = 'LEDGER_FULL';
}
