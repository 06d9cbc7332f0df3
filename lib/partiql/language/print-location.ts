/** A place in a text. */
export interface Position {
  /** UTF-16 units before the place. */
  readonly start: number;
  /** From 1. */
  readonly line: number;
  /** In UTF-16 units, from 1. */
  readonly column: number;
}

/** Longest part of a line that is shown, so that a message stays a message. */
const WIDTH = 120;

/**
 * The line of a place, with a caret below it.
 *
 * ```text
 * 2 | WHERE VIN == ?
 *   |           ^
 * ```
 */
export function printLocation(source: string, at: Position): string {
  const lineStart = at.start - (at.column - 1);
  let lineEnd = lineStart;
  while (lineEnd < source.length && !isLineBreak(source, lineEnd)) lineEnd += 1;

  let from = lineStart;
  let to = lineEnd;
  if (to - from > WIDTH) {
    from = Math.max(lineStart, at.start - WIDTH / 2);
    to = Math.min(lineEnd, from + WIDTH);
  }
  const head = from > lineStart ? '…' : '';
  const tail = to < lineEnd ? '…' : '';
  // A tab would move the caret: it is shown as one blank.
  const text = source.slice(from, to).replaceAll('\t', ' ');
  const number = `${at.line}`;
  const margin = ' '.repeat(number.length);
  const indent = ' '.repeat(head.length + at.start - from);
  return `${number} | ${head}${text}${tail}\n${margin} | ${indent}^`;
}

function isLineBreak(source: string, index: number): boolean {
  const unit = source.charCodeAt(index);
  return unit === 0x0a || unit === 0x0d;
}
