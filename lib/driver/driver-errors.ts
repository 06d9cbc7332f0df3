/**
 * Base of every error that the driver itself raises. Errors of the service are
 * not wrapped: they reach the caller as the `QldbSessionException` they are.
 *
 * Tell errors apart by `code`, which is stable, or by `instanceof`.
 */
export class QldbDriverError extends Error {
  /** Stable identifier of the kind of error. */
  readonly code: string = 'QLDB_DRIVER';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The options of a driver or of a call are not usable. Nothing was opened or sent. */
export class DriverOptionsError extends QldbDriverError {
  override readonly code = 'QLDB_DRIVER_OPTIONS';

  /** Each thing that is wrong, in words. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The options cannot be used: ${problems.join('; ')}.`);
    this.problems = problems;
  }
}

/**
 * The endpoint could not even send a request: no credentials, no region. The
 * command had no effect. Never retried, because nothing changes by waiting.
 */
export class EndpointConfigurationError extends QldbDriverError {
  override readonly code = 'QLDB_ENDPOINT_CONFIGURATION';
}

/** An endpoint threw something that is no error; `cause` is what. The outcome of the command is unknown. */
export class TransportError extends QldbDriverError {
  override readonly code = 'QLDB_TRANSPORT';

  constructor(cause: unknown) {
    super(
      `The endpoint threw a ${typeof cause} instead of an error. Let it throw what the contract of SessionEndpoint says.`,
      { cause },
    );
  }
}

/** Something was used that is no longer, or not yet, in a state to be used. */
export class IllegalStateError extends QldbDriverError {
  override readonly code: string = 'QLDB_ILLEGAL_STATE';
}

/** The driver was closed. */
export class DriverClosedError extends IllegalStateError {
  override readonly code = 'QLDB_DRIVER_CLOSED';

  constructor(options?: ErrorOptions) {
    super('The driver is closed. Create a new one to go on.', options);
  }
}

/** The session was closed, and its place given back to the pool. */
export class SessionClosedError extends IllegalStateError {
  override readonly code = 'QLDB_SESSION_CLOSED';

  constructor() {
    super('The session is closed. Call getSession() for another one.');
  }
}

/** The transaction was committed or aborted. */
export class TransactionClosedError extends IllegalStateError {
  override readonly code = 'QLDB_TRANSACTION_CLOSED';

  constructor(
    readonly transactionId: string,
    options?: ErrorOptions,
  ) {
    super(
      `Transaction ${transactionId} has ended. Await every statement before the lambda returns, and use its executor only inside it.`,
      options,
    );
  }
}

/** The session has a transaction that is neither committed nor aborted yet. */
export class TransactionOpenError extends IllegalStateError {
  override readonly code = 'QLDB_TRANSACTION_OPEN';

  constructor() {
    super(
      'The session already has an open transaction. Commit or abort it first, or take another session: a session runs one transaction at a time.',
    );
  }
}

/** The cursor was closed, or its transaction ended before all rows were read. */
export class ResultClosedError extends IllegalStateError {
  override readonly code = 'QLDB_RESULT_CLOSED';

  constructor(readonly transactionId: string) {
    super(
      `A result of transaction ${transactionId} was read after it was closed. Read the rows inside the transaction, or keep them with execute() or toArray().`,
    );
  }
}

/** A stream was iterated twice. A {@link BufferedCursor} can be. */
export class ResultConsumedError extends IllegalStateError {
  override readonly code = 'QLDB_RESULT_CONSUMED';

  constructor(readonly transactionId: string) {
    super(
      `A result of transaction ${transactionId} is being read already. A stream can be iterated once; keep the rows with toArray() to go over them again.`,
    );
  }
}

/** The reply to a commit does not name the transaction and digest that were sent. */
export class CommitMismatchError extends IllegalStateError {
  override readonly code = 'QLDB_COMMIT_MISMATCH';

  constructor(readonly transactionId: string) {
    super(
      `The reply to the commit of transaction ${transactionId} does not match it. It has most likely been committed: read back what it wrote before you run it again.`,
    );
  }
}

/** The lambda, or whoever owned the transaction, called `abort()`. */
export class LambdaAbortedError extends QldbDriverError {
  override readonly code = 'QLDB_LAMBDA_ABORTED';

  constructor(readonly transactionId: string) {
    super(`Transaction ${transactionId} was aborted by its lambda.`);
  }
}

/** No session became free in time. */
export class SessionPoolEmptyError extends QldbDriverError {
  override readonly code = 'QLDB_SESSION_POOL_EMPTY';

  constructor(
    /** How long the caller waited at most, in milliseconds. */
    readonly timeout: number,
    /** How many sessions the pool allows. */
    readonly poolLimit: number,
  ) {
    super(
      `None of the ${poolLimit} sessions became free within ${timeout} ms. Close the sessions that are no longer needed, shorten the transactions, or raise poolLimit or timeout.`,
    );
  }
}

/**
 * Every session of the pool is held by a lambda that itself waits for another
 * session, so none of them could ever go on.
 */
export class NestedTransactionError extends QldbDriverError {
  override readonly code = 'QLDB_NESTED_TRANSACTION';

