import type * as Ast from '../../language/ast.js';
import {
  calculateDateTime,
  negateInterval,
} from '../../functions/date-time-arithmetic.js';
import { checkKinds } from '../../functions/scalar-function.js';
import { intervalOf } from '../../values/intervals.js';
import { bare, isUnknown, numericOf, textOf } from '../../values/kinds.js';
import { calculate, negate } from '../../values/numbers.js';
import type { PlanContext } from '../context.js';
import type { Evaluate } from '../runtime.js';
import type { Scope } from '../scope.js';
import { guarded, wrongTypes } from './evaluate.js';
import { compileOperand } from './operand.js';

export function compileUnary(
  context: PlanContext,
  node: Ast.UnaryNode,
  operand: Evaluate,
): Evaluate {
  const { unknown } = context;
  if (node.operator === 'NOT') {
    return guarded(context, node.at, (frame, run) => {
      const value = bare(operand(frame, run));
      if (typeof value === 'boolean') return !value;
      if (isUnknown(value)) return null;
      throw wrongTypes('NOT', 'BOOL', value);
    });
  }
  const { operator } = node;
  return guarded(context, node.at, (frame, run) => {
    const value = operand(frame, run);
    if (isUnknown(value)) return unknown(value);
    const number = numericOf(value);
    if (number === undefined) {
      const interval = intervalOf(value);
      if (interval === undefined) throw wrongTypes(operator, 'NUMBER', value);
      return operator === '-' ? negateInterval(interval) : interval;
    }
    return operator === '-' ? negate(number) : number;
  });
}

/** `+ - * / %` and `||` */
export function compileArithmetic(
  context: PlanContext,
  node: Ast.BinaryNode,
  operator: Ast.ArithmeticOperator | '||',
  scope: Scope,
): Evaluate {
  const left = compileOperand(context, node.left, scope);
  const right = compileOperand(context, node.right, scope);
  const { unknown } = context;
  const { typesBeforeUnknowns } = context.dialect;
  switch (operator) {
    case '||':
      return guarded(context, node.at, (frame, run) => {
        const a = left(frame, run);
        const b = right(frame, run);
        if (isUnknown(a) || isUnknown(b)) {
          if (typesBeforeUnknowns) checkKinds('||', ['text', 'text'], [a, b]);
          return unknown(a, b);
        }
        const x = textOf(a);
        const y = textOf(b);
        if (x === undefined || y === undefined) {
          throw wrongTypes('||', 'STRING, STRING', a, b);
        }
        run.budget.admit(x.length + y.length);
        return x + y;
      });
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
      return guarded(context, node.at, (frame, run) => {
        const a = left(frame, run);
        const b = right(frame, run);
        if (isUnknown(a) || isUnknown(b)) {
          if (typesBeforeUnknowns) {
            checkKinds(operator, ['quantity', 'quantity'], [a, b]);
          }
          return unknown(a, b);
        }
        const x = numericOf(a);
        const y = numericOf(b);
        if (x === undefined || y === undefined) {
          const result = calculateDateTime(operator, a, b);
          if (result !== undefined) return result;
          throw wrongTypes(operator, 'NUMBER, NUMBER', a, b);
        }
        return calculate(operator, x, y);
      });
  }
}
