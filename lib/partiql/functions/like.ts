import { EvaluationFault } from '../errors.js';
import { charactersOf } from './characters.js';

/** One piece of a pattern: a character that must be there, any one, or any run. */
type Piece = string | typeof ONE | typeof RUN;

const ONE = Symbol('_');
const RUN = Symbol('%');

/**
 * A test for `LIKE pattern [ESCAPE mark]`. It never goes back further than to
 * the last `%`, so that no pattern is slow: time is at most length of the text
 * times length of the pattern.
 */
export function likeMatcher(
  pattern: string,
  mark: string | undefined,
): (text: string) => boolean {
  const pieces = parsePattern(pattern, mark);
  return (text) => matches(pieces, charactersOf(text));
}

function parsePattern(
  pattern: string,
  mark: string | undefined,
): readonly Piece[] {
  if (mark !== undefined && charactersOf(mark).length !== 1) {
    throw new EvaluationFault(
      'Escape character must have size 1 in a LIKE expression',
    );
  }
  const pieces: Piece[] = [];
  let escaped = false;
  for (const character of pattern) {
    if (escaped) {
      if (character !== '%' && character !== '_' && character !== mark) {
        throw malformedEscape();
      }
      pieces.push(character);
      escaped = false;
    } else if (character === mark) escaped = true;
    else if (character === '_') pieces.push(ONE);
    else if (character !== '%') pieces.push(character);
    else if (pieces.at(-1) !== RUN) pieces.push(RUN);
  }
  if (escaped) throw malformedEscape();
  return pieces;
}

function malformedEscape(): EvaluationFault {
  return new EvaluationFault(
    'Pattern contains an invalid or malformed escape sequence',
  );
}

function matches(pieces: readonly Piece[], text: readonly string[]): boolean {
  let piece = 0;
  let index = 0;
  /** Where the last `%` stands, and how far it reaches. */
  let run = -1;
  let reach = 0;
  while (index < text.length) {
    const wanted = pieces[piece];
    if (wanted === RUN) {
      run = piece;
      reach = index;
      piece += 1;
    } else if (wanted === ONE || wanted === text[index]) {
      piece += 1;
      index += 1;
    } else if (run >= 0) {
      reach += 1;
      index = reach;
      piece = run + 1;
    } else return false;
  }
  while (pieces[piece] === RUN) piece += 1;
  return piece === pieces.length;
}
