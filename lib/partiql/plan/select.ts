import { keyText } from '../equality-key.js';
import { limitError } from '../errors.js';
import type * as Ast from '../language/ast.js';
import { structOf, orMissing } from '../values/kinds.js';
import type { PlanContext } from './context.js';
import {
  compileFilter,
  compileFrom,
  type FromPlan,
  type QueryCompiler,
} from './from.js';
import { guarded } from './expression/evaluate.js';
import { Grouping } from './group.js';
import { compileProjection, Pivot } from './projection.js';
import type { QueryPlan } from './query-plan.js';
import { gathering, mapping, type Stage } from './runtime.js';
import { namedIn, Scope } from './scope.js';
import { addStage } from './stage-list.js';
import { compileOrder } from './order.js';
import { hasAggregate } from './walk.js';

/** SELECT and PIVOT, with the ORDER BY, LIMIT and OFFSET behind them. */
export function compileSelect(
  context: PlanContext,
  node: Ast.SelectNode,
  outer: Scope,
  tail: readonly Ast.QueryNode[],
  compileQuery: QueryCompiler,
): QueryPlan {
  const from = compileFrom(
    context,
    node.from,
    outer,
    node.where,
    compileQuery,
    {
      hidden: new Set(node.let.map(({ name }) => name)),
    },
  );
  const stages: Stage[] = [...from.stages];
  const rows = compileLets(context, node.let, from, stages);
  if (from.rest !== undefined) {
    const { rest } = from;
    addStage(stages, context, () => compileFilter(context, rest, rows));
  }

  const orderBy = tail.flatMap((query) => query.orderBy);
  const isGrouped =
    node.group !== undefined ||
    hasAggregate(projected(node.projection)) ||
    hasAggregate(node.having) ||
    hasAggregate(orderBy);
  if (node.having !== undefined && node.group === undefined) {
    throw context.semantic(
      node.having.at,
      'HAVING cannot be used without GROUP BY or GROUP ALL',
    );
  }
  const grouping = isGrouped
    ? new Grouping(context, from, rows, outer, groupOf(context, node, rows))
    : undefined;
  const scope = grouping?.scope ?? rows;
  const output = context.allocate();
  const after: Stage[] = [];
  const compileAfter = () => {
    if (node.having !== undefined) {
      const { having } = node;
      addStage(after, context, () => compileFilter(context, having, scope));
    }
    const project = () =>
      addStage(after, context, () =>
        projecting(context, node, scope, grouping ? undefined : from, output),
      );
    // PIVOT makes one struct of the rows, so that their order comes before it.
    const isPivot = node.projection.kind === 'Pivot';
    if (!isPivot) project();
    if (node.distinct) {
      after.push({
        ...distinct(output),
        explain: () => [{ operation: 'distinct' }],
      });
    }
    for (const query of tail) {
      const aliases = declareAliases(context, node.projection, scope);
      if (aliases !== undefined) after.push(aliases(output));
      compileOrder(context, query, scope, after);
    }
    if (isPivot) project();
  };
  if (grouping === undefined) compileAfter();
  else grouping.compile(compileAfter);
  // The groups' stage comes first, and knows all aggregates only now.
  const counting =
    node.where === undefined && node.let.length === 0
      ? grouping?.counting
      : undefined;
  if (counting) stages.splice(0, Infinity, counting);
  else if (grouping !== undefined) stages.push(...grouping.stages);
  stages.push(...after);
  return { stages, output, ordered: orderBy.length > 0 };
}

