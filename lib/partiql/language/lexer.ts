import { lexicalError, limitError } from '../errors.js';
import type { Position } from './print-location.js';

/** Longest text of a statement, in UTF-16 units; QLDB's own bound. */
export const MAX_TEXT_LENGTH = 100_000;

export type TokenKind =
  /** A keyword or an unquoted name. */
  | 'Word'
  /** `"name"` */
  | 'QuotedName'
  /** `'text'` */
  | 'String'
  | 'Integer'
  /** A number with a point or an exponent. */
  | 'Decimal'
  /** `` `ion text` `` */
  | 'Ion'
  /** `?` */
  | 'Parameter'
  /** An operator or a piece of punctuation. */
  | 'Symbol'
  | 'End';

/** A piece of the text, with the place where it starts. */
export interface Token extends Position {
  readonly kind: TokenKind;
  readonly end: number;
  /** What it says, without quotes and escapes. */
  readonly text: string;
  /** For a word: its upper-case form, by which keywords are known. */
  readonly upper: string;
}

/** Longest first, so that `<<` is not two `<`. */
const SYMBOLS = [
  '<<',
  '>>',
  '<=',
  '>=',
  '<>',
  '!=',
  '||',
  '+',
  '-',
  '*',
  '/',
  '%',
  '=',
  '<',
  '>',
  '(',
  ')',
  '[',
  ']',
  '{',
  '}',
  ',',
  '.',
  ':',
  ';',
  '@',
];

const QUOTES = 'a text stands in single quotes, a name in double quotes';

/** What is meant by characters that other languages have. */
const HINTS = new Map([
  ['!', 'not is written NOT, and not equal <>'],
  ['&', 'and is written AND'],
  ['|', 'or is written OR, and texts are joined with ||'],
  ['#', 'a comment begins with --'],
  ['“', QUOTES],
  ['”', QUOTES],
  ['‘', QUOTES],
  ['’', QUOTES],
]);

/** All tokens of a text; the last one is an `End`. */
export function tokenize(source: string): readonly Token[] {
  if (source.length > MAX_TEXT_LENGTH) {
    throw limitError(
      '',
      { start: 0, line: 1, column: 1 },
      `the statement has ${source.length} characters; at most ${MAX_TEXT_LENGTH} are allowed`,
    );
  }
  const lone = LONE_SURROGATE.exec(source);
  if (lone !== null) {
    throw lexicalError(
      source,
      positionAt(source, lone.index),
      'half of a surrogate pair stands alone: the text is no Unicode, and no value can hold it',
    );
  }
  return new Lexer(source).all();
}

/** With `u`, a pair is one character of another category. */
const LONE_SURROGATE = /\p{Surrogate}/u;

function positionAt(source: string, start: number): Position {
  const lines = source.slice(0, start).split('\n');
  const column = (lines.at(-1) ?? '').length + 1;
  return { start, line: lines.length, column };
}

class Lexer {
  readonly #source: string;
  readonly #tokens: Token[] = [];
  #index = 0;
  #line = 1;
  #lineStart = 0;

  constructor(source: string) {
    this.#source = source;
  }

  all(): readonly Token[] {
    const source = this.#source;
    for (;;) {
      this.#skipIgnored();
      const start = this.#index;
      if (start >= source.length) {
        this.#push('End', start, this.#here(start), '');
        return this.#tokens;
      }
      const unit = source.charCodeAt(start);
      if (isWordStart(unit)) this.#word(start);
      else if (isDigit(unit)) this.#number(start);
      else if (unit === DOT && isDigit(source.charCodeAt(start + 1)))
        this.#number(start);
      else if (unit === QUOTE) this.#quoted(start, "'", 'String');
      else if (unit === DOUBLE_QUOTE) this.#quoted(start, '"', 'QuotedName');
      else if (unit === BACKTICK) this.#ion(start);
      else if (unit === QUESTION_MARK) {
        this.#index += 1;
        this.#push('Parameter', start, this.#here(start), '?');
      } else this.#symbol(start);
    }
  }

