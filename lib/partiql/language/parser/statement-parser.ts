import type * as Ast from '../ast.js';
import type { PartiqlError } from '../../errors.js';
import type { Position } from '../print-location.js';
import { RESERVED_WORDS } from '../reserved-words.js';
import { nearestWord } from './nearest-word.js';
import { QueryParser } from './query-parser.js';
import { isBracket } from './token-stream.js';

/** What a statement begins with that is no expression; and what a query begins with. */
const STATEMENT_WORDS = new Set([
  'INSERT',
  'UPDATE',
  'FROM',
  'DELETE',
  'CREATE',
  'DROP',
  'UNDROP',
  'EXEC',
  'EXECUTE',
  'SELECT',
  'PIVOT',
  'WITH',
]);

/** The words that somebody may have meant who begins a statement with another. */
const BEGINNINGS = [
  'SELECT',
  'INSERT',
  'UPDATE',
  'DELETE',
  'FROM',
  'CREATE',
  'DROP',
  'UNDROP',
  'EXEC',
  'EXPLAIN',
];

/** A statement's tree, and how many `?` it has. */
export interface ParsedStatement {
  readonly statement: Ast.StatementNode;
  readonly parameterCount: number;
}

/** Statements: queries, changes of documents, definitions, procedures. */
export class StatementParser extends QueryParser {
  /** Document : Statement `;`? */
  parseDocument(): ParsedStatement {
    if (this.current().kind === 'End') {
      throw this.error(this.current(), 'the statement is empty');
    }
    const statement = this.parseExplain() ?? this.parseStatement();
    if (this.skipSymbol(';')) {
      if (this.current().kind !== 'End') {
        throw this.error(
          this.current(),
          'Unexpected token after semicolon. (Only one query is allowed.)',
        );
      }
    } else if (this.current().kind !== 'End') {
      throw this.unexpected('the end of the statement');
    }
    return { statement, parameterCount: this.parameters };
  }

  /**
   * Explain : EXPLAIN Statement
   *
   * EXPLAIN is no reserved word: it has this meaning where a statement begins
   * behind it, and is a name everywhere else.
   */
  protected parseExplain(): Ast.ExplainNode | undefined {
    const at = this.current();
    if (at.kind !== 'Word' || at.upper !== 'EXPLAIN') return undefined;
    let ahead = 1;
    while (isBracket(this.peek(ahead), '(')) ahead += 1;
    const first = this.peek(ahead);
    if (first.kind !== 'Word' || !STATEMENT_WORDS.has(first.upper)) {
      return undefined;
    }
    this.next();
    return { kind: 'Explain', at, statement: this.parseStatement() };
  }

  /**
   * Statement :
   *   - Insert | Update | FromChange | Delete
   *   - Create | Drop | Undrop
   *   - Exec
   *   - Query
   */
  protected parseStatement(): Ast.PlainStatementNode {
    const at = this.current();
    switch (this.keyword) {
      case 'INSERT':
        return this.parseInsert();
      case 'UPDATE':
        return this.parseUpdate();
      case 'FROM':
        return this.parseFromChange();
      case 'DELETE':
        return this.parseDelete();
      case 'CREATE':
        return this.parseCreate();
      case 'DROP':
        return this.parseDrop();
      case 'UNDROP':
        return this.parseUndrop();
      case 'EXEC':
      case 'EXECUTE':
        return this.parseExec();
      default:
        return { kind: 'SelectStatement', at, query: this.parseExpression() };
    }
  }

  protected override error(
    at: Position,
    text: string,
    hint = '',
  ): PartiqlError {
    return this.#startError() ?? super.error(at, text, hint);
  }

