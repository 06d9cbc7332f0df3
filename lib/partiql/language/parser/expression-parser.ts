import type * as Ast from '../ast.js';
import type { Token } from '../lexer.js';
import type { Position } from '../print-location.js';
import { PRECEDENCE, symbolOperator } from './precedence.js';
import { STATEMENT_WORDS } from '../reserved-words.js';
import { PrimaryParser } from './primary-parser.js';

/** Operators and paths. */
export abstract class ExpressionParser extends PrimaryParser {
  /**
   * Operators, loosest first:
   *   OR
   *   AND
   *   NOT
   *   `=` `<>` `!=` IS, IN
   *   `<` `<=` `>` `>=` BETWEEN LIKE OVERLAPS
   *   `+` `-` `||`
   *   `*` `/` `%`
   */
  protected parseOperators(minimum: number): Ast.Expression {
    this.enter();
    const before = this.begin();
    let left =
      this.isWord('NOT') && minimum <= PRECEDENCE.not
        ? this.parseNot()
        : this.parseUnary();
    for (;;) {
      const next = this.parseOperator(left, minimum);
      if (next === undefined) break;
      this.wrap();
      left = next;
    }
    this.end(before);
    this.leave();
    return left;
  }

  protected parseNot(): Ast.Expression {
    const at = this.next();
    const operand = this.parseOperators(PRECEDENCE.not);
    return { kind: 'Unary', at, operator: 'NOT', operand };
  }

  /** The operator that follows, with its right side; undefined if none binds as strongly as asked. */
  protected parseOperator(
    left: Ast.Expression,
    minimum: number,
  ): Ast.Expression | undefined {
    const at = this.current();
    if (at.kind === 'Symbol') {
      const [operator, precedence] = symbolOperator(at.text);
      if (operator === undefined || precedence < minimum) return undefined;
      this.next();
      const right = this.parseOperators(precedence + 1);
      return { kind: 'Binary', at, operator, left, right };
    }
    if (at.kind !== 'Word') return undefined;
    const negated = at.upper === 'NOT';
    switch (negated ? this.peek(1).upper : at.upper) {
      case 'OR':
        return this.parseLogical(left, 'OR', PRECEDENCE.or, minimum);
      case 'AND':
        return this.parseLogical(left, 'AND', PRECEDENCE.and, minimum);
      case 'IS':
        return PRECEDENCE.equality < minimum ? undefined : this.parseIs(left);
      case 'IN':
        if (PRECEDENCE.equality < minimum) return undefined;
        this.skipNegated(negated);
        return {
          kind: 'In',
          at,
          negated,
          value: left,
          collection: this.parseInCollection(),
        };
      case 'BETWEEN':
        if (PRECEDENCE.comparison < minimum) return undefined;
        this.skipNegated(negated);
        return this.parseBetween(at, negated, left);
      case 'LIKE':
        if (PRECEDENCE.comparison < minimum) return undefined;
        this.skipNegated(negated);
        return this.parseLike(at, negated, left);
      case 'OVERLAPS': {
        if (negated || PRECEDENCE.comparison < minimum) return undefined;
        this.next();
        const right = this.parseOperators(PRECEDENCE.comparison + 1);
        return { kind: 'Binary', at, operator: 'OVERLAPS', left, right };
      }
      default:
        if (negated) {
          this.next();
          throw this.unexpected('IN, BETWEEN or LIKE after NOT');
        }
        this.tries('OR', 'AND', 'BETWEEN', 'LIKE', 'OVERLAPS');
        return undefined;
    }
  }

  /**
   * InCollection :
   *   - `(` Expression ( `,` Expression )* `)`
   *   - Operators
   *
   * Parentheses around one expression make a list of one, unless it is a query.
   */
  protected parseInCollection(): Ast.Expression {
    const at = this.current();
    const collection = this.parseOperators(PRECEDENCE.equality + 1);
    const isListOfOne =
      at.text === '(' &&
      at.kind === 'Symbol' &&
      this.peek(-1).text === ')' &&
      this.parenthesized === collection &&
      collection.kind !== 'Select' &&
      collection.kind !== 'Query' &&
      collection.kind !== 'SetOperation' &&
      collection.kind !== 'Sequence';
    return isListOfOne
      ? { kind: 'Sequence', at, type: 'row', items: [collection] }
      : collection;
  }

