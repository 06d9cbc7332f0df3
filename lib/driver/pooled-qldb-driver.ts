import { promised, run, type Steps, wait } from '../async/maybe-promise.js';
import { isTurnLong, nextTurn } from '../async/turns.js';
import type { SessionEndpoint } from '../session/endpoint.js';
import type { BufferedCursor } from './buffered-cursor.js';
import type { Cursor } from './cursor.js';
import { TimeLimits } from './cancellation.js';
import {
  CleanupTimeoutError,
  DriverClosedError,
  DriverOptionsError,
} from './driver-errors.js';
import {
  callSettings,
  completeDriverOptions,
  type CompleteDriverOptions,
  type ExecuteLambdaOptions,
  type PooledQldbDriverOptions,
} from './driver-options.js';
import { openEndpoint } from './open-endpoint.js';
import { QldbSession } from './qldb-session.js';
import {
  type SessionLease,
  SessionPool,
  type SessionPoolCounts,
} from './session-pool.js';
import { tableNames } from './table-names.js';
import {
  type LambdaHost,
  runLambda,
  type RunSettings,
  type TransactionLambda,
  transactionLimits,
  transactionScope,
} from './transaction-runner.js';

/** Sessions at once if the endpoint does not say how many it serves: the sockets of the AWS SDK's client. */
const DEFAULT_MAX_CONCURRENCY = 50;

/** Options of {@link PooledQldbDriver.close}. */
export interface CloseOptions {
  /** How long transactions that are under way may take to end, in milliseconds; then they are aborted. Default: 10,000. */
  readonly graceTime?: number;
}

/**
 * The driver of one ledger, with a pool of sessions. Make one for each ledger
 * and keep it; nothing is sent before the first call.
 *
 * ```ts
 * const driver = new PooledQldbDriver({ ledgerName: 'vehicle-registration', region: 'eu-central-1' });
 *
 * const owners = await driver.executeLambda(async (txn) => {
 *   await txn.execute('UPDATE Vehicle SET owner = ? WHERE VIN = ?', 'Mary', '1N4AL11D75C109151');
 *   return txn.execute<{ owner: string }>('SELECT owner FROM Vehicle');
 * });
 *
 * await driver.close();
 * ```
 */
export class PooledQldbDriver implements AsyncDisposable {
  readonly #options: CompleteDriverOptions;
  /** The settings of a call without options. */
  readonly #defaults: RunSettings;
  readonly #endpoint: SessionEndpoint;
  readonly #ownsEndpoint: boolean;
  readonly #pool: SessionPool;
  readonly #closing = new AbortController();
  readonly #host: LambdaHost;
  #closed: Promise<void> | undefined;

