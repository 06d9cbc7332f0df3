import { IonStruct, type IonField, type IonValue } from '../../ion/value.js';
import { DataFault, evaluationError, EvaluationFault } from '../errors.js';
import { collectionAggregate } from '../functions/aggregates.js';
import { cast } from '../functions/cast.js';
import { functions, type ScalarFunction } from '../functions/index.js';
import { isOfType } from '../functions/types.js';
import { likeMatcher } from '../functions/like.js';
import type * as Ast from '../language/ast.js';
import type { Position } from '../language/print-location.js';
import { areOrderable, compareValues, equalValues } from '../values/compare.js';
import {
  Bag,
  bagOf,
  bare,
  isUnknown,
  itemsOf,
  MISSING,
  numericOf,
  structOf,
  textOf,
  typeNameOf,
} from '../values/kinds.js';
import { calculate, negate } from '../values/numbers.js';
import { isTrue, type PlanContext } from './context.js';
import type { Evaluate, Frame, Run } from './runtime.js';
import type { Scope } from './scope.js';

/** Compiles an expression to a closure over the frame of a row. */
export function compileExpression(
  context: PlanContext,
  node: Ast.Expression,
  scope: Scope,
): Evaluate {
  const replacement = context.replacements?.(node, scope);
  if (replacement !== undefined) return replacement;
  const compile = (child: Ast.Expression) =>
    compileExpression(context, child, scope);
  const operand = (child: Ast.Expression) =>
    compileOperand(context, child, scope);
  switch (node.kind) {
    case 'Literal':
      return constant(node.value);
    case 'Missing':
      return constant(MISSING);
    case 'Parameter': {
      const { index } = node;
      return (_, run) => run.parameters[index];
    }
    case 'Variable':
      return compileVariable(context, node, scope);
    case 'Path':
      return compilePath(context, node, scope);
    case 'Unary':
      return compileUnary(context, node, operand(node.operand));
    case 'Binary':
      return compileBinary(context, node, scope);
    case 'Logical':
      return compileLogical(context, node, node.operands.map(operand));
    case 'Between':
      return compileBetween(context, node, scope);
    case 'In':
      return negatedIf(
        context,
        node.negated,
        compileIn(
          context,
          operand(node.value),
          compileCollection(context, node.collection, scope),
        ),
      );
    case 'Like':
      return compileLike(context, node, scope);
    case 'Is': {
      const value = compile(node.value);
      const { type, negated } = node;
      return (frame, run) => isOfType(value(frame, run), type) !== negated;
    }
    case 'Case':
      return compileCase(context, node, scope);
    case 'Cast': {
      const value = compile(node.value);
      const { type } = node;
      return guarded(context, node.at, (frame, run) =>
        cast(value(frame, run), type),
      );
    }
    case 'Call':
      return compileCall(context, node, scope);
    case 'Aggregate':
      return compileAggregate(context, node, scope);
    case 'Sequence':
      return compileSequence(context, node, node.items.map(compile));
    case 'Struct':
      return compileStruct(context, node, scope);
    case 'Query':
    case 'Select':
    case 'SetOperation':
      return context.compileSubquery(context, node, scope);
  }
}

function constant(value: IonValue): Evaluate {
  return () => value;
}

function slotReader(context: PlanContext, slot: number): Evaluate {
  context.read(slot);
  return (frame) => frame[slot];
}

// ---- Names and paths ---------------------------------------------------------

/**
 * A variable of the statement, else a field of the only source, else an error:
 * a table can stand in FROM only.
 */
function compileVariable(
  context: PlanContext,
  node: Ast.VariableNode,
  scope: Scope,
): Evaluate {
  const { name } = node;
  const slot = scope.variable(name);
  if (slot !== undefined) return slotReader(context, slot);
  const global = context.globals.get(name);
  if (global !== undefined) return constant(global);
  const binding = scope.resolve(name);
  if (binding !== undefined) {
    const source = slotReader(context, binding.slot);
    return fieldReader(context, source, name);
  }
  throw context.semantic(
    node.at,
    context.catalog.relation([name]) === undefined
      ? `No such variable named '${name}'`
      : `Global variable access is illegal in this context, variable name: '${name}'`,
  );
}

/** Reads a field. To the specification, a field of NULL is NULL. */
function fieldReader(
  context: PlanContext,
  root: Evaluate,
  name: string,
): Evaluate {
  if (context.typing === 'qldb') {
    return (frame, run) => field(root(frame, run), name);
  }
  return (frame, run) => {
    const value = root(frame, run);
    return isUnknown(value) && value !== MISSING ? null : field(value, name);
  };
}

