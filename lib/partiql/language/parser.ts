import { Decimal, type IonValue } from '../../ion/value.js';
import { parseIonText } from '../../ion/text.js';
import {
  lexicalError,
  limitError,
  PartiqlError,
  syntaxError,
  unsupportedError,
} from '../errors.js';
import type * as Ast from './ast.js';
import { tokenize, type Token } from './lexer.js';
import type { Position } from './print-location.js';
import { RESERVED_WORDS } from './reserved-words.js';

/** How deep parentheses, constructors, queries and chains of operators, joins and path steps may nest. */
export const MAX_DEPTH = 500;

/** A statement's tree, and how many `?` it has. */
export interface ParsedStatement {
  readonly statement: Ast.StatementNode;
  readonly parameterCount: number;
}

/**
 * Parses one statement.
 *
 * @throws PartiqlError with code `PARTIQL_SYNTAX` (line, column, what was
 *   expected), `PARTIQL_LIMIT` or `PARTIQL_UNSUPPORTED`.
 */
export function parse(source: string): ParsedStatement {
  return new Parser(source).parseDocument();
}

/** Binding strength of the operators, loosest first. */
const PRECEDENCE = {
  or: 10,
  and: 20,
  not: 30,
  equality: 40,
  comparison: 50,
  additive: 60,
  multiplicative: 70,
} as const;

const EQUALITY = new Map<string, Ast.ComparisonOperator>([
  ['=', '='],
  ['<>', '<>'],
  ['!=', '<>'],
]);
const COMPARISON = new Map<string, Ast.ComparisonOperator>([
  ['<', '<'],
  ['<=', '<='],
  ['>', '>'],
  ['>=', '>='],
]);
const ADDITIVE = new Map<string, Ast.BinaryNode['operator']>([
  ['+', '+'],
  ['-', '-'],
  ['||', '||'],
]);
const MULTIPLICATIVE = new Map<string, Ast.BinaryNode['operator']>([
  ['*', '*'],
  ['/', '/'],
  ['%', '%'],
]);

