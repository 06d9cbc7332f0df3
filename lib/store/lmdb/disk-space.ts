import { statfsSync } from 'node:fs';
import { StoreFullError } from '../store-errors.js';

/** So much stays free: LMDB does not live through a write that finds no space. */
const RESERVE = 16 << 20;
/** LMDB writes whole pages, and those above them: so many times the bytes it is given. */
const OVERHEAD = 8;
/** Others fill the disk too: what is known of it is good for so many milliseconds. */
const VALID_MS = 1_000;

/** Refuses a write before the disk is full. Asks the system once in a while. */
export class DiskSpace {
  #left = 0;
  #asked = -Infinity;

  constructor(private readonly path: string) {}

  /** @throws StoreFullError */
  take(bytes: number): void {
    const needed = bytes * OVERHEAD;
    const now = performance.now();
    if (this.#left < needed || now - this.#asked > VALID_MS) {
      const { bavail, bsize } = statfsSync(this.path);
      this.#left = bavail * bsize - RESERVE;
      this.#asked = now;
      if (this.#left < needed) throw new StoreFullError(this.path);
    }
    this.#left -= needed;
  }
}
