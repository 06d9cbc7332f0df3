import type { Token } from '../lexer.js';
import { RESERVED_WORDS } from '../reserved-words.js';
import { nearestWord } from './nearest-word.js';

/** Clauses of a query in their order, by the words that begin them. */
const CLAUSES = new Map([
  ['FROM', 'FROM'],
  ['LET', 'LET'],
  ['WHERE', 'WHERE'],
  ['GROUP', 'GROUP BY'],
  ['HAVING', 'HAVING'],
  ['ORDER', 'ORDER BY'],
  ['LIMIT', 'LIMIT'],
  ['OFFSET', 'OFFSET'],
]);

/** Reserved words that hold a statement together: who writes one hardly means a name. */
const STRUCTURE: ReadonlySet<string> = new Set(
  `ALL AND AS BETWEEN BY DISTINCT ELSE END FROM HAVING IN INTO IS JOIN LIKE NOT
  ON OR SELECT SET THEN UNION VALUE WHEN WHERE`.split(/\s+/),
);

/** What is no operator here, by the two symbols that it is read as. */
const SYMBOL_PAIRS = new Map([
  ['==', 'equality is written with one ='],
  ['=>', 'greater or equal is written >='],
  ['=<', 'less or equal is written <='],
  ['->', 'a field is reached with a point'],
  ['::', 'a value is converted with CAST(value AS type)'],
]);

/** That a reserved word stands where a name may be meant; else empty. */
export function nameHint(token: Token): string {
  return RESERVED_WORDS.has(token.upper) && !STRUCTURE.has(token.upper)
    ? `a name that is a reserved word is written in double quotes, "${token.text}"`
    : '';
}

/**
 * What may help whoever wrote the token that cannot stand where it does.
 *
 * @param tried - the keywords that could have stood there
 */
export function hintAt(
  tokens: readonly Token[],
  index: number,
  tried: readonly string[],
): string {
  const token = tokens[index];
  const before = tokens[index - 1];
  if (token.kind === 'Word') {
    const meant = nearestWord(token.upper, tried);
    if (meant !== undefined) return `did you mean ${meant}?`;
  }
  if (before?.kind === 'Symbol' && before.text === ',' && !begins(token))
    return 'there is a comma before it, and nothing in between';
  if (token.text.startsWith('.') && before?.end === token.start)
    return 'an element of a list is reached with [0]';
  if (token.kind === 'Symbol') return symbolHint(tokens, index);
  return CLAUSES.has(token.upper) ? clauseHint(tokens, index) : '';
}

/** Whether something can begin with a token, so that it is not what a comma waits for in vain. */
function begins(token: Token): boolean {
  if (token.kind === 'Symbol') return !')]}>>,;'.includes(token.text);
  return token.kind !== 'End' && !STRUCTURE.has(token.upper);
}

function symbolHint(tokens: readonly Token[], index: number): string {
  const token = tokens[index];
  for (const [first, second] of [
    [tokens[index - 1], token],
    [token, tokens[index + 1]],
  ]) {
    const hint =
      first?.kind === 'Symbol' && first.end === second?.start
        ? SYMBOL_PAIRS.get(first.text + second.text)
        : undefined;
    if (hint !== undefined) return hint;
  }
  if (token.text === ':' && tokens[index + 1]?.kind === 'Word')
    return 'a parameter is written ?';
  const opens = { ')': '(', ']': '[', '}': '{', '>>': '<<' }[token.text];
  return opens !== undefined && !isOpen(tokens, index, opens, token.text)
    ? `no ${opens} is open`
    : '';
}

function isOpen(
  tokens: readonly Token[],
  index: number,
  opens: string,
  closes: string,
): boolean {
  let open = 0;
  for (const token of tokens.slice(0, index)) {
    if (token.kind !== 'Symbol') continue;
    if (token.text === opens) open += 1;
    else if (token.text === closes) open -= 1;
  }
  return open > 0;
}

/** That a clause is there already, or stands behind one that comes after it. */
function clauseHint(tokens: readonly Token[], index: number): string {
  const { upper } = tokens[index];
  const order = [...CLAUSES.keys()];
  const clause = CLAUSES.get(upper);
  const seen = clausesBefore(tokens, index);
  if (seen.has(upper)) return `there is a ${clause} already`;
  const later = order
    .slice(order.indexOf(upper) + 1)
    .find((word) => seen.has(word));
  return later === undefined
    ? ''
    : `${clause} stands before ${CLAUSES.get(later)}`;
}

/** The clauses of the query around a token, back to its SELECT. */
function clausesBefore(
  tokens: readonly Token[],
  index: number,
): ReadonlySet<string> {
  const seen = new Set<string>();
  let depth = 0;
  for (const token of tokens.slice(0, index).toReversed()) {
    if (token.kind === 'Symbol') {
      if (token.text === ')') depth += 1;
      else if (token.text === '(') depth -= 1;
    }
    if (depth < 0) break;
    if (depth > 0) continue;
    if (token.upper === 'SELECT') return seen;
    if (CLAUSES.has(token.upper)) seen.add(token.upper);
  }
  return new Set();
}
