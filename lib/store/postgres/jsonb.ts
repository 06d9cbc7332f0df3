import { ionToJsonText } from '../../ion/json-text.js';

/** Digits, or an exponent of several, that may be more than `numeric` holds. */
const MAY_BE_LONG = /\d{4000}|E[+-]?\d{4}/;
/** A string of JSON, or a number. */
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;

/**
 * A document as JSON that every PostgreSQL takes: numbers beyond what its
 * `numeric` holds are strings, and the character U+0000, which its texts do not
 * have, is the replacement character.
 */
export function jsonbText(data: Uint8Array): string {
  let text = ionToJsonText(data);
  if (MAY_BE_LONG.test(text))
    text = text.replace(TOKEN, (token) =>
      token[0] !== '"' && MAY_BE_LONG.test(token) ? `"${token}"` : token,
    );
  if (text.includes('\\u0000'))
    text = text.replace(/\\(?:u0000|.)/g, (escape) =>
      escape === '\\u0000' ? '\\ufffd' : escape,
    );
  return text;
}
