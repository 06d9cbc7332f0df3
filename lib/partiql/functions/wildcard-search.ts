import { spend } from '../values/effort.js';

/** Stands for any one character, beside the code points of a piece. */
export const ANY = -1;

/** A part of a pattern: code points, and {@link ANY}. */
export type Piece = readonly number[];

/** Comparisons for each character of text and piece, up to which they are made one by one. */
const PATIENCE = 8;
/** How many words of bits are worked on in one go, and how many places of a text that is. */
const WORDS = 64;
const PLACES = WORDS * 32;
const WORD_STEPS = 3;

/** A test whether a text is these pieces, with anything between them. */
export function wildcardMatcher(
  pieces: readonly Piece[],
): (text: string) => boolean {
  const [first = [], ...rest] = pieces;
  const last = rest.pop();
  return (text) => {
    const scalars = scalarsOf(text);
    spend(scalars.length * 4);
    if (!standsAt(scalars, 0, first)) return false;
    if (last === undefined) return first.length === scalars.length;
    const end = scalars.length - last.length;
    if (end < first.length || !standsAt(scalars, end, last)) return false;
    let from = first.length;
    for (const piece of rest) {
      const found = find(scalars, from, end, piece);
      if (found < 0) return false;
      from = found + piece.length;
    }
    return true;
  };
}

/** Code points of a text. */
function scalarsOf(text: string): Uint32Array {
  const scalars = new Uint32Array(text.length);
  let count = 0;
  for (let index = 0; index < text.length; index += 1) {
    const scalar = text.codePointAt(index) ?? 0;
    scalars[count] = scalar;
    count += 1;
    if (scalar > 0xffff) index += 1;
  }
  return scalars.subarray(0, count);
}

function standsAt(text: Uint32Array, at: number, piece: Piece): boolean {
  return at + piece.length <= text.length && matchedAt(text, at, piece) < 0;
}

/** How many characters fit before one that does not; -1 if all of them do. */
function matchedAt(text: Uint32Array, at: number, piece: Piece): number {
  for (let index = 0; index < piece.length; index += 1) {
    const wanted = piece[index];
    if (wanted !== ANY && wanted !== text[at + index]) return index;
  }
  return -1;
}

/** The first place of a piece that lies between two positions; -1 if there is none. */
function find(
  text: Uint32Array,
  from: number,
  end: number,
  piece: Piece,
): number {
  let left = (end - from + piece.length) * PATIENCE;
  for (let at = from; at + piece.length <= end; at += 1) {
    const matched = matchedAt(text, at, piece);
    if (matched < 0) return at;
    left -= matched + 1;
    // Most pieces differ at once. One that goes on fitting is looked for at many places in one go.
    if (left < 0) return findInWords(text, at + 1, end, piece);
  }
  return -1;
}

/** As {@link find}, for {@link PLACES} at a time: a bit for each where the piece may still begin. */
function findInWords(
  text: Uint32Array,
  from: number,
  end: number,
  piece: Piece,
): number {
  const sets = new Map<number, Int32Array>();
  const checks: (readonly [offset: number, set: Int32Array])[] = [];
  for (const [offset, wanted] of piece.entries()) {
    if (wanted === ANY) continue;
    let set = sets.get(wanted);
    if (set === undefined) sets.set(wanted, (set = placesOf(wanted, text)));
    checks.push([offset, set]);
  }
  const open = new Int32Array(WORDS);
  const last = end - piece.length;
  for (let start = from; start <= last; start += PLACES) {
    open.fill(-1);
    let steps = 0;
    let some = -1;
    for (; steps < checks.length && some !== 0; steps += 1) {
      const [offset, set] = checks[steps];
      some = keep(open, set, start + offset);
    }
    spend(steps * WORDS * WORD_STEPS);
    if (some === 0) continue;
    const found = start + firstBit(open);
    return found <= last ? found : -1;
  }
  return -1;
}

/** Keeps the bits that are in a set, too, from a place on. Gives 0 if none is left. */
function keep(open: Int32Array, set: Int32Array, at: number): number {
  const index = at >>> 5;
  const shift = at & 31;
  let some = 0;
  let low = set[index] ?? 0;
  for (let word = 0; word < WORDS; word += 1) {
    const high = set[index + word + 1] ?? 0;
    // In two steps: a shift by 32 would be none.
    const kept =
      (open[word] ?? 0) & ((low >>> shift) | ((high << 1) << (31 - shift)));
    open[word] = kept;
    some |= kept;
    low = high;
  }
  return some;
}

function firstBit(bits: Int32Array): number {
  const index = bits.findIndex((word) => word !== 0);
  const word = bits[index] ?? 0;
  return index * 32 + 31 - Math.clz32(word & -word);
}

/** A bit for each place of a text where the character stands. */
function placesOf(character: number, text: Uint32Array): Int32Array {
  spend(text.length);
  const set = new Int32Array((text.length >>> 5) + WORDS + 2);
  for (let index = 0; index < text.length; index += 1) {
    if (text[index] === character) set[index >>> 5] |= 1 << (index & 31);
  }
  return set;
}