  #here(start: number): Position {
    return { start, line: this.#line, column: start - this.#lineStart + 1 };
  }

  #push(kind: TokenKind, start: number, at: Position, text: string): void {
    this.#tokens.push({
      kind,
      start,
      end: this.#index,
      line: at.line,
      column: at.column,
      text,
      upper: kind === 'Word' ? text.toUpperCase() : '',
    });
  }

  /** Moves over one unit and keeps count of lines. */
  #advance(): void {
    const source = this.#source;
    const unit = source.charCodeAt(this.#index);
    this.#index += 1;
    if (
      unit === LINE_FEED ||
      (unit === RETURN && source.charCodeAt(this.#index) !== LINE_FEED)
    ) {
      this.#line += 1;
      this.#lineStart = this.#index;
    }
  }

  /** Blanks, `-- to the end of the line`, and comments between slash-star and star-slash. */
  #skipIgnored(): void {
    const source = this.#source;
    while (this.#index < source.length) {
      const unit = source.charCodeAt(this.#index);
      if (isBlank(unit)) this.#advance();
      else if (source.startsWith('--', this.#index)) this.#skipLine();
      else if (source.startsWith('/*', this.#index)) this.#skipBlock();
      else return;
    }
  }

  #skipLine(): void {
    while (this.#index < this.#source.length) {
      const unit = this.#source.charCodeAt(this.#index);
      if (unit === LINE_FEED || unit === RETURN) return;
      this.#index += 1;
    }
  }

  #skipBlock(): void {
    const start = this.#here(this.#index);
    this.#index += 2;
    while (!this.#source.startsWith('*/', this.#index)) {
      if (this.#index >= this.#source.length) {
        throw lexicalError(
          this.#source,
          start,
          'the comment has no end, expected */',
        );
      }
      this.#advance();
    }
    this.#index += 2;
  }

  #word(start: number): void {
    const at = this.#here(start);
    while (isWordPart(this.#source.charCodeAt(this.#index))) this.#index += 1;
    this.#push('Word', start, at, this.#source.slice(start, this.#index));
  }

  /** `digits [. digits] [e [+-] digits]`, or `. digits …` */
  #number(start: number): void {
    const source = this.#source;
    const at = this.#here(start);
    let decimal = false;
    this.#digits();
    if (source.charCodeAt(this.#index) === DOT) {
      decimal = true;
      this.#index += 1;
      this.#digits();
    }
    const unit = source.charCodeAt(this.#index);
    if (unit === LOWER_E || unit === UPPER_E) {
      decimal = true;
      this.#index += 1;
      const sign = source.charCodeAt(this.#index);
      if (sign === PLUS || sign === MINUS) this.#index += 1;
      if (!isDigit(source.charCodeAt(this.#index))) {
        throw this.#invalidLiteral(start, at);
      }
      this.#digits();
    }
    if (isWordPart(source.charCodeAt(this.#index))) {
      throw this.#invalidLiteral(start, at);
    }
    this.#push(
      decimal ? 'Decimal' : 'Integer',
      start,
      at,
      source.slice(start, this.#index),
    );
  }

  #digits(): void {
    while (isDigit(this.#source.charCodeAt(this.#index))) this.#index += 1;
  }

  #invalidLiteral(start: number, at: Position) {
    const shown = this.#source.slice(
      start,
      Math.min(this.#index + 1, start + 40),
    );
    return lexicalError(this.#source, at, `invalid literal at, ${shown}`);
  }

  /** Text between two quotes; two in a row stand for one. */
  #quoted(start: number, quote: string, kind: 'String' | 'QuotedName'): void {
    const source = this.#source;
    const at = this.#here(start);
    let text = '';
    this.#index += 1;
    for (let from = this.#index; ;) {
      if (this.#index >= source.length) {
        throw lexicalError(
          source,
          at,
          `invalid literal at, ${quote}: the closing ${quote} is missing`,
        );
      }
      if (source[this.#index] !== quote) {
        this.#advance();
        continue;
      }
      text += source.slice(from, this.#index);
      this.#index += 1;
      if (source[this.#index] !== quote) break;
      from = this.#index;
      this.#index += 1;
    }
    this.#push(kind, start, at, text);
  }

  /** Ion text between backticks. A backtick inside its strings, symbols and comments does not end it. */
  #ion(start: number): void {
    const source = this.#source;
    const at = this.#here(start);
    this.#index += 1;
    const from = this.#index;
    const end = () =>
      lexicalError(
        source,
        at,
        'invalid ion literal at, `: the closing ` is missing',
      );
    const skipTo = (close: string, escapes: boolean) => {
      while (!source.startsWith(close, this.#index)) {
        if (this.#index >= source.length) throw end();
        if (escapes && source[this.#index] === '\\') this.#advance();
        this.#advance();
      }
      this.#index += close.length;
    };
    for (;;) {
      if (this.#index >= source.length) throw end();
      const unit = source[this.#index];
      if (unit === '`') break;
      if (source.startsWith("'''", this.#index)) {
        this.#index += 3;
        skipTo("'''", true);
      } else if (unit === '"' || unit === "'") {
        this.#index += 1;
        skipTo(unit, true);
      } else if (source.startsWith('//', this.#index)) this.#skipLine();
      else if (source.startsWith('/*', this.#index)) {
        this.#index += 2;
        skipTo('*/', false);
      } else if (source.startsWith('{{', this.#index)) {
        // A blob's base64 may hold what looks like a comment.
        this.#index += 2;
        while (source[this.#index] === ' ' || source[this.#index] === '\n')
          this.#advance();
        const first = source[this.#index];
        if (first !== '"' && first !== "'") skipTo('}}', false);
      } else this.#advance();
    }
    const text = source.slice(from, this.#index);
    this.#index += 1;
    this.#push('Ion', start, at, text);
  }

  #symbol(start: number): void {
    const at = this.#here(start);
    const symbol = SYMBOLS.find((text) => this.#source.startsWith(text, start));
    if (symbol === undefined) {
      const character = String.fromCodePoint(
        this.#source.codePointAt(start) ?? 0xfffd,
      );
      const what = '!&|^~'.includes(character) ? 'operator' : 'character';
      const hint = HINTS.get(character);
      throw lexicalError(
        this.#source,
        at,
        `invalid ${what} at, ${printable(character)}${hint === undefined ? '' : `; ${hint}`}`,
      );
    }
    this.#index += symbol.length;
    this.#push('Symbol', start, at, symbol);
  }
}

const LINE_FEED = 0x0a;
const RETURN = 0x0d;
const DOUBLE_QUOTE = 0x22;
const QUOTE = 0x27;
const PLUS = 0x2b;
const MINUS = 0x2d;
const DOT = 0x2e;
const QUESTION_MARK = 0x3f;
const UPPER_E = 0x45;
const BACKTICK = 0x60;
const LOWER_E = 0x65;

function isBlank(unit: number): boolean {
  return unit === 0x20 || (unit >= 0x09 && unit <= 0x0d);
}

function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39;
}

function isWordStart(unit: number): boolean {
  return (
    (unit >= 0x61 && unit <= 0x7a) ||
    (unit >= 0x41 && unit <= 0x5a) ||
    unit === 0x5f ||
    unit === 0x24
  );
}

function isWordPart(unit: number): boolean {
  return isWordStart(unit) || isDigit(unit);
}

function printable(character: string): string {
  const point = character.codePointAt(0) ?? 0;
  return point < 0x20 || point === 0x7f || (point >= 0xd800 && point <= 0xdfff)
    ? `U+${point.toString(16).toUpperCase().padStart(4, '0')}`
    : character;
}