/** GROUP BY, where a key may be the alias of an expression of the select list. */
function groupOf(
  context: PlanContext,
  { group, projection }: Ast.SelectNode,
  rows: Scope,
): Ast.GroupNode | undefined {
  if (
    group === undefined ||
    projection.kind !== 'Items' ||
    !context.dialect.groupsByAliases
  )
    return group;
  const aliases = new Map(
    projection.items.flatMap((item) =>
      item.kind === 'Item' &&
      item.alias !== undefined &&
      !hasAggregate(item.value)
        ? [[item.alias, item] as const]
        : [],
    ),
  );
  const keys = group.keys.map((key) => {
    if (key.value.kind !== 'Variable') return key;
    if (rows.variable(key.value) !== undefined) return key;
    const item = namedIn(aliases, key.value);
    return item === undefined
      ? key
      : { ...key, value: item.value, alias: key.alias ?? item.alias };
  });
  return { ...group, keys };
}

function projected(projection: Ast.Projection): unknown {
  switch (projection.kind) {
    case 'Star':
      return undefined;
    case 'Value':
      return projection.value;
    case 'Items':
      return projection.items;
    case 'Pivot':
      return [projection.value, projection.name];
  }
}

/** Variables of one LET, each of which sees those before it: so they nest. */
const MOST_LETS = 256;

/** LET: variables that are worked out for each row. */
function compileLets(
  context: PlanContext,
  lets: readonly Ast.LetNode[],
  from: FromPlan,
  stages: Stage[],
): Scope {
  let { scope } = from;
  const tooMany = lets[MOST_LETS];
  if (tooMany !== undefined) {
    throw limitError(
      context.source,
      tooMany.value.at,
      `LET has more than ${MOST_LETS} variables`,
    );
  }
  for (const { name, value } of lets) {
    const slot = context.allocate();
    const inner = new Scope(scope);
    const current = scope;
    addStage(stages, context, () => {
      const evaluate = context.compile(value, current);
      return mapping((frame, run) => {
        frame[slot] = evaluate(frame, run);
        return true;
      });
    });
    inner.declare(name, slot);
    scope = inner;
  }
  return scope;
}

function projecting(
  context: PlanContext,
  node: Ast.SelectNode,
  scope: Scope,
  from: FromPlan | undefined,
  output: number,
): Stage {
  const { projection } = node;
  if (projection.kind !== 'Pivot') {
    const row = compileProjection(context, projection, scope, from?.sources);
    return mapping((frame, run) => {
      frame[output] = row(frame, run);
      return true;
    });
  }
  const value = context.compile(projection.value, scope);
  const name = context.compile(projection.name, scope);
  return gathering((run, first) => {
    const pivot = new Pivot(run.budget, context.dialect.absenceIsFault);
    const add = guarded(context, projection.name.at, (frame) => {
      pivot.add(name(frame, run), value(frame, run));
      return null;
    });
    return {
      take: (frame) => {
        add(frame, run);
      },
      give: () => {
        const frame = first.slice();
        frame[output] = pivot.result();
        return [[frame]];
      },
    };
  });
}

/** Bytes of a key in a set beside its characters. */
const KEY = 64;

/** Lets every row through once. */
function distinct(output: number): Stage {
  return {
    waits: false,
    run(input, run) {
      const seen = new Set<string>();
      const isNew = mapping((frame) => {
        const key = keyText(frame[output]);
        if (seen.has(key)) return false;
        run.budget.hold(KEY + key.length);
        seen.add(key);
        return true;
      });
      return isNew.run(input, run);
    },
  };
}

/** ORDER BY sees the aliases of the select list beside all that the list itself sees. */
function declareAliases(
  context: PlanContext,
  projection: Ast.Projection,
  scope: Scope,
): ((output: number) => Stage) | undefined {
  if (projection.kind !== 'Items') return undefined;
  const aliases = projection.items.flatMap((item) =>
    item.kind === 'Item' && item.alias !== undefined
      ? [{ name: item.alias, slot: context.allocate() }]
      : [],
  );
  if (aliases.length === 0) return undefined;
  for (const { name, slot } of aliases) scope.declare(name, slot);
  return (output) =>
    mapping((frame) => {
      const row = structOf(frame[output]);
      for (const { name, slot } of aliases) {
        frame[slot] = orMissing(row?.get(name));
      }
      return true;
    });
}
