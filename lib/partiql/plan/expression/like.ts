import type * as Ast from '../../language/ast.js';
import { EvaluationFault } from '../../errors.js';
import { likeMatcher } from '../../functions/like.js';
import { isUnknown, textOf } from '../../values/kinds.js';
import type { PlanContext } from '../context.js';
import type { Evaluate } from '../runtime.js';
import type { Scope } from '../scope.js';
import { guarded, negatedIf } from './evaluate.js';

export function compileLike(
  context: PlanContext,
  node: Ast.LikeNode,
  scope: Scope,
): Evaluate {
  const value = context.compile(node.value, scope);
  const pattern = context.compile(node.pattern, scope);
  const escape =
    node.escape === undefined ? undefined : context.compile(node.escape, scope);
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
