import {
  type MaybePromise,
  promised,
  run,
  type Steps,
  wait,
} from '../async/maybe-promise.js';
import { ionHash } from '../ion/hash.js';
import { CommitDigest, statementDigest } from '../session/commit-digest.js';
import type {
  CommandName,
  CommitTransactionResult,
  ExecuteStatementResult,
  FetchPageResult,
  Page,
  SendCommandResult,
} from '../session/endpoint.js';
import { BadRequestException } from '../session/exceptions.js';
import type { CancelScope } from './cancellation.js';
import type { Cursor } from './cursor.js';
import {
  channels,
  type PageMessage,
  type StatementMessage,
  traced,
} from './diagnostics.js';
import {
  CommitMismatchError,
  CommitOutcomeUnknownError,
  LambdaAbortedError,
  ResultClosedError,
  TransactionClosedError,
  UnawaitedStatementError,
} from './driver-errors.js';
import { causes, classifyFailure, type FailureKind } from './failure.js';
import { type DriverLogger, errorName } from './logger.js';
import type { PagedCursor, ResultSource } from './paged-cursor.js';
import { encodeParameters } from './parameters.js';
import { ReadAheadCursor } from './read-ahead-cursor.js';
import { type RowDecoder, rowDecoder, type RowValues } from './row-decoder.js';
import type { Command, SessionClient } from './session-client.js';
import { Statistics, type ReplyStatistics } from './statistics.js';
import type { ConsumedIOs, ProcessingTime } from './statistics.js';
import { StreamCursor } from './stream-cursor.js';

/** How a transaction reads. */
export interface TransactionSettings {
  readonly ledgerName: string;
  readonly readAhead: number;
  readonly values: RowValues;
  readonly maxBufferedRows: number;
  readonly logger: DriverLogger;
}

/**
 * A transaction with an explicit end: call {@link commit} or {@link abort}, or
 * declare it with `await using`, which aborts unless it was committed.
 *
 * Made by `QldbSession.startTransaction()`. Nothing is retried; where it can,
 * prefer `executeLambda`.
 *
 * ```ts
 * await using session = await driver.getSession();
 * await using transaction = await session.startTransaction();
 * await transaction.execute('INSERT INTO Vehicle ?', { VIN: '1N4AL11D75C109151' });
 * await transaction.commit();
 * ```
 */
export class Transaction implements AsyncDisposable, ResultSource {
  readonly #session: SessionClient;
  readonly #settings: TransactionSettings;
  readonly #scope: CancelScope;
  /** Left to a ledger in this process. */
  readonly #digest: CommitDigest | undefined;
  readonly #statistics = new Statistics();
  /** What the service answered to commands of this transaction, and nothing else, is ours to classify. */
  #failures: WeakMap<object, FailureKind> | undefined;
  /** How many statements and reads there are that somebody should be awaiting. */
  #running = 0;
  readonly transactionId: string;
  /** @internal */
  readonly decode: RowDecoder;
  #closed = false;
  /** Why it must not be committed. */
  #doom: { readonly error: unknown } | undefined;
  #ending: Promise<void> | undefined;

  /** @internal */
  constructor(
    session: SessionClient,
    transactionId: string,
    settings: TransactionSettings,
    scope: CancelScope,
    begun: ReplyStatistics | undefined,
  ) {
    this.transactionId = transactionId;
    this.#session = session;
    this.#settings = settings;
    this.#scope = scope;
    this.#digest = session.inProcess
      ? undefined
      : new CommitDigest(transactionId);
    this.#statistics.add(begun);
    this.decode = rowDecoder(settings.values);
  }

  /** Committed, aborted, or about to be. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /** Aborted when the transaction is to stop: cancelled, out of time, or the driver closes. */
  get signal(): AbortSignal {
    return this.#scope.signal;
  }

