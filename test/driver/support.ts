import {
  PooledQldbDriver,
  type PooledQldbDriverOptions,
} from '../../lib/driver/index.js';
import type { SessionEndpoint } from '../../lib/session/endpoint.js';

/** A driver that does not wait between retries. */
export function driverOf(
  endpoint: SessionEndpoint,
  options: Partial<PooledQldbDriverOptions> = {},
): PooledQldbDriver {
  return new PooledQldbDriver({
    ledgerName: 'test-ledger',
    endpoint,
    retry: { backoff: () => 0 },
    ...options,
  });
}

/** What the promise is rejected with; undefined if it is not. */
export async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    return error;
  }
}

/** A promise to be settled by hand. */
export class Gate {
  open!: () => void;
  readonly opened = new Promise<void>((resolve) => {
    this.open = resolve;
  });
}

/** A few turns of the event loop, in which everything that can go on does. */
export async function turns(count = 5): Promise<void> {
  for (let i = 0; i < count; i++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Numbers from 0 up to 1 that are the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
