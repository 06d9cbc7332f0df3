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

  async *keep<T>(batches: Batches<T>): AsyncIterable<readonly T[]> {
    for await (const batch of batches) {
      if (performance.now() - this.#turn > TURN_MS) {
        await nextTurn();
        this.#turn = performance.now();
      }
      if (this.#ended)
        throw new InvalidSessionException(
          `Transaction ${this.transactionId} has expired`,
        );
      yield batch;
    }
  }
}