  /** @throws DriverOptionsError naming everything that is wrong with the options. */
  constructor(options: PooledQldbDriverOptions) {
    this.#options = completeDriverOptions(options);
    this.#defaults = callSettings(undefined, this.#options);
    const { endpoint, owned } = openEndpoint(options, this.#options.poolLimit);
    this.#endpoint = endpoint;
    this.#ownsEndpoint = owned;
    const { maxConcurrency } = endpoint;
    const poolLimit =
      this.#options.poolLimit || (maxConcurrency ?? DEFAULT_MAX_CONCURRENCY);
    if (maxConcurrency !== undefined && poolLimit > maxConcurrency) {
      throw new DriverOptionsError([
        `poolLimit is ${poolLimit}, but the endpoint serves ${maxConcurrency} commands at once`,
      ]);
    }
    this.#pool = new SessionPool({
      ...this.#options,
      endpoint,
      poolLimit,
      cleanupLimits: new TimeLimits((limit) => new CleanupTimeoutError(limit)),
    });
    this.#host = {
      closing: this.#closing.signal,
      limits: transactionLimits(),
      contention: { waiting: 0 },
      attempt: (signal, work) => this.#attempt(signal, work),
      onBegin: (lease, scope) => {
        lease.onRevoke = (reason) => scope.abort(reason);
      },
    };
  }

  *#attempt<R>(
    signal: AbortSignal | undefined,
    work: (lease: SessionLease) => Steps<R>,
  ): Steps<R> {
    const lease = yield* wait(this.#pool.lease(signal));
    try {
      return yield* work(lease);
    } finally {
      lease.release();
    }
  }

  /** Name of the ledger. */
  get ledgerName(): string {
    return this.#options.ledgerName;
  }

  /** Pages that are fetched before they are asked for. */
  get readAhead(): number {
    return this.#options.readAhead;
  }

  /** How many times a lambda is run again at most. */
  get retryLimit(): number {
    return this.#options.retry.limit;
  }

  /** How the pool is used at the moment. */
  get pool(): SessionPoolCounts {
    return this.#pool.counts;
  }

  /** Whether {@link close} was called. */
  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  /**
   * Runs a lambda in a transaction: begins it, runs the lambda, commits. If the
   * lambda throws, the transaction is aborted and the same error comes out.
   *
   * After a conflict with another transaction, and after failures that pass, the
   * lambda is run again in a new transaction: it should have no effects but its
   * statements, and its result counts only when this promise is fulfilled.
   *
   * A cursor that the lambda returns is read to its end first, and comes out as
   * a {@link BufferedCursor}.
   *
   * @throws SessionPoolEmptyError if no session becomes free in time.
   * @throws CommitOutcomeUnknownError if nobody can tell whether the commit worked.
   * @throws LambdaAbortedError if the lambda called `abort()`.
   * @throws DriverClosedError once the driver is closed.
   * @throws Whatever the lambda throws, and what the ledger answers after the last retry.
   */
  executeLambda<T>(
    lambda: TransactionLambda<T>,
    options?: ExecuteLambdaOptions,
  ): Promise<T> {
    return promised(() => {
      this.#throwIfClosed();
      if (typeof lambda !== 'function') {
        throw new DriverOptionsError([
          `executeLambda needs a function, not a ${typeof lambda}`,
        ]);
      }
      const settings =
        options === undefined
          ? this.#defaults
          : callSettings(options, this.#options);
      const lambdaRun = () => run(runLambda(this.#host, lambda, settings));
      // With a ledger in this process, a loop over transactions would let nobody else run.
      return isTurnLong() ? nextTurn().then(lambdaRun) : lambdaRun();
    });
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

  /**
   * Takes a session out of the pool, for transactions with an explicit end.
   * Close it when you are done.
   *
   * @throws SessionPoolEmptyError if no session becomes free in time.
   */
  async getSession(
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<QldbSession> {
    this.#throwIfClosed();
    const lease = await this.#pool.lease(options.signal);
    const scope = transactionScope(
      options.signal,
      this.#options.transactionTimeout,
      this.#host.limits,
    );
    lease.onRevoke = (reason) => scope.abort(reason);
    try {
      (await run(lease.session(scope))).used = true;
      this.#throwIfClosed();
      return new QldbSession(lease, this.#options, this.#host);
    } catch (error) {
      lease.release();
      throw error;
    } finally {
      scope.dispose();
    }
  }

  /** Names of the ledger's active tables. */
  listTables(): Promise<string[]> {
    return this.executeLambda(tableNames, { values: 'native' });
  }

  /**
   * Refuses new work, lets what is under way come to its end, and ends every
   * session. Callers that wait for a session, or for a retry, get a
   * {@link DriverClosedError} at once. Idempotent: later calls wait for the same end.
   *
   * @throws DriverOptionsError if `graceTime` is no number of milliseconds.
   */
  async close({ graceTime = 10_000 }: CloseOptions = {}): Promise<void> {
    if (!Number.isFinite(graceTime) || graceTime < 0) {
      throw new DriverOptionsError([
        'graceTime must be a number of milliseconds from 0 on',
      ]);
    }
    this.#closed ??= this.#close(graceTime);
    await this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(graceTime: number): Promise<void> {
    this.#closing.abort(new DriverClosedError());
    await this.#pool.close(graceTime);
    if (this.#ownsEndpoint) await this.#endpoint.close?.();
  }

  #throwIfClosed(): void {
    if (this.isClosed) throw new DriverClosedError();
  }
}
