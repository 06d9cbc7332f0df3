import type * as Ast from '../../language/ast.js';
import type { Dialect } from '../dialect.js';

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
  if (dialect.comparisonsMayFail) return false;
  switch (node.kind) {
    case 'Literal':
      return typeof node.value === 'boolean' || node.value === null;
    case 'Binary':
      return isComparison(node) && isGiven(node.left) && isGiven(node.right);
    case 'Between':
      return [node.value, node.low, node.high].every(isGiven);
    case 'In':
      return (
        isGiven(node.value) &&
        (node.collection.kind === 'Sequence'
          ? node.collection.items.every(isGiven)
          : isGiven(node.collection))
      );
    case 'Is':
      return isGiven(node.value);
    case 'Logical':
      return node.operands.every((operand) => isInfallible(operand, dialect));
    case 'Unary':
      return node.operator === 'NOT' && isInfallible(node.operand, dialect);
    case 'DateTime':
    case 'Missing':
    case 'Parameter':
    case 'Variable':
    case 'Path':
    case 'Like':
    case 'Case':
    case 'Cast':
    case 'Call':
    case 'Aggregate':
    case 'Sequence':
    case 'Struct':
    case 'Query':
    case 'Select':
    case 'SetOperation':
      return false;
  }
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
    node.kind === 'DateTime' ||
    node.kind === 'Missing' ||
    node.kind === 'Parameter' ||
    node.kind === 'Variable'
  );
}
