import { limitError, type PartiqlError, syntaxError } from '../../errors.js';
import type { Dialect } from '../../dialect.js';
import type * as Ast from '../ast.js';
import { tokenize, type Token } from '../lexer.js';
import type { Position } from '../print-location.js';
import { CLAUSE_WORDS, PART_WORDS, RESERVED_WORDS } from '../reserved-words.js';
import { hintAt, nameHint } from './hints.js';
import { nearestWord } from './nearest-word.js';

/** How deep parentheses, constructors, queries and chains of operators, joins and path steps may nest. */
export const MAX_DEPTH = 500;

/** The tokens of a statement, how deep what was parsed nests, and the errors that name a token. */
export abstract class TokenStream {
  protected readonly source: string;

  protected readonly tokens: readonly Token[];

  protected index = 0;

  protected depth = 0;

  /** How deep what was parsed reaches, from the innermost {@link begin} on. */
  protected deepest = 0;

  protected parameters = 0;

  /** Keywords that could have stood where the parser is, for errors. */
  readonly #tried: string[] = [];
  #triedAt = 0;
  /** The last name that was taken for an alias without AS. */
  #aliasAt = -1;

  constructor(
    source: string,
    /** Whose grammar it is read by. */
    protected readonly dialect: Dialect,
  ) {
    this.source = source;
    this.tokens = tokenize(source);
  }

  protected current(): Token {
    return this.tokens[this.index];
  }

  /** The word that stands here, in upper case; empty if there is none. */
  protected get keyword(): string {
    return this.current().upper;
  }

  protected peek(ahead: number): Token {
    const last = this.tokens.length - 1;
    return this.tokens[Math.min(this.index + ahead, last)];
  }

  protected next(): Token {
    const token = this.current();
    if (token.kind !== 'End') this.index += 1;
    return token;
  }

  protected tries(...keywords: readonly string[]): void {
    if (this.#triedAt !== this.index) {
      this.#triedAt = this.index;
      this.#tried.length = 0;
    }
    this.#tried.push(...keywords);
  }

  protected isWord(keyword: string): boolean {
    if (this.current().upper === keyword) return true;
    this.tries(keyword);
    return false;
  }

  protected skipWord(keyword: string): boolean {
    if (!this.isWord(keyword)) return false;
    this.index += 1;
    return true;
  }

  protected expectWord(keyword: string, hint = ''): void {
    if (!this.skipWord(keyword))
      throw this.unexpected(`keyword, ${keyword}`, hint);
  }

  protected isSymbol(symbol: string): boolean {
    return this.current().kind === 'Symbol' && this.current().text === symbol;
  }

  protected skipSymbol(symbol: string): boolean {
    if (!this.isSymbol(symbol)) return false;
    this.index += 1;
    return true;
  }

  protected expectSymbol(symbol: string): void {
    if (!this.skipSymbol(symbol)) throw this.unexpected(symbol);
  }

  protected isName(): boolean {
    const token = this.current();
    return (
      token.kind === 'QuotedName' ||
      (token.kind === 'Word' &&
        (!RESERVED_WORDS.has(token.upper) ||
          (this.dialect.fewReservedWords && PART_WORDS.has(token.upper))) &&
        !CLAUSE_WORDS.has(token.upper))
    );
  }

  protected parseName(expected: string): Ast.AliasNode {
    const token = this.current();
    if (!this.isName()) {
      const hint =
        token.kind === 'String'
          ? `a name is written in double quotes, "${token.text}"`
          : nameHint(token);
      throw this.error(
        token,
        `expected ${expected} but found ${this.describe()}`,
        hint,
      );
    }
    this.next();
    return { at: token, name: token.text };
  }

  /** A name that is looked for; without quotes, the dialect says whether its case counts. */
  protected nameOf(token: Token): Ast.NameNode {
    const anyCase = this.dialect.namesIgnoreCase && token.kind === 'Word';
    return anyCase ? { name: token.text, anyCase } : { name: token.text };
  }

  /** Alias : AS Name | Name */
  protected parseAlias(): Ast.AliasNode | undefined {
    if (this.skipWord('AS')) return this.parseName('identifier for alias');
    if (!this.isName()) return undefined;
    this.#aliasAt = this.index;
    return this.parseName('identifier for alias');
  }

  protected enter(): void {
    this.depth += 1;
    if (this.depth > this.deepest) this.deepest = this.depth;
    if (this.depth > MAX_DEPTH) throw this.tooDeep();
  }

  protected leave(): void {
    this.depth -= 1;
  }

  /** Begins a chain of operators, joins or path steps; gives what {@link end} takes. */
  protected begin(): number {
    const before = this.deepest;
    this.deepest = this.depth;
    return before;
  }

  /**
   * What the chain has so far becomes the left side of its next link, one level
   * deeper: a chain is as deep as it is long. AND and OR are one link, as they
   * are flat.
   */
  protected wrap(): void {
    this.deepest += 1;
    if (this.deepest > MAX_DEPTH) throw this.tooDeep();
  }

  protected end(before: number): void {
    if (before > this.deepest) this.deepest = before;
  }

  protected tooDeep(): PartiqlError {
    return limitError(
      this.source,
      this.current(),
      `the statement is nested more than ${MAX_DEPTH} levels deep`,
    );
  }

  protected describe(): string {
    return describe(this.current());
  }

  protected unexpected(expected: string, hint = ''): PartiqlError {
    return this.error(
      this.current(),
      `expected ${expected} but found ${this.describe()}`,
      hint,
    );
  }

  /** @param hint - what to say if nothing about the token before, or a keyword that is near, says more */
  protected error(at: Position, text: string, hint = ''): PartiqlError {
    if (at !== this.current()) return this.#error(at, text, hint);
    const tried = this.#triedAt === this.index ? this.#tried : [];
    const alias = this.#aliasAt === this.index - 1 ? this.peek(-1) : undefined;
    const meant = alias && nearestWord(alias.upper, tried);
    if (alias !== undefined && meant !== undefined) {
      // A keyword that is misspelled was taken for a name.
      return this.#error(
        alias,
        `unexpected term found, ${describe(alias)}`,
        `did you mean ${meant}?`,
      );
    }
    return this.#error(
      at,
      text,
      hintAt(this.tokens, this.index, tried) || hint,
    );
  }

  #error(at: Position, text: string, hint: string): PartiqlError {
    const message = hint === '' ? text : `${text}; ${hint}`;
    return syntaxError(this.source, at, message);
  }
}

/** A token as an error names it, such as `KEYWORD : FROM`. */
export function describe(token: Token): string {
  const text =
    token.text.length > 40 ? `${token.text.slice(0, 40)}…` : token.text;
  switch (token.kind) {
    case 'Word':
      return RESERVED_WORDS.has(token.upper)
        ? `KEYWORD : ${token.upper}`
        : `IDENTIFIER : ${text}`;
    case 'QuotedName':
      return `QUOTED_IDENTIFIER : ${text}`;
    case 'String':
    case 'Integer':
    case 'Decimal':
      return `LITERAL : ${text}`;
    case 'Ion':
      return `ION_LITERAL : ${text}`;
    case 'Parameter':
      return 'QUESTION_MARK : ?';
    case 'Symbol':
      return `OPERATOR : ${text}`;
    case 'End':
      return 'EOF';
  }
}

export function isBracket(
  token: Token | undefined,
  ...symbols: readonly string[]
): boolean {
  return token?.kind === 'Symbol' && symbols.includes(token.text);
}
