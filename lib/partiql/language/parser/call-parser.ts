import type * as Ast from '../ast.js';
import type { Token } from '../lexer.js';
import { PART_WORDS } from '../reserved-words.js';
import { DateTimeParser } from './date-time-parser.js';
import { PRECEDENCE } from './precedence.js';

/** Calls, those with words between their arguments included. */
export abstract class CallParser extends DateTimeParser {
  protected abstract parseExpression(): Ast.Expression;
  protected abstract parseOperators(minimum: number): Ast.Expression;

  /** Extract : EXTRACT `(` DatePart FROM Expression `)` */
  protected parseExtract(at: Token): Ast.Expression {
    this.next();
    this.expectSymbol('(');
    const word = this.parseDatePart();
    this.expectWord('FROM');
    const args = [this.parseExpression()];
    this.expectSymbol(')');
    return { kind: 'Call', at, name: 'extract', args, word };
  }

  /** DateCall : ( DATE_ADD | DATE_DIFF ) `(` DatePart `,` Expression `,` Expression `)` */
  protected parseDateCall(at: Token): Ast.Expression {
    this.next();
    this.expectSymbol('(');
    const word = this.parseDatePart();
    this.expectSymbol(',');
    const args = [this.parseExpression()];
    this.expectSymbol(',');
    args.push(this.parseExpression());
    this.expectSymbol(')');
    return { kind: 'Call', at, name: at.text.toLowerCase(), args, word };
  }

  protected parseDatePart(): string {
    const token = this.current();
    if (token.kind !== 'Word' || !PART_WORDS.has(token.upper)) {
      throw this.error(
        token,
        'expected one of: [year, month, day, hour, minute, second, timezone_hour, timezone_minute]',
      );
    }
    this.next();
    return token.text.toLowerCase();
  }

  /**
   * Substring :
   *   - SUBSTRING `(` Expression FROM Expression ( FOR Expression )? `)`
   *   - SUBSTRING `(` Expression `,` Expression ( `,` Expression )? `)`
   */
  protected parseSubstring(at: Token): Ast.Expression {
    this.next();
    this.expectSymbol('(');
    const args: Ast.Expression[] = [];
    if (!this.isSymbol(')')) {
      args.push(this.parseExpression());
      if (this.skipWord('FROM')) {
        args.push(this.parseExpression());
        if (this.skipWord('FOR')) args.push(this.parseExpression());
      } else {
        while (this.skipSymbol(',')) args.push(this.parseExpression());
      }
    }
    this.expectSymbol(')');
    return { kind: 'Call', at, name: 'substring', args };
  }

  /**
   * Trim :
   *   - TRIM `(` Expression `)`
   *   - TRIM `(` ( LEADING | TRAILING | BOTH )? Expression? FROM Expression `)`
   */
  protected parseTrim(at: Token): Ast.Expression {
    this.next();
    this.expectSymbol('(');
    let word: string | undefined;
    if (
      this.isWord('LEADING') ||
      this.isWord('TRAILING') ||
      this.isWord('BOTH')
    ) {
      word = this.next().text.toLowerCase();
    }
    const args: Ast.Expression[] = [];
    if (!this.isWord('FROM')) args.push(this.parseExpression());
    if (word !== undefined || args.length === 0 || this.isWord('FROM')) {
      this.expectWord('FROM');
      args.unshift(this.parseExpression());
    }
    this.expectSymbol(')');
    return { kind: 'Call', at, name: 'trim', args, word: word ?? 'both' };
  }

  /** Position : POSITION `(` Expression ( IN | `,` ) Expression `)` */
  protected parsePosition(at: Token): Ast.Expression {
    this.next();
    this.expectSymbol('(');
    const args = [this.parseOperators(PRECEDENCE.equality + 1)];
    if (!this.skipWord('IN')) this.expectSymbol(',');
    args.push(this.parseExpression());
    this.expectSymbol(')');
    return { kind: 'Call', at, name: 'position', args };
  }

  /** Overlay : OVERLAY `(` Expression PLACING Expression FROM Expression ( FOR Expression )? `)`, or with commas */
  protected parseOverlay(at: Token): Ast.Expression {
    this.next();
    this.expectSymbol('(');
    const args = [this.parseExpression()];
    if (this.skipWord('PLACING')) {
      args.push(this.parseExpression());
      this.expectWord('FROM');
      args.push(this.parseExpression());
      if (this.skipWord('FOR')) args.push(this.parseExpression());
    } else {
      while (this.skipSymbol(',')) args.push(this.parseExpression());
    }
    this.expectSymbol(')');
    return { kind: 'Call', at, name: 'overlay', args };
  }

  /** Aggregate : Name `(` ( DISTINCT | ALL )? Expression `)` | COUNT `(` `*` `)` */
  protected parseAggregate(
    at: Token,
    name: Ast.AggregateName,
    overCollection: boolean,
  ): Ast.Expression {
    this.expectSymbol('(');
    if (this.isSymbol('*')) {
      if (name !== 'count') {
        throw this.error(
          this.current(),
          'function call, other than COUNT, with (*) as parameter is not supported',
        );
      }
      this.next();
      this.expectSymbol(')');
      return {
        kind: 'Aggregate',
        at,
        name,
        distinct: false,
        overCollection,
      };
    }
    const distinct = this.skipWord('DISTINCT');
    if (!distinct) this.skipWord('ALL');
    const operands = this.parseList(')');
    const operand = operands[0];
    if (operand === undefined || operands.length > 1) {
      throw this.error(at, 'Aggregate function calls take 1 argument only');
    }
    return { kind: 'Aggregate', at, name, distinct, operand, overCollection };
  }

  /** Call : Name `(` ( Expression ( `,` Expression )* )? `)` */
  protected parseCall(at: Token, name: string): Ast.Expression {
    this.expectSymbol('(');
    if (this.isSymbol('*')) {
      throw this.error(
        this.current(),
        'function call, other than COUNT, with (*) as parameter is not supported',
      );
    }
    const lower = name.toLowerCase();
    const args = this.parseList(')');
    if (lower === 'row') {
      // Parentheses make a row of two values or more.
      const type = args.length > 1 ? 'row' : 'list';
      return { kind: 'Sequence', at, type, items: args };
    }
    if (lower === 'list' || lower === 'bag') {
      return { kind: 'Sequence', at, type: lower, items: args };
    }
    return { kind: 'Call', at, name: lower, args };
  }

  /** Cast : CAST `(` Expression AS Type `)` */
  protected parseCast(at: Token): Ast.Expression {
    this.next();
    if (!this.isSymbol('('))
      throw this.error(this.current(), 'expected left parenthesis after CAST');
    this.next();
    const value = this.parseExpression();
    this.expectWord('AS');
    const type = this.parseType();
    this.expectSymbol(')');
    return { kind: 'Cast', at, value, type };
  }

  /** ( Expression ( `,` Expression )* )? and the closing token. */
  protected parseList(close: string): readonly Ast.Expression[] {
    const items: Ast.Expression[] = [];
    if (this.skipSymbol(close)) return items;
    do items.push(this.parseExpression());
    while (this.skipSymbol(','));
    if (!this.skipSymbol(close)) throw this.unexpected(`, or ${close}`);
    return items;
  }
}
