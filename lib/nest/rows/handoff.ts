interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T | PromiseLike<T>) => void;
}

function deferred<T>(): Deferred<T> {
  let resolve!: Deferred<T>['resolve'];
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve };
}

/**
 * Passes values from a producer to one consumer, one at a time: the producer
 * goes on when the consumer asks for more, so neither runs ahead of the other.
 */
export class Handoff<T> {
  #demand = deferred<void>();
  #answer: Deferred<IteratorResult<T, undefined>> | undefined;
  #end: (() => Promise<IteratorResult<T, undefined>>) | undefined;

  /** Hands a value over when one is wanted; resolves when the next one is. */
  async put(value: T): Promise<void> {
    await this.#demand.promise;
    this.#demand = deferred();
    this.#answer?.resolve({ done: false, value });
    this.#answer = undefined;
    await this.#demand.promise;
  }

  /** No more values come: that was all, or `failure` is why. */
  end(failure?: { readonly reason: unknown }): void {
    this.#end ??= () =>
      failure
        ? Promise.reject(failure.reason)
        : Promise.resolve({ done: true, value: undefined });
    this.#answer?.resolve(this.#end());
    this.#answer = undefined;
  }

  /** The next value, or the end. */
  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#end) return this.#end();
    this.#answer = deferred();
    this.#demand.resolve();
    return this.#answer.promise;
  }

  /** Lets a producer go that waits; nothing that it hands over is kept. */
  release(): void {
    this.end();
    this.#demand.resolve();
  }
}
