/** Shorter words are near to too many others. */
const SHORTEST = 3;

/** The word that somebody most likely meant who wrote another one; undefined if none is near. */
export function nearestWord(
  word: string,
  candidates: Iterable<string>,
): string | undefined {
  if (word.length < SHORTEST) return undefined;
  let nearest: string | undefined;
  let least = word.length > 4 ? 3 : 2;
  for (const candidate of candidates) {
    if (candidate.length < SHORTEST || candidate === word) continue;
    if (Math.abs(candidate.length - word.length) > least) continue;
    const distance = editDistance(word, candidate);
    const isShorter =
      nearest !== undefined && candidate.length < nearest.length;
    if (distance < least || (distance === least && isShorter)) {
      nearest = candidate;
      least = distance;
    }
  }
  return nearest;
}

/** How many letters are wrong, missing, too many, or swapped with their neighbour. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const isSame = a[i - 1] === b[j - 1];
      let least = Math.min(
        row[j] + 1,
        next[j - 1] + 1,
        row[j - 1] + (isSame ? 0 : 1),
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, before[j - 2] + 1);
      next.push(least);
    }
    before = row;
    row = next;
  }
  return row[b.length];
}
