import type * as Ast from '../ast.js';
import { ExpressionParser } from './expression-parser.js';
import { isBracket } from './token-stream.js';

/** What FROM ranges over: sources and their joins. */
export abstract class FromParser extends ExpressionParser {
  /** From : Joined ( `,` Joined )* */
  protected parseFrom(): Ast.FromNode {
    const before = this.begin();
    let left = this.parseJoined();
    while (this.isSymbol(',')) {
      const at = this.next();
      const right = this.parseJoined();
      left = { kind: 'Join', at, type: 'inner', left, right };
      this.wrap();
    }
    this.end(before);
    return left;
  }

  /**
   * Joined :
   *   Source ( ( LEFT | RIGHT | FULL )? CROSS JOIN Source
   *          | ( INNER | ( LEFT | RIGHT | FULL ) OUTER? )? JOIN Source ON Expression )*
   */
  protected parseJoined(): Ast.FromNode {
    const before = this.begin();
    let left = this.parseJoinOperand();
    for (;;) {
      const at = this.current();
      let type: Ast.JoinNode['type'] = 'inner';
      let cross = false;
      switch (this.keyword) {
        case 'CROSS':
          cross = true;
          this.next();
          break;
        case 'INNER':
          this.next();
          break;
        case 'LEFT':
        case 'RIGHT':
        case 'FULL':
          type = { LEFT: 'left', RIGHT: 'right', FULL: 'full' }[
            this.keyword
          ] as Ast.JoinNode['type'];
          this.next();
          this.skipWord('OUTER');
          cross = this.skipWord('CROSS');
          break;
        case 'JOIN':
          break;
        default:
          this.tries('JOIN', 'CROSS', 'INNER', 'LEFT', 'RIGHT', 'FULL');
          this.end(before);
          return left;
      }
      this.expectWord('JOIN');
      const right = this.parseJoinOperand();
      let on: Ast.Expression | undefined;
      if (!cross) {
        if (!this.isWord('ON')) {
          throw this.error(
            this.current(),
            `Expected ON: malformed use of FROM with JOIN, found ${this.describe()}`,
          );
        }
        this.next();
        on = this.parseOperators(0);
      }
      left = { kind: 'Join', at, type, left, right, on };
      this.wrap();
    }
  }

  /** JoinOperand : Source | `(` Joined `)` */
  protected parseJoinOperand(): Ast.FromNode {
    if (!this.isJoinAhead()) return this.parseSource();
    this.next();
    this.enter();
    const join = this.parseJoined();
    this.leave();
    this.expectSymbol(')');
    return join;
  }

  /**
   * Whether the parenthesis that opens here holds a join, and not an
   * expression. It looks for JOIN behind the parentheses that open at once, so
   * that nothing is ever parsed twice.
   */
  protected isJoinAhead(): boolean {
    let index = this.index;
    while (isBracket(this.tokens[index], '(')) index += 1;
    /** Open brackets, and how many of them nothing else stands before. */
    let depth = index - this.index;
    let spine = depth;
    for (; depth > 0; index += 1) {
      const token = this.tokens[index];
      if (token === undefined || token.kind === 'End') return false;
      if (isBracket(token, '(', '[', '{', '<<')) depth += 1;
      else if (isBracket(token, ')', ']', '}', '>>')) {
        depth -= 1;
        spine = Math.min(spine, depth);
      } else if (depth === spine) {
        if (token.upper === 'JOIN') return true;
        if (token.upper === 'SELECT' || token.upper === 'PIVOT') return false;
      }
    }
    return false;
  }

  /** Source : LATERAL? UNPIVOT? Expression ( AS? Name )? ( AT Name )? ( BY Name )? */
  protected parseSource(): Ast.SourceNode {
    const at = this.current();
    // Every source may use the variables of those before it, so that LATERAL says nothing new.
    if (this.isWord('LATERAL') && this.peek(1).kind !== 'Symbol') this.next();
    const unpivot = this.skipWord('UNPIVOT');
    const value = this.parseOperators(0);
    const as = this.parseAlias();
    let position: Ast.AliasNode | undefined;
    let by: Ast.AliasNode | undefined;
    for (;;) {
      if (position === undefined && this.skipWord('AT'))
        position = this.parseName('identifier for AT name');
      else if (by === undefined && this.skipWord('BY'))
        by = this.parseName('identifier for BY name');
      else break;
    }
    return { kind: 'Source', at, value, unpivot, as, position, by };
  }
}
