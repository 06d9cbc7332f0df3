import type { IonValue } from '../../ion/value.js';
import { keyText } from '../equality-key.js';
import { EvaluationFault } from '../errors.js';
import type * as Ast from '../language/ast.js';
import { bagOf, isUnknown, itemsOf, MISSING } from '../values/kinds.js';
import { sizeOf } from '../values/size.js';
import type { PlanContext } from './context.js';
import {
  isTurn,
  NO_FRAMES,
  type Evaluate,
  type Run,
  type Slowly,
} from './runtime.js';
import { guarded, placed } from './expression/evaluate.js';
import { compileRows } from './expression/operand.js';
import type { Scope } from './scope.js';
import { asColumnsOf, commonColumns, withColumns } from './union-columns.js';

/**
 * UNION, INTERSECT and EXCEPT over collections; with OUTER over any values: one
 * that is no collection counts as a bag of itself, an unknown one as an empty
 * bag.
 */
export function compileSetOperation(
  context: PlanContext,
  node: Ast.SetOperationNode,
  scope: Scope,
): Evaluate {
  const { result, reads } = context.trackReads(() => ({
    left: compileRows(context, node.left, scope),
    right: compileRows(context, node.right, scope),
  }));
  const { left, right } = result;
  const { outerTakesCollectionsOnly, unionsAreTyped } = context.dialect;
  const { corresponding } = node;
  const operand = (value: IonValue, other: IonValue): readonly IonValue[] => {
    const items = itemsOf(value);
    if (items !== undefined) return items;
    const isCoerced = outerTakesCollectionsOnly
      ? isUnknown(value) && itemsOf(other) !== undefined
      : true;
    if (node.outer && isCoerced) return isUnknown(value) ? [] : [value];
    throw new EvaluationFault(
      `${node.operator} takes collections on both sides`,
    );
  };
  const sidesOf: Evaluate = guarded(context, node.at, (frame, run) => {
    const x = left(frame, run);
    const y = right(frame, run);
    const a = operand(x, y);
    const b = operand(y, x);
    if (corresponding === undefined) return [a, b];
    const names =
      corresponding.length > 0 ? corresponding : commonColumns(a, b);
    return [withColumns(a, names), withColumns(b, names)];
  });
  const slot = context.allocate();
  context.hoist({
    slot,
    constant: reads.size === 0,
    *evaluate(frame, run) {
      const sides = sidesOf(frame, run);
      if (sides === MISSING) return MISSING;
      const [x = [], given = []] = sides as readonly (readonly IonValue[])[];
      // Columns that do not fit are an error whatever becomes of wrong types.
      const y =
        unionsAreTyped && !node.outer
          ? placed(context.source, node.at, () => asColumnsOf(x, given))
          : given;
      // It has no more than both sides have, and most of the keys are as long.
      const size = sizeOf(x) + sizeOf(y);
      run.budget.hold(2 * size);
      const items = yield* combine(node, x, y, run);
      run.budget.release(2 * size);
      return bagOf(items);
    },
  });
  return (frame) => frame[slot];
}

function* combine(
  node: Ast.SetOperationNode,
  left: readonly IonValue[],
  right: readonly IonValue[],
  run: Run,
): Slowly<readonly IonValue[]> {
  if (node.operator === 'UNION') {
    const all = left.concat(right);
    return node.all ? all : yield* distinct(all, run);
  }
  const counts = new Map<string, number>();
  for (const item of right) {
    const key = keyText(item);
    counts.set(key, (counts.get(key) ?? 0) + 1);
    run.work += 1;
    if (isTurn(run)) yield NO_FRAMES;
  }
  const keepsMatches = node.operator === 'INTERSECT';
  const kept: IonValue[] = [];
  for (const item of node.all ? left : yield* distinct(left, run)) {
    const key = keyText(item);
    const count = counts.get(key) ?? 0;
    // With ALL, each element on the right stands for one on the left.
    if (node.all && count > 0) counts.set(key, count - 1);
    if (count > 0 === keepsMatches) kept.push(item);
    run.work += 1;
    if (isTurn(run)) yield NO_FRAMES;
  }
  return kept;
}

function* distinct(
  items: readonly IonValue[],
  run: Run,
): Slowly<readonly IonValue[]> {
  const seen = new Set<string>();
  const first: IonValue[] = [];
  for (const item of items) {
    const key = keyText(item);
    if (!seen.has(key)) first.push(item);
    seen.add(key);
    run.work += 1;
    if (isTurn(run)) yield NO_FRAMES;
  }
  return first;
}
