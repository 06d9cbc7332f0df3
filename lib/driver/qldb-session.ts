import { promised, run } from '../async/maybe-promise.js';
import type { BufferedCursor } from './buffered-cursor.js';
import type { Cursor } from './cursor.js';
import { SessionClosedError, TransactionOpenError } from './driver-errors.js';
import {
  callSettings,
  type CompleteDriverOptions,
  type ExecuteLambdaOptions,
  type TransactionOptions,
} from './driver-options.js';
import type { SessionClient } from './session-client.js';
import type { SessionLease } from './session-pool.js';
import { tableNames } from './table-names.js';
import {
  beginTransaction,
  type LambdaHost,
  runLambda,
  type TransactionLambda,
  transactionScope,
} from './transaction-runner.js';
import type { Transaction } from './transaction.js';

/**
 * A session of the pool that is yours until you close it. It runs one
 * transaction at a time; if the service forgets it, another takes its place
 * with the next transaction.
 *
 * Close it, or declare it with `await using`: until then nobody else can use
 * its place in the pool.
 */
export class QldbSession implements AsyncDisposable {
  readonly #lease: SessionLease;
  readonly #options: CompleteDriverOptions;
  readonly #host: LambdaHost;
  readonly #closing = new AbortController();
  #transaction: Transaction | undefined;
  #running: Promise<unknown> | undefined;
  #closed: Promise<void> | undefined;

  /** @internal */
  constructor(
    lease: SessionLease,
    options: CompleteDriverOptions,
    driver: Pick<LambdaHost, 'closing' | 'limits' | 'contention'>,
  ) {
    this.#lease = lease;
    this.#options = options;
    lease.onRevoke = (reason) => {
      this.#closing.abort(reason);
      void this.close();
    };
    this.#host = {
      closing: driver.closing,
      limits: driver.limits,
      contention: driver.contention,
      attempt: (_signal, work) => work(lease),
      onBegin: (_lease, scope) => scope.follow(this.#closing.signal),
    };
  }

  /** Name of the ledger. */
  get ledgerName(): string {
    this.throwIfClosed();
    return this.#options.ledgerName;
  }

  /** Names the session in logs: the request id of the reply that began it, where the endpoint has one. Not a secret. */
  get sessionId(): string {
    return this.#session.id;
  }

  /** What commands of the session are sent with. A secret. */
  get sessionToken(): string {
    return this.#session.token;
  }

  /** @throws SessionClosedError after {@link close}. */
  throwIfClosed(): void {
    if (this.#closed) throw new SessionClosedError();
  }

  /**
   * Begins a transaction that you commit or abort yourself. Nothing is retried.
   *
   * @throws TransactionOpenError while another one of this session is open.
   */
  async startTransaction(options?: TransactionOptions): Promise<Transaction> {
    this.#throwIfBusy();
    const settings = callSettings(options, this.#options);
    const scope = transactionScope(
      settings.signal,
      settings.transactionTimeout,
      this.#host.limits,
    );
    scope.follow(this.#closing.signal);
    const beginning = promised(() =>
      run(beginTransaction(this.#lease, scope, settings)),
    );
    this.#running = beginning;
    try {
      this.#transaction = await beginning;
      return this.#transaction;
    } catch (error) {
      scope.dispose();
      throw error;
    } finally {
      this.#running = undefined;
    }
  }

  /**
   * Runs a lambda in a transaction of this session; see
   * `PooledQldbDriver.executeLambda`. The session stays yours between retries.
   *
   * @throws TransactionOpenError while a transaction of this session is open.
   */
  async executeLambda<T>(
    lambda: TransactionLambda<T>,
    options?: ExecuteLambdaOptions,
  ): Promise<T> {
    this.#throwIfBusy();
    const settings = callSettings(options, this.#options);
    const running = promised(() =>
      run(runLambda(this.#host, lambda, settings)),
    );
    this.#running = running;
    try {
      return await running;
    } finally {
      this.#running = undefined;
    }
  }

  /** Runs one statement in a transaction of its own, and keeps its rows. */
  async executeStatement<T = unknown>(
    statement: string,
    ...parameters: readonly unknown[]
  ): Promise<BufferedCursor<T>> {
    return (await this.executeLambda<Cursor<T>>((transaction) =>
      transaction.executeStatement<T>(statement, ...parameters),
    )) as BufferedCursor<T>;
  }

  /** Names of the ledger's active tables. */
  listTables(): Promise<string[]> {
    return this.executeLambda(tableNames, { values: 'native' });
  }

  /**
   * Gives the session back to the pool. A transaction that is open is aborted
   * first; a lambda that runs is stopped. Idempotent.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #session(): SessionClient {
    this.throwIfClosed();
    // The lease opened a session before this object was made.
    return this.#lease.current as SessionClient;
  }

  async #close(): Promise<void> {
    try {
      this.#closing.abort(new SessionClosedError());
      // The caller of what runs is told; here only its end matters.
      await this.#running?.catch(() => undefined);
      await this.#transaction?.close();
    } finally {
      this.#lease.release();
    }
  }

  #throwIfBusy(): void {
    this.throwIfClosed();
    if (this.#running || this.#transaction?.isClosed === false) {
      throw new TransactionOpenError();
    }
  }
}
