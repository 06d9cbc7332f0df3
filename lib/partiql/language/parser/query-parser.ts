import type * as Ast from '../ast.js';
import type { Position } from '../print-location.js';
import { FromParser } from './from-parser.js';

function isQuery({ kind }: Ast.Expression): boolean {
  return (
    kind === 'Select' ||
    kind === 'SetOperation' ||
    kind === 'Query' ||
    kind === 'With'
  );
}

/** SELECT without FROM has one row, of no variables. */
function noSource(at: Position): Ast.SourceNode {
  const value: Ast.SequenceNode = {
    kind: 'Sequence',
    at,
    type: 'bag',
    items: [{ kind: 'Struct', at, fields: [] }],
  };
  return { kind: 'Source', at, value, unpivot: false };
}

/** SELECT, PIVOT, set operations, and what applies to a query's result as a whole. */
export abstract class QueryParser extends FromParser {
  /** Expression : With | SetOperation OrderBy? Limit? Offset? */
  protected parseExpression(): Ast.Expression {
    this.enter();
    const at = this.current();
    if (this.skipWord('WITH')) {
      const result = this.parseWith(at);
      this.leave();
      return result;
    }
    const body = this.parseSetOperation();
    const result =
      isQuery(body) &&
      (this.isWord('ORDER') || this.isWord('LIMIT') || this.isWord('OFFSET'))
        ? this.parseQueryTail(at, body)
        : body;
    this.leave();
    return result;
  }

  /** With : WITH Name AS `(` Expression `)` ( `,` … )* Expression */
  protected parseWith(at: Position): Ast.WithNode {
    const queries: Ast.WithNode['queries'][number][] = [];
    do {
      const name = this.parseName('a name for a query');
      this.expectWord('AS');
      this.expectSymbol('(');
      const value = this.parseExpression();
      this.expectSymbol(')');
      queries.push({ ...name, value });
    } while (this.skipSymbol(','));
    const body = this.parseExpression();
    if (!isQuery(body)) {
      throw this.error(body.at, 'expected a query behind WITH');
    }
    return { kind: 'With', at, queries, body };
  }

  /** ( ORDER BY Order ( `,` Order )* )? ( LIMIT Expression )? ( OFFSET Expression )? */
  protected parseQueryTail(at: Position, body: Ast.Expression): Ast.QueryNode {
    const orderBy: Ast.OrderNode[] = [];
    if (this.skipWord('ORDER')) {
      this.expectWord('BY');
      do orderBy.push(this.parseOrder());
      while (this.skipSymbol(','));
    }
    const limit = this.skipWord('LIMIT') ? this.parseOperators(0) : undefined;
    const offset = this.skipWord('OFFSET') ? this.parseOperators(0) : undefined;
    return { kind: 'Query', at, body, orderBy, limit, offset };
  }

  /** Order : Expression ( ASC | DESC )? ( NULLS ( FIRST | LAST ) )? */
  protected parseOrder(): Ast.OrderNode {
    const at = this.current();
    const value = this.parseOperators(0);
    const descending = this.skipWord('DESC');
    if (!descending) this.skipWord('ASC');
    // NULL is the greatest value of an ordering, so it is last of an ascending one.
    let nullsFirst = descending;
    if (this.skipWord('NULLS')) {
      if (this.skipWord('FIRST')) nullsFirst = true;
      else {
        if (!this.skipWord('LAST')) throw this.unexpected('FIRST or LAST');
        nullsFirst = false;
      }
    }
    return { at, value, descending, nullsFirst };
  }

  /** SetOperation : Operators ( OUTER? ( UNION | INTERSECT | EXCEPT ) ( ALL | DISTINCT )? Operators )* */
  protected parseSetOperation(): Ast.Expression {
    const before = this.begin();
    let left = this.parseOperators(0);
    for (;;) {
      const outer =
        this.isWord('OUTER') &&
        /^(?:UNION|INTERSECT|EXCEPT)$/.test(this.peek(1).upper);
      const operator = outer ? this.peek(1).upper : this.keyword;
      if (
        operator !== 'UNION' &&
        operator !== 'INTERSECT' &&
        operator !== 'EXCEPT'
      ) {
        this.tries('UNION', 'INTERSECT', 'EXCEPT');
        this.end(before);
        return left;
      }
      const at = this.next();
      if (outer) this.next();
      const all = this.skipWord('ALL');
      if (!all) this.skipWord('DISTINCT');
      const corresponding = this.parseCorresponding();
      const right = this.parseOperators(0);
      left = {
        kind: 'SetOperation',
        at,
        operator,
        outer,
        all,
        corresponding,
        left,
        right,
      };
      this.wrap();
    }
  }

  /** Corresponding : CORRESPONDING ( BY `(` Name ( `,` Name )* `)` )? */
  protected parseCorresponding(): readonly Ast.NameNode[] | undefined {
    if (!this.skipWord('CORRESPONDING')) return undefined;
    const names: Ast.NameNode[] = [];
    if (this.skipWord('BY')) {
      this.expectSymbol('(');
      do {
        const token = this.current();
        this.parseName('the name of a column');
        names.push(this.nameOf(token));
      } while (this.skipSymbol(','));
      this.expectSymbol(')');
    }
    return names;
  }

  /**
   * Select :
   *   SELECT ( DISTINCT | ALL )? Projection FROM From
   *   ( LET Let ( `,` Let )* )? ( WHERE Expression )?
   *   Group? ( HAVING Expression )?
   */
  protected parseSelect(): Ast.SelectNode {
    const at = this.next();
    const distinct = this.skipWord('DISTINCT');
    if (!distinct) this.skipWord('ALL');
    const projection = this.parseProjection();
    if (!this.isWord('FROM') && !this.dialect.fromIsOptional) {
      throw this.error(
        this.current(),
        `missing FROM after SELECT list: found ${this.describe()}`,
        this.listHint(),
      );
    }
    return this.parseSelectTail(at, distinct, projection);
  }

