import {
  after,
  type MaybePromise,
  type Steps,
  wait,
} from '../async/maybe-promise.js';
import type { CancelScope } from './cancellation.js';
import { DriverClosedError } from './driver-errors.js';
import { type DriverLogger, errorName } from './logger.js';
import { type Permit, Permits } from './permits.js';
import { SessionClient, type SessionContext } from './session-client.js';

/** What a pool must know besides what its sessions must. */
export interface SessionPoolOptions extends SessionContext {
  /** How many sessions may be in use at once. */
  readonly poolLimit: number;
  /** How long a caller waits for one, in milliseconds. */
  readonly timeout: number;
  /** Age at which a session is not used again, in milliseconds. */
  readonly maxSessionAge: number;
  /** Roll back on a session before it is used again, to see whether it lives. */
  readonly probeSessions: boolean;
  readonly logger: DriverLogger;
}

/** The sessions of one driver: those that wait for work, and the right to use one. */
export class SessionPool {
  readonly #options: SessionPoolOptions;
  readonly #permits: Permits;
  /** Oldest in the pool first, which is also the next to be used. */
  readonly #idle: SessionClient[] = [];
  readonly #leases = new Set<SessionLease>();
  /** Sessions that are being ended, or that may yet come into being. */
  readonly #background = new Set<Promise<unknown>>();
  #sweep: NodeJS.Timeout | undefined;
  #drained: (() => void) | undefined;
  #closed = false;

  constructor(options: SessionPoolOptions) {
    this.#options = options;
    this.#permits = new Permits(options.poolLimit, options.timeout);
  }

  get logger(): DriverLogger {
    return this.#options.logger;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Counts, for tests and for whoever watches the pool. */
  get counts(): SessionPoolCounts {
    return {
      limit: this.#permits.limit,
      inUse: this.#permits.held,
      idle: this.#idle.length,
      waiting: this.#permits.waiting,
    };
  }

  /** Waits for a place in the pool. Give the lease back in a `finally`. */
  lease(signal?: AbortSignal): MaybePromise<SessionLease> {
    return after(this.#permits.acquire(signal), (permit) => {
      const lease = new SessionLease(this, permit);
      this.#leases.add(lease);
      return lease;
    });
  }

  /** A session that was used before, or a new one. */
  *open(scope: CancelScope): Steps<SessionClient> {
    for (let idle = this.#idle.shift(); idle; idle = this.#idle.shift()) {
      if (this.#isUsable(idle) && (yield* wait(this.#isAlive(idle))))
        return idle;
      this.discard(idle);
    }
    return yield* wait(this.start(scope));
  }

  async start(scope: CancelScope): Promise<SessionClient> {
    const session = await SessionClient.start(
      this.#options,
      scope,
      (started) => {
        this.#inBackground(
          started.then((late) => {
            if (late) this.discard(late);
          }),
        );
      },
    );
    this.logger.debug?.(`Session ${session.id} has started.`);
    return session;
  }

