import { spendText } from '../values/effort.js';

/** Characters of a text: code points, not UTF-16 units. */
export function characterCount(text: string): number {
  spendText(text.length * 4);
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** The characters of a text as SQL counts them: code points, not UTF-16 units. */
export function charactersOf(text: string): readonly string[] {
  return Array.from(text);
}

/** The characters from one position, from 0, up to another one; positions outside of the text are its ends. */
export function sliceOf(text: string, start: number, end = Infinity): string {
  if (!(end > Math.max(start, 0))) return '';
  const from = unitsOf(text, 0, start);
  return text.slice(from, unitsOf(text, from, end - Math.max(start, 0)));
}

/** Where a text goes on behind so many characters, counted from a place that one begins at. */
function unitsOf(text: string, from: number, count: number): number {
  if (count >= text.length - from) return text.length;
  spendText(count);
  let index = from;
  for (let left = count; left > 0 && index < text.length; left -= 1) {
    index += isPair(text, index) ? 2 : 1;
  }
  return index;
}

/** Whether a text has two units for one character at a place. */
function isPair(text: string, index: number): boolean {
  return (
    (text.charCodeAt(index) & 0xfc00) === 0xd800 &&
    (text.charCodeAt(index + 1) & 0xfc00) === 0xdc00
  );
}

/** A text without the characters of a set at its beginning, its end, or both. */
export function trimmed(
  text: string,
  set: ReadonlySet<string>,
  side: string,
): string {
  const cut = (from: number, length: number) =>
    set.has(text.slice(from, from + length)) ? length : 0;
  let start = 0;
  let end = text.length;
  if (side !== 'trailing') {
    for (let length = 1; length > 0 && start < end; start += length) {
      length = cut(start, isPair(text, start) ? 2 : 1);
    }
  }
  if (side !== 'leading') {
    for (let length = 1; length > 0 && end > start; end -= length) {
      const pair = end - 2 >= start && isPair(text, end - 2) ? 2 : 1;
      length = cut(end - pair, pair);
    }
  }
  spendText((start + text.length - end) * 16);
  return text.slice(start, end);
}
