import type * as Ast from '../../language/ast.js';
import { cast } from '../../functions/cast.js';
import { isOfType } from '../../functions/types.js';
import { MISSING } from '../../values/kinds.js';
import type { PlanContext } from '../context.js';
import type { Evaluate } from '../runtime.js';
import type { Scope } from '../scope.js';
import { constant, guarded, negatedIf } from './evaluate.js';
import { compileVariable, compilePath } from './path.js';
import {
  compileCollection,
  compileOperand,
  compileScalar,
  isOneColumn,
} from './operand.js';
import { compileArithmetic, compileUnary } from './arithmetic.js';
import { compileBetween, compileComparison, compileIn } from './comparison.js';
import { compileDateTime } from './date-time.js';
import { compileLogical, compileCase } from './logic.js';
import { compileOverlaps } from './overlaps.js';
import { compileLike } from './like.js';
import { compileCall } from './call.js';
import { compileAggregate } from './aggregate.js';
import { compileSequence, compileStruct } from './constructor.js';

/** Compiles an expression to a closure over the frame of a row. */
export function compileExpression(
  context: PlanContext,
  node: Ast.Expression,
  scope: Scope,
): Evaluate {
  const replacement = context.replacements?.(node, scope);
  if (replacement !== undefined) return replacement;
  const compile = (child: Ast.Expression) =>
    compileExpression(context, child, scope);
  const operand = (child: Ast.Expression) =>
    compileOperand(context, child, scope);
  switch (node.kind) {
    case 'Literal':
      return constant(node.value);
    case 'DateTime':
      return compileDateTime(context, node);
    case 'Missing':
      return constant(MISSING);
    case 'Parameter': {
      const { index } = node;
      return (_, run) => run.parameters[index];
    }
    case 'Variable':
      return compileVariable(context, node, scope);
    case 'Path':
      return compilePath(context, node, scope);
    case 'Unary':
      return compileUnary(context, node, operand(node.operand));
    case 'Binary':
      return compileBinary(context, node, scope);
    case 'Logical':
      return compileLogical(context, node, node.operands.map(operand));
    case 'Between':
      return compileBetween(context, node, scope);
    case 'In':
      return negatedIf(
        context,
        node.negated,
        compileIn(
          context,
          node,
          operand(node.value),
          compileCollection(context, node.collection, scope),
        ),
      );
    case 'Like':
      return compileLike(context, node, scope);
    case 'Is': {
      const value = compile(node.value);
      const { type, negated } = node;
      return (frame, run) => isOfType(value(frame, run), type) !== negated;
    }
    case 'Case':
      return compileCase(context, node, scope);
    case 'Cast': {
      const value = compile(node.value);
      const { type } = node;
      const { dialect } = context;
      return guarded(context, node.at, (frame, run) =>
        cast(value(frame, run), type, dialect),
      );
    }
    case 'Call':
      return compileCall(context, node, scope);
    case 'Aggregate':
      return compileAggregate(context, node, scope);
    case 'Sequence':
      return compileSequence(context, node, node.items.map(compile));
    case 'Struct':
      return compileStruct(context, node, scope);
    case 'Query':
    case 'Select':
    case 'With':
    case 'SetOperation':
      return context.dialect.queriesAreScalars && isOneColumn(node)
        ? compileScalar(context, node, scope)
        : context.compileSubquery(node, scope);
  }
}

function compileBinary(
  context: PlanContext,
  node: Ast.BinaryNode,
  scope: Scope,
): Evaluate {
  const { operator } = node;
  switch (operator) {
    case '=':
    case '<>':
    case '<':
    case '<=':
    case '>':
    case '>=':
      return compileComparison(context, node, operator, scope);
    case 'OVERLAPS':
      return compileOverlaps(context, node, scope);
    case '||':
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
      return compileArithmetic(context, node, operator, scope);
  }
}
