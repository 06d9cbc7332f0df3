import type * as Ast from '../ast.js';
import { LEVEL } from './levels.js';
import { fieldText, nameText } from './names.js';
import { QueryPrinter } from './query-printer.js';

/** Statements: queries, changes of documents, definitions, procedures. */
export class StatementPrinter extends QueryPrinter {
  print(node: Ast.StatementNode | Ast.Expression): string {
    switch (node.kind) {
      case 'Explain':
        return `EXPLAIN ${this.print(node.statement)}`;
      case 'SelectStatement':
        return this.expression(node.query, LEVEL.query);
      case 'Insert':
        return this.insert(node);
      case 'Change':
        return this.change(node);
      case 'CreateTable':
        return `CREATE TABLE ${nameText(node.name)}`;
      case 'CreateIndex':
        return `CREATE INDEX ON ${tableText(node.table)} (${nameText(node.field)})`;
      case 'DropTable':
        return `DROP TABLE ${tableText(node.table)}`;
      case 'DropIndex':
        return `DROP INDEX ${nameText(node.index)} ON ${tableText(node.table)} WITH (purge = TRUE)`;
      case 'UndropTable':
        return `UNDROP TABLE ${nameText(node.tableId)}`;
      case 'Exec':
        return this.exec(node);
      case 'Literal':
      case 'DateTime':
      case 'Missing':
      case 'Parameter':
      case 'Variable':
      case 'Path':
      case 'Unary':
      case 'Binary':
      case 'Logical':
      case 'Between':
      case 'In':
      case 'Like':
      case 'Is':
      case 'Case':
      case 'Cast':
      case 'Call':
      case 'Aggregate':
      case 'Sequence':
      case 'Struct':
      case 'Query':
      case 'Select':
      case 'SetOperation':
      case 'With':
        return this.expression(node, LEVEL.query);
    }
  }

  protected insert({ table, single, value }: Ast.InsertNode): string {
    const keyword = single ? ' VALUE' : '';
    return `INSERT INTO ${tableText(table)}${keyword} ${this.expression(value, LEVEL.query)}`;
  }

  /** The order of the clauses is that of the text, as it numbers the parameters. */
  protected change(node: Ast.ChangeNode): string {
    const source = this.from(node.from);
    const where = node.where === undefined ? [] : [this.where(node.where)];
    const operations = this.operations(node.operations);
    switch (node.verb) {
      case 'DELETE':
        return ['DELETE FROM', source, ...where].join(' ');
      case 'UPDATE':
        return ['UPDATE', source, operations, ...where].join(' ');
      case 'FROM':
        return ['FROM', source, ...where, operations].join(' ');
    }
  }

  protected operations(operations: readonly Ast.ChangeOperation[]): string {
    let text = '';
    let before: Ast.ChangeOperation['kind'] | undefined;
    for (const operation of operations) {
      const isMore = operation.kind === 'Set' && before === 'Set';
      const separator = text === '' ? '' : isMore ? ', ' : ' ';
      text += separator + this.operation(operation, isMore);
      before = operation.kind;
    }
    return text;
  }

  protected operation(node: Ast.ChangeOperation, isMore: boolean): string {
    switch (node.kind) {
      case 'Set':
        return `${isMore ? '' : 'SET '}${targetText(node.target)} = ${this.expression(node.value)}`;
      case 'InsertInto': {
        const at =
          node.position === undefined
            ? ''
            : ` AT ${this.expression(node.position)}`;
        return `INSERT INTO ${targetText(node.target)} VALUE ${this.expression(node.value)}${at}`;
      }
      case 'Remove':
        return `REMOVE ${targetText(node.target)}`;
      case 'Delete':
        return 'DELETE';
    }
  }

  /** No parenthesis may follow the name, and only the last argument can be a query. */
  protected exec({ procedure, args }: Ast.ExecNode): string {
    const list = args.map((arg, index) =>
      this.expression(arg, index === args.length - 1 ? LEVEL.query : LEVEL.or),
    );
    const text = list.length === 0 ? '' : ` ${list.join(', ')}`;
    return `EXEC ${nameText(procedure)}${text}`;
  }
}

function tableText({ path }: Ast.TableNode): string {
  return path.map(nameText).join('.');
}

function targetText({ name, steps }: Ast.TargetNode): string {
  const path = steps.map((step) =>
    typeof step === 'string' ? `.${fieldText(step)}` : `[${step}]`,
  );
  return nameText(name) + path.join('');
}
