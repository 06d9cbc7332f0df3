/** A stretch of blocks and what they wrote, by the last block that did. */
interface Generation {
  readonly times: Pick<ReadonlyMap<string, number>, 'get'>;
  /** The last block of the stretch. */
  last: number;
}

/** A new stretch begins when one has so many keys. */
const GENERATION_SIZE = 1 << 16;
/** What a block wrote is kept as it is, not key by key, if it is so much. */
export const MANY_KEYS = 10_000;

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
  #generations: Generation[] = [];
  /** The newest stretch, if it takes more blocks. */
  #open: Map<string, number> | undefined;

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
   * @param keys - undefined if nobody knows: then it counts as having written all there is
   * @param oldestSnapshot - the oldest block as of which somebody still reads
   */
  record(
    sequenceNo: number,
    keys: ReadonlySet<string> | undefined,
    oldestSnapshot: () => number,
  ): void {
    if (!keys || keys.size > MANY_KEYS) {
      this.#open = undefined;
      const get = (key: string) =>
        !keys || keys.has(key) ? sequenceNo : undefined;
      this.#begin({ times: { get }, last: sequenceNo }, oldestSnapshot);
      return;
    }
    if (!this.#open || this.#open.size >= GENERATION_SIZE) {
      this.#open = new Map();
      this.#begin({ times: this.#open, last: sequenceNo }, oldestSnapshot);
    }
    (this.#generations.at(-1) as Generation).last = sequenceNo;
    for (const key of keys) this.#open.set(key, sequenceNo);
  }

  #begin(generation: Generation, oldestSnapshot: () => number): void {
    const oldest = oldestSnapshot();
    this.#generations = this.#generations.filter(({ last }) => last > oldest);
    this.#generations.push(generation);
  }
}
