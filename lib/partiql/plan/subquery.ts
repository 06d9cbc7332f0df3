import { explained } from './explain.js';
import type { IonValue } from '../../ion/value.js';
import type * as Ast from '../language/ast.js';
import { bagOf, orMissing } from '../values/kinds.js';
import type { PlanContext } from './context.js';
import type { QueryPlan } from './query-plan.js';
import {
  BATCH,
  type Evaluate,
  type Frame,
  isTurn,
  needsWaiting,
  NO_FRAMES,
  type Run,
  runStages,
  type Slowly,
  Wait,
} from './runtime.js';
import { Unfinished } from './unfinished.js';
import { spend } from '../values/effort.js';
import { sizeOf } from '../values/size.js';
import { Scope } from './scope.js';
import { selectOf } from './select-of.js';
import { compileSetOperation } from './set-operation.js';
import { writtenOut } from './written-out.js';
import { compileQuery } from './query.js';

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
  const isPivot = selectOf(node)?.projection.kind === 'Pivot';
  const { stages, ordered } = plan;
  const gather = (values: readonly IonValue[]): IonValue => {
    if (isPivot) return orMissing(values[0]);
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
