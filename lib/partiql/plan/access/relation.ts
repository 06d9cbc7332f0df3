import { Timestamp } from '../../../ion/value.js';
import type { Catalog, Relation } from '../../catalog.js';
import { evaluationError } from '../../errors.js';
import type * as Ast from '../../language/ast.js';
import { bare } from '../../values/kinds.js';
import type { PlanContext } from '../context.js';
import type { Frame, Run } from '../runtime.js';
import { namedIn, type Scope } from '../scope.js';

/** A relation that FROM names; it is found by its name anew in every run. */
export interface NamedRelation {
  /** The relation as the row of a frame has it. */
  readonly open: (run: Run, frame: Frame) => Relation;
  /** The relation as such, to see what can be looked up in it. */
  readonly find: (run: Run) => Relation;
}

/** In FROM a name is a table first, and a variable only if there is no such table. */
export function compileRelation(
  context: PlanContext,
  node: Ast.Expression,
  scope: Scope,
): NamedRelation | undefined {
  if (node.kind === 'Call' && node.name === 'history') {
    return compileHistory(context, node, scope);
  }
  const root = relationRoot(node);
  const path = relationPath(node);
  if (root === undefined || path === undefined) return undefined;
  // A name of WITH comes before a table of that name.
  if (scope.isCommonTable(root)) return undefined;
  if (context.catalog.relation(path) === undefined) {
    const isKnown =
      scope.resolve(root) !== undefined ||
      namedIn(context.globals, root) !== undefined;
    if (!isKnown) throw noSuchVariable(context, node, path);
    return undefined;
  }
  const find = (run: Run) => {
    const relation = run.catalog.relation(path);
    if (relation === undefined) throw noSuchVariable(context, node, path);
    return relation;
  };
  return { open: find, find };
}

function noSuchVariable(
  context: PlanContext,
  node: Ast.Expression,
  path: readonly string[],
) {
  return context.semantic(node.at, `No such variable named '${path[0]}'`);
}

/** The name that a path to a table begins with; not `@name`. */
export function relationRoot(
  node: Ast.Expression,
): Ast.VariableNode | undefined {
  const root = node.kind === 'Path' ? node.root : node;
  return root.kind === 'Variable' && !root.lexical ? root : undefined;
}

/** `name`, or `name.name`; not `@name`. */
function relationPath(node: Ast.Expression): readonly string[] | undefined {
  const root = relationRoot(node);
  if (root === undefined) return undefined;
  const steps = node.kind === 'Path' ? node.steps : [];
  const path = [root.name];
  for (const step of steps) {
    if (step.kind !== 'Field') return [root.name, ''];
    path.push(step.name);
  }
  return path;
}

/** `history(table [, start [, end]])`: the table by its name, or by its id in a string. */
function compileHistory(
  context: PlanContext,
  node: Ast.CallNode,
  scope: Scope,
): NamedRelation {
  const [table, ...times] = node.args;
  if (table === undefined || times.length > 2) {
    throw context.semantic(
      node.at,
      `Incorrect number of arguments supplied to \`history\`. Min = 1, max = 3 Actual = ${node.args.length}`,
    );
  }
  const name =
    table.kind === 'Variable'
      ? table.name
      : table.kind === 'Literal' && typeof table.value === 'string'
        ? table.value
        : undefined;
  if (name === undefined) {
    throw context.semantic(
      table.at,
      'history() takes the name of a table, or its id in a string',
    );
  }
  const { source } = context;
  const bounds = times.map((time) => {
    const evaluate = context.compile(time, scope);
    return (frame: Frame, run: Run) => {
      const value = bare(evaluate(frame, run));
      if (value instanceof Timestamp) return value;
      throw evaluationError(
        source,
        time.at,
        'history() takes timestamps as the bounds of its interval',
      );
    };
  });
  const open = (catalog: Catalog, start?: Timestamp, end?: Timestamp) => {
    const relation = catalog.history(name, start, end);
    if (relation === undefined) {
      throw context.semantic(table.at, `No such variable named '${name}'`);
    }
    return relation;
  };
  return {
    open: (run, frame) =>
      open(run.catalog, ...bounds.map((bound) => bound(frame, run))),
    find: (run) => open(run.catalog),
  };
}
