import type { IonValue } from '../../ion/value.js';
import { keyText } from '../equality-key.js';
import { evaluationError } from '../errors.js';
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
import type { Scope } from './scope.js';

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
    left: context.compile(node.left, scope),
    right: context.compile(node.right, scope),
  }));
  const { left, right } = result;
  const { source } = context;
  const operand = (value: IonValue): readonly IonValue[] => {
    const items = itemsOf(value);
    if (items !== undefined) return items;
    if (node.outer) return isUnknown(value) ? [] : [value];
    throw evaluationError(
      source,
      node.at,
      `${node.operator} takes collections on both sides`,
    );
  };
  const slot = context.allocate();
  context.hoist({
    slot,
    constant: reads.size === 0,
    *evaluate(frame, run) {
      const a = left(frame, run);
      const b = right(frame, run);
      if (!node.outer && context.dialect.faultsAreMissing) {
        if (itemsOf(a) === undefined || itemsOf(b) === undefined) {
          return MISSING;
        }
      }
      const x = operand(a);
      const y = operand(b);
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
