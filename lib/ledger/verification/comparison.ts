import { hash, randomBytes } from 'node:crypto';

/** Parts into which what is compared falls; only those that differ are looked at again. */
const PARTS = 4096;
/** 32-bit numbers of a digest that are summed up. */
const LANES = 4;
/** Of so many parts that differ, the items are gathered: it bounds the memory. */
const PARTS_GATHERED = 64;

/** What an item is, for a person. */
export type Describe = () => string;

/**
 * Compares two collections of any size, in any order, in little memory: a sum
 * over keyed digests of their items, in parts. Whoever made the items does not
 * know the key, so two collections with the same sums are the same. If a part
 * differs, both are gone through once more, and its items gathered.
 */
export class Comparison {
  readonly #key = randomBytes(16);
  #scratch = Buffer.alloc(1024);
  readonly #sums = new Int32Array(PARTS * (LANES + 1));
  /** Items of the parts that differ, if those are being gathered. */
  #gathered: Map<string, { count: number; describe: Describe }> | undefined;
  #parts = new Set<number>();

  expected(
    describe: Describe,
    ...item: readonly (string | Uint8Array)[]
  ): void {
    this.#add(1, describe, item);
  }

  found(describe: Describe, ...item: readonly (string | Uint8Array)[]): void {
    this.#add(-1, describe, item);
  }

  #add(
    count: 1 | -1,
    describe: Describe,
    item: readonly (string | Uint8Array)[],
  ): void {
    const digest = hash('sha256', this.#bytes(item), 'buffer');
    const part = digest.readUInt16LE(LANES * 4) % PARTS;
    const gathered = this.#gathered;
    if (gathered) {
      if (!this.#parts.has(part)) return;
      const name = digest.toString('latin1');
      const total = (gathered.get(name)?.count ?? 0) + count;
      if (total === 0) gathered.delete(name);
      else gathered.set(name, { count: total, describe });
      return;
    }
    const at = part * (LANES + 1);
    for (let lane = 0; lane < LANES; lane++)
      this.#sums[at + lane] += count * digest.readInt32LE(lane * 4);
    this.#sums[at + LANES] += count;
  }

  /** The key, and the parts of an item one after the other. */
  #bytes(item: readonly (string | Uint8Array)[]): Buffer {
    const length = item.reduce((sum, part) => sum + part.length + 4, 16);
    if (length > this.#scratch.length) this.#scratch = Buffer.alloc(2 * length);
    const scratch = this.#scratch;
    scratch.set(this.#key);
    let at = 16;
    for (const part of item) {
      // Its length, so that no two items read the same.
      at = scratch.writeUInt32LE(part.length, at);
      if (typeof part === 'string')
        scratch.write(part, at, part.length, 'latin1');
      else scratch.set(part, at);
      at += part.length;
    }
    return scratch.subarray(0, at);
  }

  /** Whether the collections differ. If so, what differs is gathered when all is added once more. */
  differ(): boolean {
    const parts = new Set<number>();
    this.#sums.forEach((sum, at) => {
      if (sum !== 0 && parts.size < PARTS_GATHERED)
        parts.add(Math.floor(at / (LANES + 1)));
    });
    if (parts.size === 0) return false;
    this.#parts = parts;
    this.#gathered = new Map();
    return true;
  }

  /** What was gathered: `<item> is missing`, `… is one too many` or `… is another`. */
  differences(): readonly string[] {
    const signs = new Map<string, number>();
    for (const { count, describe } of this.#gathered?.values() ?? []) {
      const item = describe();
      signs.set(item, (signs.get(item) ?? 0) | (count > 0 ? 1 : 2));
    }
    return Array.from(signs, ([item, sign]) => {
      if (sign === 1) return `${item} is missing`;
      return sign === 2 ? `${item} is one too many` : `${item} is another`;
    });
  }
}
