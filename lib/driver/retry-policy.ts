import { InvalidBackoffError } from './driver-errors.js';
import type { FailureKind } from './failure.js';

/** What is known of a failure after which a transaction may run again. */
export interface RetryContext {
  /** Which retry this is about, counted from 1. */
  readonly attempt: number;
  /** What the failed attempt threw. */
  readonly error: unknown;
  readonly kind: FailureKind;
  /** Transaction of the failed attempt; absent if none had begun. */
  readonly transactionId?: string;
  /** After a conflict: how many lambdas of this driver wait to be run again after one, this one included. */
  readonly contention?: number;
}

/** The delay before a retry in milliseconds, or a promise of it. Nothing, and negative numbers, mean no delay. */
export type BackoffStrategy = (
  context: RetryContext,
) => number | null | undefined | Promise<number | null | undefined>;

/**
 * Told of each retry, before its delay. Not called for a failure that is not
 * retried. If it throws, or its promise rejects, that error ends the call.
 */
export type RetryListener = (
  attempt: number,
  context: RetryContext & {
    /** How long the driver is going to wait, in milliseconds; 0 when it waits for its turn (see {@link RetryPolicy.backoff}). */
    readonly delay: number;
  },
) => void | Promise<void>;

/** How often, when and after what a transaction is run again. */
export interface RetryPolicy {
  /** How many times the lambda is run again at most; 0 for never. Default: 4. */
  readonly limit?: number;
  /**
   * How long to wait before a retry. Default: {@link equalJitterBackoff}; but
   * with a ledger in this process, and unless you name a strategy, what lost to
   * another transaction waits for its turn among all that want the same thing,
   * at most for the time limit of a transaction, and then need not lose again.
   */
  readonly backoff?: BackoffStrategy;
  /** Kinds of failure that are retried. Default: {@link DEFAULT_RETRY_KINDS}. */
  readonly on?: readonly FailureKind[];
}

/**
 * What is retried unless you say otherwise: everything after which the
 * transaction certainly did not happen, and may succeed. Not an expired
 * transaction, which would expire again, and not a commit whose outcome is
 * unknown.
 */
export const DEFAULT_RETRY_KINDS: readonly FailureKind[] = [
  'occ-conflict',
  'session-lost',
  'throttled',
  'unavailable',
  'transport',
];

/** Settings of the backoff strategies. */
export interface BackoffOptions {
  /** Milliseconds. Default: 10. */
  readonly base?: number;
  /** Largest delay, in milliseconds. Default: 5,000. */
  readonly cap?: number;
  /** Numbers from 0 up to 1. Default: `Math.random`. */
  readonly random?: () => number;
}

/**
 * Half of `min(cap, base · 2ⁿ)` and a random part of the other half: 10–20,
 * 20–40, 40–80, 80–160 ms … The strategy of today's QLDB drivers, and the
 * default. After a conflict, `base` counts for each lambda of the driver that
 * waits after one: the more of them, the wider they spread.
 */
export function equalJitterBackoff({
  base = 10,
  cap = 5_000,
  random = Math.random,
}: BackoffOptions = {}): BackoffStrategy {
  return ({ attempt, contention = 1 }) => {
    const longest = Math.min(cap, base * contention * 2 ** attempt);
    return longest / 2 + (random() * longest) / 2;
  };
}

/** What is used unless a strategy is named. */
export const DEFAULT_BACKOFF = equalJitterBackoff();

/**
 * A random part of `min(cap, baseⁿ) + 1`: up to 11, 101, 1,001, 5,001 ms … The
 * strategy of the 2.x Python driver, for those who want its pace.
 */
export function fullJitterPowerBackoff({
  base = 10,
  cap = 5_000,
  random = Math.random,
}: BackoffOptions = {}): BackoffStrategy {
  return ({ attempt }) => random() * (Math.min(cap, base ** attempt) + 1);
}

/** A policy with nothing left open. */
export type CompleteRetryPolicy = Required<RetryPolicy>;

/** A call's policy over the driver's: what the call leaves out is the driver's. */
export function overridePolicy(
  policy: CompleteRetryPolicy,
  override: number | RetryPolicy | undefined,
): CompleteRetryPolicy {
  if (override === undefined) return policy;
  if (typeof override === 'number') return { ...policy, limit: override };
  return {
    limit: override.limit ?? policy.limit,
    backoff: override.backoff ?? policy.backoff,
    on: override.on ?? policy.on,
  };
}

/** Longest delay that a timer can wait; beyond it, it would fire at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Asks the strategy, and does not trust its answer. */
export async function backoffDelay(
  strategy: BackoffStrategy,
  context: RetryContext,
): Promise<number> {
  const delay = (await strategy(context)) ?? 0;
  if (typeof delay !== 'number' || !(delay <= LONGEST_TIMER)) {
    throw new InvalidBackoffError(delay, { cause: context.error });
  }
  return Math.max(0, delay);
}
