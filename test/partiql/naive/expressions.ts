import type * as Ast from '../../../lib/partiql/language/ast.js';
import { aggregate } from './aggregates.js';
import {
  readField,
  written,
  type Environment,
  type Naive,
} from './environment.js';
import { callFunction } from './functions.js';
import * as fractions from './fractions.js';
import {
  arithmetic,
  between,
  concatenate,
  equals,
  Fault,
  isIn,
  isSame,
  like,
  not,
  ordered,
  unknown,
} from './operators.js';
import {
  bool,
  fromIon,
  isTrue,
  isUnknown,
  itemsOf,
  MISSING,
  NULL,
  type Value,
} from './values.js';

/** The value of an expression, straight from the tree. */
export function evaluate(
  naive: Naive,
  node: Ast.Expression,
  environment: Environment,
): Value {
  naive.step();
  const { group } = environment;
  if (group !== undefined && node.kind !== 'Literal') {
    const text = written(node);
    const key = group.keys.find((other) => other.text === text);
    if (key !== undefined) return key.value;
  }
  try {
    return evaluateNode(naive, node, environment);
  } catch (error) {
    if (error instanceof Fault && naive.rules.permissive) return MISSING;
    throw error;
  }
}

function evaluateNode(
  naive: Naive,
  node: Ast.Expression,
  environment: Environment,
): Value {
  const { rules } = naive;
  const value = (child: Ast.Expression) => evaluate(naive, child, environment);
  const operand = (child: Ast.Expression) => single(child, value(child));
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- only what generated queries have
  switch (node.kind) {
    case 'Literal':
      return fromIon(node.value);
    case 'Missing':
      return MISSING;
    case 'Parameter':
      return naive.parameters[node.index] ?? NULL;
    case 'Variable':
      return variable(naive, node, environment);
    case 'Path':
      return path(naive, node, environment);
    case 'Unary':
      return unary(naive, node.operator, operand(node.operand));
    case 'Binary':
      return binary(
        naive,
        node.operator,
        operand(node.left),
        operand(node.right),
      );
    case 'Logical':
      return logical(node, operand);
    case 'Between': {
      const result = between(
        rules,
        operand(node.value),
        operand(node.low),
        operand(node.high),
      );
      return node.negated ? not(result) : result;
    }
    case 'In': {
      const found = value(node.collection);
      const column = isOneColumn(node.collection) ? columnOf(found) : found;
      const result = isIn(rules, operand(node.value), column);
      return node.negated ? not(result) : result;
    }
    case 'Like': {
      const result = like(rules, value(node.value), value(node.pattern));
      return node.negated ? not(result) : result;
    }
    case 'Is':
      return bool(isOfType(value(node.value), node.type.name) !== node.negated);
    case 'Case':
      return choose(node, value);
    case 'Call':
      return callFunction(rules, node, node.args.map(value));
    case 'Aggregate':
      return aggregated(naive, node, environment);
    case 'Sequence': {
      const items = node.items.map(value);
      return { kind: node.type === 'bag' ? 'bag' : 'list', items };
    }
    case 'Struct':
      return {
        kind: 'struct',
        fields: node.fields.flatMap((field) => {
          const name = value(field.name);
          const content = value(field.value);
          if (name.kind !== 'text') throw new Fault('a name is a text');
          return content.kind === 'missing'
            ? []
            : [[name.text, content] as const];
        }),
      };
    case 'Select':
    case 'Query':
    case 'SetOperation':
      return naive.query(node, environment);
    default:
      throw new TypeError(`the naive evaluator has no ${node.kind}`);
  }
}

function variable(
  { rules }: Naive,
  { name }: Ast.VariableNode,
  environment: Environment,
): Value {
  const known = environment.get(name);
  if (known !== undefined) return known;
  const row = environment.nearestImplicit();
  if (row === undefined) throw new TypeError(`nothing is called ${name}`);
  return readField(rules, row, name);
}

function path(
  naive: Naive,
  node: Ast.PathNode,
  environment: Environment,
): Value {
  let value = evaluate(naive, node.root, environment);
  for (const step of node.steps) {
    if (step.kind === 'Field') {
      value = readField(naive.rules, value, step.name);
    } else if (step.kind === 'Index') {
      const index = evaluate(naive, step.index, environment);
      if (index.kind === 'text') {
        value = readField(naive.rules, value, index.text);
      } else if (index.kind === 'number' && value.kind !== 'bag') {
        const position = fractions.toNumber(index.value);
        value = itemsOf(value)?.[position] ?? MISSING;
      } else value = MISSING;
    } else throw new TypeError(`the naive evaluator has no ${step.kind}`);
  }
  return value;
}