  constructor(
    /** How many sessions the pool allows. */
    readonly poolLimit: number,
  ) {
    super(
      `A lambda asked for a second session while all ${poolLimit} are held by lambdas that wait for one, itself among them. Use the executor that the lambda was given, or raise poolLimit.`,
    );
  }
}

/**
 * The reply to a commit was lost, or the service failed while it committed:
 * the transaction may or may not have taken effect. By default nothing is run
 * again. Read back what the transaction wrote, or let it be retried with
 * `retry: { on: [...DEFAULT_RETRY_KINDS, 'commit-unknown'] }` if running the
 * lambda twice does no harm.
 */
export class CommitOutcomeUnknownError extends QldbDriverError {
  override readonly code = 'QLDB_COMMIT_OUTCOME_UNKNOWN';

  constructor(
    readonly transactionId: string,
    options: ErrorOptions,
  ) {
    super(
      `Whether transaction ${transactionId} was committed is unknown: its commit was sent, and no usable reply came back. Read back what it wrote before you run it again.`,
      options,
    );
  }
}

/** The lambda returned, or commit() was called, while statements were still running. */
export class UnawaitedStatementError extends QldbDriverError {
  override readonly code = 'QLDB_UNAWAITED_STATEMENT';

  constructor(
    readonly transactionId: string,
    /** How many statements or reads were still running. */
    readonly running: number,
  ) {
    super(
      `Transaction ${transactionId} was to be committed while ${running} of its statements or reads were still running, so it was aborted. Await every statement before the lambda returns.`,
    );
  }
}

/** The transaction took longer than `transactionTimeout`. */
export class TransactionTimeoutError extends QldbDriverError {
  override readonly code = 'QLDB_TRANSACTION_TIMEOUT';

  constructor(
    /** The limit, in milliseconds. */
    readonly timeout: number,
  ) {
    super(
      `The transaction did not end within ${timeout} ms and was aborted. Do less in one transaction, or raise transactionTimeout.`,
    );
  }
}

/** A command that cleans up (an abort, the end of a session) had no reply in time. */
export class CleanupTimeoutError extends QldbDriverError {
  override readonly code = 'QLDB_CLEANUP_TIMEOUT';

  constructor(
    /** The limit, in milliseconds. */
    readonly timeout: number,
  ) {
    super(`A command that cleans up had no reply within ${timeout} ms.`);
  }
}

/** A backoff strategy returned something that is no number of milliseconds. */
export class InvalidBackoffError extends QldbDriverError {
  override readonly code = 'QLDB_INVALID_BACKOFF';

  constructor(given: unknown, options: ErrorOptions) {
    super(
      `The backoff strategy returned ${typeof given === 'number' ? given : typeof given}. It must return a finite number of milliseconds below 2^31, or nothing for no delay.`,
      options,
    );
  }
}

/** A parameter cannot be written as Ion. Nothing was sent. */
export class ParameterError extends QldbDriverError {
  override readonly code = 'QLDB_PARAMETER';

  constructor(
    /** Which parameter, counted from 1. */
    readonly position: number,
    message: string,
    options: ErrorOptions,
  ) {
    super(`Parameter ${position}: ${message}`, options);
  }
}

/** A statement has another number of `?` than there are parameters. Nothing was sent. */
export class ParameterCountError extends QldbDriverError {
  override readonly code = 'QLDB_PARAMETER_COUNT';

  constructor(
    /** How many `?` the statement has. */
    readonly expected: number,
    /** How many parameters were given. */
    readonly given: number,
  ) {
    super(
      `The statement has ${expected} parameter(s), but ${given} were given. Parameters follow the statement one by one: execute(statement, a, b), not execute(statement, [a, b]).`,
    );
  }
}

/** A row of a result cannot be read as Ion. The transaction is aborted. */
export class RowUnreadableError extends QldbDriverError {
  override readonly code = 'QLDB_ROW_UNREADABLE';

  constructor(
    readonly transactionId: string,
    /** Which row of the result, counted from 0. */
    readonly row: number,
    options?: ErrorOptions,
  ) {
    super(
      `Row ${row} of a result of transaction ${transactionId} is not readable Ion. The transaction is aborted. Read it with values: 'binary' to look at its bytes.`,
      options,
    );
  }
}

/** A result was kept in memory that has more rows than `maxBufferedRows`. */
export class ResultTooLargeError extends QldbDriverError {
  override readonly code = 'QLDB_RESULT_TOO_LARGE';

  constructor(
    readonly transactionId: string,
    /** The limit, in rows. */
    readonly maxBufferedRows: number,
  ) {
    super(
      `A result of transaction ${transactionId} has more than ${maxBufferedRows} rows. Iterate over the cursor of executeStatement() instead, or raise maxBufferedRows.`,
    );
  }
}
