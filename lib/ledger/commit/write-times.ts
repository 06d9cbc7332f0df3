/**
 * When each thing was last written: the block that did. A transaction that read
 * as of block N conflicts if anything it read was written after N, so validation
 * costs one look per thing read, however many blocks came since.
 *
 * What no open transaction can have missed is forgotten.
 */
export class WriteTimes {
  readonly #times = new Map<string, number>();
  #pruneAt = 1 << 16;

  /** True if one of the keys was written after block `at`. */
  anyAfter(at: number, keys: Iterable<string>): boolean {
    for (const key of keys) if ((this.#times.get(key) ?? -1) > at) return true;
    return false;
  }

  record(sequenceNo: number, keys: Iterable<string>): void {
    for (const key of keys) this.#times.set(key, sequenceNo);
  }

  /** Forgets writes up to a block, once there are many. */
  prune(oldestSnapshot: () => number): void {
    if (this.#times.size < this.#pruneAt) return;
    const oldest = oldestSnapshot();
    for (const [key, sequenceNo] of this.#times)
      if (sequenceNo <= oldest) this.#times.delete(key);
    this.#pruneAt = Math.max(1 << 16, 2 * this.#times.size);
  }
}