  /** Moves over `IN`, or over `NOT IN`. */
  protected skipNegated(negated: boolean): void {
    if (negated) this.next();
    this.next();
  }

  protected parseLogical(
    first: Ast.Expression,
    operator: 'AND' | 'OR',
    precedence: number,
    minimum: number,
  ): Ast.Expression | undefined {
    if (precedence < minimum) return undefined;
    const at = this.current();
    const operands = [first];
    while (this.skipWord(operator))
      operands.push(this.parseOperators(precedence + 1));
    return operands.length === 1
      ? undefined
      : { kind: 'Logical', at, operator, operands };
  }

  /** Is : Operators IS NOT? Type */
  protected parseIs(value: Ast.Expression): Ast.Expression {
    const at = this.next();
    const negated = this.skipWord('NOT');
    return { kind: 'Is', at, negated, value, type: this.parseType() };
  }

  /** Between : Operators NOT? BETWEEN Operators AND Operators */
  protected parseBetween(
    at: Position,
    negated: boolean,
    value: Ast.Expression,
  ): Ast.Expression {
    const low = this.parseOperators(PRECEDENCE.comparison + 1);
    this.expectWord('AND');
    const high = this.parseOperators(PRECEDENCE.comparison + 1);
    return { kind: 'Between', at, negated, value, low, high };
  }

  /** Like : Operators NOT? LIKE Operators ( ESCAPE Operators )? */
  protected parseLike(
    at: Position,
    negated: boolean,
    value: Ast.Expression,
  ): Ast.Expression {
    const pattern = this.parseOperators(PRECEDENCE.comparison + 1);
    const escape = this.skipWord('ESCAPE')
      ? this.parseOperators(PRECEDENCE.comparison + 1)
      : undefined;
    return { kind: 'Like', at, negated, value, pattern, escape };
  }

  /** Unary : ( `+` | `-` ) Unary | Path */
  protected parseUnary(): Ast.Expression {
    const at = this.current();
    if (at.kind === 'Symbol' && (at.text === '-' || at.text === '+')) {
      this.next();
      this.enter();
      const operand = this.parseUnary();
      this.leave();
      if (operand.kind === 'Literal' && at.text === '-') {
        const value = operand.value;
        // `-1` is a literal, so that it can be an index key as it stands.
        if (typeof value === 'number' && value !== 0)
          return { kind: 'Literal', at, value: -value };
      }
      return { kind: 'Unary', at, operator: at.text, operand };
    }
    return this.parsePath();
  }

  /** Path : Primary ( `.` Name | `.` `*` | `[` Expression `]` | `[` `*` `]` )* */
  protected parsePath(): Ast.Expression {
    const at = this.current();
    const before = this.begin();
    const root = this.parsePrimary();
    const steps: Ast.PathStep[] = [];
    for (;;) {
      const step = this.current();
      if (this.skipSymbol('.')) {
        if (this.skipSymbol('*')) {
          steps.push({ kind: 'Unpivot', at: step });
        } else {
          const name = this.parseFieldName();
          steps.push({ kind: 'Field', at: step, ...this.nameOf(name) });
        }
      } else if (this.skipSymbol('[')) {
        if (this.isSymbol('*') && this.peek(1).text === ']') {
          this.next();
          steps.push({ kind: 'Wildcard', at: step });
        } else {
          const index = this.parseExpression();
          steps.push({ kind: 'Index', at: step, index });
        }
        this.expectSymbol(']');
      } else {
        this.end(before);
        return steps.length === 0 ? root : { kind: 'Path', at, root, steps };
      }
      this.wrap();
    }
  }

  /** A name after a point. No operator can stand there, so a reserved word may. */
  protected parseFieldName(): Token {
    const token = this.current();
    if (
      (token.kind === 'Word' &&
        (this.dialect.keywordsAreFields ||
          !STATEMENT_WORDS.has(token.upper))) ||
      token.kind === 'QuotedName' ||
      token.kind === 'String'
    ) {
      return this.next();
    }
    throw this.error(
      token,
      `invalid Path component: expected the name of a field but found ${this.describe()}`,
    );
  }
}
