import { promised, type Steps, wait } from '../async/maybe-promise.js';
import type { Cursor } from './cursor.js';
import { BufferedCursor } from './buffered-cursor.js';
import {
  CancelScope,
  delay,
  TimeLimits,
  untilAborted,
} from './cancellation.js';
import {
  channels,
  type RetryMessage,
  traced,
  type TransactionMessage,
} from './diagnostics.js';
import {
  DriverClosedError,
  IllegalStateError,
  TransactionTimeoutError,
} from './driver-errors.js';
import { causes, classifyFailure, type FailureKind } from './failure.js';
import { errorName } from './logger.js';
import { PagedCursor } from './paged-cursor.js';
import { runWithPermit } from './permits.js';
import {
  backoffDelay,
  DEFAULT_BACKOFF,
  type CompleteRetryPolicy,
  type RetryContext,
  type RetryListener,
} from './retry-policy.js';
import {
  BadRequestException,
  InvalidSessionException,
  OccConflictException,
} from '../session/exceptions.js';
import type { ConflictTurn } from '../session/endpoint.js';
import type { SessionClient, Turns } from './session-client.js';
import type { SessionLease } from './session-pool.js';
import { TransactionExecutor } from './transaction-executor.js';
import { Transaction, type TransactionSettings } from './transaction.js';

/** Work to be done in a transaction. May be run more than once. */
export type TransactionLambda<T> = (
  transaction: TransactionExecutor,
) => T | Promise<T>;

/** Everything that one transaction, or one lambda, is run by. */
export interface RunSettings extends TransactionSettings {
  readonly ledgerName: string;
  readonly retry: CompleteRetryPolicy;
  readonly onRetry: RetryListener | undefined;
  /** Milliseconds; 0 for none. */
  readonly transactionTimeout: number;
  readonly signal: AbortSignal | undefined;
}

/** Where a lambda gets its sessions from. */
export interface LambdaHost {
  /** Aborted when no lambda is to be run again, or any further. */
  readonly closing: AbortSignal;
  readonly limits: TimeLimits;
  /** How many lambdas wait to be run again after a conflict. */
  readonly contention: { waiting: number };
  /** Runs one attempt on a session. */
  attempt<R>(
    signal: AbortSignal | undefined,
    work: (lease: SessionLease) => Steps<R>,
  ): Steps<R>;
  /** Told how to stop the attempt that begins. */
  onBegin(lease: SessionLease, scope: CancelScope): void;
}

type Outcome<T> =
  | { readonly value: T }
  | {
      readonly error: unknown;
      /** Absent if the ledger has no part in the failure. */
      readonly kind: FailureKind | undefined;
      readonly transactionId: string | undefined;
    };

/** Runs a lambda in a transaction, and again in another one after failures that the policy names. */
export function* runLambda<T>(
  host: LambdaHost,
  lambda: TransactionLambda<T>,
  settings: RunSettings,
): Steps<T> {
  const { retry, signal } = settings;
  const takesTurns =
    retry.backoff === DEFAULT_BACKOFF && retry.on.includes('occ-conflict');
  let turn: ConflictTurn | undefined;
  for (let attempt = 0; ; attempt++) {
    let outcome: Outcome<T>;
    try {
      outcome = yield* host.attempt(signal, (lease) =>
        runOnce(host, lease, lambda, settings, {
          attempt,
          takesTurns: takesTurns && attempt < retry.limit,
          turn,
        }),
      );
    } finally {
      turn?.end();
    }
    if ('value' in outcome) return outcome.value;
    const { error, kind, transactionId } = outcome;
    if (
      kind === undefined ||
      attempt >= retry.limit ||
      !retry.on.includes(kind)
    ) {
      throw error;
    }
    turn = takesTurns ? turnAfter(error) : undefined;
    const context = {
      attempt: attempt + 1,
      error,
      kind,
      ...(transactionId === undefined ? {} : { transactionId }),
    };
    // The session went back to the pool: others work while this one waits.
    yield waitForRetry(host, settings, context, turn);
  }
}

/** What a retry waits for, if the ledger knows who else wants the same. */
function turnAfter(error: unknown): ConflictTurn | undefined {
  for (const cause of causes(error))
    if (cause instanceof OccConflictException) return cause.turn;
  return undefined;
}

/** What ends a transaction early: its caller, or the time. */
export function transactionScope(
  signal: AbortSignal | undefined,
  timeout: number,
  limits: TimeLimits,
): CancelScope {
  return new CancelScope([signal], limits.after(timeout));
}

/** Time limits of transactions. */
export function transactionLimits(): TimeLimits {
  return new TimeLimits((limit) => new TransactionTimeoutError(limit));
}

/** Begins a transaction; on a new session if the one that was used before turns out to be stale. */
export function* beginTransaction(
  lease: SessionLease,
  scope: CancelScope,
  settings: RunSettings,
  turns?: Turns,
): Steps<Transaction> {
  const session = yield* lease.session(scope);
  try {
    return yield* startTransaction(session, scope, settings, turns);
  } catch (error) {
    // Whatever this transaction has become: ending the session ends it.
    session.noteFailure(error);
    session.broken = true;
    if (!isStale(session, error)) throw error;
    settings.logger.debug?.(
      `Session ${session.id} is stale (${errorName(error)}); a new one takes its place.`,
    );
  }
  const fresh = yield* wait(lease.replace(scope));
  try {
    return yield* startTransaction(fresh, scope, settings, turns);
  } catch (error) {
    fresh.noteFailure(error);
    fresh.broken = true;
    throw error;
  }
}