function unary(
  { rules }: Naive,
  operator: Ast.UnaryNode['operator'],
  value: Value,
): Value {
  if (operator === 'NOT') {
    if (isUnknown(value)) return NULL;
    if (value.kind !== 'bool') throw new Fault('NOT takes a boolean');
    return not(value);
  }
  if (isUnknown(value)) return unknown(rules, value);
  if (value.kind !== 'number') throw new Fault(`${operator} takes a number`);
  if (operator === '+') return value;
  return { ...value, value: fractions.negate(value.value) };
}

function binary(
  { rules }: Naive,
  operator: Ast.BinaryNode['operator'],
  a: Value,
  b: Value,
): Value {
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- only what generated queries have
  switch (operator) {
    case '=':
      return equals(rules, a, b);
    case '<>':
      return not(equals(rules, a, b));
    case '<':
    case '<=':
    case '>':
    case '>=':
      return ordered(rules, operator, a, b);
    case '||':
      return concatenate(rules, a, b);
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
      return arithmetic(rules, operator, a, b);
    default:
      throw new TypeError(`the naive evaluator has no ${operator}`);
  }
}

function logical(
  node: Ast.LogicalNode,
  operand: (child: Ast.Expression) => Value,
): Value {
  const decisive = node.operator === 'OR';
  let isOpen = false;
  for (const child of node.operands) {
    const value = operand(child);
    if (isUnknown(value)) isOpen = true;
    else if (value.kind !== 'bool') throw new Fault('booleans are wanted');
    else if (value.value === decisive) return value;
  }
  return isOpen ? NULL : bool(!decisive);
}

function choose(
  node: Ast.CaseNode,
  value: (child: Ast.Expression) => Value,
): Value {
  const subject = node.subject && value(node.subject);
  for (const { condition, result } of node.branches) {
    const test = value(condition);
    const holds =
      subject === undefined
        ? isTrue(test)
        : !isUnknown(subject) && !isUnknown(test) && isSame(subject, test);
    if (holds) return value(result);
  }
  return node.otherwise === undefined ? NULL : value(node.otherwise);
}

function aggregated(
  naive: Naive,
  node: Ast.AggregateNode,
  environment: Environment,
): Value {
  const { operand } = node;
  if (node.overCollection) {
    const collection = operand
      ? evaluate(naive, operand, environment)
      : MISSING;
    if (isUnknown(collection)) return unknown(naive.rules, collection);
    const items = itemsOf(collection);
    if (items === undefined) throw new Fault('a collection is wanted');
    return aggregate(node, items);
  }
  const { group } = environment;
  if (group === undefined) throw new TypeError('there is no group here');
  return aggregate(
    node,
    group.rows.map((row) =>
      operand === undefined ? bool(true) : evaluate(naive, operand, row),
    ),
  );
}

function isOfType(value: Value, name: Ast.TypeName): boolean {
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- only what generated queries have
  switch (name) {
    case 'MISSING':
      return value.kind === 'missing';
    case 'NULL':
      return isUnknown(value);
    case 'BOOL':
      return value.kind === 'bool';
    case 'INT':
      return value.kind === 'number' && value.type === 'int';
    case 'DECIMAL':
      return value.kind === 'number' && value.type === 'decimal';
    case 'FLOAT':
      return value.kind === 'number' && value.type === 'float';
    case 'STRING':
      return value.kind === 'text' && !value.isSymbol;
    case 'SYMBOL':
      return value.kind === 'text' && value.isSymbol;
    case 'LIST':
      return value.kind === 'list';
    case 'STRUCT':
      return value.kind === 'struct';
    default:
      throw new TypeError(`the naive evaluator has no type ${name}`);
  }
}

// ---- Queries that stand for values ---------------------------------------------

function isOneColumn(node: Ast.Expression): boolean {
  const select = node.kind === 'Query' ? node.body : node;
  return (
    select.kind === 'Select' &&
    select.projection.kind === 'Items' &&
    select.projection.items.length === 1 &&
    select.projection.items[0]?.kind === 'Item'
  );
}

function columnOf(rows: Value): Value {
  return { kind: 'list', items: (itemsOf(rows) ?? []).map(firstField) };
}

function firstField(row: Value): Value {
  return row.kind === 'struct' ? (row.fields[0]?.[1] ?? MISSING) : MISSING;
}

/** A query of one column that is an operand stands for its one value. */
function single(node: Ast.Expression, value: Value): Value {
  if (!isOneColumn(node)) return value;
  const [row, ...others] = itemsOf(value) ?? [];
  if (others.length > 0) throw new Fault('more than one row');
  return row === undefined ? NULL : firstField(row);
}
