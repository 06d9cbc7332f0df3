import type * as Ast from '../../language/ast.js';
import type { IonValue } from '../../../ion/value.js';
import { evaluationError, EvaluationFault } from '../../errors.js';
import { functions, type ScalarFunction } from '../../functions/index.js';
import { checkKinds } from '../../functions/scalar-function.js';
import { isUnknown, MISSING } from '../../values/kinds.js';
import type { PlanContext } from '../context.js';
import type { Evaluate } from '../runtime.js';
import type { Scope } from '../scope.js';
import { guarded } from './evaluate.js';
import { firstRowOf } from './exists.js';
import { compileRows } from './operand.js';

export function compileCall(
  context: PlanContext,
  node: Ast.CallNode,
  scope: Scope,
): Evaluate {
  const { name, word = '', at } = node;
  const callee: ScalarFunction | undefined = functions.get(name);
  if (callee === undefined) {
    throw context.semantic(at, `No such function: ${name}`);
  }
  const [least, greatest] = callee.arity;
  const count = node.args.length;
  if (count < least || count > greatest) {
    throw context.semantic(
      at,
      `Incorrect number of arguments supplied to \`${name}\`. Min = ${least}, max = ${greatest === Infinity ? 'unbounded' : greatest} Actual = ${count}`,
    );
  }
  checkLiterals(context, callee, node);
  const given = name === 'exists' ? node.args.map(firstRowOf) : node.args;
  const args = given.map((arg) =>
    callee.takesCollections
      ? compileRows(context, arg, scope)
      : context.compile(arg, scope),
  );
  const { unknown } = context;
  const { typesBeforeUnknowns } = context.dialect;
  return guarded(context, at, (frame, run) => {
    const values: IonValue[] = [];
    let absent: IonValue | undefined;
    for (const arg of args) {
      const value = arg(frame, run);
      values.push(value);
      if (isUnknown(value) && absent !== MISSING) absent = value;
    }
    if (absent !== undefined && callee.takesUnknown !== true) {
      if (typesBeforeUnknowns && callee.takes !== undefined) {
        checkKinds(name, callee.takes, values);
      }
      return unknown(absent);
    }
    const result = callee.call(values, run, word);
    return result === MISSING ? unknown(MISSING) : result;
  });
}

/** A literal that can never do, such as a pattern with an unknown symbol, is refused before the first row. */
function checkLiterals(
  context: PlanContext,
  callee: ScalarFunction,
  node: Ast.CallNode,
): void {
  try {
    callee.check?.(
      node.args.map((arg) => (arg.kind === 'Literal' ? arg.value : undefined)),
    );
  } catch (error) {
    if (!(error instanceof EvaluationFault)) throw error;
    throw evaluationError(context.source, node.at, error.message);
  }
}
