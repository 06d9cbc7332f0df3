import type * as Ast from '../../language/ast.js';
import type { IonValue } from '../../../ion/value.js';
import { equalValues } from '../../values/compare.js';
import { bare, isUnknown } from '../../values/kinds.js';
import { isTrue, type PlanContext } from '../context.js';
import type { Evaluate } from '../runtime.js';
import type { Scope } from '../scope.js';
import { constant, guarded, wrongTypes } from './evaluate.js';

/** Three-valued AND and OR: what decides wins over what is unknown. */
export function compileLogical(
  context: PlanContext,
  node: Ast.LogicalNode,
  operands: readonly Evaluate[],
): Evaluate {
  const decisive = node.operator === 'OR';
  return guarded(context, node.at, (frame, run) => {
    let result: IonValue = !decisive;
    for (const operand of operands) {
      const value = bare(operand(frame, run));
      if (value === decisive) return decisive;
      if (typeof value === 'boolean') continue;
      if (!isUnknown(value)) {
        throw wrongTypes(node.operator, 'BOOL', value);
      }
      result = null;
    }
    return result;
  });
}

export function compileCase(
  context: PlanContext,
  node: Ast.CaseNode,
  scope: Scope,
): Evaluate {
  const compile = (child: Ast.Expression) => context.compile(child, scope);
  const subject =
    node.subject === undefined ? undefined : compile(node.subject);
  const branches = node.branches.map(
    ({ condition, result }) => [compile(condition), compile(result)] as const,
  );
  const otherwise =
    node.otherwise === undefined ? constant(null) : compile(node.otherwise);
  return (frame, run) => {
    const value = subject?.(frame, run);
    for (const [condition, result] of branches) {
      const test = condition(frame, run);
      const holds =
        value === undefined
          ? isTrue(test)
          : !isUnknown(value) && !isUnknown(test) && equalValues(value, test);
      if (holds) return result(frame, run);
    }
    return otherwise(frame, run);
  };
}
