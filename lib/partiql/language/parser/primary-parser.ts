import type * as Ast from '../ast.js';
import type { Token } from '../lexer.js';
import { RESERVED_WORDS } from '../reserved-words.js';
import { CallParser } from './call-parser.js';
import { nameHint } from './hints.js';

/** Aggregates, and `COLL_` before each of them, by their names in upper case. */
export const AGGREGATES = new Map<string, Ast.AggregateName>([
  ['AVG', 'avg'],
  ['COUNT', 'count'],
  ['MAX', 'max'],
  ['MIN', 'min'],
  ['SUM', 'sum'],
  ['EVERY', 'every'],
  ['ANY', 'any'],
  ['SOME', 'any'],
]);

/** Reserved words that name functions. */
export const FUNCTION_WORDS: ReadonlySet<string> = new Set([
  'BIT_LENGTH',
  'CHAR_LENGTH',
  'CHARACTER_LENGTH',
  'COALESCE',
  'EXISTS',
  'LOWER',
  'NULLIF',
  'OCTET_LENGTH',
  'SIZE',
  'TO_STRING',
  'TO_TIMESTAMP',
  'TXID',
  'UPPER',
  'UTCNOW',
]);

/** Literals, names, constructors, calls, CASE: what operators and paths are built on. */
export abstract class PrimaryParser extends CallParser {
  protected abstract parseSelect(): Ast.SelectNode;
  protected abstract parsePivot(): Ast.SelectNode;
  protected abstract parseTableQuery(): Ast.SelectNode;

  /** The last expression that stood in parentheses alone. */
  protected parenthesized: Ast.Expression | undefined;

  /**
   * Primary :
   *   - literal, parameter, variable, call
   *   - `(` Expression `)`, row, list, bag, struct
   *   - Select, Pivot, VALUES, CASE, CAST …
   */
  protected parsePrimary(): Ast.Expression {
    const at = this.current();
    switch (at.kind) {
      case 'String':
        this.next();
        return { kind: 'Literal', at, value: at.text };
      case 'Integer':
        this.next();
        return { kind: 'Literal', at, value: this.integer(at) };
      case 'Decimal':
        this.next();
        return { kind: 'Literal', at, value: this.decimal(at) };
      case 'Ion':
        this.next();
        return { kind: 'Literal', at, value: this.ion(at) };
      case 'Parameter':
        this.next();
        return { kind: 'Parameter', at, index: this.parameters++ };
      case 'QuotedName':
        this.next();
        return this.isSymbol('(')
          ? this.parseCall(at, at.text)
          : { kind: 'Variable', at, ...this.nameOf(at), lexical: false };
      case 'Word':
        return this.parseWord(at);
      case 'Symbol':
        return this.parseSymbol(at);
      case 'End':
        throw this.unexpected('an expression');
    }
  }

  protected parseSymbol(at: Token): Ast.Expression {
    switch (at.text) {
      case '(':
        return this.parseParenthesis(at);
      case '[':
        this.next();
        return {
          kind: 'Sequence',
          at,
          type: 'list',
          items: this.parseList(']'),
        };
      case '<<':
        this.next();
        return {
          kind: 'Sequence',
          at,
          type: 'bag',
          items: this.parseList('>>'),
        };
      case '{':
        return this.parseStruct(at);
      case '@': {
        this.next();
        const name = this.current();
        if (!this.isName()) {
          throw this.error(
            name,
            `identifier expected after \`@\` symbol, found ${this.describe()}`,
          );
        }
        this.next();
        return { kind: 'Variable', at, ...this.nameOf(name), lexical: true };
      }
      default:
        throw this.unexpected('an expression');
    }
  }

  /** `(` Expression `)`, or a row value: `(` Expression ( `,` Expression )+ `)` */
  protected parseParenthesis(at: Token): Ast.Expression {
    this.next();
    const items = this.parseList(')');
    const only = items[0];
    if (only === undefined && this.dialect.emptyRowIsList) {
      return { kind: 'Sequence', at, type: 'list', items };
    }
    if (only === undefined) {
      throw this.error(at, 'expected expression inside the parentheses');
    }
    if (items.length > 1) return { kind: 'Sequence', at, type: 'row', items };
    this.parenthesized = only;
    return only;
  }

