import type * as Ast from '../ast.js';
import { AGGREGATES, FUNCTION_WORDS } from '../parser/primary-parser.js';
import { LEVEL, levelOf } from './levels.js';
import {
  dateTimeText,
  ionText,
  isNumeral,
  literalText,
  typeText,
} from './literals.js';
import { fieldText, nameText, quoted } from './names.js';

/** Functions that are called by their word alone. */
const CURRENT_WORDS: ReadonlySet<string> = new Set([
  'current_date',
  'current_time',
  'current_timestamp',
]);

/** Expressions as text, with parentheses only where the parser would bind otherwise. */
export abstract class ExpressionPrinter {
  /** A query without parentheses around it. */
  protected abstract query(
    node: Ast.SelectNode | Ast.QueryNode | Ast.SetOperationNode | Ast.WithNode,
  ): string;

  /** @param minimum - the level that the place asks for; below it stand parentheses */
  protected expression(
    node: Ast.Expression,
    minimum: number = LEVEL.or,
  ): string {
    const text = this.bare(node);
    return levelOf(node) < minimum ? `(${text})` : text;
  }

  /** Expressions with commas between them. A query is bare only by itself, as its FROM takes commas, too. */
  protected list(items: readonly Ast.Expression[]): string {
    const minimum = items.length === 1 ? LEVEL.query : LEVEL.or;
    return items.map((item) => this.expression(item, minimum)).join(', ');
  }

  protected bare(node: Ast.Expression): string {
    switch (node.kind) {
      case 'Literal':
        return literalText(node.value);
      case 'DateTime':
        return dateTimeText(node);
      case 'Missing':
        return 'MISSING';
      case 'Parameter':
        return '?';
      case 'Variable':
        return `${node.lexical ? '@' : ''}${nameText(node.name)}`;
      case 'Path':
        return this.path(node.root, node.steps);
      case 'Unary':
        return this.unary(node);
      case 'Binary':
        return this.binary(node);
      case 'Logical':
        return node.operands
          .map((operand) => this.expression(operand, levelOf(node) + 1))
          .join(` ${node.operator} `);
      case 'Between':
      case 'In':
      case 'Like':
      case 'Is':
        return this.condition(node);
      case 'Case':
        return this.case(node);
      case 'Cast':
        return `CAST(${this.expression(node.value)} AS ${typeText(node.type)})`;
      case 'Call':
        return this.call(node);
      case 'Aggregate':
        return this.aggregate(node);
      case 'Sequence':
        return this.sequence(node);
      case 'Struct':
        return `{${node.fields
          .map(
            ({ name, value }) =>
              `${this.expression(name)}: ${this.expression(value)}`,
          )
          .join(', ')}}`;
      case 'Select':
      case 'Query':
      case 'SetOperation':
      case 'With':
        return this.query(node);
    }
  }

  protected path(
    root: Ast.Expression,
    steps: readonly (Ast.PathStep | '.*')[],
  ): string {
    const start =
      root.kind === 'Literal' && isNumeral(root)
        ? ionText(root.value)
        : this.expression(root, LEVEL.primary);
    return start + steps.map((step) => this.step(step)).join('');
  }

  protected step(step: Ast.PathStep | '.*'): string {
    if (step === '.*') return step;
    switch (step.kind) {
      case 'Field':
        return `.${fieldText(step.name)}`;
      case 'Index':
        return `[${this.expression(step.index, LEVEL.query)}]`;
      case 'Wildcard':
        return '[*]';
      case 'Unpivot':
        return '.*';
    }
  }

  protected unary({ operator, operand }: Ast.UnaryNode): string {
    if (operator === 'NOT') return `NOT ${this.expression(operand, LEVEL.not)}`;
    const text = this.expression(operand, LEVEL.sign);
    // Two hyphens would begin a comment.
    return text.startsWith('-') ? `${operator} ${text}` : operator + text;
  }

  protected binary(node: Ast.BinaryNode): string {
    const level = levelOf(node);
    const left = this.expression(node.left, level);
    return `${left} ${node.operator} ${this.expression(node.right, level + 1)}`;
  }

