import type { IonValue } from '../../ion/value.js';
import { keyText } from '../equality-key.js';
import { evaluationError } from '../errors.js';
import type * as Ast from '../language/ast.js';
import { bagOf, isUnknown, itemsOf, MISSING } from '../values/kinds.js';
import type { PlanContext } from './context.js';
import type { Evaluate } from './runtime.js';
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
  const left = context.compile(node.left, scope);
  const right = context.compile(node.right, scope);
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
  return (frame, run) => {
    const a = left(frame, run);
    const b = right(frame, run);
    if (!node.outer && context.dialect.faultsAreMissing) {
      if (itemsOf(a) === undefined || itemsOf(b) === undefined) return MISSING;
    }
    return bagOf(combine(node, operand(a), operand(b)));
  };
}

function combine(
  node: Ast.SetOperationNode,
  left: readonly IonValue[],
  right: readonly IonValue[],
): readonly IonValue[] {
  if (node.operator === 'UNION') {
    const all = [...left, ...right];
    return node.all ? all : distinct(all);
  }
  const counts = new Map<string, number>();
  for (const item of right) {
    const key = keyText(item);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const keepsMatches = node.operator === 'INTERSECT';
  const kept = (node.all ? left : distinct(left)).filter((item) => {
    const key = keyText(item);
    const count = counts.get(key) ?? 0;
    // With ALL, each element on the right stands for one on the left.
    if (node.all && count > 0) counts.set(key, count - 1);
    return count > 0 === keepsMatches;
  });
  return kept;
}

function distinct(items: readonly IonValue[]): readonly IonValue[] {
  const seen = new Set<string>();
  return items.filter((item) => {
    const key = keyText(item);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