  /** Struct : `{` ( Expression `:` Expression ( `,` … )* )? `}` */
  protected parseStruct(at: Token): Ast.Expression {
    this.next();
    const fields: { name: Ast.Expression; value: Ast.Expression }[] = [];
    if (!this.skipSymbol('}')) {
      do {
        const name = this.parseExpression();
        this.expectSymbol(':');
        const value = this.parseExpression();
        fields.push({ name, value });
      } while (this.skipSymbol(','));
      if (!this.skipSymbol('}')) throw this.unexpected(', or }');
    }
    return { kind: 'Struct', at, fields };
  }

  protected parseWord(at: Token): Ast.Expression {
    switch (at.upper) {
      case 'TRUE':
      case 'FALSE':
        this.next();
        return { kind: 'Literal', at, value: at.upper === 'TRUE' };
      case 'NULL':
        this.next();
        return { kind: 'Literal', at, value: null };
      case 'MISSING':
        this.next();
        return { kind: 'Missing', at };
      case 'SELECT':
        return this.parseSelect();
      case 'PIVOT':
        return this.parsePivot();
      case 'TABLE':
        return this.parseTableQuery();
      case 'VALUES':
        return this.parseValues(at);
      case 'CASE':
        return this.parseCase(at);
      case 'CAST':
        return this.parseCast(at);
      case 'EXTRACT':
        return this.parseExtract(at);
      case 'DATE_ADD':
      case 'DATE_DIFF':
        return this.parseDateCall(at);
      case 'SUBSTRING':
        return this.parseSubstring(at);
      case 'TRIM':
        return this.parseTrim(at);
      case 'POSITION':
        return this.parsePosition(at);
      case 'OVERLAY':
        if (this.peek(1).text === '(') return this.parseOverlay(at);
        break;
      case 'LIST':
      case 'SEXP':
      case 'BAG':
        if (this.peek(1).text === '(') {
          this.next();
          return this.parseCall(at, at.text);
        }
        break;
      case 'DATE':
      case 'TIME':
      case 'TIMESTAMP':
      case 'INTERVAL':
        return this.parseDateTime(at);
      case 'CURRENT_DATE':
      case 'CURRENT_TIME':
      case 'CURRENT_TIMESTAMP':
        return this.parseCurrent(at);
      case 'EXEC':
        throw this.error(at, 'EXEC call found at unexpected location');
    }
    const isCall = this.peek(1).kind === 'Symbol' && this.peek(1).text === '(';
    const aggregate = AGGREGATES.get(at.upper);
    if (aggregate !== undefined && isCall) {
      this.next();
      return this.parseAggregate(at, aggregate, false);
    }
    if (isCall && at.upper.startsWith('COLL_')) {
      const name = AGGREGATES.get(at.upper.slice(5));
      if (name !== undefined) {
        this.next();
        return this.parseAggregate(at, name, true);
      }
    }
    if (isCall && (FUNCTION_WORDS.has(at.upper) || this.isName())) {
      this.next();
      return this.parseCall(at, at.text);
    }
    if (!this.isName()) {
      const hint = nameHint(at);
      throw this.error(
        at,
        RESERVED_WORDS.has(at.upper)
          ? `unexpected keyword found, ${this.describe()}${hint && `: ${hint}`}`
          : `unexpected term found, ${this.describe()}`,
      );
    }
    this.next();
    return { kind: 'Variable', at, ...this.nameOf(at), lexical: false };
  }

  /** Values : VALUES Row ( `,` Row )* */
  protected parseValues(at: Token): Ast.Expression {
    this.next();
    const items: Ast.Expression[] = [];
    do {
      const row = this.current();
      this.expectSymbol('(');
      items.push({
        kind: 'Sequence',
        at: row,
        type: 'list',
        items: this.parseList(')'),
      });
    } while (this.skipSymbol(','));
    return { kind: 'Sequence', at, type: 'bag', items, values: true };
  }

  /** Case : CASE Expression? ( WHEN Expression THEN Expression )+ ( ELSE Expression )? END */
  protected parseCase(at: Token): Ast.Expression {
    this.next();
    const subject =
      this.isWord('WHEN') || this.isWord('ELSE') || this.isWord('END')
        ? undefined
        : this.parseExpression();
    const branches: { condition: Ast.Expression; result: Ast.Expression }[] =
      [];
    while (this.skipWord('WHEN')) {
      const condition = this.parseExpression();
      this.expectWord('THEN');
      branches.push({ condition, result: this.parseExpression() });
    }
    if (branches.length === 0) {
      throw this.error(this.current(), 'expected WHEN clause in CASE');
    }
    const otherwise = this.skipWord('ELSE')
      ? this.parseExpression()
      : undefined;
    this.expectWord('END');
    return { kind: 'Case', at, subject, branches, otherwise };
  }
}
