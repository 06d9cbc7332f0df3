import { DeadlineQueue } from '../async/deadline-queue.js';

/** Who is to be told when a signal is aborted. One listener on each signal is enough for all. */
const followers = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls back when the signal is aborted; not if it has been already. However
 * many wait for one signal, Node counts one listener, and warns of no leak.
 *
 * @returns Takes the callback back.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  let callbacks = followers.get(signal);
  if (!callbacks) {
    const created = new Set<() => void>();
    callbacks = created;
    followers.set(signal, created);
    signal.addEventListener(
      'abort',
      () => {
        for (const call of created) call();
        created.clear();
      },
      { once: true },
    );
  }
  const all = callbacks;
  all.add(callback);
  return () => all.delete(callback);
}

/**
 * Everything that can end an attempt early, as one: the caller's own signal, a
 * time limit, the driver's closing. Dispose it, so that no timer and no
 * listener outlives the attempt.
 *
 * It has an `AbortSignal` for those who ask for one; none is made before, for
 * they are dear and most transactions end without.
 */
export class CancelScope {
  #unfollow: (() => void)[] | undefined;
  #callbacks: Set<() => void> | undefined;
  #controller: AbortController | undefined;
  #cancelled: { readonly reason: unknown } | undefined;
  #deadline: DeadlineQueue<CancelScope> | undefined;

  /** @param deadline Aborts it in time. */
  constructor(
    parents: readonly (AbortSignal | undefined)[],
    deadline?: DeadlineQueue<CancelScope>,
  ) {
    for (const parent of parents) {
      if (parent) this.follow(parent);
    }
    if (deadline === undefined || this.aborted) return;
    this.#deadline = deadline;
    deadline.add(this);
  }

  get aborted(): boolean {
    return this.#cancelled !== undefined;
  }

  /** Why it was aborted. */
  get reason(): unknown {
    return this.#cancelled?.reason;
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#cancelled) this.#controller.abort(this.#cancelled.reason);
    }
    return this.#controller.signal;
  }

  throwIfAborted(): void {
    if (this.#cancelled) throw this.#cancelled.reason;
  }

  /**
   * Calls back when this is aborted; not if it has been already.
   *
   * @returns Takes the callback back.
   */
  onAbort(callback: () => void): () => void {
    const callbacks = (this.#callbacks ??= new Set());
    callbacks.add(callback);
    return () => callbacks.delete(callback);
  }

  /** Ends this scope when the other signal is aborted, too. */
  follow(parent: AbortSignal): void {
    if (parent.aborted) this.abort(parent.reason);
    if (this.aborted) return;
    this.#unfollow ??= [];
    this.#unfollow.push(onAbort(parent, () => this.abort(parent.reason)));
  }

  abort(reason: unknown): void {
    this.dispose();
    if (this.#cancelled) return;
    this.#cancelled = { reason };
    for (const call of this.#callbacks ?? []) call();
    this.#callbacks?.clear();
    this.#controller?.abort(reason);
  }

  dispose(): void {
    this.#deadline?.delete(this);
    for (const unfollow of this.#unfollow ?? []) unfollow();
    this.#unfollow = undefined;
  }
}

/** Limits that are chosen anew for every call are not kept. */
const KEPT_LIMITS = 100;

/** The time limits of one driver: mostly all its scopes have the same. */
export class TimeLimits {
  readonly #deadlines = new Map<number, DeadlineQueue<CancelScope>>();

  /** @param timeoutError Makes the reason given when time is up. */
  constructor(private readonly timeoutError: (timeout: number) => Error) {}

  /** What aborts scopes after a time, in milliseconds; nothing does for 0. */
  after(timeout: number): DeadlineQueue<CancelScope> | undefined {
    if (timeout === 0) return undefined;
    const known = this.#deadlines.get(timeout);
    if (known) return known;
    const deadline = new DeadlineQueue<CancelScope>(
      timeout,
      (scope) => scope.abort(this.timeoutError(timeout)),
      { keepsAlive: true },
    );
    if (this.#deadlines.size < KEPT_LIMITS)
      this.#deadlines.set(timeout, deadline);
    return deadline;
  }
}

/**
 * Settles as `work` does, or rejects with the scope's reason as soon as it is
 * aborted. `work` itself goes on; what it comes to then is not an unhandled
 * rejection.
 */
export function untilAborted<T>(
  work: Promise<T>,
  scope: CancelScope,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const stop = (): void => reject(scope.reason);
    let forget: (() => void) | undefined;
    if (scope.aborted) stop();
    else forget = scope.onAbort(stop);
    work.then(
      (value) => {
        forget?.();
        resolve(value);
      },
      (error: unknown) => {
        forget?.();
        reject(error);
      },
    );
  });
}

/** Waits; rejects with the scope's reason if that comes first. */
export function delay(milliseconds: number, scope: CancelScope): Promise<void> {
  if (milliseconds === 0) return untilAborted(Promise.resolve(), scope);
  let timer: NodeJS.Timeout | undefined;
  const slept = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  return untilAborted(slept, scope).finally(() => clearTimeout(timer));
}

/** For a promise whose failure somebody else reports. */
export function ignoreRejection(promise: Promise<unknown>): void {
  promise.catch(() => undefined);
}