  protected condition(
    node: Ast.BetweenNode | Ast.InNode | Ast.LikeNode | Ast.IsNode,
  ): string {
    const level = levelOf(node);
    const not = node.negated ? 'NOT ' : '';
    const value = this.expression(node.value, level);
    const operand = (side: Ast.Expression) => this.expression(side, level + 1);
    switch (node.kind) {
      case 'Between':
        return `${value} ${not}BETWEEN ${operand(node.low)} AND ${operand(node.high)}`;
      case 'In':
        return `${value} ${not}IN ${operand(node.collection)}`;
      case 'Like': {
        const escape =
          node.escape === undefined ? '' : ` ESCAPE ${operand(node.escape)}`;
        return `${value} ${not}LIKE ${operand(node.pattern)}${escape}`;
      }
      case 'Is':
        return `${value} IS ${not}${typeText(node.type)}`;
    }
  }

  protected case(node: Ast.CaseNode): string {
    const parts = ['CASE'];
    if (node.subject !== undefined) parts.push(this.expression(node.subject));
    for (const { condition, result } of node.branches) {
      parts.push(
        `WHEN ${this.expression(condition)} THEN ${this.expression(result)}`,
      );
    }
    if (node.otherwise !== undefined)
      parts.push(`ELSE ${this.expression(node.otherwise)}`);
    return `${parts.join(' ')} END`;
  }

  protected sequence(node: Ast.SequenceNode): string {
    if (node.values === true) {
      const rows = node.items.map((row) =>
        row.kind === 'Sequence'
          ? `(${this.list(row.items)})`
          : `(${this.expression(row)})`,
      );
      return `VALUES ${rows.join(', ')}`;
    }
    const items = this.list(node.items);
    switch (node.type) {
      case 'list':
        return `[${items}]`;
      case 'bag':
        return `<<${items}>>`;
      case 'row':
        return `(${items})`;
    }
  }

  protected aggregate(node: Ast.AggregateNode): string {
    const name = `${node.overCollection ? 'COLL_' : ''}${node.name.toUpperCase()}`;
    if (node.operand === undefined) return `${name}(*)`;
    const distinct = node.distinct ? 'DISTINCT ' : '';
    return `${name}(${distinct}${this.expression(node.operand, LEVEL.query)})`;
  }

  protected call(node: Ast.CallNode): string {
    const { name, args, word } = node;
    if (word !== undefined) return this.callWithWord(node, word.toUpperCase());
    const [first, second, ...rest] = args;
    if (name === 'position' && second !== undefined && rest.length === 0) {
      // The parser reads up to an IN here.
      return `POSITION(${this.expression(first, LEVEL.equality + 1)} IN ${this.expression(second)})`;
    }
    if (args.length === 0 && CURRENT_WORDS.has(name)) return name.toUpperCase();
    return `${functionName(node)}(${this.list(args)})`;
  }

  /** Calls with a bare word among their arguments. */
  protected callWithWord({ name, args }: Ast.CallNode, word: string): string {
    const [first, second] = args;
    const upper = name.toUpperCase();
    if (name === 'extract') return `EXTRACT(${word} FROM ${this.list(args)})`;
    if (name !== 'trim')
      return `${upper}(${[word, this.list(args)].join(', ')})`;
    if (second === undefined && word === 'BOTH')
      return `TRIM(${this.list(args)})`;
    const what = second === undefined ? '' : `${this.expression(second)} `;
    return `TRIM(${word} ${what}FROM ${this.expression(first)})`;
  }
}

/** A function's name; in quotes if the parser would take the bare word for more than a name. */
function functionName({ name, args }: Ast.CallNode): string {
  const upper = name.toUpperCase();
  if (FUNCTION_WORDS.has(upper) || upper === 'SUBSTRING' || upper === 'SEXP')
    return upper;
  const isSpecial =
    AGGREGATES.has(upper.replace(/^COLL_/, '')) ||
    (upper === 'OVERLAY' && args.length === 0);
  return isSpecial ? quoted(name) : nameText(name);
}