/** A field of a value; MISSING where there is none. */
function field(value: IonValue, name: string): IonValue {
  if (value instanceof IonStruct) return orMissing(value.get(name));
  return orMissing(structOf(value)?.get(name));
}

function compilePath(
  context: PlanContext,
  node: Ast.PathNode,
  scope: Scope,
): Evaluate {
  let value = compileExpression(context, node.root, scope);
  for (const [index, step] of node.steps.entries()) {
    const root = value;
    switch (step.kind) {
      case 'Field': {
        value = fieldReader(context, root, step.name);
        break;
      }
      case 'Index': {
        const key = compileExpression(context, step.index, scope);
        const named =
          step.index.kind === 'Literal' ||
          step.index.kind === 'Cast' ||
          step.index.kind === 'Parameter' ||
          context.typing === 'qldb';
        value = (frame, run) =>
          element(root(frame, run), key(frame, run), named);
        break;
      }
      case 'Wildcard':
      case 'Unpivot': {
        const rest = node.steps.slice(index).map(compileExpansion);
        return (frame, run) => {
          let values: readonly IonValue[] = [root(frame, run)];
          for (const each of rest) {
            values = values.flatMap((item) => each(item, frame, run));
          }
          return bagOf(values);
        };
      }
    }
  }
  return value;

  function compileExpansion(
    step: Ast.PathStep,
  ): (item: IonValue, frame: Frame, run: Run) => readonly IonValue[] {
    switch (step.kind) {
      case 'Wildcard':
        return (item) => itemsOf(item) ?? [item];
      case 'Unpivot':
        return (item) =>
          structOf(item)
            ?.fields()
            .map((entry) => entry[1]) ?? [item];
      case 'Field':
        return (item) => present(field(item, step.name));
      case 'Index': {
        const key = compileExpression(context, step.index, scope);
        return (item, frame, run) =>
          present(element(item, key(frame, run), true));
      }
    }
  }
}

function present(value: IonValue): readonly IonValue[] {
  return value === MISSING ? [] : [value];
}

/** `value[key]`: an element of a list by its position from 0, or a field of a struct by its name. */
function element(value: IonValue, key: IonValue, named: boolean): IonValue {
  const position = bare(key);
  if (typeof position === 'number') {
    const plain = bare(value);
    if (plain instanceof Bag) return MISSING;
    return orMissing(itemsOf(plain)?.[position]);
  }
  const name = named ? textOf(position) : undefined;
  return name === undefined ? MISSING : field(value, name);
}

// ---- Operators -----------------------------------------------------------------

/** Whether a query is `SELECT one AS column …`: SQL reads it as that column's values. */
function isOneColumn(node: Ast.Expression): boolean {
  const select = node.kind === 'Query' ? node.body : node;
  return (
    select.kind === 'Select' &&
    select.projection.kind === 'Items' &&
    select.projection.items.length === 1 &&
    select.projection.items[0]?.kind === 'Item'
  );
}

/** The only field of a row; MISSING if it was left out. */
function columnOf(row: IonValue): IonValue {
  return orMissing(structOf(row)?.fields()[0]?.[1]);
}

/** Compiles an operand. A query of one column that stands there means its one value; NULL if it has no row. */
function compileOperand(
  context: PlanContext,
  node: Ast.Expression,
  scope: Scope,
): Evaluate {
  const evaluate = compileExpression(context, node, scope);
  if (!isOneColumn(node)) return evaluate;
  return guarded(context, node.at, (frame, run) => {
    const [row, ...others] = itemsOf(evaluate(frame, run)) ?? [];
    if (others.length > 0) {
      throw new EvaluationFault(
        `a query that stands for one value gave ${others.length + 1} rows`,
      );
    }
    return row === undefined ? null : columnOf(row);
  });
}

/** Compiles the right side of IN. A query of one column means that column's values. */
function compileCollection(
  context: PlanContext,
  node: Ast.Expression,
  scope: Scope,
): Evaluate {
  const evaluate = compileExpression(context, node, scope);
  if (!isOneColumn(node)) return evaluate;
  return (frame, run) => (itemsOf(evaluate(frame, run)) ?? []).map(columnOf);
}

