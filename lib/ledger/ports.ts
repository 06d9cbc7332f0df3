import { randomFillSync } from 'node:crypto';

/** What a ledger takes from the world around it, so that a test can replay a run. */
export interface LedgerPorts {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Fresh unpredictable bytes. */
  readonly random: (size: number) => Uint8Array;
}

/** The system's clock and random numbers. */
export const systemPorts: LedgerPorts = {
  now: Date.now,
  random: pooledRandom(),
};

/** Draws random bytes from the system in bulk: one call serves hundreds of ids. */
function pooledRandom(): (size: number) => Uint8Array {
  const pool = Buffer.allocUnsafeSlow(4096);
  let used = pool.length;
  return (size) => {
    if (size > pool.length) return randomFillSync(Buffer.alloc(size));
    if (used + size > pool.length) {
      randomFillSync(pool);
      used = 0;
    }
    return Uint8Array.prototype.slice.call(pool, used, (used += size));
  };
}
