/** No column holds more, in bytes: some engines take little more than this. */
export const PART_BYTES = 900 << 10;

/** Whose parts they are: a block's, what it wrote, or the data of a document's revision. */
export const BLOCK_ITEM = '';
export const WRITTEN_ITEM = '~';

/** What of a value stands in its column, and how many parts the rest is. */
export function firstPart(value: Uint8Array): {
  readonly first: Uint8Array;
  readonly parts: number;
} {
  if (value.length <= PART_BYTES) return { first: value, parts: 0 };
  return {
    first: value.subarray(0, PART_BYTES),
    parts: Math.ceil(value.length / PART_BYTES) - 1,
  };
}

/** The parts of a value behind its first. */
export function* furtherParts(
  value: Uint8Array,
): Iterable<{ readonly part: number; readonly bytes: Uint8Array }> {
  for (let part = 1, at = PART_BYTES; at < value.length; at += PART_BYTES)
    yield { part: part++, bytes: value.subarray(at, at + PART_BYTES) };
}