/** Gives faults their place, or makes them MISSING. */
function guarded(
  context: PlanContext,
  at: Position,
  evaluate: Evaluate,
): Evaluate {
  const { source } = context;
  if (context.typing === 'permissive') {
    return (frame, run) => {
      try {
        return evaluate(frame, run);
      } catch (error) {
        if (!(error instanceof EvaluationFault)) throw error;
        if (!(error instanceof DataFault)) return MISSING;
        throw evaluationError(source, at, error.message);
      }
    };
  }
  return (frame, run) => {
    try {
      return evaluate(frame, run);
    } catch (error) {
      if (!(error instanceof EvaluationFault)) throw error;
      throw evaluationError(source, at, error.message);
    }
  };
}

function wrongTypes(name: string, expected: string, ...values: IonValue[]) {
  return new EvaluationFault(
    `Invalid argument types for ${name}, expected: ${expected} got: ${values.map(typeNameOf).join(', ')}`,
  );
}

function compileUnary(
  context: PlanContext,
  node: Ast.UnaryNode,
  operand: Evaluate,
): Evaluate {
  const { unknown } = context;
  if (node.operator === 'NOT') {
    return guarded(context, node.at, (frame, run) => {
      const value = bare(operand(frame, run));
      if (typeof value === 'boolean') return !value;
      if (isUnknown(value)) return null;
      throw wrongTypes('NOT', 'BOOL', value);
    });
  }
  const { operator } = node;
  return guarded(context, node.at, (frame, run) => {
    const value = operand(frame, run);
    if (isUnknown(value)) return unknown(value);
    const number = numericOf(value);
    if (number === undefined) throw wrongTypes(operator, 'NUMBER', value);
    return operator === '-' ? negate(number) : number;
  });
}

function negatedIf(
  context: PlanContext,
  negated: boolean,
  evaluate: Evaluate,
): Evaluate {
  if (!negated) return evaluate;
  const { unknown } = context;
  return (frame, run) => {
    const value = evaluate(frame, run);
    return typeof value === 'boolean' ? !value : unknown(value);
  };
}

function compileBinary(
  context: PlanContext,
  node: Ast.BinaryNode,
  scope: Scope,
): Evaluate {
  const left = compileOperand(context, node.left, scope);
  const right = compileOperand(context, node.right, scope);
  const { operator } = node;
  const { unknown } = context;
  switch (operator) {
    case '=':
    case '<>': {
      const equal = operator === '=';
      return (frame, run) => {
        const a = left(frame, run);
        const b = right(frame, run);
        if (isUnknown(a) || isUnknown(b)) {
          // NULL = MISSING is NULL even to the specification.
          return isUnknown(a) && isUnknown(b) && a !== b ? null : unknown(a, b);
        }
        return equalValues(a, b) === equal;
      };
    }
    case '<':
      return ordering(context, left, right, (order) => order < 0);
    case '<=':
      return ordering(context, left, right, (order) => order <= 0);
    case '>':
      return ordering(context, left, right, (order) => order > 0);
    case '>=':
      return ordering(context, left, right, (order) => order >= 0);
    case '||':
      return guarded(context, node.at, (frame, run) => {
        const a = left(frame, run);
        const b = right(frame, run);
        if (isUnknown(a) || isUnknown(b)) return unknown(a, b);
        const x = textOf(a);
        const y = textOf(b);
        if (x === undefined || y === undefined) {
          throw wrongTypes('||', 'STRING, STRING', a, b);
        }
        return x + y;
      });
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
      return guarded(context, node.at, (frame, run) => {
        const a = left(frame, run);
        const b = right(frame, run);
        if (isUnknown(a) || isUnknown(b)) return unknown(a, b);
        const x = numericOf(a);
        const y = numericOf(b);
        if (x === undefined || y === undefined) {
          throw wrongTypes(operator, 'NUMBER, NUMBER', a, b);
        }
        return calculate(operator, x, y);
      });
  }
}

function ordering(
  context: PlanContext,
  left: Evaluate,
  right: Evaluate,
  holds: (order: number) => boolean,
): Evaluate {
  const { unknown, incomparable } = context;
  return (frame, run) => {
    const a = left(frame, run);
    const b = right(frame, run);
    if (isUnknown(a) || isUnknown(b)) return unknown(a, b);
    return areOrderable(a, b) ? holds(compareValues(a, b)) : incomparable;
  };
}

/** Three-valued AND and OR: what decides wins over what is unknown. */
function compileLogical(
  context: PlanContext,
  node: Ast.LogicalNode,
  operands: readonly Evaluate[],
): Evaluate {
  const decisive = node.operator === 'OR';
  return guarded(context, node.at, (frame, run) => {
    let result: IonValue = !decisive;
    for (const operand of operands) {
      const value = bare(operand(frame, run));
      if (value === decisive) return decisive;
      if (typeof value === 'boolean') continue;
      if (!isUnknown(value)) {
        throw wrongTypes(node.operator, 'BOOL', value);
      }
      result = null;
    }
    return result;
  });
}

