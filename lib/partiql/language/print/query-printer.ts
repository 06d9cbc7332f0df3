import type * as Ast from '../ast.js';
import { ExpressionPrinter } from './expression-printer.js';
import { LEVEL } from './levels.js';
import { nameText } from './names.js';

const JOINS = {
  inner: 'JOIN',
  left: 'LEFT JOIN',
  right: 'RIGHT JOIN',
  full: 'FULL JOIN',
} as const;

/** Queries and what FROM ranges over. */
export abstract class QueryPrinter extends ExpressionPrinter {
  protected override query(
    node: Ast.SelectNode | Ast.QueryNode | Ast.SetOperationNode | Ast.WithNode,
  ): string {
    switch (node.kind) {
      case 'Select':
        return this.select(node);
      case 'Query':
        return this.ordered(node);
      case 'SetOperation':
        return this.setOperation(node);
      case 'With':
        return this.with(node);
    }
  }

  protected with({ queries, body }: Ast.WithNode): string {
    const list = queries.map(
      ({ name, value }) => `${nameText(name)} AS (${this.bare(value)})`,
    );
    return `WITH ${list.join(', ')} ${this.bare(body)}`;
  }

  protected ordered(node: Ast.QueryNode): string {
    const parts = [
      node.body.kind === 'Query' || node.body.kind === 'With'
        ? `(${this.bare(node.body)})`
        : this.expression(node.body, LEVEL.query),
    ];
    if (node.orderBy.length > 0) {
      parts.push(
        `ORDER BY ${node.orderBy.map((key) => this.order(key)).join(', ')}`,
      );
    }
    if (node.limit !== undefined)
      parts.push(`LIMIT ${this.expression(node.limit)}`);
    if (node.offset !== undefined)
      parts.push(`OFFSET ${this.expression(node.offset)}`);
    return parts.join(' ');
  }

  protected order({ value, descending, nullsFirst }: Ast.OrderNode): string {
    const direction = descending ? ' DESC' : '';
    const nulls =
      nullsFirst === descending
        ? ''
        : ` NULLS ${nullsFirst ? 'FIRST' : 'LAST'}`;
    return `${this.expression(value)}${direction}${nulls}`;
  }

  protected setOperation(node: Ast.SetOperationNode): string {
    const operator = [
      ...(node.outer ? ['OUTER'] : []),
      node.operator,
      ...(node.all ? ['ALL'] : []),
      ...corresponding(node.corresponding),
    ].join(' ');
    return `${this.setOperand(node.left, true)} ${operator} ${this.setOperand(node.right, false)}`;
  }

  /** A SELECT ends where UNION begins, and a chain is read from the left. */
  protected setOperand(node: Ast.Expression, isLeft: boolean): string {
    const isBare =
      node.kind === 'Select' || (isLeft && node.kind === 'SetOperation');
    return this.expression(node, isBare ? LEVEL.query : LEVEL.or);
  }

  protected select(node: Ast.SelectNode): string {
    const parts = [this.projection(node), `FROM ${this.from(node.from)}`];
    if (node.let.length > 0) {
      const bindings = node.let.map(
        ({ value, name }) => `${this.expression(value)} AS ${nameText(name)}`,
      );
      parts.push(`LET ${bindings.join(', ')}`);
    }
    if (node.where !== undefined) parts.push(this.where(node.where));
    if (node.group !== undefined) parts.push(this.group(node.group));
    if (node.having !== undefined)
      parts.push(`HAVING ${this.expression(node.having)}`);
    return parts.join(' ');
  }

  protected projection({ projection, distinct }: Ast.SelectNode): string {
    const select = distinct ? 'SELECT DISTINCT' : 'SELECT';
    switch (projection.kind) {
      case 'Star':
        return `${select} *`;
      case 'Value':
        return `${select} VALUE ${this.expression(projection.value)}`;
      case 'Items':
        return `${select} ${projection.items.map((item) => this.item(item)).join(', ')}`;
      case 'Pivot':
        return `PIVOT ${this.expression(projection.value)} AT ${this.expression(projection.name)}`;
    }
  }

  protected item(item: Ast.SelectItem): string {
    if (item.kind === 'Item')
      return `${this.expression(item.value)}${alias('AS', item.alias)}`;
    return item.value.kind === 'Path'
      ? this.path(item.value.root, [...item.value.steps, '.*'])
      : this.path(item.value, ['.*']);
  }

  protected group({ keys, groupAs }: Ast.GroupNode): string {
    if (keys.length === 0) return `GROUP ALL${alias('AS', groupAs)}`;
    const list = keys.map(
      (key) => `${this.expression(key.value)}${alias('AS', key.alias)}`,
    );
    return `GROUP BY ${list.join(', ')}${alias('GROUP AS', groupAs)}`;
  }

  protected where(condition: Ast.Expression): string {
    return `WHERE ${this.expression(condition)}`;
  }

  /** From : Joined ( `,` Joined )*. A comma binds looser than JOIN. */
  protected from(node: Ast.FromNode): string {
    return isCross(node)
      ? `${this.from(node.left)}, ${this.joined(node.right)}`
      : this.joined(node);
  }

  protected joined(node: Ast.FromNode): string {
    if (node.kind === 'Source') return this.source(node);
    const right = this.joined(node.right);
    const operand = node.right.kind === 'Source' ? right : `(${right})`;
    const join = JOINS[node.type];
    return node.on === undefined
      ? `${this.joined(node.left)} ${join.replace(/JOIN$/, 'CROSS JOIN')} ${operand}`
      : `${this.joined(node.left)} ${join} ${operand} ON ${this.expression(node.on)}`;
  }

  protected source(node: Ast.SourceNode): string {
    return [
      node.unpivot ? 'UNPIVOT ' : '',
      this.expression(node.value),
      alias('AS', node.as?.name),
      alias('AT', node.position?.name),
      alias('BY', node.by?.name),
    ].join('');
  }
}

function isCross(node: Ast.FromNode): node is Ast.JoinNode {
  return node.kind === 'Join' && node.type === 'inner' && node.on === undefined;
}

function corresponding(
  names: readonly Ast.NameNode[] | undefined,
): readonly string[] {
  if (names === undefined) return [];
  if (names.length === 0) return ['CORRESPONDING'];
  return [
    `CORRESPONDING BY (${names.map(({ name }) => nameText(name)).join(', ')})`,
  ];
}

function alias(keyword: string, name: string | undefined): string {
  return name === undefined ? '' : ` ${keyword} ${nameText(name)}`;
}