  /** Ends a session without keeping anybody waiting. */
  discard(session: SessionClient): void {
    this.#inBackground(
      session.end().then(
        () => this.logger.debug?.(`Session ${session.id} has ended.`),
        (error: unknown) =>
          this.logger.warn?.(
            `Session ${session.id} could not be ended: ${errorName(error)}. The service ends it when it is old enough.`,
          ),
      ),
    );
  }

  /** The end of a lease; called by the lease alone. */
  release(
    lease: SessionLease,
    permit: Permit,
    session: SessionClient | undefined,
  ): void {
    if (session) {
      if (!this.#closed && this.#isUsable(session)) this.#keep(session);
      else this.discard(session);
    }
    this.#leases.delete(lease);
    this.#permits.release(permit);
    if (this.#leases.size === 0) this.#drained?.();
  }

  /**
   * Ends every session. Sessions in use have until `graceTime` is over; then
   * their transactions are aborted.
   */
  async close(graceTime: number): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#sweep);
    this.#permits.close();
    for (const session of this.#idle.splice(0)) this.discard(session);
    if (!(await this.#drain(graceTime))) {
      const reason = new DriverClosedError();
      for (const lease of this.#leases) lease.revoke(reason);
      // Whoever is told to stop cleans up within the time limit of a command or two.
      await this.#drain(2 * this.#options.cleanupTimeout);
    }
    while (this.#background.size > 0) {
      await Promise.all(this.#background);
    }
  }

  #keep(session: SessionClient): void {
    session.used = true;
    this.#idle.push(session);
    this.#scheduleSweep();
  }

  #isUsable(session: SessionClient): boolean {
    return (
      !session.broken &&
      performance.now() - session.startedAt < this.#options.maxSessionAge
    );
  }

  #isAlive(session: SessionClient): MaybePromise<boolean> {
    if (!this.#options.probeSessions) return true;
    return session.rollBack().then(
      () => !session.broken,
      () => false,
    );
  }

  /** Ends sessions that became too old while nobody used them. Keeps no process alive. */
  #scheduleSweep(): void {
    if (this.#sweep !== undefined || this.#idle.length === 0) return;
    const eldest = Math.min(...this.#idle.map(({ startedAt }) => startedAt));
    const due = eldest + this.#options.maxSessionAge - performance.now();
    this.#sweep = setTimeout(
      () => {
        this.#sweep = undefined;
        for (const session of this.#idle.splice(0)) {
          if (this.#isUsable(session)) this.#idle.push(session);
          else this.discard(session);
        }
        this.#scheduleSweep();
      },
      Math.max(1, Math.ceil(due)),
    );
    this.#sweep.unref();
  }

  #inBackground(work: Promise<unknown>): void {
    const tracked = work.finally(() => this.#background.delete(tracked));
    this.#background.add(tracked);
  }

  /** Whether every lease was given back in time. */
  async #drain(milliseconds: number): Promise<boolean> {
    if (this.#leases.size === 0 || milliseconds === 0) {
      return this.#leases.size === 0;
    }
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#drained = resolve;
      timer = setTimeout(resolve, milliseconds);
    });
    clearTimeout(timer);
    return this.#leases.size === 0;
  }
}

/** How a session pool is used at the moment. */
export interface SessionPoolCounts {
  /** How many sessions may be in use at once. */
  readonly limit: number;
  readonly inUse: number;
  /** Sessions that were used and wait to be used again. */
  readonly idle: number;
  /** Callers that wait for a session. */
  readonly waiting: number;
}

/** A place in the pool, and the session that was opened on it, if any. */
export class SessionLease {
  readonly permit: Permit;
  readonly #pool: SessionPool;
  #session: SessionClient | undefined;

  /** Called if the driver closes and does not wait any longer. */
  onRevoke: ((reason: Error) => void) | undefined;

  constructor(pool: SessionPool, permit: Permit) {
    this.#pool = pool;
    this.permit = permit;
  }

  /** The session that was opened last. */
  get current(): SessionClient | undefined {
    return this.#session;
  }

  /** The session of this lease; opened when first asked for, or when the last one broke. */
  *session(scope: CancelScope): Steps<SessionClient> {
    if (this.#session?.broken) this.#drop();
    this.#session ??= yield* this.#pool.open(scope);
    return this.#session;
  }

  /** A new session in place of one that turned out to be stale. */
  async replace(scope: CancelScope): Promise<SessionClient> {
    this.#drop();
    this.#session = await this.#pool.start(scope);
    return this.#session;
  }

  revoke(reason: Error): void {
    this.onRevoke?.(reason);
  }

  /** Gives session and place back. Idempotent. */
  release(): void {
    const session = this.#session;
    this.#session = undefined;
    this.#pool.release(this, this.permit, session);
  }

  #drop(): void {
    const session = this.#session;
    this.#session = undefined;
    if (session) this.#pool.discard(session);
  }
}