function compileBetween(
  context: PlanContext,
  node: Ast.BetweenNode,
  scope: Scope,
): Evaluate {
  const value = compileOperand(context, node.value, scope);
  const low = compileOperand(context, node.low, scope);
  const high = compileOperand(context, node.high, scope);
  const { unknown, incomparable } = context;
  const between: Evaluate = (frame, run) => {
    const x = value(frame, run);
    const a = low(frame, run);
    const b = high(frame, run);
    if (isUnknown(x)) return unknown(x, a === MISSING ? a : b);
    const above = isUnknown(a)
      ? unknown(a)
      : areOrderable(x, a)
        ? compareValues(x, a) >= 0
        : incomparable;
    const below = isUnknown(b)
      ? unknown(b)
      : areOrderable(x, b)
        ? compareValues(x, b) <= 0
        : incomparable;
    if (above === false || below === false) return false;
    return above === true && below === true ? true : unknown(above, below);
  };
  return negatedIf(context, node.negated, between);
}

function compileIn(
  context: PlanContext,
  value: Evaluate,
  collection: Evaluate,
): Evaluate {
  const { unknown } = context;
  return (frame, run) => {
    const x = value(frame, run);
    const found = collection(frame, run);
    if (x === MISSING || isUnknown(found)) return unknown(x, found);
    const items = itemsOf(found);
    if (items === undefined) return context.incomparable;
    if (isUnknown(x)) return items.length === 0 ? false : unknown(x);
    let result: IonValue = false;
    for (const item of items) {
      if (isUnknown(item)) result = null;
      else if (equalValues(x, item)) return true;
    }
    return result;
  };
}

function compileLike(
  context: PlanContext,
  node: Ast.LikeNode,
  scope: Scope,
): Evaluate {
  const value = compileExpression(context, node.value, scope);
  const pattern = compileExpression(context, node.pattern, scope);
  const escape =
    node.escape === undefined
      ? undefined
      : compileExpression(context, node.escape, scope);
  const { unknown } = context;
  const matcherFor = remembered(likeMatcher);
  return negatedIf(
    context,
    node.negated,
    guarded(context, node.at, (frame, run) => {
      const text = value(frame, run);
      const mask = pattern(frame, run);
      const mark = escape?.(frame, run);
      if (isUnknown(text)) return unknown(text, mask);
      if (isUnknown(mask)) return unknown(mask, mark);
      if (mark !== undefined && isUnknown(mark)) return unknown(mark);
      const x = textOf(text);
      const y = textOf(mask);
      const z = mark === undefined ? undefined : textOf(mark);
      if (
        x === undefined ||
        y === undefined ||
        (mark !== undefined && z === undefined)
      ) {
        throw new EvaluationFault('Invalid argument given to LIKE expression');
      }
      return matcherFor(y, z)(x);
    }),
  );
}

/** Keeps the last result: the pattern of a LIKE is the same for every row, as a rule. */
function remembered<A, B, R>(make: (a: A, b: B) => R): (a: A, b: B) => R {
  let last: { readonly a: A; readonly b: B; readonly result: R } | undefined;
  return (a, b) => {
    if (last === undefined || last.a !== a || last.b !== b) {
      last = { a, b, result: make(a, b) };
    }
    return last.result;
  };
}

function compileCase(
  context: PlanContext,
  node: Ast.CaseNode,
  scope: Scope,
): Evaluate {
  const compile = (child: Ast.Expression) =>
    compileExpression(context, child, scope);
  const subject =
    node.subject === undefined ? undefined : compile(node.subject);
  const branches = node.branches.map(
    ({ condition, result }) => [compile(condition), compile(result)] as const,
  );
  const otherwise =
    node.otherwise === undefined ? constant(null) : compile(node.otherwise);
  return (frame, run) => {
    const value = subject?.(frame, run);
    for (const [condition, result] of branches) {
      const test = condition(frame, run);
      const holds =
        value === undefined
          ? isTrue(test)
          : !isUnknown(value) && !isUnknown(test) && equalValues(value, test);
      if (holds) return result(frame, run);
    }
    return otherwise(frame, run);
  };
}

// ---- Calls ---------------------------------------------------------------------

