import type {
  QLDBSessionClient,
  QLDBSessionClientConfig,
} from '@aws-sdk/client-qldb-session';
import type { SessionEndpoint } from '../session/endpoint.js';
import { DriverOptionsError } from './driver-errors.js';
import type { FailureKind } from './failure.js';
import type { DriverLogger } from './logger.js';
import {
  type CompleteRetryPolicy,
  DEFAULT_BACKOFF,
  DEFAULT_RETRY_KINDS,
  type RetryListener,
  type RetryPolicy,
} from './retry-policy.js';
import type { RowValues } from './row-decoder.js';

/** How one call runs its transaction; what is left out is as the driver has it. */
export interface TransactionOptions {
  /** Ends the transaction early; its reason is what the call rejects with. */
  readonly signal?: AbortSignal;
  /** How long one attempt may take, in milliseconds; 0 for as long as the ledger lets it. */
  readonly transactionTimeout?: number;
  /** Pages to fetch before they are asked for: 0, or 2 and more. */
  readonly readAhead?: number;
  /** How rows are handed out: `native`, `dom` or `binary`. */
  readonly values?: RowValues;
}

/** Options of `executeLambda`. */
export interface ExecuteLambdaOptions extends TransactionOptions {
  /** A retry policy, or just its limit. What it leaves out is as the driver has it. */
  readonly retry?: number | RetryPolicy;
  /** Told of each retry, before its delay; instead of the driver's own listener. */
  readonly onRetry?: RetryListener;
}

/**
 * Options of a {@link PooledQldbDriver}. They are read once and never changed;
 * one frozen object can serve many drivers.
 */
export interface PooledQldbDriverOptions {
  /** Name of the ledger. */
  readonly ledgerName: string;

  /**
   * Where the ledger is: a {@link SessionEndpoint} (such as `ledger.sessions`),
   * the URL of a QLDB session endpoint, or a ready `QLDBSessionClient`. Default:
   * what the AWS SDK finds for `region`. The driver closes what it made itself;
   * an endpoint or client that you give stays yours.
   */
  readonly endpoint?: SessionEndpoint | QLDBSessionClient | URL | string;
  /** AWS region, for the AWS SDK. */
  readonly region?: string;
  /** Credentials, or a provider of them, for the AWS SDK. */
  readonly credentials?: QLDBSessionClientConfig['credentials'];
  /**
   * Further configuration of the AWS SDK's client. It is copied; its retries are
   * always off, because the driver retries. Of the client only its parts are
   * used (endpoint, region, credentials, signer, request handler, user agent):
   * for its middleware, `logger` or other authentication schemes, give a ready
   * `QLDBSessionClient` as `endpoint`.
   */
  readonly clientConfig?: QLDBSessionClientConfig;

  /** How many times a lambda is run again at most. Default: 4. */
  readonly retryLimit?: number;
  /** How and after what a lambda is run again; its `limit` is another name of `retryLimit`. */
  readonly retry?: RetryPolicy;
  /** Told of each retry, before its delay. */
  readonly onRetry?: RetryListener;

  /** Pages to fetch before they are asked for: 0, or 2 and more. Default: 0. */
  readonly readAhead?: number;
  /** How rows are handed out: as JavaScript values (`native`), as the ion-js DOM (`dom`), or as Ion binary (`binary`). Default: `native`. */
  readonly values?: RowValues;
  /** Largest result that is kept in memory by `execute()`, `toArray()` and the like, in rows; 0 for any. Default: 0. */
  readonly maxBufferedRows?: number;

  /** How many sessions may be in use at once; 0 for as many as the endpoint serves (50 unless it says otherwise). Default: 0. */
  readonly poolLimit?: number;
  /** How long to wait for a session when all are in use, in milliseconds; 0 for not at all. Default: 30,000. */
  readonly timeout?: number;
  /** Age at which a session is not used again, in milliseconds. The service ends one after 13 to 17 minutes. Default: 720,000 (12 minutes). */
  readonly maxSessionAge?: number;
  /** Send an abort on a session before it is used again, to see whether it lives. Costs a command per transaction. Default: false. */
  readonly probeSessions?: boolean;

  /** How long one attempt of a transaction may take, in milliseconds; 0 for as long as the ledger lets it. Default: 30,000. */
  readonly transactionTimeout?: number;
  /** How long to wait for the reply to a command that cleans up (an abort, the end of a session), in milliseconds, from 1 on. Default: 5,000. */
  readonly cleanupTimeout?: number;

  /** Where to say what happens. Default: nowhere. */
  readonly logger?: DriverLogger;
}

/** The options with nothing left open, but for where the ledger is. */
export interface CompleteDriverOptions {
  readonly ledgerName: string;
  readonly retry: CompleteRetryPolicy;
  readonly onRetry: RetryListener | undefined;
  readonly readAhead: number;
  readonly values: RowValues;
  readonly maxBufferedRows: number;
  readonly poolLimit: number;
  readonly timeout: number;
  readonly maxSessionAge: number;
  readonly probeSessions: boolean;
  readonly transactionTimeout: number;
  readonly cleanupTimeout: number;
  readonly logger: DriverLogger;
}

