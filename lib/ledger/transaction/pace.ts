import { setImmediate as nextTurn } from 'node:timers/promises';
import { InvalidSessionException } from '../../session/index.js';
import type { Batches } from '../../store/contract.js';

/** A long read lets others run after so many milliseconds. */
const TURN_MS = 10;

/**
 * Keeps the long reads of a transaction from stalling the event loop, and ends
 * them when the transaction has ended.
 */
export class Pace {
  #turn = performance.now();
  #ended = false;

  constructor(private readonly transactionId: string) {}

  end(): void {
    this.#ended = true;
  }

  /** Lets others run, when it is time for that. */
  pause(): Promise<void> | undefined {
    this.#throwIfEnded();
    return performance.now() - this.#turn > TURN_MS
      ? this.#giveWay()
      : undefined;
  }

  /** Batches, with a pause before one when it is time for that. */
  async *keep<T>(batches: Batches<T>): AsyncIterable<readonly T[]> {
    for await (const batch of batches) {
      await this.pause();
      yield batch;
    }
  }

  async #giveWay(): Promise<void> {
    await nextTurn();
    this.#turn = performance.now();
    this.#throwIfEnded();
  }

  #throwIfEnded(): void {
    if (this.#ended)
      throw new InvalidSessionException(
        `Transaction ${this.transactionId} has expired`,
      );
  }
}
