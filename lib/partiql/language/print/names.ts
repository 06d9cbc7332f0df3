import { CLAUSE_WORDS, RESERVED_WORDS } from '../reserved-words.js';

const WORD = /^[A-Za-z_$][\w$]*$/;

/** A name, in double quotes where it would be read as something else. */
export function nameText(name: string): string {
  const upper = name.toUpperCase();
  const isBare =
    WORD.test(name) &&
    !RESERVED_WORDS.has(upper) &&
    !CLAUSE_WORDS.has(upper) &&
    // It is a name, but not where a source begins.
    upper !== 'LATERAL';
  return isBare ? name : quoted(name);
}

/** A name behind a point, where reserved words are names, too. */
export function fieldText(name: string): string {
  return WORD.test(name) ? name : quoted(name);
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