/** Kept as a record, so that the compiler sees one that is missing or wrong. */
const DRIVER_OPTIONS: Record<keyof PooledQldbDriverOptions, true> = {
  ledgerName: true,
  endpoint: true,
  region: true,
  credentials: true,
  clientConfig: true,
  retryLimit: true,
  retry: true,
  onRetry: true,
  readAhead: true,
  values: true,
  maxBufferedRows: true,
  poolLimit: true,
  timeout: true,
  maxSessionAge: true,
  probeSessions: true,
  transactionTimeout: true,
  cleanupTimeout: true,
  logger: true,
};

const CALL_OPTIONS: Record<keyof ExecuteLambdaOptions, true> = {
  signal: true,
  transactionTimeout: true,
  readAhead: true,
  values: true,
  retry: true,
  onRetry: true,
};

const RETRY_OPTIONS: Record<keyof RetryPolicy, true> = {
  limit: true,
  backoff: true,
  on: true,
};

const FAILURE_KINDS: Record<FailureKind, true> = {
  'occ-conflict': true,
  'session-lost': true,
  'transaction-expired': true,
  throttled: true,
  unavailable: true,
  transport: true,
  'commit-unknown': true,
  rejected: true,
  cancelled: true,
};

const ROW_VALUES: Record<RowValues, true> = {
  native: true,
  dom: true,
  binary: true,
};

/** Longest time that a timer can wait, in milliseconds: 24 days. */
const LONGEST_TIME = 2 ** 31 - 1;

/**
 * Checks the options of a driver and fills in their defaults. Touches nothing
 * outside, so wrong options leave nothing behind.
 *
 * @throws DriverOptionsError naming everything that is wrong.
 */
export function completeDriverOptions(
  options: PooledQldbDriverOptions,
): CompleteDriverOptions {
  const check = new OptionCheck(options, DRIVER_OPTIONS);
  const ledgerName = check.text('ledgerName');
  const retryLimit = check.count('retryLimit', 4);
  const retry = check.retryPolicy('retry', {
    limit: retryLimit,
    backoff: DEFAULT_BACKOFF,
    on: DEFAULT_RETRY_KINDS,
  });
  if (options?.retryLimit !== undefined && options.retry?.limit !== undefined) {
    check.problem('give retryLimit or retry.limit, not both');
  }
  const complete = {
    ledgerName,
    retry,
    onRetry: check.function('onRetry') as RetryListener | undefined,
    readAhead: check.readAhead(0),
    values: check.oneOf('values', ROW_VALUES, 'native'),
    maxBufferedRows: check.count('maxBufferedRows', 0),
    poolLimit: check.count('poolLimit', 0),
    timeout: check.time('timeout', 30_000),
    maxSessionAge: check.time('maxSessionAge', 720_000),
    probeSessions: check.flag('probeSessions', false),
    transactionTimeout: check.time('transactionTimeout', 30_000),
    cleanupTimeout: check.time('cleanupTimeout', 5_000, 1),
    logger: (check.object('logger') ?? {}) as DriverLogger,
  };
  check.throwIfWrong();
  return complete;
}

/** What one call does otherwise than its driver. */
export interface CompleteCallOptions {
  readonly retry: CompleteRetryPolicy;
  readonly onRetry: RetryListener | undefined;
  readonly readAhead: number;
  readonly values: RowValues;
  readonly transactionTimeout: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Checks the options of a call, and fills in those of the driver.
 *
 * @throws DriverOptionsError naming everything that is wrong.
 */
export function callSettings(
  options: ExecuteLambdaOptions | undefined,
  defaults: CompleteDriverOptions,
): CompleteDriverOptions & CompleteCallOptions {
  if (options === undefined) return { ...defaults, signal: undefined };
  const check = new OptionCheck(options, CALL_OPTIONS);
  const settings = {
    ...defaults,
    retry: check.retryPolicy('retry', defaults.retry),
    onRetry:
      (check.function('onRetry') as RetryListener | undefined) ??
      defaults.onRetry,
    readAhead: check.readAhead(defaults.readAhead),
    values: check.oneOf('values', ROW_VALUES, defaults.values),
    transactionTimeout: check.time(
      'transactionTimeout',
      defaults.transactionTimeout,
    ),
    signal: check.signal('signal'),
  };
  check.throwIfWrong();
  return settings;
}

/** Reads options one by one, and remembers all that is wrong with them. */
class OptionCheck {
  readonly #options: Readonly<Record<string, unknown>>;
  readonly #problems: string[] = [];

  constructor(options: object, known: Readonly<Record<string, true>>) {
    if (typeof options !== 'object' || options === null) {
      throw new DriverOptionsError([
        `an object with options is needed, not ${describe(options)}`,
      ]);
    }
    this.#options = options as Readonly<Record<string, unknown>>;
    this.#knowAll(options, known, '');
  }