  /** The error of a statement that begins with a word which begins none, so that what follows it makes no sense. */
  #startError(): PartiqlError | undefined {
    const start = this.tokens[0].upper === 'EXPLAIN' ? 1 : 0;
    const first = this.tokens[start];
    const second = this.tokens[start + 1];
    if (first.kind !== 'Word' || STATEMENT_WORDS.has(first.upper))
      return undefined;
    const index = this.index - start;
    const meant = nearestWord(first.upper, BEGINNINGS);
    const isCut =
      second.kind !== 'Symbol' &&
      (index === 0 ||
        (index === 1 &&
          second.kind !== 'End' &&
          !RESERVED_WORDS.has(first.upper)));
    const isList = second.text === '*' || second.text === '(';
    const isStart =
      isCut || (meant !== undefined && isList && this.keyword === 'FROM');
    if (!isStart) return undefined;
    this.index = start;
    const words = BEGINNINGS.join(', ').replace(/, (\w+)$/, ' or $1');
    return super.error(
      first,
      `unexpected term found, ${this.describe()}: it begins no statement`,
      meant === undefined
        ? `a statement begins with ${words}`
        : `did you mean ${meant}?`,
    );
  }

  /**
   * Create :
   *   - CREATE TABLE Name ( WITH `(` Name `=` Expression ( `,` … )* `)` )?
   *   - CREATE INDEX ON Table `(` Name `)`
   */
  protected parseCreate(): Ast.PlainStatementNode {
    const at = this.next();
    if (this.skipWord('TABLE')) {
      const name = this.parseName('a table name').name;
      this.#refuseExists();
      if (this.isSymbol('(')) {
        throw this.unexpected(
          'the end of the statement',
          'a table has no columns: each document has the fields that it has',
        );
      }
      this.parseOptions();
      return { kind: 'CreateTable', at, name };
    }
    if (this.skipWord('INDEX')) {
      this.expectWord(
        'ON',
        'an index has no name of its own: CREATE INDEX ON table (field)',
      );
      const table = this.parseTable();
      this.expectSymbol('(');
      const field = this.parseName('the name of a field').name;
      if (this.current().text === ',' || this.current().text === '.') {
        throw this.error(
          this.current(),
          `expected ) but found ${this.describe()}: an index covers one top-level field`,
        );
      }
      this.expectSymbol(')');
      return { kind: 'CreateIndex', at, table, field };
    }
    throw this.error(
      this.current(),
      `Unexpected token following CREATE: expected TABLE or INDEX but found ${this.describe()}`,
    );
  }

  /** `IF NOT EXISTS`, of which IF was taken for the name of a table. */
  #refuseExists(): void {
    if (this.peek(-1).upper !== 'IF') return;
    if (!this.isWord('NOT') && !this.isWord('EXISTS')) return;
    throw this.unexpected(
      'the end of the statement',
      'IF EXISTS is not known: information_schema.user_tables tells which tables there are',
    );
  }

  /** Options of CREATE TABLE, such as `WITH (aws_tags = …)`. A ledger of one's own has no tags: they are read over. */
  protected parseOptions(): void {
    if (!this.skipWord('WITH')) return;
    this.expectSymbol('(');
    do {
      this.parseName('the name of an option');
      this.expectSymbol('=');
      this.parseExpression();
    } while (this.skipSymbol(','));
    this.expectSymbol(')');
  }

  /**
   * Drop :
   *   - DROP TABLE Table
   *   - DROP INDEX Name ON Table WITH `(` purge `=` true `)`
   */
  protected parseDrop(): Ast.PlainStatementNode {
    const at = this.next();
    if (this.skipWord('TABLE')) {
      const table = this.parseTable();
      this.#refuseExists();
      return { kind: 'DropTable', at, table };
    }
    if (this.skipWord('INDEX')) {
      const index = this.parseName('an index id in double quotes').name;
      this.expectWord('ON');
      const table = this.parseTable();
      this.expectWord('WITH');
      this.expectSymbol('(');
      // `purge` is no keyword: it is case sensitive.
      if (this.current().text !== 'purge')
        throw this.unexpected('purge = true');
      this.next();
      this.expectSymbol('=');
      this.expectWord('TRUE');
      this.expectSymbol(')');
      return { kind: 'DropIndex', at, index, table };
    }
    throw this.error(
      this.current(),
      `Unexpected token following DROP: expected TABLE or INDEX but found ${this.describe()}`,
    );
  }

  /** Undrop : UNDROP TABLE Name */
  protected parseUndrop(): Ast.PlainStatementNode {
    const at = this.next();
    this.expectWord('TABLE');
    const tableId = this.parseName('a table id in double quotes').name;
    return { kind: 'UndropTable', at, tableId };
  }

  /** Exec : EXEC Name Expression ( `,` Expression )* */
  protected parseExec(): Ast.PlainStatementNode {
    const at = this.next();
    if (this.current().kind === 'End') {
      throw this.error(this.current(), 'No stored procedure provided');
    }
    const procedure = this.parseName('the name of a procedure').name;
    if (this.current().text === '(' && this.current().kind === 'Symbol') {
      throw this.error(
        this.current(),
        'Unexpected LEFT_PAREN found following stored procedure call',
      );
    }
    const args: Ast.Expression[] = [];
    if (this.current().kind !== 'End' && !this.isSymbol(';')) {
      do args.push(this.parseExpression());
      while (this.skipSymbol(','));
    }
    return { kind: 'Exec', at, procedure, args };
  }

  /**
   * Insert :
   *   - INSERT INTO Table VALUE Expression
   *   - INSERT INTO Table Expression
   */
  protected parseInsert(): Ast.PlainStatementNode {
    const at = this.next();
    this.expectWord('INTO');
    const table = this.parseTable();
    const single = this.skipWord('VALUE');
    if (this.isWord('SET')) {
      throw this.unexpected(
        'VALUE or an expression',
        "INSERT takes a whole document: INSERT INTO t VALUE {'a': 1}",
      );
    }
    const value = this.parseExpression();
    if (this.isSymbol(',')) {
      throw this.unexpected(
        'the end of the statement',
        'several documents are inserted as a bag: INSERT INTO t << {…}, {…} >>',
      );
    }
    if (
      this.peek(-1).text === ')' &&
      /^(?:VALUES?|SELECT)$/.test(this.keyword)
    ) {
      throw this.unexpected(
        'the end of the statement',
        "INSERT takes documents, and no columns: INSERT INTO t VALUE {'a': 1}",
      );
    }
    if (single && this.isWord('AT')) {
      throw this.error(
        this.current(),
        'AT gives a position inside a document, and this INSERT adds a whole document',
      );
    }
    return { kind: 'Insert', at, table, value, single };
  }

  /** Table : Name ( `.` Name )* */
  protected parseTable(): Ast.TableNode {
    const at = this.current();
    const path = [this.parseName('a table name').name];
    while (this.skipSymbol('.')) path.push(this.parseName('a name').name);
    return { at, path };
  }

  /** Update : UPDATE Source Operation+ ( WHERE Expression )? */
  protected parseUpdate(): Ast.PlainStatementNode {
    const at = this.next();
    const from = this.parseSource();
    const operations = this.parseOperations();
    const where = this.parseWhere();
    return { kind: 'Change', at, verb: 'UPDATE', from, where, operations };
  }

  /** FromChange : FROM From ( WHERE Expression )? Operation+ */
  protected parseFromChange(): Ast.PlainStatementNode {
    const at = this.next();
    const from = this.parseFrom();
    const where = this.parseWhere();
    const operations = this.parseOperations();
    return { kind: 'Change', at, verb: 'FROM', from, where, operations };
  }

  /** Delete : DELETE FROM Source ( WHERE Expression )? */
  protected parseDelete(): Ast.PlainStatementNode {
    const at = this.next();
    if (!this.isWord('FROM')) {
      throw this.error(
        this.current(),
        `Expected FROM after DELETE: found ${this.describe()}`,
      );
    }
    this.next();
    const from = this.parseSource();
    const where = this.parseWhere();
    return {
      kind: 'Change',
      at,
      verb: 'DELETE',
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
  protected parseOperations(): readonly Ast.ChangeOperation[] {
    const operations: Ast.ChangeOperation[] = [];
    for (;;) {
      const at = this.current();
      if (this.skipWord('SET')) {
        do {
          const target = this.parseTarget();
          this.expectSymbol('=');
          const value = this.parseExpression();
          operations.push({ kind: 'Set', at: target.at, target, value });
        } while (this.skipSymbol(','));
      } else if (this.skipWord('INSERT')) {
        this.expectWord('INTO');
        const target = this.parseTarget();
        this.expectWord('VALUE');
        const value = this.parseExpression();
        const position = this.skipWord('AT')
          ? this.parseExpression()
          : undefined;
        operations.push({ kind: 'InsertInto', at, target, value, position });
      } else if (this.skipWord('REMOVE')) {
        operations.push({ kind: 'Remove', at, target: this.parseTarget() });
      } else if (operations.length === 0) {
        throw this.error(
          at,
          `Expected data manipulation: expected SET, INSERT INTO or REMOVE but found ${this.describe()}`,
        );
      } else return operations;
    }
  }

  /** Target : Name ( `.` Name | `[` String `]` | `[` Integer `]` )* */
  protected parseTarget(): Ast.TargetNode {
    const at = this.current();
    const { name } = this.parseName('the path of a field');
    const steps: (string | number)[] = [];
    for (;;) {
      if (this.skipSymbol('.')) {
        steps.push(this.parseFieldName().text);
      } else if (this.skipSymbol('[')) {
        const step = this.next();
        if (step.kind === 'String') steps.push(step.text);
        else if (step.kind === 'Integer' && step.text.length < 16)
          steps.push(Number(step.text));
        else {
          throw this.error(
            step,
            'invalid Path component: a path that is changed takes field names and literal positions only',
          );
        }
        this.expectSymbol(']');
      } else return { at, name, steps };
    }
  }
}