function* startTransaction(
  session: SessionClient,
  scope: CancelScope,
  settings: RunSettings,
  turns: Turns | undefined,
): Steps<Transaction> {
  const result = yield* wait(
    session.send({ StartTransaction: {} }, { scope, turns }),
  );
  const id = result.StartTransaction?.TransactionId;
  if (id === undefined) {
    throw new IllegalStateError(
      'The reply to StartTransaction has no transaction id. Check that the endpoint is a QLDB session endpoint.',
    );
  }
  session.used = true;
  return new Transaction(session, id, settings, scope, result.StartTransaction);
}

/**
 * A session that was used before may have died, or kept a transaction open,
 * since. The service has also called a dead session's token a bad request, so
 * the class of the error does not decide alone. Nothing has run yet, hence the
 * new session costs no retry.
 */
function isStale(session: SessionClient, error: unknown): boolean {
  return (
    session.used &&
    (error instanceof InvalidSessionException ||
      error instanceof BadRequestException)
  );
}

function* runOnce<T>(
  host: LambdaHost,
  lease: SessionLease,
  lambda: TransactionLambda<T>,
  settings: RunSettings,
  { attempt, ...turns }: Turns & { readonly attempt: number },
): Steps<Outcome<T>> {
  const scope = transactionScope(
    settings.signal,
    settings.transactionTimeout,
    host.limits,
  );
  host.onBegin(lease, scope);
  let transaction: Transaction | undefined;
  const work = function* (message: TransactionMessage | undefined): Steps<T> {
    try {
      transaction = yield* beginTransaction(lease, scope, settings, turns);
      if (message) message.transactionId = transaction.transactionId;
      const result = yield* runIn(transaction, scope, lease, lambda);
      yield* transaction.end();
      return result;
    } catch (error) {
      if (transaction) yield transaction.close();
      throw error;
    } finally {
      if (message) {
        message.consumedIOs = transaction?.getConsumedIOs();
        message.processingTime = transaction?.getTimingInformation();
      }
    }
  };
  try {
    const value = yield* traced(
      channels.transaction,
      (): TransactionMessage => ({
        ledgerName: settings.ledgerName,
        attempt,
      }),
      work,
    );
    return { value };
  } catch (error) {
    return {
      error,
      kind:
        settings.signal?.aborted || host.closing.aborted
          ? undefined
          : failureKind(error, transaction, scope),
      transactionId: transaction?.transactionId,
    };
  } finally {
    scope.dispose();
  }
}

/** Runs the lambda, and keeps the rows of a cursor that it returns. */
function* runIn<T>(
  transaction: Transaction,
  scope: CancelScope,
  lease: SessionLease,
  lambda: TransactionLambda<T>,
): Steps<T> {
  const executor = new TransactionExecutor(transaction);
  const returned = runWithPermit(lease.permit, () => lambda(executor));
  // A lambda that does not heed the signal is left behind; its executor
  // refuses whatever it does from then on.
  const result = isThenable(returned)
    ? ((yield untilAborted(Promise.resolve(returned), scope)) as T)
    : returned;
  if (!(result instanceof PagedCursor) || !transaction.owns(result)) {
    return result;
  }
  const kept: Cursor = yield* BufferedCursor.read(
    result,
    transaction.transactionId,
  );
  return kept as T;
}

function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  );
}

function failureKind(
  error: unknown,
  transaction: Transaction | undefined,
  scope: CancelScope,
): FailureKind | undefined {
  if (transaction) return transaction.failureKindOf(error);
  return scope.aborted ? undefined : classifyFailure(error, 'StartTransaction');
}

/** @param turn - waited for in place of the delay */
async function waitForRetry(
  host: LambdaHost,
  settings: RunSettings,
  failure: RetryContext,
  turn: ConflictTurn | undefined,
): Promise<void> {
  const { logger, retry, signal, ledgerName } = settings;
  const { attempt, error, kind, transactionId } = failure;
  const isConflict = kind === 'occ-conflict';
  const scope = new CancelScope(
    [signal, host.closing],
    turn && host.limits.after(settings.transactionTimeout),
  );
  if (isConflict) host.contention.waiting++;
  try {
    const context: RetryContext = isConflict
      ? { ...failure, contention: host.contention.waiting }
      : failure;
    const milliseconds = turn ? 0 : await backoffDelay(retry.backoff, context);
    logger.debug?.(
      `Transaction ${transactionId ?? '(not begun)'} failed (${errorName(error)}, ${kind}); retry ${attempt} of ${retry.limit} follows.`,
    );
    if (channels.retry.hasSubscribers) {
      channels.retry.publish({
        ledgerName,
        attempt,
        kind,
        error,
        transactionId,
        delay: milliseconds,
      } satisfies RetryMessage);
    }
    await settings.onRetry?.(attempt, { ...context, delay: milliseconds });
    if (turn)
      await untilAborted(
        promised(() => turn.begin()),
        scope,
      );
    else await delay(milliseconds, scope);
  } catch (stopped) {
    turn?.end();
    throw host.closing.aborted && stopped === host.closing.reason
      ? new DriverClosedError({ cause: error })
      : stopped;
  } finally {
    if (isConflict) host.contention.waiting--;
    scope.dispose();
  }
}