  problem(text: string): void {
    this.#problems.push(text);
  }

  throwIfWrong(): void {
    if (this.#problems.length > 0) throw new DriverOptionsError(this.#problems);
  }

  text(name: string): string {
    const value = this.#options[name];
    if (typeof value === 'string' && value !== '') return value;
    this.problem(`${name} must be a text that is not empty`);
    return '';
  }

  count(name: string, fallback: number): number {
    return this.#wholeNumber(name, this.#options[name], fallback);
  }

  time(name: string, fallback: number, least = 0): number {
    const value = this.#options[name];
    if (value === undefined) return fallback;
    if (typeof value === 'number' && value >= least && value <= LONGEST_TIME) {
      return value;
    }
    this.problem(
      `${name} must be a number of milliseconds from ${least} to ${LONGEST_TIME}, not ${describe(value)}`,
    );
    return fallback;
  }

  readAhead(fallback: number): number {
    const value = this.count('readAhead', fallback);
    if (value === 1) {
      this.problem('readAhead must be 0, or 2 and more, not 1');
    }
    return value;
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.#options[name];
    if (value === undefined) return fallback;
    if (typeof value === 'boolean') return value;
    this.problem(`${name} must be true or false, not ${describe(value)}`);
    return fallback;
  }

  oneOf<T extends string>(
    name: string,
    choices: Readonly<Record<T, true>>,
    fallback: T,
  ): T {
    const value = this.#options[name];
    if (value === undefined) return fallback;
    if (typeof value === 'string' && Object.hasOwn(choices, value)) {
      return value as T;
    }
    this.problem(
      `${name} must be one of ${Object.keys(choices).join(', ')}, not ${describe(value)}`,
    );
    return fallback;
  }

  function(name: string): unknown {
    return this.#ofType(name, this.#options[name], 'function');
  }

  object(name: string): unknown {
    return this.#ofType(name, this.#options[name], 'object');
  }

  signal(name: string): AbortSignal | undefined {
    const value = this.#options[name];
    if (value === undefined || value instanceof AbortSignal) return value;
    this.problem(`${name} must be an AbortSignal, not ${describe(value)}`);
    return undefined;
  }

  retryPolicy(
    name: string,
    defaults: CompleteRetryPolicy,
  ): CompleteRetryPolicy {
    const value = this.#options[name];
    if (value === undefined) return defaults;
    if (typeof value !== 'object' || value === null) {
      return {
        ...defaults,
        limit: this.#wholeNumber(name, value, defaults.limit),
      };
    }
    const policy = value as Readonly<Record<string, unknown>>;
    this.#knowAll(policy, RETRY_OPTIONS, `${name}.`);
    const backoff = this.#ofType(
      `${name}.backoff`,
      policy['backoff'],
      'function',
    ) as RetryPolicy['backoff'];
    return {
      limit: this.#wholeNumber(
        `${name}.limit`,
        policy['limit'],
        defaults.limit,
      ),
      backoff: backoff ?? defaults.backoff,
      on: this.#failureKinds(`${name}.on`, policy['on']) ?? defaults.on,
    };
  }

  #failureKinds(
    name: string,
    value: unknown,
  ): readonly FailureKind[] | undefined {
    if (value === undefined) return undefined;
    if (
      Array.isArray(value) &&
      value.every(
        (kind): kind is FailureKind =>
          typeof kind === 'string' && Object.hasOwn(FAILURE_KINDS, kind),
      )
    ) {
      return value.slice();
    }
    this.problem(
      `${name} must be an array of ${Object.keys(FAILURE_KINDS).join(', ')}`,
    );
    return undefined;
  }

  #wholeNumber(name: string, value: unknown, fallback: number): number {
    if (value === undefined) return fallback;
    if (Number.isSafeInteger(value) && (value as number) >= 0) {
      return value as number;
    }
    this.problem(
      `${name} must be a whole number from 0 on, not ${describe(value)}`,
    );
    return fallback;
  }

  #ofType(name: string, value: unknown, type: 'function' | 'object'): unknown {
    if (value === undefined) return undefined;
    if (typeof value === type && value !== null) return value;
    this.problem(`${name} must be of type ${type}, not ${describe(value)}`);
    return undefined;
  }

  #knowAll(
    options: object,
    known: Readonly<Record<string, true>>,
    prefix: string,
  ): void {
    for (const name of Object.keys(options)) {
      if (Object.hasOwn(known, name)) continue;
      this.problem(
        `${prefix}${name} is not an option; there are ${Object.keys(known).join(', ')}`,
      );
    }
  }
}

/** A number is no secret; of anything else only the type is told. */
function describe(value: unknown): string {
  if (typeof value === 'number') return String(value);
  return value === null ? 'null' : `a ${typeof value}`;
}