  /**
   * Sends a statement.
   *
   * @param parameters One for each `?` of the statement.
   * @returns The rows, fetched page by page while you read.
   * @throws ParameterError, ParameterCountError before anything is sent.
   * @throws TransactionClosedError after the end of the transaction.
   * @throws BadRequestException if the ledger refuses the statement. The
   *   transaction stays open: whoever catches it may go on and commit.
   */
  executeStatement<T = unknown>(
    statement: string,
    ...parameters: readonly unknown[]
  ): Promise<Cursor<T>> {
    return this.track(
      promised(() => run(this.#execute<T>(statement, parameters))),
    );
  }

  /** Sends a statement, and reads all its rows. */
  execute<T = unknown>(
    statement: string,
    ...parameters: readonly unknown[]
  ): Promise<T[]> {
    return this.track(
      promised(() => run(this.#readAll<T>(statement, parameters))),
    );
  }

  *#readAll<T>(statement: string, parameters: readonly unknown[]): Steps<T[]> {
    const cursor = yield* this.#execute<T>(statement, parameters);
    return yield* cursor.readRest();
  }

  /**
   * Makes what the transaction did durable and visible.
   *
   * @throws OccConflictException if another transaction was in the way: run it again.
   * @throws CommitOutcomeUnknownError if the reply was lost.
   * @throws UnawaitedStatementError if statements are still running.
   * @throws TransactionClosedError after the end of the transaction.
   */
  commit(): Promise<void> {
    return promised(() => run(this.end()));
  }

  /** {@link commit}, in steps. @internal */
  *end(): Steps<void> {
    if (this.#closed) throw new TransactionClosedError(this.transactionId);
    if (this.#running > 0) {
      this.doom(new UnawaitedStatementError(this.transactionId, this.#running));
    }
    if (this.#doom) {
      yield this.close();
      throw this.#doom.error;
    }
    this.#closed = true;
    // Until it has come to its end, whoever aborts waits for that.
    let ended: () => void = () => {};
    this.#ending = ENDED;
    const committing = run(this.#commit());
    if (!(committing instanceof Promise)) return;
    this.#ending = new Promise((resolve) => {
      ended = resolve;
    });
    try {
      yield committing;
    } finally {
      ended();
    }
  }

  /**
   * Rolls back. Does nothing after the end of the transaction.
   *
   * @throws What the service answered, or why there was no answer. The session is not used again then.
   */
  abort(): Promise<void> {
    this.#closed = true;
    this.#ending ??= this.#rollBack();
    return this.#ending;
  }

  /** As {@link abort}, but never rejects: a failure is only logged. */
  async close(): Promise<void> {
    try {
      await this.abort();
    } catch (error) {
      this.#settings.logger.warn?.(
        `Transaction ${this.transactionId} could not be aborted: ${errorName(error)}. Its session is given up.`,
      );
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** What all commands of the transaction have cost so far; undefined if the ledger does not say. */
  getConsumedIOs(): ConsumedIOs | undefined {
    return this.#statistics.consumedIOs;
  }

  /** How long the ledger worked on all commands so far; undefined if it does not say. */
  getTimingInformation(): ProcessingTime | undefined {
    return this.#statistics.processingTime;
  }

  /** Aborts by throwing; what `TransactionExecutor.abort` does. @internal */
  abortByThrowing(): never {
    const error = new LambdaAbortedError(this.transactionId);
    this.doom(error);
    throw error;
  }

  /** Largest result kept in memory, in rows; 0 for any. @internal */
  get maxBufferedRows(): number {
    return this.#settings.maxBufferedRows;
  }

  /** From now on statements and the commit are refused with this error; the first one counts. @internal */
  doom(error: unknown): void {
    this.#doom ??= { error };
  }

  /** The kind of failure, if it came from a command of this transaction, be it wrapped. @internal */
  failureKindOf(error: unknown): FailureKind | undefined {
    for (const cause of causes(error)) {
      const kind = this.#failures?.get(cause);
      if (kind) return kind;
    }
    return undefined;
  }

  /** Whether the cursor is one of this transaction. @internal */
  owns(cursor: PagedCursor<unknown>): boolean {
    return cursor.belongsTo(this);
  }

  *#execute<T>(
    statement: string,
    parameters: readonly unknown[],
  ): Steps<PagedCursor<T>> {
    this.#throwIfEnded();
    const encoded = encodeParameters(statement, parameters);
    const commitDigest = this.#digest;
    const digest =
      commitDigest && statementDigest(statement, encoded.map(ionHash));
    const reply = yield* traced(
      channels.statement,
      (): StatementMessage => ({
        ledgerName: this.#settings.ledgerName,
        transactionId: this.transactionId,
        statement,
        parameterCount: encoded.length,
      }),
      (message) => this.#sendStatement(statement, encoded, digest, message),
    );
    this.#received(reply, reply.FirstPage);
    return this.#settings.readAhead > 0
      ? new ReadAheadCursor<T>(this, reply, this.#settings.readAhead)
      : new StreamCursor<T>(this, reply);
  }

  *#sendStatement(
    statement: string,
    parameters: readonly Uint8Array[],
    digest: Uint8Array | undefined,
    message: StatementMessage | undefined,
  ): Steps<ExecuteStatementResult> {
    const result = yield* this.#send(
      'ExecuteStatement',
      {
        ExecuteStatement: {
          TransactionId: this.transactionId,
          Statement: statement,
          Parameters: parameters.map((IonBinary) => ({ IonBinary })),
        },
      },
      () => {
        this.#throwIfEnded();
        // In the order of sending, and also if the ledger refuses the
        // statement: it counts what it receives.
        if (digest) this.#digest?.addDigest(digest);
      },
    );
    const answer = result.ExecuteStatement ?? {};
    if (message) {
      message.firstPage = this.#pageMessage(answer, answer.FirstPage);
    }
    return answer;
  }

  /** @internal */
  fetchPage(
    token: string,
    isWanted: () => boolean,
  ): MaybePromise<FetchPageResult> {
    return run(this.#fetchPage(token, isWanted));
  }

  *#fetchPage(token: string, isWanted: () => boolean): Steps<FetchPageResult> {
    const result = yield* this.#send(
      'FetchPage',
      {
        FetchPage: { TransactionId: this.transactionId, NextPageToken: token },
      },
      () => {
        if (!isWanted()) throw new ResultClosedError(this.transactionId);
      },
    );
    const reply = result.FetchPage ?? {};
    this.#received(reply, reply.Page);
    return reply;
  }

  *#send(
    name: CommandName,
    command: Command,
    onTurn: () => void,
  ): Steps<SendCommandResult> {
    let sent = false;
    try {
      return yield* wait(
        this.#session.send(command, {
          scope: this.#scope,
          onTurn: () => {
            onTurn();
            sent = true;
          },
        }),
      );
    } catch (error) {
      if (sent || this.#scope.aborted) this.#failed(error, name);
      throw error;
    }
  }

  #failed(error: unknown, command: CommandName): void {
    if (this.#scope.aborted) {
      this.doom(error);
      return;
    }
    this.#session.noteFailure(error);
    this.#classify(error, classifyFailure(error, command));
    // The ledger has refused the command and the transaction is as it was.
    // After anything else it is gone, or in a state nobody knows.
    if (!(error instanceof BadRequestException)) this.doom(error);
  }

