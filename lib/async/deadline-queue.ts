/**
 * Ends what takes too long. All have the same time, so that the first to come is
 * the first whose time is up: one timer is enough for all of them.
 */
export class DeadlineQueue<T> {
  /** When the time of each is up, on the clock of `performance.now()`; in the order of their coming. */
  readonly #deadlines = new Map<T, number>();
  readonly #keepsAlive: boolean;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param time - in milliseconds
   * @param expire - called with what was not deleted in time
   * @param keepsAlive - whether the process stays alive as long as there is anything
   */
  constructor(
    private readonly time: number,
    private readonly expire: (item: T) => void,
    { keepsAlive = false } = {},
  ) {
    this.#keepsAlive = keepsAlive;
  }

  add(item: T): void {
    if (this.#keepsAlive && this.#deadlines.size === 0) this.#timer?.ref();
    this.#deadlines.set(item, performance.now() + this.time);
    // One that is set already comes earlier, and looks who is next.
    this.#timer ??= this.#wake(this.time);
  }

  delete(item: T): void {
    if (this.#deadlines.delete(item) && this.#deadlines.size === 0)
      this.#timer?.unref();
  }

  #wake(milliseconds: number): NodeJS.Timeout {
    const timer = setTimeout(() => this.#look(), Math.ceil(milliseconds));
    return this.#keepsAlive ? timer : timer.unref();
  }

  #look(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (const [item, deadline] of this.#deadlines) {
      if (deadline > now) {
        this.#timer = this.#wake(deadline - now);
        return;
      }
      this.#deadlines.delete(item);
      this.expire(item);
    }
  }
}