const AGGREGATES = new Map<string, Ast.AggregateName>([
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
const FUNCTION_WORDS: ReadonlySet<string> = new Set([
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

const DATE_PARTS: ReadonlySet<string> = new Set([
  'YEAR',
  'MONTH',
  'DAY',
  'HOUR',
  'MINUTE',
  'SECOND',
  'TIMEZONE_HOUR',
  'TIMEZONE_MINUTE',
]);

/** Type names of the grammar, with the least and the greatest number of parameters. */
const TYPES = new Map<string, readonly [Ast.TypeName, number, number]>([
  ['MISSING', ['MISSING', 0, 0]],
  ['NULL', ['NULL', 0, 0]],
  ['BOOL', ['BOOL', 0, 0]],
  ['BOOLEAN', ['BOOL', 0, 0]],
  ['SMALLINT', ['SMALLINT', 0, 0]],
  ['INT2', ['SMALLINT', 0, 0]],
  ['INTEGER2', ['SMALLINT', 0, 0]],
  ['INT4', ['INT4', 0, 0]],
  ['INTEGER4', ['INT4', 0, 0]],
  ['INT8', ['INT8', 0, 0]],
  ['INTEGER8', ['INT8', 0, 0]],
  ['BIGINT', ['INT8', 0, 0]],
  ['INT', ['INT', 0, 0]],
  ['INTEGER', ['INT', 0, 0]],
  ['FLOAT', ['FLOAT', 0, 1]],
  ['REAL', ['FLOAT', 0, 1]],
  ['DECIMAL', ['DECIMAL', 0, 2]],
  ['DEC', ['DECIMAL', 0, 2]],
  ['NUMERIC', ['DECIMAL', 0, 2]],
  ['TIMESTAMP', ['TIMESTAMP', 0, 1]],
  ['CHAR', ['CHAR', 0, 1]],
  ['CHARACTER', ['CHAR', 0, 1]],
  ['VARCHAR', ['VARCHAR', 0, 1]],
  ['STRING', ['STRING', 0, 0]],
  ['SYMBOL', ['SYMBOL', 0, 0]],
  ['CLOB', ['CLOB', 0, 0]],
  ['BLOB', ['BLOB', 0, 0]],
  ['STRUCT', ['STRUCT', 0, 0]],
  ['TUPLE', ['STRUCT', 0, 0]],
  ['LIST', ['LIST', 0, 0]],
  ['SEXP', ['SEXP', 0, 0]],
  ['BAG', ['BAG', 0, 0]],
]);

class Parser {
  readonly #source: string;
  readonly #tokens: readonly Token[];
  #index = 0;
  #depth = 0;
  /** How deep what was parsed reaches, from the innermost {@link #begin} on. */
  #deepest = 0;
  #parameters = 0;
  /** The last expression that stood in parentheses alone. */
  #parenthesized: Ast.Expression | undefined;

  constructor(source: string) {
    this.#source = source;
    this.#tokens = tokenize(source);
  }

  /** Document : Statement `;`? */
  parseDocument(): ParsedStatement {
    if (this.#current().kind === 'End') {
      throw this.#error(this.#current(), 'the statement is empty');
    }
    const statement = this.#parseStatement();
    if (this.#skipSymbol(';')) {
      if (this.#current().kind !== 'End') {
        throw this.#error(
          this.#current(),
          'Unexpected token after semicolon. (Only one query is allowed.)',
        );
      }
    } else if (this.#current().kind !== 'End') {
      throw this.#unexpected('the end of the statement');
    }
    return { statement, parameterCount: this.#parameters };
  }

  /**
   * Statement :
   *   - Insert | Update | FromChange | Delete
   *   - Create | Drop | Undrop
   *   - Exec
   *   - Query
   */
  #parseStatement(): Ast.StatementNode {
    const at = this.#current();
    switch (this.#keyword) {
      case 'INSERT':
        return this.#parseInsert();
      case 'UPDATE':
        return this.#parseUpdate();
      case 'FROM':
        return this.#parseFromChange();
      case 'DELETE':
        return this.#parseDelete();
      case 'CREATE':
        return this.#parseCreate();
      case 'DROP':
        return this.#parseDrop();
      case 'UNDROP':
        return this.#parseUndrop();
      case 'EXEC':
      case 'EXECUTE':
        return this.#parseExec();
      default:
        return { kind: 'SelectStatement', at, query: this.#parseExpression() };
    }
  }

  // ---- Data definition ------------------------------------------------------

  /**
   * Create :
   *   - CREATE TABLE Name ( WITH `(` Name `=` Expression ( `,` … )* `)` )?
   *   - CREATE INDEX ON Table `(` Name `)`
   */
  #parseCreate(): Ast.StatementNode {
    const at = this.#next();
    if (this.#skipWord('TABLE')) {
      const name = this.#parseName('a table name').name;
      this.#parseOptions();
      return { kind: 'CreateTable', at, name };
    }
    if (this.#skipWord('INDEX')) {
      this.#expectWord('ON');
      const table = this.#parseTable();
      this.#expectSymbol('(');
      const field = this.#parseName('the name of a field').name;
      if (this.#current().text === ',' || this.#current().text === '.') {
        throw this.#error(
          this.#current(),
          `expected ) but found ${this.#describe()}: an index covers one top-level field`,
        );
      }
      this.#expectSymbol(')');
      return { kind: 'CreateIndex', at, table, field };
    }
    throw this.#error(
      this.#current(),
      `Unexpected token following CREATE: expected TABLE or INDEX but found ${this.#describe()}`,
    );
  }

  /** Options of CREATE TABLE, such as `WITH (aws_tags = …)`. A ledger of one's own has no tags: they are read over. */
  #parseOptions(): void {
    if (!this.#skipWord('WITH')) return;
    this.#expectSymbol('(');
    do {
      this.#parseName('the name of an option');
      this.#expectSymbol('=');
      this.#parseExpression();
    } while (this.#skipSymbol(','));
    this.#expectSymbol(')');
  }

  /**
   * Drop :
   *   - DROP TABLE Table
   *   - DROP INDEX Name ON Table WITH `(` purge `=` true `)`
   */
  #parseDrop(): Ast.StatementNode {
    const at = this.#next();
    if (this.#skipWord('TABLE')) {
      return { kind: 'DropTable', at, table: this.#parseTable() };
    }
    if (this.#skipWord('INDEX')) {
      const index = this.#parseName('an index id in double quotes').name;
      this.#expectWord('ON');
      const table = this.#parseTable();
      this.#expectWord('WITH');
      this.#expectSymbol('(');
      // `purge` is no keyword: it is case sensitive.
      if (this.#current().text !== 'purge')
        throw this.#unexpected('purge = true');
      this.#next();
      this.#expectSymbol('=');
      this.#expectWord('TRUE');
      this.#expectSymbol(')');
      return { kind: 'DropIndex', at, index, table };
    }
    throw this.#error(
      this.#current(),
      `Unexpected token following DROP: expected TABLE or INDEX but found ${this.#describe()}`,
    );
  }

  /** Undrop : UNDROP TABLE Name */
  #parseUndrop(): Ast.StatementNode {
    const at = this.#next();
    this.#expectWord('TABLE');
    const tableId = this.#parseName('a table id in double quotes').name;
    return { kind: 'UndropTable', at, tableId };
  }

  /** Exec : EXEC Name Expression ( `,` Expression )* */
  #parseExec(): Ast.StatementNode {
    const at = this.#next();
    if (this.#current().kind === 'End') {
      throw this.#error(this.#current(), 'No stored procedure provided');
    }
    const procedure = this.#parseName('the name of a procedure').name;
    if (this.#current().text === '(' && this.#current().kind === 'Symbol') {
      throw this.#error(
        this.#current(),
        'Unexpected LEFT_PAREN found following stored procedure call',
      );
    }
    const args: Ast.Expression[] = [];
    if (this.#current().kind !== 'End' && !this.#isSymbol(';')) {
      do args.push(this.#parseExpression());
      while (this.#skipSymbol(','));
    }
    return { kind: 'Exec', at, procedure, args };
  }

  // ---- Data manipulation ----------------------------------------------------

  /**
   * Insert :
   *   - INSERT INTO Table VALUE Expression
   *   - INSERT INTO Table Expression
   */
  #parseInsert(): Ast.StatementNode {
    const at = this.#next();
    this.#expectWord('INTO');
    const table = this.#parseTable();
    const single = this.#skipWord('VALUE');
    const value = this.#parseExpression();
    if (single && this.#isWord('AT')) {
      throw this.#error(
        this.#current(),
        'AT gives a position inside a document, and this INSERT adds a whole document',
      );
    }
    return { kind: 'Insert', at, table, value, single };
  }

  /** Table : Name ( `.` Name )* */
  #parseTable(): Ast.TableNode {
    const at = this.#current();
    const path = [this.#parseName('a table name').name];
    while (this.#skipSymbol('.')) path.push(this.#parseName('a name').name);
    return { at, path };
  }

  /** Update : UPDATE Source Operation+ ( WHERE Expression )? */
  #parseUpdate(): Ast.StatementNode {
    const at = this.#next();
    const from = this.#parseSource();
    const operations = this.#parseOperations();
    const where = this.#parseWhere();
    return { kind: 'Change', at, from, where, operations };
  }

  /** FromChange : FROM From ( WHERE Expression )? Operation+ */
  #parseFromChange(): Ast.StatementNode {
    const at = this.#next();
    const from = this.#parseFrom();
    const where = this.#parseWhere();
    const operations = this.#parseOperations();
    return { kind: 'Change', at, from, where, operations };
  }

  /** Delete : DELETE FROM Source ( WHERE Expression )? */
  #parseDelete(): Ast.StatementNode {
    const at = this.#next();
    if (!this.#isWord('FROM')) {
      throw this.#error(
        this.#current(),
        `Expected FROM after DELETE: found ${this.#describe()}`,
      );
    }
    this.#next();
    const from = this.#parseSource();
    const where = this.#parseWhere();
    return {
      kind: 'Change',
      at,
      from,
      where,
      operations: [{ kind: 'Delete', at }],
    };
  }

  /**
   * Operation :
   *   - SET Target `=` Expression ( `,` Target `=` Expression )*
   *   - INSERT INTO Target VALUE Expression ( AT Expression )?
   *   - REMOVE Target
   */
  #parseOperations(): readonly Ast.ChangeOperation[] {
    const operations: Ast.ChangeOperation[] = [];
    for (;;) {
      const at = this.#current();
      if (this.#skipWord('SET')) {
        do {
          const target = this.#parseTarget();
          this.#expectSymbol('=');
          const value = this.#parseExpression();
          operations.push({ kind: 'Set', at: target.at, target, value });
        } while (this.#skipSymbol(','));
      } else if (this.#skipWord('INSERT')) {
        this.#expectWord('INTO');
        const target = this.#parseTarget();
        this.#expectWord('VALUE');
        const value = this.#parseExpression();
        const position = this.#skipWord('AT')
          ? this.#parseExpression()
          : undefined;
        operations.push({ kind: 'InsertInto', at, target, value, position });
      } else if (this.#skipWord('REMOVE')) {
        operations.push({ kind: 'Remove', at, target: this.#parseTarget() });
      } else if (operations.length === 0) {
        throw this.#error(
          at,
          `Expected data manipulation: expected SET, INSERT INTO or REMOVE but found ${this.#describe()}`,
        );
      } else return operations;
    }
  }

  /** Target : Name ( `.` Name | `[` String `]` | `[` Integer `]` )* */
  #parseTarget(): Ast.TargetNode {
    const at = this.#current();
    const { name } = this.#parseName('the path of a field');
    const steps: (string | number)[] = [];
    for (;;) {
      if (this.#skipSymbol('.')) {
        steps.push(this.#parseFieldName());
      } else if (this.#skipSymbol('[')) {
        const step = this.#next();
        if (step.kind === 'String') steps.push(step.text);
        else if (step.kind === 'Integer') steps.push(Number(step.text));
        else {
          throw this.#error(
            step,
            'invalid Path component: a path that is changed takes field names and literal positions only',
          );
        }
        this.#expectSymbol(']');
      } else return { at, name, steps };
    }
  }

  #parseWhere(): Ast.Expression | undefined {
    return this.#skipWord('WHERE') ? this.#parseExpression() : undefined;
  }

  // ---- Queries --------------------------------------------------------------

  /** Expression : SetOperation OrderBy? Limit? Offset? */
  #parseExpression(): Ast.Expression {
    this.#enter();
    const at = this.#current();
    const body = this.#parseSetOperation();
    const isQuery =
      body.kind === 'Select' ||
      body.kind === 'SetOperation' ||
      body.kind === 'Query';
    const result =
      isQuery &&
      (this.#isWord('ORDER') || this.#isWord('LIMIT') || this.#isWord('OFFSET'))
        ? this.#parseQueryTail(at, body)
        : body;
    this.#leave();
    return result;
  }

  /** ( ORDER BY Order ( `,` Order )* )? ( LIMIT Expression )? ( OFFSET Expression )? */
  #parseQueryTail(at: Position, body: Ast.Expression): Ast.QueryNode {
    const orderBy: Ast.OrderNode[] = [];
    if (this.#skipWord('ORDER')) {
      this.#expectWord('BY');
      do orderBy.push(this.#parseOrder());
      while (this.#skipSymbol(','));
    }
    const limit = this.#skipWord('LIMIT') ? this.#parseOperators(0) : undefined;
    const offset = this.#skipWord('OFFSET')
      ? this.#parseOperators(0)
      : undefined;
    return { kind: 'Query', at, body, orderBy, limit, offset };
  }

  /** Order : Expression ( ASC | DESC )? ( NULLS ( FIRST | LAST ) )? */
  #parseOrder(): Ast.OrderNode {
    const at = this.#current();
    const value = this.#parseOperators(0);
    const descending = this.#skipWord('DESC');
    if (!descending) this.#skipWord('ASC');
    // NULL is the greatest value of an ordering, so it is last of an ascending one.
    let nullsFirst = descending;
    if (this.#skipWord('NULLS')) {
      if (this.#skipWord('FIRST')) nullsFirst = true;
      else {
        this.#expectWord('LAST');
        nullsFirst = false;
      }
    }
    return { at, value, descending, nullsFirst };
  }

  /** SetOperation : Operators ( OUTER? ( UNION | INTERSECT | EXCEPT ) ( ALL | DISTINCT )? Operators )* */
  #parseSetOperation(): Ast.Expression {
    const before = this.#begin();
    let left = this.#parseOperators(0);
    for (;;) {
      const outer =
        this.#isWord('OUTER') &&
        /^(?:UNION|INTERSECT|EXCEPT)$/.test(this.#peek(1).upper);
      const operator = outer ? this.#peek(1).upper : this.#keyword;
      if (
        operator !== 'UNION' &&
        operator !== 'INTERSECT' &&
        operator !== 'EXCEPT'
      ) {
        this.#end(before);
        return left;
      }
      const at = this.#next();
      if (outer) this.#next();
      const all = this.#skipWord('ALL');
      if (!all) this.#skipWord('DISTINCT');
      const right = this.#parseOperators(0);
      left = { kind: 'SetOperation', at, operator, outer, all, left, right };
      this.#wrap();
    }
  }

  /**
   * Select :
   *   SELECT ( DISTINCT | ALL )? Projection FROM From
   *   ( LET Let ( `,` Let )* )? ( WHERE Expression )?
   *   Group? ( HAVING Expression )?
   */
  #parseSelect(): Ast.SelectNode {
    const at = this.#next();
    const distinct = this.#skipWord('DISTINCT');
    if (!distinct) this.#skipWord('ALL');
    const projection = this.#parseProjection();
    if (!this.#isWord('FROM')) {
      throw this.#error(
        this.#current(),
        `missing FROM after SELECT list: found ${this.#describe()}`,
      );
    }
    return this.#parseSelectTail(at, distinct, projection);
  }

  /** Pivot : PIVOT Expression AT Expression FROM … */
  #parsePivot(): Ast.SelectNode {
    const at = this.#next();
    const value = this.#parseOperators(0);
    this.#expectWord('AT');
    const name = this.#parseOperators(0);
    if (!this.#isWord('FROM')) throw this.#unexpected('FROM');
    return this.#parseSelectTail(at, false, { kind: 'Pivot', value, name });
  }

  #parseSelectTail(
    at: Position,
    distinct: boolean,
    projection: Ast.Projection,
  ): Ast.SelectNode {
    this.#expectWord('FROM');
    const from = this.#parseFrom();
    const lets: Ast.LetNode[] = [];
    if (this.#skipWord('LET')) {
      do {
        const value = this.#parseOperators(0);
        this.#expectWord('AS');
        const { name, at: nameAt } = this.#parseName('a name after AS');
        lets.push({ at: nameAt, value, name });
      } while (this.#skipSymbol(','));
    }
    const where = this.#parseWhere();
    const group = this.#isWord('GROUP') ? this.#parseGroup() : undefined;
    const having = this.#skipWord('HAVING')
      ? this.#parseOperators(0)
      : undefined;
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
  #parseProjection(): Ast.Projection {
    if (this.#skipSymbol('*')) {
      if (this.#isSymbol(',')) {
        throw this.#error(
          this.#current(),
          "Other expressions may not be present in the select list when '*' is used without dot notation.",
        );
      }
      return { kind: 'Star' };
    }
    if (this.#skipWord('VALUE')) {
      return { kind: 'Value', value: this.#parseOperators(0) };
    }
    if (this.#isWord('FROM')) {
      throw this.#error(this.#current(), 'found empty SELECT list');
    }
    const items: Ast.SelectItem[] = [];
    do items.push(this.#parseItem());
    while (this.#skipSymbol(','));
    return { kind: 'Items', items };
  }

  /**
   * Item :
   *   - Expression `.*`
   *   - Expression ( AS? Name )?
   */
  #parseItem(): Ast.SelectItem {
    const at = this.#current();
    if (this.#isSymbol('*')) {
      throw this.#error(
        at,
        "Other expressions may not be present in the select list when '*' is used without dot notation.",
      );
    }
    const value = this.#parseOperators(0);
    if (value.kind === 'Path') {
      const wildcard = value.steps.find(
        (step) => step.kind === 'Wildcard' || step.kind === 'Unpivot',
      );
      const last = value.steps.at(-1);
      if (wildcard !== undefined) {
        if (wildcard.kind === 'Wildcard' || wildcard !== last) {
          throw this.#error(wildcard.at, 'Invalid use of * in select list');
        }
        if (value.steps.some((step) => step.kind === 'Index')) {
          throw this.#error(
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
    return { kind: 'Item', at, value, alias: this.#parseAlias()?.name };
  }

  /** Alias : AS Name | Name */
  #parseAlias(): Ast.AliasNode | undefined {
    if (this.#skipWord('AS')) return this.#parseName('identifier for alias');
    return this.#isName() ? this.#parseName('identifier for alias') : undefined;
  }

  /** Group : GROUP BY Key ( `,` Key )* ( GROUP AS Name )? */
  #parseGroup(): Ast.GroupNode {
    const at = this.#next();
    this.#skipWord('PARTIAL');
    this.#expectWord('BY');
    const keys: { at: Position; value: Ast.Expression; alias?: string }[] = [];
    do {
      const key = this.#current();
      const value = this.#parseOperators(0);
      const alias = this.#skipWord('AS')
        ? this.#parseName('identifier for alias').name
        : undefined;
      keys.push({ at: key, value, alias });
    } while (this.#skipSymbol(','));
    let groupAs: string | undefined;
    if (this.#skipWord('GROUP')) {
      this.#expectWord('AS');
      groupAs = this.#parseName('identifier for alias').name;
    }
    return { at, keys, groupAs };
  }

  /** From : Joined ( `,` Joined )* */
  #parseFrom(): Ast.FromNode {
    const before = this.#begin();
    let left = this.#parseJoined();
    while (this.#isSymbol(',')) {
      const at = this.#next();
      const right = this.#parseJoined();
      left = { kind: 'Join', at, type: 'inner', left, right };
      this.#wrap();
    }
    this.#end(before);
    return left;
  }

  /**
   * Joined :
   *   Source ( ( LEFT | RIGHT | FULL )? CROSS JOIN Source
   *          | ( INNER | ( LEFT | RIGHT | FULL ) OUTER? )? JOIN Source ON Expression )*
   */
  #parseJoined(): Ast.FromNode {
    const before = this.#begin();
    let left = this.#parseJoinOperand();
    for (;;) {
      const at = this.#current();
      let type: Ast.JoinNode['type'] = 'inner';
      let cross = false;
      switch (this.#keyword) {
        case 'CROSS':
          cross = true;
          this.#next();
          break;
        case 'INNER':
          this.#next();
          break;
        case 'LEFT':
        case 'RIGHT':
        case 'FULL':
          type = { LEFT: 'left', RIGHT: 'right', FULL: 'full' }[
            this.#keyword
          ] as Ast.JoinNode['type'];
          this.#next();
          this.#skipWord('OUTER');
          cross = this.#skipWord('CROSS');
          break;
        case 'JOIN':
          break;
        default:
          this.#end(before);
          return left;
      }
      this.#expectWord('JOIN');
      const right = this.#parseJoinOperand();
      let on: Ast.Expression | undefined;
      if (!cross) {
        if (!this.#isWord('ON')) {
          throw this.#error(
            this.#current(),
            `Expected ON: malformed use of FROM with JOIN, found ${this.#describe()}`,
          );
        }
        this.#next();
        on = this.#parseOperators(0);
      }
      left = { kind: 'Join', at, type, left, right, on };
      this.#wrap();
    }
  }

  /** JoinOperand : Source | `(` Joined `)` */
  #parseJoinOperand(): Ast.FromNode {
    if (!this.#isJoinAhead()) return this.#parseSource();
    this.#next();
    this.#enter();
    const join = this.#parseJoined();
    this.#leave();
    this.#expectSymbol(')');
    return join;
  }

  /**
   * Whether the parenthesis that opens here holds a join, and not an
   * expression. It looks for JOIN behind the parentheses that open at once, so
   * that nothing is ever parsed twice.
   */
  #isJoinAhead(): boolean {
    let index = this.#index;
    while (isBracket(this.#tokens[index], '(')) index += 1;
    /** Open brackets, and how many of them nothing else stands before. */
    let depth = index - this.#index;
    let spine = depth;
    for (; depth > 0; index += 1) {
      const token = this.#tokens[index];
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
  #parseSource(): Ast.SourceNode {
    const at = this.#current();
    // Every source may use the variables of those before it, so that LATERAL says nothing new.
    if (this.#isWord('LATERAL') && this.#peek(1).kind !== 'Symbol')
      this.#next();
    const unpivot = this.#skipWord('UNPIVOT');
    const value = this.#parseOperators(0);
    const as = this.#parseAlias();
    let position: Ast.AliasNode | undefined;
    let by: Ast.AliasNode | undefined;
    for (;;) {
      if (position === undefined && this.#skipWord('AT'))
        position = this.#parseName('identifier for AT name');
      else if (by === undefined && this.#skipWord('BY'))
        by = this.#parseName('identifier for BY name');
      else break;
    }
    return { kind: 'Source', at, value, unpivot, as, position, by };
  }

  // ---- Expressions ----------------------------------------------------------

  /**
   * Operators, loosest first:
   *   OR
   *   AND
   *   NOT
   *   `=` `<>` `!=` IS, IN
   *   `<` `<=` `>` `>=` BETWEEN LIKE
   *   `+` `-` `||`
   *   `*` `/` `%`
   */
  #parseOperators(minimum: number): Ast.Expression {
    this.#enter();
    const before = this.#begin();
    let left =
      this.#isWord('NOT') && minimum <= PRECEDENCE.not
        ? this.#parseNot()
        : this.#parseUnary();
    for (;;) {
      const next = this.#parseOperator(left, minimum);
      if (next === undefined) break;
      this.#wrap();
      left = next;
    }
    this.#end(before);
    this.#leave();
    return left;
  }

  #parseNot(): Ast.Expression {
    const at = this.#next();
    const operand = this.#parseOperators(PRECEDENCE.not);
    return { kind: 'Unary', at, operator: 'NOT', operand };
  }

  /** The operator that follows, with its right side; undefined if none binds as strongly as asked. */
  #parseOperator(
    left: Ast.Expression,
    minimum: number,
  ): Ast.Expression | undefined {
    const at = this.#current();
    if (at.kind === 'Symbol') {
      const [operator, precedence] = symbolOperator(at.text);
      if (operator === undefined || precedence < minimum) return undefined;
      this.#next();
      const right = this.#parseOperators(precedence + 1);
      return { kind: 'Binary', at, operator, left, right };
    }
    if (at.kind !== 'Word') return undefined;
    const negated = at.upper === 'NOT';
    switch (negated ? this.#peek(1).upper : at.upper) {
      case 'OR':
        return this.#parseLogical(left, 'OR', PRECEDENCE.or, minimum);
      case 'AND':
        return this.#parseLogical(left, 'AND', PRECEDENCE.and, minimum);
      case 'IS':
        return PRECEDENCE.equality < minimum ? undefined : this.#parseIs(left);
      case 'IN':
        if (PRECEDENCE.equality < minimum) return undefined;
        this.#skipNegated(negated);
        return {
          kind: 'In',
          at,
          negated,
          value: left,
          collection: this.#parseInCollection(),
        };
      case 'BETWEEN':
        if (PRECEDENCE.comparison < minimum) return undefined;
        this.#skipNegated(negated);
        return this.#parseBetween(at, negated, left);
      case 'LIKE':
        if (PRECEDENCE.comparison < minimum) return undefined;
        this.#skipNegated(negated);
        return this.#parseLike(at, negated, left);
      default:
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
  #parseInCollection(): Ast.Expression {
    const at = this.#current();
    const collection = this.#parseOperators(PRECEDENCE.equality + 1);
    const isListOfOne =
      at.text === '(' &&
      at.kind === 'Symbol' &&
      this.#peek(-1).text === ')' &&
      this.#parenthesized === collection &&
      collection.kind !== 'Select' &&
      collection.kind !== 'Query' &&
      collection.kind !== 'SetOperation' &&
      collection.kind !== 'Sequence';
    return isListOfOne
      ? { kind: 'Sequence', at, type: 'row', items: [collection] }
      : collection;
  }

  /** Moves over `IN`, or over `NOT IN`. */
  #skipNegated(negated: boolean): void {
    if (negated) this.#next();
    this.#next();
  }

  #parseLogical(
    first: Ast.Expression,
    operator: 'AND' | 'OR',
    precedence: number,
    minimum: number,
  ): Ast.Expression | undefined {
    if (precedence < minimum) return undefined;
    const at = this.#current();
    const operands = [first];
    while (this.#skipWord(operator))
      operands.push(this.#parseOperators(precedence + 1));
    return operands.length === 1
      ? undefined
      : { kind: 'Logical', at, operator, operands };
  }

  /** Is : Operators IS NOT? Type */
  #parseIs(value: Ast.Expression): Ast.Expression {
    const at = this.#next();
    const negated = this.#skipWord('NOT');
    return { kind: 'Is', at, negated, value, type: this.#parseType() };
  }

  /** Between : Operators NOT? BETWEEN Operators AND Operators */
  #parseBetween(
    at: Position,
    negated: boolean,
    value: Ast.Expression,
  ): Ast.Expression {
    const low = this.#parseOperators(PRECEDENCE.comparison + 1);
    this.#expectWord('AND');
    const high = this.#parseOperators(PRECEDENCE.comparison + 1);
    return { kind: 'Between', at, negated, value, low, high };
  }

  /** Like : Operators NOT? LIKE Operators ( ESCAPE Operators )? */
  #parseLike(
    at: Position,
    negated: boolean,
    value: Ast.Expression,
  ): Ast.Expression {
    const pattern = this.#parseOperators(PRECEDENCE.comparison + 1);
    const escape = this.#skipWord('ESCAPE')
      ? this.#parseOperators(PRECEDENCE.comparison + 1)
      : undefined;
    return { kind: 'Like', at, negated, value, pattern, escape };
  }

  /** Unary : ( `+` | `-` ) Unary | Path */
  #parseUnary(): Ast.Expression {
    const at = this.#current();
    if (at.kind === 'Symbol' && (at.text === '-' || at.text === '+')) {
      this.#next();
      this.#enter();
      const operand = this.#parseUnary();
      this.#leave();
      if (operand.kind === 'Literal' && at.text === '-') {
        const value = operand.value;
        // `-1` is a literal, so that it can be an index key as it stands.
        if (typeof value === 'number' && value !== 0)
          return { kind: 'Literal', at, value: -value };
      }
      return { kind: 'Unary', at, operator: at.text, operand };
    }
    return this.#parsePath();
  }

  /** Path : Primary ( `.` Name | `.` `*` | `[` Expression `]` | `[` `*` `]` )* */
  #parsePath(): Ast.Expression {
    const at = this.#current();
    const before = this.#begin();
    const root = this.#parsePrimary();
    const steps: Ast.PathStep[] = [];
    for (;;) {
      const step = this.#current();
      if (this.#skipSymbol('.')) {
        if (this.#skipSymbol('*')) {
          steps.push({ kind: 'Unpivot', at: step });
        } else {
          const name = this.#parseFieldName();
          steps.push({ kind: 'Field', at: step, name });
        }
      } else if (this.#skipSymbol('[')) {
        if (this.#isSymbol('*') && this.#peek(1).text === ']') {
          this.#next();
          steps.push({ kind: 'Wildcard', at: step });
        } else {
          const index = this.#parseExpression();
          steps.push({ kind: 'Index', at: step, index });
        }
        this.#expectSymbol(']');
      } else {
        this.#end(before);
        return steps.length === 0 ? root : { kind: 'Path', at, root, steps };
      }
      this.#wrap();
    }
  }

  /** A name after a point. No operator can stand there, so a reserved word may. */
  #parseFieldName(): string {
    const token = this.#current();
    if (
      token.kind === 'Word' ||
      token.kind === 'QuotedName' ||
      token.kind === 'String'
    ) {
      this.#next();
      return token.text;
    }
    throw this.#error(
      token,
      `invalid Path component: expected the name of a field but found ${this.#describe()}`,
    );
  }

  /**
   * Primary :
   *   - literal, parameter, variable, call
   *   - `(` Expression `)`, row, list, bag, struct
   *   - Select, Pivot, VALUES, CASE, CAST …
   */
  #parsePrimary(): Ast.Expression {
    const at = this.#current();
    switch (at.kind) {
      case 'String':
        this.#next();
        return { kind: 'Literal', at, value: at.text };
      case 'Integer':
        this.#next();
        return { kind: 'Literal', at, value: integer(at.text) };
      case 'Decimal':
        this.#next();
        return { kind: 'Literal', at, value: this.#decimal(at) };
      case 'Ion':
        this.#next();
        return { kind: 'Literal', at, value: this.#ion(at) };
      case 'Parameter':
        this.#next();
        return { kind: 'Parameter', at, index: this.#parameters++ };
      case 'QuotedName':
        this.#next();
        return this.#isSymbol('(')
          ? this.#parseCall(at, at.text)
          : { kind: 'Variable', at, name: at.text, lexical: false };
      case 'Word':
        return this.#parseWord(at);
      case 'Symbol':
        return this.#parseSymbol(at);
      case 'End':
        throw this.#unexpected('an expression');
    }
  }

  #parseSymbol(at: Token): Ast.Expression {
    switch (at.text) {
      case '(':
        return this.#parseParenthesis(at);
      case '[':
        this.#next();
        return {
          kind: 'Sequence',
          at,
          type: 'list',
          items: this.#parseList(']'),
        };
      case '<<':
        this.#next();
        return {
          kind: 'Sequence',
          at,
          type: 'bag',
          items: this.#parseList('>>'),
        };
      case '{':
        return this.#parseStruct(at);
      case '@': {
        this.#next();
        const name = this.#current();
        if (!this.#isName()) {
          throw this.#error(
            name,
            `identifier expected after \`@\` symbol, found ${this.#describe()}`,
          );
        }
        this.#next();
        return { kind: 'Variable', at, name: name.text, lexical: true };
      }
      default:
        throw this.#unexpected('an expression');
    }
  }

  /** `(` Expression `)`, or a row value: `(` Expression ( `,` Expression )+ `)` */
  #parseParenthesis(at: Token): Ast.Expression {
    this.#next();
    const items = this.#parseList(')');
    const only = items[0];
    if (only === undefined) {
      throw this.#error(at, 'expected expression inside the parentheses');
    }
    if (items.length > 1) return { kind: 'Sequence', at, type: 'row', items };
    this.#parenthesized = only;
    return only;
  }

  /** ( Expression ( `,` Expression )* )? and the closing token. */
  #parseList(close: string): readonly Ast.Expression[] {
    const items: Ast.Expression[] = [];
    if (this.#skipSymbol(close)) return items;
    do items.push(this.#parseExpression());
    while (this.#skipSymbol(','));
    if (!this.#skipSymbol(close)) throw this.#unexpected(`, or ${close}`);
    return items;
  }

  /** Struct : `{` ( Expression `:` Expression ( `,` … )* )? `}` */
  #parseStruct(at: Token): Ast.Expression {
    this.#next();
    const fields: { name: Ast.Expression; value: Ast.Expression }[] = [];
    if (!this.#skipSymbol('}')) {
      do {
        const name = this.#parseExpression();
        this.#expectSymbol(':');
        const value = this.#parseExpression();
        fields.push({ name, value });
      } while (this.#skipSymbol(','));
      if (!this.#skipSymbol('}')) throw this.#unexpected(', or }');
    }
    return { kind: 'Struct', at, fields };
  }

  #parseWord(at: Token): Ast.Expression {
    switch (at.upper) {
      case 'TRUE':
      case 'FALSE':
        this.#next();
        return { kind: 'Literal', at, value: at.upper === 'TRUE' };
      case 'NULL':
        this.#next();
        return { kind: 'Literal', at, value: null };
      case 'MISSING':
        this.#next();
        return { kind: 'Missing', at };
      case 'SELECT':
        return this.#parseSelect();
      case 'PIVOT':
        return this.#parsePivot();
      case 'VALUES':
        return this.#parseValues(at);
      case 'CASE':
        return this.#parseCase(at);
      case 'CAST':
        return this.#parseCast(at);
      case 'EXTRACT':
        return this.#parseExtract(at);
      case 'DATE_ADD':
      case 'DATE_DIFF':
        return this.#parseDateCall(at);
      case 'SUBSTRING':
        return this.#parseSubstring(at);
      case 'TRIM':
        return this.#parseTrim(at);
      case 'POSITION':
        return this.#parsePosition(at);
      case 'OVERLAY':
        if (this.#peek(1).text === '(') return this.#parseOverlay(at);
        break;
      case 'LIST':
      case 'SEXP':
      case 'BAG':
        if (this.#peek(1).text === '(') {
          this.#next();
          return this.#parseCall(at, at.text);
        }
        break;
      case 'DATE':
      case 'TIME':
      case 'TIMESTAMP':
      case 'INTERVAL':
        throw unsupportedError(
          this.#source,
          at,
          `${at.upper} literals are not supported; write a timestamp in backticks, such as \`2024-02-29T\``,
        );
      case 'EXEC':
        throw this.#error(at, 'EXEC call found at unexpected location');
    }
    const isCall =
      this.#peek(1).kind === 'Symbol' && this.#peek(1).text === '(';
    const aggregate = AGGREGATES.get(at.upper);
    if (aggregate !== undefined && isCall) {
      this.#next();
      return this.#parseAggregate(at, aggregate, false);
    }
    if (isCall && at.upper.startsWith('COLL_')) {
      const name = AGGREGATES.get(at.upper.slice(5));
      if (name !== undefined) {
        this.#next();
        return this.#parseAggregate(at, name, true);
      }
    }
    if (isCall && (FUNCTION_WORDS.has(at.upper) || this.#isName())) {
      this.#next();
      return this.#parseCall(at, at.text);
    }
    if (!this.#isName()) {
      throw this.#error(
        at,
        RESERVED_WORDS.has(at.upper)
          ? `unexpected keyword found, KEYWORD : ${at.upper}: a name that is a reserved word is written in double quotes, "${at.text}"`
          : `unexpected term found, ${this.#describe()}`,
      );
    }
    this.#next();
    return { kind: 'Variable', at, name: at.text, lexical: false };
  }

  /** Values : VALUES Row ( `,` Row )* */
  #parseValues(at: Token): Ast.Expression {
    this.#next();
    const items: Ast.Expression[] = [];
    do {
      const row = this.#current();
      this.#expectSymbol('(');
      items.push({
        kind: 'Sequence',
        at: row,
        type: 'list',
        items: this.#parseList(')'),
      });
    } while (this.#skipSymbol(','));
    return { kind: 'Sequence', at, type: 'bag', items };
  }

  /** Case : CASE Expression? ( WHEN Expression THEN Expression )+ ( ELSE Expression )? END */
  #parseCase(at: Token): Ast.Expression {
    this.#next();
    const subject =
      this.#isWord('WHEN') || this.#isWord('ELSE') || this.#isWord('END')
        ? undefined
        : this.#parseExpression();
    const branches: { condition: Ast.Expression; result: Ast.Expression }[] =
      [];
    while (this.#skipWord('WHEN')) {
      const condition = this.#parseExpression();
      this.#expectWord('THEN');
      branches.push({ condition, result: this.#parseExpression() });
    }
    if (branches.length === 0) {
      throw this.#error(this.#current(), 'expected WHEN clause in CASE');
    }
    const otherwise = this.#skipWord('ELSE')
      ? this.#parseExpression()
      : undefined;
    this.#expectWord('END');
    return { kind: 'Case', at, subject, branches, otherwise };
  }

  /** Cast : CAST `(` Expression AS Type `)` */
  #parseCast(at: Token): Ast.Expression {
    this.#next();
    if (!this.#isSymbol('('))
      throw this.#error(
        this.#current(),
        'expected left parenthesis after CAST',
      );
    this.#next();
    const value = this.#parseExpression();
    this.#expectWord('AS');
    const type = this.#parseType();
    this.#expectSymbol(')');
    return { kind: 'Cast', at, value, type };
  }

  /** Type : TypeName ( `(` Integer ( `,` Integer )? `)` )? */
  #parseType(): Ast.TypeNode {
    const at = this.#current();
    let word = at.kind === 'Word' ? at.upper : '';
    let type = TYPES.get(word);
    if (word === 'DOUBLE' && this.#peek(1).upper === 'PRECISION') {
      this.#next();
      type = ['FLOAT', 0, 0];
    } else if (
      (word === 'CHARACTER' || word === 'CHAR') &&
      this.#peek(1).upper === 'VARYING'
    ) {
      this.#next();
      word = 'VARCHAR';
      type = TYPES.get(word);
    }
    if (type === undefined) {
      throw this.#error(at, `expected type name, found ${this.#describe()}`);
    }
    this.#next();
    const [name, least, greatest] = type;
    const parameters: number[] = [];
    if (this.#isSymbol('(')) {
      this.#next();
      do {
        const token = this.#next();
        const value = Number(token.text);
        if (token.kind !== 'Integer' || !(value <= 0x7fffffff)) {
          throw this.#error(token, `Expected number, found ${describe(token)}`);
        }
        parameters.push(value);
      } while (this.#skipSymbol(','));
      this.#expectSymbol(')');
      if (parameters.length < least || parameters.length > greatest) {
        throw this.#error(
          at,
          `Cast to type ${word} has incorrect arity.Correct arity is ${least}..${greatest}`,
        );
      }
    }
    return { at, name, parameters };
  }

  /** Extract : EXTRACT `(` DatePart FROM Expression `)` */
  #parseExtract(at: Token): Ast.Expression {
    this.#next();
    this.#expectSymbol('(');
    const word = this.#parseDatePart();
    this.#expectWord('FROM');
    const args = [this.#parseExpression()];
    this.#expectSymbol(')');
    return { kind: 'Call', at, name: 'extract', args, word };
  }

  /** DateCall : ( DATE_ADD | DATE_DIFF ) `(` DatePart `,` Expression `,` Expression `)` */
  #parseDateCall(at: Token): Ast.Expression {
    this.#next();
    this.#expectSymbol('(');
    const word = this.#parseDatePart();
    this.#expectSymbol(',');
    const args = [this.#parseExpression()];
    this.#expectSymbol(',');
    args.push(this.#parseExpression());
    this.#expectSymbol(')');
    return { kind: 'Call', at, name: at.text.toLowerCase(), args, word };
  }

  #parseDatePart(): string {
    const token = this.#current();
    if (token.kind !== 'Word' || !DATE_PARTS.has(token.upper)) {
      throw this.#error(
        token,
        'expected one of: [year, month, day, hour, minute, second, timezone_hour, timezone_minute]',
      );
    }
    this.#next();
    return token.text.toLowerCase();
  }

  /**
   * Substring :
   *   - SUBSTRING `(` Expression FROM Expression ( FOR Expression )? `)`
   *   - SUBSTRING `(` Expression `,` Expression ( `,` Expression )? `)`
   */
  #parseSubstring(at: Token): Ast.Expression {
    this.#next();
    this.#expectSymbol('(');
    const args: Ast.Expression[] = [];
    if (!this.#isSymbol(')')) {
      args.push(this.#parseExpression());
      if (this.#skipWord('FROM')) {
        args.push(this.#parseExpression());
        if (this.#skipWord('FOR')) args.push(this.#parseExpression());
      } else {
        while (this.#skipSymbol(',')) args.push(this.#parseExpression());
      }
    }
    this.#expectSymbol(')');
    return { kind: 'Call', at, name: 'substring', args };
  }

  /**
   * Trim :
   *   - TRIM `(` Expression `)`
   *   - TRIM `(` ( LEADING | TRAILING | BOTH )? Expression? FROM Expression `)`
   */
  #parseTrim(at: Token): Ast.Expression {
    this.#next();
    this.#expectSymbol('(');
    let word: string | undefined;
    if (
      this.#isWord('LEADING') ||
      this.#isWord('TRAILING') ||
      this.#isWord('BOTH')
    ) {
      word = this.#next().text.toLowerCase();
    }
    const args: Ast.Expression[] = [];
    if (!this.#isWord('FROM')) args.push(this.#parseExpression());
    if (word !== undefined || args.length === 0 || this.#isWord('FROM')) {
      this.#expectWord('FROM');
      args.unshift(this.#parseExpression());
    }
    this.#expectSymbol(')');
    return { kind: 'Call', at, name: 'trim', args, word: word ?? 'both' };
  }

  /** Position : POSITION `(` Expression ( IN | `,` ) Expression `)` */
  #parsePosition(at: Token): Ast.Expression {
    this.#next();
    this.#expectSymbol('(');
    const args = [this.#parseOperators(PRECEDENCE.equality + 1)];
    if (!this.#skipWord('IN')) this.#expectSymbol(',');
    args.push(this.#parseExpression());
    this.#expectSymbol(')');
    return { kind: 'Call', at, name: 'position', args };
  }

  /** Overlay : OVERLAY `(` Expression PLACING Expression FROM Expression ( FOR Expression )? `)`, or with commas */
  #parseOverlay(at: Token): Ast.Expression {
    this.#next();
    this.#expectSymbol('(');
    const args = [this.#parseExpression()];
    if (this.#skipWord('PLACING')) {
      args.push(this.#parseExpression());
      this.#expectWord('FROM');
      args.push(this.#parseExpression());
      if (this.#skipWord('FOR')) args.push(this.#parseExpression());
    } else {
      while (this.#skipSymbol(',')) args.push(this.#parseExpression());
    }
    this.#expectSymbol(')');
    return { kind: 'Call', at, name: 'overlay', args };
  }

  /** Aggregate : Name `(` ( DISTINCT | ALL )? Expression `)` | COUNT `(` `*` `)` */
  #parseAggregate(
    at: Token,
    name: Ast.AggregateName,
    overCollection: boolean,
  ): Ast.Expression {
    this.#expectSymbol('(');
    if (this.#isSymbol('*')) {
      if (name !== 'count' || overCollection) {
        throw this.#error(
          this.#current(),
          'function call, other than COUNT, with (*) as parameter is not supported',
        );
      }
      this.#next();
      this.#expectSymbol(')');
      return {
        kind: 'Aggregate',
        at,
        name,
        distinct: false,
        overCollection: false,
      };
    }
    const distinct = this.#skipWord('DISTINCT');
    if (!distinct) this.#skipWord('ALL');
    const operands = this.#parseList(')');
    const operand = operands[0];
    if (operand === undefined || operands.length > 1) {
      throw this.#error(at, 'Aggregate function calls take 1 argument only');
    }
    return { kind: 'Aggregate', at, name, distinct, operand, overCollection };
  }

  /** Call : Name `(` ( Expression ( `,` Expression )* )? `)` */
  #parseCall(at: Token, name: string): Ast.Expression {
    this.#expectSymbol('(');
    if (this.#isSymbol('*')) {
      throw this.#error(
        this.#current(),
        'function call, other than COUNT, with (*) as parameter is not supported',
      );
    }
    const lower = name.toLowerCase();
    const args = this.#parseList(')');
    if (lower === 'list' || lower === 'bag') {
      return { kind: 'Sequence', at, type: lower, items: args };
    }
    return { kind: 'Call', at, name: lower, args };
  }

  // ---- Literals -------------------------------------------------------------

  #decimal(token: Token): IonValue {
    // ion-js wants a `d` for the exponent, and digits before the point.
    const text = token.text.replace(/[eE]/, 'd').replace(/^\./, '0.');
    const exponent = /d([+-]?\d+)$/.exec(text)?.[1];
    const value =
      exponent !== undefined && Math.abs(Number(exponent)) > 0x7fffffff
        ? null
        : Decimal.parse(
            text.includes('.') || text.includes('d') ? text : `${text}d0`,
          );
    if (value === null) {
      throw lexicalError(
        this.#source,
        token,
        `invalid literal at, ${token.text.slice(0, 40)}`,
      );
    }
    return value;
  }

  #ion(token: Token): IonValue {
    try {
      return parseIonText(token.text);
    } catch (cause) {
      const shown =
        token.text.length > 40 ? `${token.text.slice(0, 40)}…` : token.text;
      const error = lexicalError(
        this.#source,
        token,
        `invalid ion literal at, ${shown}: expected one Ion value`,
      );
      throw new PartiqlError(error.code, error.message.split('\n\n')[0] ?? '', {
        source: this.#source,
        at: token,
        cause,
      });
    }
  }

  // ---- Tokens ---------------------------------------------------------------

  #current(): Token {
    return this.#tokens[this.#index];
  }

  /** The word that stands here, in upper case; empty if there is none. */
  get #keyword(): string {
    return this.#current().upper;
  }

  #peek(ahead: number): Token {
    const last = this.#tokens.length - 1;
    return this.#tokens[Math.min(this.#index + ahead, last)];
  }

  #next(): Token {
    const token = this.#current();
    if (token.kind !== 'End') this.#index += 1;
    return token;
  }

  #isWord(keyword: string): boolean {
    return this.#current().upper === keyword;
  }

  #skipWord(keyword: string): boolean {
    if (this.#current().upper !== keyword) return false;
    this.#index += 1;
    return true;
  }

  #expectWord(keyword: string): void {
    if (!this.#skipWord(keyword)) {
      throw this.#error(
        this.#current(),
        `expected keyword, ${keyword} but found ${this.#describe()}`,
      );
    }
  }

  #isSymbol(symbol: string): boolean {
    return this.#current().kind === 'Symbol' && this.#current().text === symbol;
  }

  #skipSymbol(symbol: string): boolean {
    if (!this.#isSymbol(symbol)) return false;
    this.#index += 1;
    return true;
  }

  #expectSymbol(symbol: string): void {
    if (!this.#skipSymbol(symbol)) throw this.#unexpected(symbol);
  }

  #isName(): boolean {
    const token = this.#current();
    return (
      token.kind === 'QuotedName' ||
      (token.kind === 'Word' &&
        !RESERVED_WORDS.has(token.upper) &&
        !(token.upper === 'LET' || token.upper === 'OFFSET'))
    );
  }

  #parseName(expected: string): Ast.AliasNode {
    const token = this.#current();
    if (!this.#isName()) {
      const hint = RESERVED_WORDS.has(token.upper)
        ? `; a name that is a reserved word is written in double quotes, "${token.text}"`
        : '';
      throw this.#error(
        token,
        `expected ${expected} but found ${this.#describe()}${hint}`,
      );
    }
    this.#next();
    return { at: token, name: token.text };
  }

  #enter(): void {
    this.#depth += 1;
    if (this.#depth > this.#deepest) this.#deepest = this.#depth;
    if (this.#depth > MAX_DEPTH) throw this.#tooDeep();
  }

  #leave(): void {
    this.#depth -= 1;
  }

  /** Begins a chain of operators, joins or path steps; gives what {@link #end} takes. */
  #begin(): number {
    const before = this.#deepest;
    this.#deepest = this.#depth;
    return before;
  }

  /**
   * What the chain has so far becomes the left side of its next link, one level
   * deeper: a chain is as deep as it is long. AND and OR are one link, as they
   * are flat.
   */
  #wrap(): void {
    this.#deepest += 1;
    if (this.#deepest > MAX_DEPTH) throw this.#tooDeep();
  }

  #end(before: number): void {
    if (before > this.#deepest) this.#deepest = before;
  }

  #tooDeep(): PartiqlError {
    return limitError(
      this.#source,
      this.#current(),
      `the statement is nested more than ${MAX_DEPTH} levels deep`,
    );
  }

  #describe(): string {
    return describe(this.#current());
  }

  #unexpected(expected: string): PartiqlError {
    return this.#error(
      this.#current(),
      `expected ${expected} but found ${this.#describe()}`,
    );
  }

  #error(at: Position, text: string): PartiqlError {
    return syntaxError(this.#source, at, text);
  }
}

function symbolOperator(
  symbol: string,
): readonly [Ast.BinaryNode['operator'] | undefined, number] {
  const equality = EQUALITY.get(symbol);
  if (equality !== undefined) return [equality, PRECEDENCE.equality];
  const comparison = COMPARISON.get(symbol);
  if (comparison !== undefined) return [comparison, PRECEDENCE.comparison];
  const additive = ADDITIVE.get(symbol);
  if (additive !== undefined) return [additive, PRECEDENCE.additive];
  return [MULTIPLICATIVE.get(symbol), PRECEDENCE.multiplicative];
}

/** A token as an error names it, such as `KEYWORD : FROM`. */
function describe(token: Token): string {
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

function integer(text: string): number | bigint {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : BigInt(text);
}

function isBracket(
  token: Token | undefined,
  ...symbols: readonly string[]
): boolean {
  return token?.kind === 'Symbol' && symbols.includes(token.text);
}
