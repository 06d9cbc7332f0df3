import { describe, expect, it } from 'vitest';
import { PartiqlError } from '../../../lib/partiql/index.js';
import {
  MAX_TEXT_LENGTH,
  tokenize,
} from '../../../lib/partiql/language/lexer.js';

function tokens(source: string) {
  return tokenize(source).map(({ kind, text }) => `${kind}:${text}`);
}

function places(source: string) {
  return tokenize(source).map(({ start, end, line, column }) => [
    start,
    end,
    line,
    column,
  ]);
}

function errorOf(source: string): PartiqlError {
  try {
    tokenize(source);
  } catch (error) {
    if (error instanceof PartiqlError) return error;
  }
  throw new Error('no PartiqlError');
}

describe('tokenize', () => {
  it('knows words, names, literals and symbols', () => {
    expect(
      tokens(`select "Order" 'it''s' 12 1.5 .5 1e3 ? << <> || @a`),
    ).toEqual([
      'Word:select',
      'QuotedName:Order',
      "String:it's",
      'Integer:12',
      'Decimal:1.5',
      'Decimal:.5',
      'Decimal:1e3',
      'Parameter:?',
      'Symbol:<<',
      'Symbol:<>',
      'Symbol:||',
      'Symbol:@',
      'Word:a',
      'End:',
    ]);
  });

  it('tells where each token is, over lines of every kind', () => {
    expect(places('a\n bb\r\nc\rd')).toEqual([
      [0, 1, 1, 1],
      [3, 5, 2, 2],
      [7, 8, 3, 1],
      [9, 10, 4, 1],
      [10, 10, 4, 2],
    ]);
  });

  it('counts the lines inside strings', () => {
    expect(places("'a\nb' c").at(1)).toEqual([6, 7, 2, 4]);
  });

  it('skips comments', () => {
    expect(tokens('a -- b\nc /* d\n* / */ e')).toEqual([
      'Word:a',
      'Word:c',
      'Word:e',
      'End:',
    ]);
  });

  it('takes Ion text with backticks inside its strings, symbols, comments and blobs', () => {
    expect(
      tokens('`"a`b"` `\'x`y\'` `[1 /* ` */, 2] // `\n` `{{ //8= }}`'),
    ).toEqual([
      'Ion:"a`b"',
      "Ion:'x`y'",
      'Ion:[1 /* ` */, 2] // `\n',
      'Ion:{{ //8= }}',
      'End:',
    ]);
  });

  it.each([
    ["SELECT 'abc", 1, 8, "invalid literal at, ': the closing ' is missing"],
    ['a\n  "b', 2, 3, 'invalid literal at, ": the closing " is missing'],
    ['x `{a: 1', 1, 3, 'invalid ion literal at, `: the closing ` is missing'],
    ['/* a', 1, 1, 'the comment has no end, expected */'],
    [
      'a ! b',
      1,
      3,
      'invalid operator at, !; not is written NOT, and not equal <>',
    ],
    ['a # b', 1, 3, 'invalid character at, #; a comment begins with --'],
    ['a \u0001', 1, 3, 'invalid character at, U+0001'],
    ['12abc', 1, 1, 'invalid literal at, 12a'],
    ['1e+', 1, 1, 'invalid literal at, 1e+'],
  ])('refuses %j', (source, line, column, text) => {
    const error = errorOf(source);
    expect(error.code).toBe('PARTIQL_SYNTAX');
    expect([error.line, error.column]).toEqual([line, column]);
    expect(error.message.split('\n')[0]).toBe(
      `Lexer Error: at line ${line}, column ${column}: ${text}`,
    );
  });

  it('refuses a text of more than 100,000 characters, and shows none of it', () => {
    const error = errorOf('x'.repeat(MAX_TEXT_LENGTH + 1));
    expect(error.code).toBe('PARTIQL_LIMIT');
    expect(error.message.length).toBeLessThan(200);
  });

  it('refuses half of a surrogate pair, which no value can hold', () => {
    const error = errorOf("SELECT\n '\u{1f600}\ud800' FROM T");
    expect(error.code).toBe('PARTIQL_SYNTAX');
    expect([error.line, error.column]).toEqual([2, 5]);
  });
});
