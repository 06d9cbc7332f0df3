import type * as Ast from '../language/ast.js';
import type { PlanContext } from './context.js';
import { compileRows } from './expression/operand.js';
import type { QueryPlan } from './query-plan.js';
import { batched, expanding, mapping, type Stage } from './runtime.js';
import { Scope } from './scope.js';
import { rowsOf } from './source-stages.js';
import { addStage } from './stage-list.js';
import { compileSelect } from './select.js';
import { compileOrder } from './order.js';

/** Compiles a query to stages; undefined for an expression that is none. */
export function compileQuery(
  context: PlanContext,
  node: Ast.Expression,
  scope: Scope,
): QueryPlan | undefined {
  if (node.kind === 'Select')
    return compileSelect(context, node, scope, [], compileQuery);
  if (node.kind === 'With') return compileWith(context, node, scope);
  if (node.kind !== 'Query') return undefined;
  return node.body.kind === 'Select'
    ? compileSelect(context, node.body, scope, [node], compileQuery)
    : compileTail(context, node, scope);
}

/** WITH: its queries are worked out before the body, each as a bag or a list that has a name. */
function compileWith(
  context: PlanContext,
  node: Ast.WithNode,
  outer: Scope,
): QueryPlan {
  const stages: Stage[] = [];
  const scope = new Scope(outer);
  for (const { at, name, value } of node.queries) {
    if (scope.has(name)) {
      throw context.semantic(
        at,
        `A variable named '${name}' was already defined in this scope`,
      );
    }
    const slot = context.allocate();
    addStage(stages, context, () => {
      const rows = context.compileSubquery(value, scope);
      return mapping((frame, run) => {
        frame[slot] = rows(frame, run);
        return true;
      });
    });
    scope.declareCommonTable(name, slot);
  }
  const { at } = node;
  const plan =
    compileQuery(context, node.body, scope) ??
    compileTail(
      context,
      { kind: 'Query', at, body: node.body, orderBy: [] },
      scope,
    );
  return { ...plan, stages: [...stages, ...plan.stages] };
}

/** A query whose body is no SELECT: its rows are the members of a value. */
function compileTail(
  context: PlanContext,
  node: Ast.QueryNode,
  outer: Scope,
): QueryPlan {
  const output = context.allocate();
  const stages: Stage[] = [];
  addStage(stages, context, () => {
    const body = compileRows(context, node.body, outer);
    return expanding(false, (frame, run) =>
      batched(
        rowsOf(body(frame, run)).map((row) => {
          const bound = frame.slice();
          bound[output] = row;
          return bound;
        }),
      ),
    );
  });
  const scope = new Scope(outer);
  scope.implicit = [output];
  compileOrder(context, node, scope, stages);
  return { stages, output, ordered: node.orderBy.length > 0 };
}
