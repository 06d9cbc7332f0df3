/** The first place of a text from a position on where something stands; -1 if nowhere. */
export type Find = (text: string, from: number) => number;

/**
 * Up to so many comparisons the engine's own search is faster, although its time
 * can grow with length of the text times length of what is looked for.
 */
const FEW = 1 << 16;

/** Finds a text in others, in time that grows with their length alone. */
export function finder(wanted: string): Find {
  let borders: Int32Array | undefined;
  return (text, from) => {
    const cost = (text.length - from) * wanted.length;
    if (wanted.length <= 8 || cost <= FEW) return text.indexOf(wanted, from);
    borders ??= bordersOf(wanted);
    return search(text, from, wanted, borders);
  };
}

/** For each length of a prefix, how much of its start is its end, too (Knuth, Morris, Pratt). */
function bordersOf(wanted: string): Int32Array {
  const borders = new Int32Array(wanted.length + 1);
  let border = -1;
  borders[0] = -1;
  for (let index = 0; index < wanted.length; index += 1) {
    const unit = wanted.charCodeAt(index);
    while (border >= 0 && wanted.charCodeAt(border) !== unit) {
      border = borders[border] ?? -1;
    }
    border += 1;
    borders[index + 1] = border;
  }
  return borders;
}

function search(
  text: string,
  from: number,
  wanted: string,
  borders: Int32Array,
): number {
  let matched = 0;
  for (let index = from; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    while (matched >= 0 && wanted.charCodeAt(matched) !== unit) {
      matched = borders[matched] ?? -1;
    }
    matched += 1;
    if (matched === wanted.length) return index + 1 - matched;
  }
  return -1;
}
