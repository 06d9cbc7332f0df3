import type * as Ast from '../../language/ast.js';
import type { Dialect } from '../../dialect.js';

/**
 * Whether a condition is TRUE, FALSE or unknown whatever the rows hold, and
 * never an error: comparisons, IN, BETWEEN and IS on what is read or written
 * out, and AND, OR and NOT of these.
 *
 * Such a condition can be asked of rows that the others would have dropped
 * before. Any other one, such as a LIKE, which takes texts only, stays where the
 * statement has it: an error must be that of a row which comes so far.
 */
export function isInfallible(node: Ast.Expression, dialect: Dialect): boolean {
  return !dialect.comparisonsMayFail && isCondition(node);
}

function isCondition(node: Ast.Expression): boolean {
  if (node.kind === 'Literal') {
    return typeof node.value === 'boolean' || node.value === null;
  }
  if (node.kind === 'Logical') return node.operands.every(isCondition);
  if (node.kind === 'Unary') {
    return node.operator === 'NOT' && isCondition(node.operand);
  }
  if (node.kind === 'Binary') {
    return isComparison(node) && isGiven(node.left) && isGiven(node.right);
  }
  if (node.kind === 'Between') {
    return [node.value, node.low, node.high].every(isGiven);
  }
  if (node.kind === 'Is') return isGiven(node.value);
  if (node.kind !== 'In' || !isGiven(node.value)) return false;
  const { collection } = node;
  return collection.kind === 'Sequence'
    ? collection.items.every(isGiven)
    : isGiven(collection);
}

function isComparison({ operator }: Ast.BinaryNode): boolean {
  return ['=', '<>', '<', '<=', '>', '>='].includes(operator);
}

/** A value that is only read: a literal, a parameter, a variable, or a path of names and positions from one. */
function isGiven(node: Ast.Expression): boolean {
  if (node.kind === 'Path') {
    return (
      isGiven(node.root) &&
      node.steps.every(
        (step) =>
          step.kind === 'Field' ||
          (step.kind === 'Index' && isGiven(step.index)),
      )
    );
  }
  return (
    node.kind === 'Literal' ||
    node.kind === 'Missing' ||
    node.kind === 'Parameter' ||
    node.kind === 'Variable'
  );
}
