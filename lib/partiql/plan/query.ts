import type { IonValue } from '../../ion/value.js';
import { keyText } from '../equality-key.js';
import { evaluationError, limitError } from '../errors.js';
import type * as Ast from '../language/ast.js';
import { compareUnknownsLast, compareValues } from '../values/compare.js';
import {
  bagOf,
  bare,
  isUnknown,
  structOf,
  orMissing,
} from '../values/kinds.js';
import type { PlanContext } from './context.js';
import { compileFilter, compileFrom, type FromPlan } from './from.js';
import { guarded } from './expression/evaluate.js';
import { compileOperand, compileRows } from './expression/operand.js';
import { Grouping, hasAggregate } from './group.js';
import { sequence } from './join/nested-loops.js';
import { compileProjection, Pivot } from './projection.js';
import type { QueryPlan } from './query-plan.js';
import {
  BATCH,
  batched,
  type Evaluate,
  expanding,
  type Frame,
  gathering,
  isTurn,
  mapping,
  needsWaiting,
  NO_FRAMES,
  type PlanStep,
  type Run,
  runStages,
  type Slowly,
  type Stage,
  Wait,
} from './runtime.js';
import { Unfinished } from './unfinished.js';
import { spend } from '../values/effort.js';
import { sizeOf } from '../values/size.js';
import { explained } from './explain.js';
import { HeldFrames } from './held-frames.js';
import { namedIn, Scope } from './scope.js';
import { compileSetOperation } from './set-operation.js';
import { MOST_WANTED, Sort } from './sort.js';
import { rowsOf } from './source-stages.js';
import { writtenOut } from './written-out.js';

