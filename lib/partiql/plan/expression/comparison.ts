import type * as Ast from '../../language/ast.js';
import {
  areOrderable,
  compareValues,
  equalValues,
} from '../../values/compare.js';
import { isUnknown, itemsOf, MISSING } from '../../values/kinds.js';
import type { PlanContext } from '../context.js';
import type { Evaluate } from '../runtime.js';
import type { Scope } from '../scope.js';
import { guarded, negatedIf } from './evaluate.js';
import { membership } from './membership.js';
import { compileComparand, compileOperand } from './operand.js';

/** `= <> < <= > >=` */
export function compileComparison(
  context: PlanContext,
  node: Ast.BinaryNode,
  operator: Ast.ComparisonOperator,
  scope: Scope,
): Evaluate {
  const left = compileComparand(context, node.left, node.right, scope);
  const right = compileComparand(context, node.right, node.left, scope);
  const { unknown } = context;
  switch (operator) {
    case '=':
    case '<>': {
      const equal = operator === '=';
      return (frame, run) => {
        const a = left(frame, run);
        const b = right(frame, run);
        if (isUnknown(a) || isUnknown(b)) {
          // NULL = MISSING is NULL even to the specification.
          return isUnknown(a) && isUnknown(b) && a !== b ? null : unknown(a, b);
        }
        return equalValues(a, b) === equal;
      };
    }
    case '<':
      return ordering(context, node, left, right, (order) => order < 0);
    case '<=':
      return ordering(context, node, left, right, (order) => order <= 0);
    case '>':
      return ordering(context, node, left, right, (order) => order > 0);
    case '>=':
      return ordering(context, node, left, right, (order) => order >= 0);
  }
}

function ordering(
  context: PlanContext,
  { at }: Ast.BinaryNode,
  left: Evaluate,
  right: Evaluate,
  holds: (order: number) => boolean,
): Evaluate {
  const { unknown, incomparable } = context;
  const { incomparableIsFault } = context.dialect;
  const order: Evaluate = (frame, run) => {
    const a = left(frame, run);
    const b = right(frame, run);
    if (isUnknown(a) || isUnknown(b)) return unknown(a, b);
    return areOrderable(a, b) ? holds(compareValues(a, b)) : incomparable(a, b);
  };
  return incomparableIsFault ? guarded(context, at, order) : order;
}

export function compileBetween(
  context: PlanContext,
  node: Ast.BetweenNode,
  scope: Scope,
): Evaluate {
  const value = compileOperand(context, node.value, scope);
  const low = compileOperand(context, node.low, scope);
  const high = compileOperand(context, node.high, scope);
  const { unknown, incomparable } = context;
  const between: Evaluate = (frame, run) => {
    const x = value(frame, run);
    const a = low(frame, run);
    const b = high(frame, run);
    if (isUnknown(x)) return unknown(x, a === MISSING ? a : b);
    const above = isUnknown(a)
      ? unknown(a)
      : areOrderable(x, a)
        ? compareValues(x, a) >= 0
        : incomparable(x, a);
    const below = isUnknown(b)
      ? unknown(b)
      : areOrderable(x, b)
        ? compareValues(x, b) <= 0
        : incomparable(x, b);
    if (above === false || below === false) return false;
    return above === true && below === true ? true : unknown(above, below);
  };
  return negatedIf(context, node.negated, guarded(context, node.at, between));
}

export function compileIn(
  context: PlanContext,
  { at }: Ast.InNode,
  value: Evaluate,
  collection: Evaluate,
): Evaluate {
  const { unknown } = context;
  const isMember = membership();
  return guarded(context, at, (frame, run) => {
    const x = value(frame, run);
    const found = collection(frame, run);
    if (x === MISSING || isUnknown(found)) return unknown(x, found);
    const items = itemsOf(found);
    if (items === undefined) return context.incomparable(x, found);
    if (isUnknown(x)) return items.length === 0 ? false : unknown(x);
    return isMember(items, x);
  });
}
