import type { Random } from '../../contract/random.js';

type Tokens = readonly string[];
type Corpus = readonly Tokens[];
type Mutation = (random: Random, tokens: Tokens, corpus: Corpus) => Tokens;

const NUMBERS = [
  '0',
  '-1',
  '-0.0',
  '9007199254740993',
  '9223372036854775807',
  '9223372036854775808',
  '99999999999999999999999999999999999999999',
  '1e400',
  '1e-400',
  '1e999999999',
  '1E+2147483647',
  '1e-2147483648',
  '0.1e99999999999999',
  '`1e308`',
  '`-inf`',
  '`nan`',
  '`1d1000000`',
  '1.00000000000000000000000000000000000000000000001',
];

const STRINGS = [
  "''",
  "'%'",
  "'%_%_%_%_%a'",
  "'\\'",
  "'\u{1f600}\u0301'",
  "'\ud800'",
  "'\u0000'",
  "'\u202e\ufeff'",
  "'2020-02-30T'",
  "'yyyy-MM-dd''T''HH:mm:ss.SSSX'",
  "'P1Y'",
  "'1-13'",
  "'1e5'",
  "'NaN'",
  '`$0`',
  "`''`",
  '`a::b::{a: 1, a: 2}`',
  '`{{YWJj}}`',
  '`{{"abc"}}`',
  '`null.struct`',
  '`2020-01-01T00:00:00.000000000000000001-23:59`',
  '`(1 2 (3))`',
];

/** What stands around an expression when it is nested. */
const NESTS: readonly (readonly [string, string])[] = [
  ['(', ')'],
  ['[', ']'],
  ['<<', '>>'],
  ["{ 'a' :", '}'],
  ['NOT (', ')'],
  ['- ', ''],
  ['( SELECT VALUE', 'FROM << 1 >> AS q )'],
  ['( SELECT VALUE 1 FROM', 'AS q )'],
  ['CASE WHEN', 'THEN 1 END'],
  ['COALESCE (', ', 1 )'],
  ['', '. a'],
  ['', '[ 0 ]'],
  ['', 'IS NOT NULL'],
  ['', '|| s'],
  ['CAST (', 'AS STRING )'],
  ['EXISTS (', ')'],
];

const place = (random: Random, tokens: Tokens) =>
  random.below(tokens.length + 1);

const isNumber = (token: string) => /^\d/.test(token);
const isString = (token: string) => /^['`]/.test(token);
const isValue = (token: string) =>
  isNumber(token) || isString(token) || /^[a-z?]/.test(token);

/** Replaces one token of those for which a test holds. */
function replaceOne(
  random: Random,
  tokens: Tokens,
  test: (token: string) => boolean,
  make: (token: string) => Tokens,
): Tokens {
  const places = [...tokens.keys()].filter((at) => test(tokens[at] ?? ''));
  if (places.length === 0) return tokens;
  const at = random.of(places);
  return tokens.toSpliced(at, 1, ...make(tokens[at] ?? ''));
}

const MUTATIONS: readonly Mutation[] = [
  function remove(random, tokens) {
    return tokens.toSpliced(place(random, tokens), 1 + random.below(3));
  },
  function repeat(random, tokens) {
    const start = place(random, tokens);
    const part = tokens.slice(start, start + 1 + random.below(4));
    return tokens.toSpliced(start, 0, ...part);
  },
  function swap(random, tokens) {
    if (tokens.length === 0) return tokens;
    const a = random.below(tokens.length);
    const b = random.below(tokens.length);
    return tokens.with(a, tokens[b] ?? '').with(b, tokens[a] ?? '');
  },
  function borrow(random, tokens, corpus) {
    const other = random.of(corpus);
    const token = random.of(other) ?? '';
    return replaceOne(
      random,
      tokens,
      () => true,
      () => [token],
    );
  },
  function insert(random, tokens, corpus) {
    const other = random.of(corpus);
    const start = place(random, other);
    const part = other.slice(start, start + 1 + random.below(5));
    return tokens.toSpliced(place(random, tokens), 0, ...part);
  },
  function splice(random, tokens, corpus) {
    const other = random.of(corpus);
    return [
      ...tokens.slice(0, place(random, tokens)),
      ...other.slice(place(random, other)),
    ];
  },
  function nestQuery(random, tokens, corpus) {
    const other = random.of(corpus);
    return replaceOne(random, tokens, isValue, () => ['(', ...other, ')']);
  },
  function nest(random, tokens) {
    const depth = random.of([1, 1, 2, 3, 5, 10, 40, 300]);
    const [open, close] = random.of(NESTS);
    return replaceOne(random, tokens, isValue, (token) => [
      ...Array.from({ length: depth }, () => open),
      token,
      ...Array.from({ length: depth }, () => close),
    ]);
  },
  function hostileNumber(random, tokens) {
    return replaceOne(random, tokens, isNumber, () => [random.of(NUMBERS)]);
  },
  function hostileString(random, tokens) {
    return replaceOne(random, tokens, isString, () => [random.of(STRINGS)]);
  },
  function parameter(random, tokens) {
    return replaceOne(random, tokens, isValue, () => ['?']);
  },
  function longList(random, tokens) {
    if (random.below(8) > 0) return tokens;
    const length = random.of([10, 100, 1000, 8000]);
    const [separator, open, close] = random.of([
      [',', '[', ']'],
      [',', '(', ')'],
      ['+', '(', ')'],
      ['OR', '(', ')'],
      ['||', '(', ')'],
    ] as const);
    return replaceOne(random, tokens, isValue, (token) => [
      open,
      // A text beyond the parser's bound is as good at any length.
      Array.from(
        { length: token.length > 1000 ? 10 : length },
        () => token,
      ).join(` ${separator} `),
      close,
    ]);
  },
  function longToken(random, tokens) {
    if (random.below(8) > 0) return tokens;
    const length = random.of([100, 5000, 50_000]);
    return replaceOne(random, tokens, isValue, (token) => {
      if (isNumber(token)) return ['9'.repeat(length)];
      return isString(token)
        ? [
            `'${random.of(['a', '%', '_', '%a', 'é'])}'`.replace(
              /(?<=').+(?=')/,
              (one) => one.repeat(length),
            ),
          ]
        : [token.repeat(Math.ceil(length / token.length))];
    });
  },
  function odd(random, tokens) {
    const character = random.of([
      '\u0000',
      '\ufeff',
      '\u2028',
      '💥',
      "'",
      '"',
      '`',
      '/*',
      '--',
      ';',
      '\\',
      '@',
      '#',
      '}',
    ]);
    return tokens.toSpliced(place(random, tokens), 0, character);
  },
  function cut(random, tokens) {
    return tokens.slice(0, place(random, tokens));
  },
];

/** A statement of the corpus, changed once or a few times. */
export function mutated(random: Random, corpus: Corpus): string {
  let tokens = random.of(corpus);
  for (let left = random.of([1, 1, 1, 2, 2, 3, 5]); left > 0; left -= 1) {
    tokens = random.of(MUTATIONS)(random, tokens, corpus);
  }
  return tokens.join(' ');
}