  #classify(error: unknown, kind: FailureKind): void {
    if (typeof error === 'object' && error !== null) {
      (this.#failures ??= new WeakMap()).set(error, kind);
    }
  }

  *#commit(): Steps<void> {
    const digest = this.#digest?.value;
    let sent = false;
    let reply: CommitTransactionResult | undefined;
    try {
      const result = yield* wait(
        this.#session.send(
          {
            CommitTransaction: {
              TransactionId: this.transactionId,
              CommitDigest: digest,
            },
          },
          {
            scope: this.#scope,
            onTurn: () => {
              sent = true;
            },
          },
        ),
      );
      reply = result.CommitTransaction;
    } catch (error) {
      throw yield* this.#commitFailed(error, sent);
    } finally {
      this.#scope.dispose();
    }
    this.#statistics.add(reply);
    if (
      reply?.TransactionId !== this.transactionId ||
      (digest && !sameBytes(reply.CommitDigest, digest))
    ) {
      // No abort: the transaction has most likely been committed.
      this.#session.broken = true;
      throw new CommitMismatchError(this.transactionId);
    }
  }

  /** Leaves the session clean if it can, and gives what the caller gets to see. */
  *#commitFailed(cause: unknown, sent: boolean): Steps<unknown> {
    let error = cause;
    let kind: FailureKind = 'cancelled';
    if (sent) {
      kind = this.#scope.aborted
        ? 'commit-unknown'
        : classifyFailure(cause, 'CommitTransaction');
      this.#session.noteFailure(cause);
    }
    if (kind === 'commit-unknown') {
      error = new CommitOutcomeUnknownError(this.transactionId, { cause });
    }
    this.#classify(error, kind);
    // A conflict has ended the transaction already.
    if (kind !== 'occ-conflict') {
      yield this.#session.rollBack().catch(() => undefined);
    }
    return error;
  }

  async #rollBack(): Promise<void> {
    this.#scope.dispose();
    // What is under way comes to its end; what waits for its turn is refused.
    await this.#session.rollBack();
  }

  #received(reply: ReplyStatistics, page: Page | undefined): void {
    this.#statistics.add(reply);
    if (channels.page.hasSubscribers) {
      channels.page.publish(this.#pageMessage(reply, page));
    }
  }

  #pageMessage(reply: ReplyStatistics, page: Page | undefined): PageMessage {
    const statistics = new Statistics();
    statistics.add(reply);
    return {
      transactionId: this.transactionId,
      rows: page?.Values?.length ?? 0,
      consumedIOs: statistics.consumedIOs,
      processingTime: statistics.processingTime,
    };
  }

  #throwIfEnded(): void {
    if (this.#closed) {
      throw new TransactionClosedError(
        this.transactionId,
        this.#doom && { cause: this.#doom.error },
      );
    }
    if (this.#doom) throw this.#doom.error;
  }

  /** Counts work that the lambda must await. @internal */
  track<T>(work: Promise<T>): Promise<T> {
    this.#running++;
    // Also keeps work that nobody awaits from ending the process: the commit
    // is refused because of it.
    const done = (): void => {
      this.#running--;
    };
    work.then(done, done);
    return work;
  }
}

const ENDED = Promise.resolve();

function sameBytes(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return (
    a !== undefined &&
    a.length === b.length &&
    a.every((byte, index) => byte === b[index])
  );
}