function compileCall(
  context: PlanContext,
  node: Ast.CallNode,
  scope: Scope,
): Evaluate {
  const { name, word = '', at } = node;
  const callee: ScalarFunction | undefined = functions.get(name);
  if (callee === undefined) {
    throw context.semantic(at, `No such function: ${name}`);
  }
  const [least, greatest] = callee.arity;
  const count = node.args.length;
  if (count < least || count > greatest) {
    throw context.semantic(
      at,
      `Incorrect number of arguments supplied to \`${name}\`. Min = ${least}, max = ${greatest === Infinity ? 'unbounded' : greatest} Actual = ${count}`,
    );
  }
  checkLiterals(context, callee, node);
  const args = node.args.map((arg) => compileExpression(context, arg, scope));
  const { unknown } = context;
  return guarded(context, at, (frame, run) => {
    const values: IonValue[] = [];
    let absent: IonValue | undefined;
    for (const arg of args) {
      const value = arg(frame, run);
      values.push(value);
      if (isUnknown(value) && absent !== MISSING) absent = value;
    }
    if (absent !== undefined && callee.takesUnknown !== true) {
      return unknown(absent);
    }
    return callee.call(values, run, word);
  });
}

/** A literal that can never do, such as a pattern with an unknown symbol, is refused before the first row. */
function checkLiterals(
  context: PlanContext,
  callee: ScalarFunction,
  node: Ast.CallNode,
): void {
  try {
    callee.check?.(
      node.args.map((arg) => (arg.kind === 'Literal' ? arg.value : undefined)),
    );
  } catch (error) {
    if (!(error instanceof EvaluationFault)) throw error;
    throw evaluationError(context.source, node.at, error.message);
  }
}

function compileAggregate(
  context: PlanContext,
  node: Ast.AggregateNode,
  scope: Scope,
): Evaluate {
  if (node.overCollection) {
    const operand = compileExpression(
      context,
      node.operand ?? { kind: 'Missing', at: node.at },
      scope,
    );
    const { name, distinct } = node;
    const { unknown } = context;
    return guarded(context, node.at, (frame, run) => {
      const collection = operand(frame, run);
      if (isUnknown(collection)) return unknown(collection);
      return collectionAggregate(name, distinct, collection);
    });
  }
  if (context.aggregates === undefined) {
    throw context.semantic(
      node.at,
      `${node.name.toUpperCase()} is an aggregate: it can stand in SELECT, HAVING and ORDER BY only`,
    );
  }
  return slotReader(context, context.aggregates.add(node));
}

// ---- Constructors --------------------------------------------------------------

function compileSequence(
  context: PlanContext,
  node: Ast.SequenceNode,
  items: readonly Evaluate[],
): Evaluate {
  context.mayHoldMissing ||= node.items.some(mayBeMissing);
  // A long list is work too, though an element is less of it than a row.
  const work = items.length >> 4;
  const members: (frame: Frame, run: Run) => readonly IonValue[] = (
    frame,
    run,
  ) => {
    run.work += work;
    return items.map((item) => item(frame, run));
  };
  return node.type === 'bag'
    ? (frame, run) => bagOf(members(frame, run))
    : members;
}

/** Whether an element can be MISSING by itself; what a constructor or a caller makes cannot. */
function mayBeMissing({ kind }: Ast.Expression): boolean {
  return (
    kind !== 'Literal' &&
    kind !== 'Parameter' &&
    kind !== 'Struct' &&
    kind !== 'Sequence'
  );
}

function compileStruct(
  context: PlanContext,
  node: Ast.StructNode,
  scope: Scope,
): Evaluate {
  const fields = node.fields.map(
    ({ name, value }) =>
      [
        compileExpression(context, name, scope),
        compileExpression(context, value, scope),
      ] as const,
  );
  return guarded(context, node.at, (frame, run) => {
    const entries: IonField[] = [];
    for (const [nameOf, valueOf] of fields) {
      const nameValue = nameOf(frame, run);
      const name = textOf(nameValue);
      if (name === undefined) {
        if (context.typing === 'permissive') continue;
        throw new EvaluationFault(
          `the name of a field must be a string, and this one is ${typeNameOf(nameValue)}`,
        );
      }
      const value = valueOf(frame, run);
      if (value !== MISSING) entries.push([name, value]);
    }
    return IonStruct.of(entries);
  });
}

/** Null is a value: only what is not there at all is MISSING. */
export function orMissing(value: IonValue | undefined): IonValue {
  return value === undefined ? MISSING : value;
}