  /** What may help where a list of a SELECT ends in something else. */
  protected listHint(): string {
    const { kind } = this.current();
    if (this.peek(-1).upper === 'TOP')
      return 'the first rows are asked for with LIMIT, behind the other clauses';
    return kind === 'End' || kind === 'Symbol' || this.keyword === 'WHERE'
      ? ''
      : 'items are parted by commas';
  }

  /** Pivot : PIVOT Expression AT Expression FROM … */
  protected parsePivot(): Ast.SelectNode {
    const at = this.next();
    const value = this.parseOperators(0);
    this.expectWord('AT');
    const name = this.parseOperators(0);
    if (!this.isWord('FROM')) throw this.unexpected('FROM');
    return this.parseSelectTail(at, false, { kind: 'Pivot', value, name });
  }

  protected parseSelectTail(
    at: Position,
    distinct: boolean,
    projection: Ast.Projection,
  ): Ast.SelectNode {
    const from = this.skipWord('FROM') ? this.parseFrom() : noSource(at);
    const lets: Ast.LetNode[] = [];
    if (this.skipWord('LET')) {
      do {
        const value = this.parseOperators(0);
        this.expectWord('AS');
        const { name, at: nameAt } = this.parseName('a name after AS');
        lets.push({ at: nameAt, value, name });
      } while (this.skipSymbol(','));
    }
    const where = this.parseWhere();
    const group = this.isWord('GROUP') ? this.parseGroup() : undefined;
    const having = this.skipWord('HAVING') ? this.parseOperators(0) : undefined;
    return {
      kind: 'Select',
      at,
      distinct,
      projection,
      from,
      let: lets,
      where,
      group,
      having,
    };
  }

  /**
   * Projection :
   *   - `*`
   *   - VALUE Expression
   *   - Item ( `,` Item )*
   */
  protected parseProjection(): Ast.Projection {
    if (this.skipSymbol('*')) {
      if (this.isSymbol(',')) {
        throw this.error(
          this.current(),
          "Other expressions may not be present in the select list when '*' is used without dot notation.",
        );
      }
      return { kind: 'Star' };
    }
    if (this.skipWord('VALUE')) {
      return { kind: 'Value', value: this.parseOperators(0) };
    }
    if (this.isWord('FROM')) {
      throw this.error(this.current(), 'found empty SELECT list');
    }
    const items: Ast.SelectItem[] = [];
    do items.push(this.parseItem());
    while (this.skipSymbol(','));
    return { kind: 'Items', items };
  }

  /**
   * Item :
   *   - Expression `.*`
   *   - Expression ( AS? Name )?
   */
  protected parseItem(): Ast.SelectItem {
    const at = this.current();
    if (this.isSymbol('*')) {
      throw this.error(
        at,
        "Other expressions may not be present in the select list when '*' is used without dot notation.",
      );
    }
    const value = this.parseOperators(0);
    if (value.kind === 'Path') {
      const wildcard = value.steps.find(
        (step) => step.kind === 'Wildcard' || step.kind === 'Unpivot',
      );
      const last = value.steps.at(-1);
      if (wildcard !== undefined) {
        if (wildcard.kind === 'Wildcard' || wildcard !== last) {
          throw this.error(wildcard.at, 'Invalid use of * in select list');
        }
        if (value.steps.some((step) => step.kind === 'Index')) {
          throw this.error(
            value.at,
            'Cannot mix [] and * in the same expression in a select list',
          );
        }
        const steps = value.steps.slice(0, -1);
        return {
          kind: 'All',
          at,
          value: steps.length === 0 ? value.root : { ...value, steps },
        };
      }
    }
    return { kind: 'Item', at, value, alias: this.parseAlias()?.name };
  }

  /**
   * Group :
   *   - GROUP PARTIAL? BY Key ( `,` Key )* ( GROUP AS Name )?
   *   - GROUP ALL ( AS Name )?
   */
  protected parseGroup(): Ast.GroupNode {
    const at = this.next();
    if (this.skipWord('ALL')) {
      const all = this.skipWord('AS')
        ? this.parseName('identifier for alias').name
        : undefined;
      return { at, keys: [], groupAs: all };
    }
    this.skipWord('PARTIAL');
    this.expectWord('BY');
    const keys: { at: Position; value: Ast.Expression; alias?: string }[] = [];
    do {
      const key = this.current();
      const value = this.parseOperators(0);
      const alias = this.skipWord('AS')
        ? this.parseName('identifier for alias').name
        : undefined;
      keys.push({ at: key, value, alias });
    } while (this.skipSymbol(','));
    let groupAs: string | undefined;
    if (this.skipWord('GROUP')) {
      this.expectWord('AS');
      groupAs = this.parseName('identifier for alias').name;
    }
    return { at, keys, groupAs };
  }

  /** Table : TABLE Name ( `.` Name )*, which is SELECT * of it */
  protected parseTableQuery(): Ast.SelectNode {
    const at = this.next();
    const source = this.current();
    if (!this.isName()) throw this.unexpected('the name of a table');
    const value = this.parsePath();
    return {
      kind: 'Select',
      at,
      distinct: false,
      projection: { kind: 'Star' },
      from: { kind: 'Source', at: source, value, unpivot: false },
      let: [],
    };
  }

  protected parseWhere(): Ast.Expression | undefined {
    return this.skipWord('WHERE') ? this.parseOperators(0) : undefined;
  }
}
