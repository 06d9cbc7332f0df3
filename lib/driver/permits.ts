import { AsyncLocalStorage } from 'node:async_hooks';
import type { MaybePromise } from '../async/maybe-promise.js';
import { onAbort } from './cancellation.js';
import {
  DriverClosedError,
  NestedTransactionError,
  SessionPoolEmptyError,
} from './driver-errors.js';

/** The right to have one session in use. */
export class Permit {
  /** Nested callers that wait for a permit while this one is held for them. */
  waiting = 0;
  released = false;

  constructor(
    readonly permits: Permits,
    /** Permit of the lambda inside which this one was acquired. */
    readonly parent: Permit | undefined,
  ) {}
}

interface Waiter {
  readonly parent: Permit | undefined;
  readonly grant: (permit: Permit) => void;
  readonly refuse: (error: unknown) => void;
}

/** Permit of the lambda that is running, to recognise a lambda inside a lambda. */
const currentPermit = new AsyncLocalStorage<Permit>();

/** Runs a lambda so that transactions which it begins are known to be nested in it. */
export function runWithPermit<T>(permit: Permit, lambda: () => T): T {
  return currentPermit.run(permit, lambda);
}

/**
 * A fair semaphore: whoever has waited longest is next. Each permit is released
 * exactly once by whoever acquired it, whatever became of the session meanwhile.
 */
export class Permits {
  readonly #limit: number;
  readonly #timeout: number;
  /** In the order of their arrival; a Set, so that one can leave from the middle. */
  readonly #waiters = new Set<Waiter>();
  #held = 0;
  /** Permits held by lambdas that cannot go on before another permit is free. */
  #blocked = 0;
  #closed = false;

  /** @param timeout How long to wait for a permit, in milliseconds; 0 for not at all. */
  constructor(limit: number, timeout: number) {
    this.#limit = limit;
    this.#timeout = timeout;
  }

  get limit(): number {
    return this.#limit;
  }

  get held(): number {
    return this.#held;
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  acquire(signal?: AbortSignal): MaybePromise<Permit> {
    if (this.#closed) throw new DriverClosedError();
    signal?.throwIfAborted();
    const parent = currentPermit.getStore();
    if (this.#held < this.#limit) {
      this.#held++;
      return new Permit(this, parent);
    }
    return this.#acquireLater(parent, signal);
  }

  async #acquireLater(
    parent: Permit | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Permit> {
    this.#block(parent);
    try {
      if (this.#blocked === this.#limit) {
        throw new NestedTransactionError(this.#limit);
      }
      if (this.#timeout === 0) throw this.#poolEmpty();
      return await this.#wait(parent, signal);
    } finally {
      this.#unblock(parent);
    }
  }

  release(permit: Permit): void {
    if (permit.released) return;
    permit.released = true;
    if (permit.waiting > 0) this.#blocked--;
    for (const next of this.#waiters) {
      this.#waiters.delete(next);
      next.grant(new Permit(this, next.parent));
      return;
    }
    this.#held--;
  }

  /** Refuses whoever waits and whoever comes; permits that are held stay so. */
  close(): void {
    this.#closed = true;
    for (const waiter of this.#waiters) waiter.refuse(new DriverClosedError());
    this.#waiters.clear();
  }

  #wait(
    parent: Permit | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Permit> {
    return new Promise<Permit>((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        forget?.();
        this.#waiters.delete(waiter);
      };
      const waiter: Waiter = {
        parent,
        grant: (permit) => {
          settle();
          resolve(permit);
        },
        refuse: (error) => {
          settle();
          reject(error);
        },
      };
      const timer = setTimeout(
        () => waiter.refuse(this.#poolEmpty()),
        this.#timeout,
      );
      const forget =
        signal && onAbort(signal, () => waiter.refuse(signal.reason));
      this.#waiters.add(waiter);
    });
  }

  #poolEmpty(): SessionPoolEmptyError {
    return new SessionPoolEmptyError(this.#timeout, this.#limit);
  }

  /** The permits around a nested caller cannot come back before it has got one of its own. */
  #block(parent: Permit | undefined): void {
    for (let permit = parent; permit; permit = permit.parent) {
      if (permit.permits !== this) continue;
      if (permit.waiting++ === 0 && !permit.released) this.#blocked++;
    }
  }

  #unblock(parent: Permit | undefined): void {
    for (let permit = parent; permit; permit = permit.parent) {
      if (permit.permits !== this) continue;
      if (--permit.waiting === 0 && !permit.released) this.#blocked--;
    }
  }
}
