/** A stretch of blocks and what they wrote, by the last block that did. */
interface Generation {
  readonly times: Map<string, number>;
  /** The last block of the stretch. */
  last: number;
}

/** A new stretch begins when one has so many keys. */
const GENERATION_SIZE = 1 << 16;

/**
 * When each thing was last written: the block that did. A transaction that read
 * as of block N conflicts if anything it read was written after N, so validation
 * costs one look per thing read, however many blocks came since.
 *
 * What no open transaction can have missed is forgotten, a stretch of blocks at
 * a time.
 */
export class WriteTimes {
  /** Oldest first. */
  #generations: Generation[] = [{ times: new Map(), last: -1 }];

  /** The first of the keys that was written after block `at`. */
  writtenAfter(at: number, keys: Iterable<string>): string | undefined {
    const later = this.#generations.filter(({ last }) => last > at);
    if (later.length === 0) return undefined;
    for (const key of keys)
      for (const { times } of later)
        if ((times.get(key) ?? -1) > at) return key;
    return undefined;
  }

  /**
   * Notes what a block wrote; blocks come in order.
   *
   * @param oldestSnapshot - the oldest block as of which somebody still reads
   */
  record(
    sequenceNo: number,
    keys: Iterable<string>,
    oldestSnapshot: () => number,
  ): void {
    let newest = this.#generations.at(-1) as Generation;
    if (newest.times.size >= GENERATION_SIZE) {
      const oldest = oldestSnapshot();
      newest = { times: new Map(), last: -1 };
      this.#generations = [
        ...this.#generations.filter(({ last }) => last > oldest),
        newest,
      ];
    }
    newest.last = sequenceNo;
    for (const key of keys) newest.times.set(key, sequenceNo);
  }
}
