/** Bits up to which an int is measured by comparing it. */
const SMALL = 64;
const SMALL_BOUND = 1n << BigInt(SMALL);

/** Bits of an int without its sign, in time that grows with them. At least as many as it has, and at most 4 more; 64 for a small one. */
export function bitsOf(value: bigint): number {
  if (value < SMALL_BOUND && value > -SMALL_BOUND) return SMALL;
  // The one text of an int that takes no more time than reading it.
  return value.toString(16).length * 4;
}

/** Whether an int has more decimal digits than this, in time that grows with `digits`. */
export function hasMoreDigits(value: bigint, digits: number): boolean {
  if (value < SMALL_BOUND && value > -SMALL_BOUND) return false;
  let bound = bounds.get(digits);
  if (bound === undefined) bounds.set(digits, (bound = 10n ** BigInt(digits)));
  return value >= bound || value <= -bound;
}

const bounds = new Map<number, bigint>();