/** Compiles a query to stages; undefined for an expression that is none. */
export function compileQuery(
  context: PlanContext,
  node: Ast.Expression,
  scope: Scope,
): QueryPlan | undefined {
  if (node.kind === 'Select') return compileSelect(context, node, scope, []);
  if (node.kind === 'With') return compileWith(context, node, scope);
  if (node.kind !== 'Query') return undefined;
  return node.body.kind === 'Select'
    ? compileSelect(context, node.body, scope, [node])
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
    push(stages, context, () => {
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

/** Steps of a row where there is no control before the last one. */
const INLINE_ROW = 128;

/** Compiles a query that stands in an expression: its rows as a bag, or as a list if they are ordered. */
export function compileSubquery(
  context: PlanContext,
  node: Ast.Expression,
  scope: Scope,
): Evaluate {
  context.mayHoldMissing = true;
  if (node.kind === 'SetOperation') {
    return compileSetOperation(context, node, scope);
  }
  const { inlined } = context;
  const { result: plan, reads } = context.trackReads(() =>
    withoutGroup(context, () => compileQuery(context, node, scope)),
  );
  if (plan === undefined) return context.compile(node, scope);
  const pivot = isPivot(node);
  const { stages, ordered } = plan;
  const gather = (values: readonly IonValue[]): IonValue => {
    if (pivot) return orMissing(values[0]);
    return ordered ? values : bagOf(values);
  };
  // Queries within queries multiply, as joins do: only the innermost runs in one go.
  if (!needsWaiting(stages) && context.inlined === inlined) {
    context.inlined += 1;
    return (frame, run) => {
      const known = run.finished?.get(plan);
      if (known !== undefined) return known;
      const left = gathered(plan, gather, frame, run);
      for (;;) {
        const { done, value } = left.next();
        if (done === true) return value;
        if (value instanceof Wait) throw new TypeError('the query has a pause');
        if (run.resumes !== true) spend(BATCH * INLINE_ROW);
        else if (isTurn(run)) throw new Unfinished(plan, left);
      }
    };
  }
  const slot = context.allocate();
  context.hoist({
    slot,
    constant: reads.size === 0,
    evaluate: (frame, run) => gathered(plan, gather, frame, run),
    explain: (run) => [
      ...explained(stages, run),
      {
        operation: 'subquery',
        on: writtenOut(node),
        detail:
          reads.size === 0 ? 'worked out once' : 'worked out for each row',
      },
    ],
  });
  return (frame) => frame[slot];
}

/** Gathers the rows of a query, and hands on its pauses. */
function* gathered(
  { stages, output }: QueryPlan,
  gather: (values: readonly IonValue[]) => IonValue,
  frame: Frame,
  run: Run,
): Slowly<IonValue> {
  const values: IonValue[] = [];
  let held = 0;
  for (const frames of runStages(stages, frame, run)) {
    if (frames instanceof Wait) {
      yield frames;
      continue;
    }
    run.work += frames.length;
    for (const row of frames) {
      const value = row[output];
      const size = sizeOf(value);
      run.budget.hold(size);
      held += size;
      values.push(value);
    }
    yield NO_FRAMES;
  }
  // It is part of its row now, and whoever keeps the row counts it.
  run.budget.release(held);
  return gather(values);
}

function isPivot(node: Ast.Expression): boolean {
  const query = node.kind === 'With' ? node.body : node;
  const select = query.kind === 'Query' ? query.body : query;
  return select.kind === 'Select' && select.projection.kind === 'Pivot';
}

/** A query inside another does not see the other's groups. */
function withoutGroup<T>(context: PlanContext, compile: () => T): T {
  const { aggregates, replacements } = context;
  context.aggregates = undefined;
  context.replacements = undefined;
  try {
    return compile();
  } finally {
    context.aggregates = aggregates;
    context.replacements = replacements;
  }
}

function compileSelect(
  context: PlanContext,
  node: Ast.SelectNode,
  outer: Scope,
  tail: readonly Ast.QueryNode[],
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
    push(stages, context, () => compileFilter(context, rest, rows));
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
      push(after, context, () => compileFilter(context, having, scope));
    }
    const project = () =>
      push(after, context, () =>
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

/** Adds a stage, behind those that work out the queries over tables in it. */
function push(
  stages: Stage[],
  context: PlanContext,
  compile: () => Stage,
): void {
  const { result, stages: before } = context.withHoists(compile);
  stages.push(...before, result);
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
    push(stages, context, () => {
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

// ---- ORDER BY, LIMIT, OFFSET -----------------------------------------------------

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

/** A query whose body is no SELECT: its rows are the members of a value. */
function compileTail(
  context: PlanContext,
  node: Ast.QueryNode,
  outer: Scope,
): QueryPlan {
  const output = context.allocate();
  const stages: Stage[] = [];
  push(stages, context, () => {
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

function compileOrder(
  context: PlanContext,
  node: Ast.QueryNode,
  scope: Scope,
  stages: Stage[],
): void {
  const { orderBy } = node;
  if (orderBy.length === 0) {
    if (node.offset === undefined && node.limit === undefined) return;
    push(stages, context, () => ({
      ...slicing(compileSlice(context, node, scope)),
      explain: () => [{ operation: 'limit', on: sliceText(node) }],
    }));
    return;
  }
  push(stages, context, () => {
    const keys = orderBy.map(({ value, descending, nullsFirst }) => ({
      evaluate: context.condition(() => context.compile(value, scope)),
      sign: descending ? -1 : 1,
      nullsFirst,
      compare: context.dialect.unknownsSortLast
        ? compareUnknownsLast
        : compareValues,
    }));
    const slice = compileSlice(context, node, scope);
    const sort = sorting(keys, slice);
    const stage =
      node.offset === undefined && node.limit === undefined
        ? sort
        : sequence([sort, slicing(slice)]);
    return { ...stage, explain: () => [explainOrder(node, slice)] };
  });
}

function explainOrder(node: Ast.QueryNode, slice: Slice): PlanStep {
  const on = node.orderBy
    .map(
      ({ value, descending }) =>
        `${writtenOut(value)}${descending ? ' DESC' : ''}`,
    )
    .join(', ');
  if (node.limit === undefined || !slice.isConstant) {
    return { operation: 'sort', on, detail: 'keeps all rows' };
  }
  return {
    operation: 'top',
    on,
    detail: `${sliceText(node)}: keeps no more rows than these, up to ${MOST_WANTED}`,
  };
}

function sliceText({ limit, offset }: Ast.QueryNode): string {
  return [
    ...(limit === undefined ? [] : [`LIMIT ${writtenOut(limit)}`]),
    ...(offset === undefined ? [] : [`OFFSET ${writtenOut(offset)}`]),
  ].join(' ');
}

/** LIMIT and OFFSET. */
interface Slice {
  readonly offset: Count | undefined;
  readonly limit: Count | undefined;
  /** Whether no variable is in them, so that they are known before the rows are sorted. */
  readonly isConstant: boolean;
}

function compileSlice(
  context: PlanContext,
  { offset, limit }: Ast.QueryNode,
  scope: Scope,
): Slice {
  const { result, reads } = context.trackReads(() => ({
    offset: countOf(context, offset, scope, 'OFFSET'),
    limit: countOf(context, limit, scope, 'LIMIT'),
  }));
  return { ...result, isConstant: reads.size === 0 };
}

interface SortKey {
  readonly evaluate: Evaluate;
  readonly sign: number;
  readonly nullsFirst: boolean;
  readonly compare: (a: IonValue, b: IonValue) => number;
}

function sorting(
  keys: readonly SortKey[],
  { offset, limit, isConstant }: Slice,
): Stage {
  return gathering((run) => {
    let sort: Sort<SortRow> | undefined;
    const held = new HeldFrames(run.budget);
    return {
      take: (frame) => {
        sort ??= new Sort(
          (a, b) => compareKeys(keys, a.values, b.values),
          isConstant && limit
            ? limit(frame, run) + (offset?.(frame, run) ?? 0)
            : undefined,
          {
            hold: (row) =>
              (row.size = held.hold(
                row.frame,
                row.values.reduce<number>((sum, key) => sum + sizeOf(key), 0),
              )),
            release: (row) => run.budget.release(row.size),
          },
        );
        const values = keys.map(({ evaluate }) => evaluate(frame, run));
        sort.add({ frame, values, size: 0 });
      },
      *give() {
        for (const rows of sort?.result() ?? [])
          yield rows.map(({ frame }) => frame);
      },
    };
  });
}

interface SortRow {
  readonly frame: Frame;
  readonly values: readonly IonValue[];
  /** Bytes that it holds, once it is kept. */
  size: number;
}

function compareKeys(
  keys: readonly SortKey[],
  a: readonly IonValue[],
  b: readonly IonValue[],
): number {
  for (const [index, { sign, nullsFirst, compare }] of keys.entries()) {
    const x = a[index];
    const y = b[index];
    const unknownX = isUnknown(x);
    const unknownY = isUnknown(y);
    if (unknownX || unknownY) {
      if (unknownX && unknownY) continue;
      return unknownX === nullsFirst ? -1 : 1;
    }
    const order = compare(x, y) * sign;
    if (order !== 0) return order;
  }
  return 0;
}

type Count = (frame: Frame, run: Run) => number;

/** LIMIT and OFFSET take an int that is not negative. */
function countOf(
  context: PlanContext,
  node: Ast.Expression | undefined,
  scope: Scope,
  clause: string,
): Count | undefined {
  if (node === undefined) return undefined;
  const evaluate = compileOperand(context, node, scope);
  const { source } = context;
  return (frame, run) => {
    const value = bare(evaluate(frame, run));
    const count = typeof value === 'bigint' ? Number(value) : value;
    if (typeof count === 'number' && count >= 0) return count;
    throw evaluationError(
      source,
      node.at,
      `${clause} takes an int that is not negative`,
    );
  };
}

function slicing({ offset, limit }: Slice): Stage {
  return {
    waits: false,
    *run(input, run) {
      let skip = 0;
      let left: number | undefined;
      for (const frames of input) {
        if (frames instanceof Wait) {
          yield frames;
          continue;
        }
        const [first] = frames;
        if (first === undefined) {
          yield frames;
          continue;
        }
        if (left === undefined) {
          skip = offset?.(first, run) ?? 0;
          left = limit?.(first, run) ?? Infinity;
        }
        const kept = frames.slice(skip, skip + left);
        skip = Math.max(0, skip - frames.length);
        left -= kept.length;
        yield kept;
        if (left <= 0) return;
      }
    },
  };
}
