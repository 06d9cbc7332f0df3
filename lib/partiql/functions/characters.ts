import { spendText } from '../values/effort.js';

/** Characters of a text: code points, not UTF-16 units. */
export function lengthOf(text: string): number {
  spendText(text.length * 4);
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** The characters of a text as SQL counts them: code points, not UTF-16 units. */
export function charactersOf(text: string): readonly string[] {
  return Array.from(text);
}
