import { DataFault } from '../errors.js';
import { spendText } from '../values/effort.js';
import { charactersOf } from './characters.js';
import { finder, type Find } from './text-search.js';
import { ANY, wildcardMatcher } from './wildcard-search.js';

/**
 * A test for `LIKE pattern [ESCAPE mark]`. The pattern is cut at each `%`, and
 * every piece is looked for behind the one before it, so that no pattern is
 * slow: without `_` its time is at most the length of the text.
 */
export function likeMatcher(
  pattern: string,
  mark: string | undefined,
): (text: string) => boolean {
  const pieces = parsePattern(pattern, mark);
  // Half of a surrogate pair is a character by itself, and matches no half of a pair.
  if (
    LONE_SURROGATE.test(pattern) ||
    pieces.some((piece) => piece.includes(ANY))
  ) {
    return wildcardMatcher(pieces);
  }
  return textMatcher(
    pieces.map((piece) =>
      piece.map((scalar) => String.fromCodePoint(scalar)).join(''),
    ),
  );
}

const LONE_SURROGATE = /\p{Surrogate}/u;

/** The pieces between the runs of `%`, as code points; {@link ANY} stands for `_`. */
function parsePattern(
  pattern: string,
  mark: string | undefined,
): readonly (readonly number[])[] {
  if (mark !== undefined && charactersOf(mark).length !== 1) {
    throw new DataFault(
      'Escape character must have size 1 in a LIKE expression',
    );
  }
  spendText(pattern.length * 32);
  const pieces: number[][] = [];
  let piece: number[] = [];
  let escaped = false;
  for (const character of pattern) {
    const scalar = character.codePointAt(0) ?? 0;
    if (escaped) {
      if (character !== '%' && character !== '_' && character !== mark) {
        throw malformedEscape();
      }
      piece.push(scalar);
      escaped = false;
    } else if (character === mark) escaped = true;
    else if (character === '_') piece.push(ANY);
    else if (character !== '%') piece.push(scalar);
    // Of several `%` in a row one is enough; the empty piece between them goes.
    else if (pieces.length === 0 || piece.length > 0) {
      pieces.push(piece);
      piece = [];
    }
  }
  if (escaped) throw malformedEscape();
  pieces.push(piece);
  return pieces;
}

function malformedEscape(): DataFault {
  return new DataFault(
    'Pattern contains an invalid or malformed escape sequence',
  );
}

/** A pattern without `_`. */
function textMatcher(pieces: readonly string[]): (text: string) => boolean {
  const [first = '', ...rest] = pieces;
  const last = rest.pop();
  if (last === undefined) return (text) => text === first;
  const finds: readonly (readonly [Find, number])[] = rest.map((piece) => [
    finder(piece),
    piece.length,
  ]);
  return (text) => {
    const end = text.length - last.length;
    if (end < first.length) return false;
    spendText(text.length);
    if (!text.startsWith(first) || !text.endsWith(last)) return false;
    let from = first.length;
    for (const [find, length] of finds) {
      const found = find(text, from);
      if (found < 0) return false;
      from = found + length;
    }
    return from <= end;
  };
}
