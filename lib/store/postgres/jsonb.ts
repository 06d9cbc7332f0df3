import { ionToJsonText } from '../../ion/json-text.js';

/** Digits, or an exponent of several, that may be more than `numeric` holds. */
const MAY_BE_LONG = /\d{4000}|E[+-]?\d{4}/;
/** A number of JSON, or the quote that begins a string. */
const NUMBER_OR_QUOTE = /"|-?\d[\d.eE+-]*/g;

/**
 * A document as JSON that every PostgreSQL takes: numbers beyond what its
 * `numeric` holds are strings, and the character U+0000, which its texts do not
 * have, is the replacement character.
 */
export function jsonbText(data: Uint8Array): string {
  let text = ionToJsonText(data);
  if (MAY_BE_LONG.test(text)) text = withLongNumbersQuoted(text);
  if (text.includes('\\u0000'))
    text = text.replace(/\\(?:u0000|.)/g, (escape) =>
      escape === '\\u0000' ? '\\ufffd' : escape,
    );
  return text;
}

/** A pattern for whole strings would overflow its stack over a long one. */
function withLongNumbersQuoted(text: string): string {
  const pieces: string[] = [];
  let copied = 0;
  NUMBER_OR_QUOTE.lastIndex = 0;
  for (;;) {
    const found = NUMBER_OR_QUOTE.exec(text);
    if (!found) break;
    const [token] = found;
    const end = found.index + token.length;
    if (token === '"') NUMBER_OR_QUOTE.lastIndex = endOfString(text, end);
    else if (MAY_BE_LONG.test(token)) {
      pieces.push(text.slice(copied, found.index), '"', token, '"');
      copied = end;
    }
  }
  return pieces.join('') + text.slice(copied);
}

/** The place behind the quote that ends a string. */
function endOfString(text: string, from: number): number {
  for (let at = from; ;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return text.length;
    let escapes = 0;
    while (text[quote - 1 - escapes] === '\\') escapes++;
    if (escapes % 2 === 0) return quote + 1;
    at = quote + 1;
  }
}
