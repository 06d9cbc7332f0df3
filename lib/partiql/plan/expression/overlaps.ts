import type * as Ast from '../../language/ast.js';
import { overlap } from '../../functions/overlaps.js';
import { isUnknown } from '../../values/kinds.js';
import type { PlanContext } from '../context.js';
import type { Evaluate } from '../runtime.js';
import type { Scope } from '../scope.js';
import { guarded } from './evaluate.js';

/** `(start, end) OVERLAPS (start, end)` */
export function compileOverlaps(
  context: PlanContext,
  node: Ast.BinaryNode,
  scope: Scope,
): Evaluate {
  const left = context.compile(node.left, scope);
  const right = context.compile(node.right, scope);
  const { unknown } = context;
  return guarded(context, node.at, (frame, run) => {
    const a = left(frame, run);
    const b = right(frame, run);
    if (isUnknown(a) || isUnknown(b)) return unknown(a, b);
    return overlap(a, b);
  });
}
