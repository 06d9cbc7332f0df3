import type * as Ast from '../../language/ast.js';

/** Whether a test holds for an expression or for any that is part of it. */
export function someExpression(
  part: unknown,
  test: (node: Ast.Expression) => boolean,
): boolean {
  if (typeof part !== 'object' || part === null) return false;
  if (Array.isArray(part)) {
    return part.some((item) => someExpression(item, test));
  }
  if (isNode(part) && (test(part) || part.kind === 'Literal')) {
    return test(part);
  }
  return Object.entries(part).some(
    ([key, inner]) => key !== 'at' && someExpression(inner, test),
  );
}

/** A step of a path passes for a node, too: its kind is none of an expression. */
function isNode(part: object): part is Ast.Expression {
  return 'kind' in part;
}

/** Whether an expression is a query, or has one in it. */
export function hasQuery(node: Ast.Expression): boolean {
  return someExpression(
    node,
    ({ kind }) =>
      kind === 'Select' ||
      kind === 'Query' ||
      kind === 'SetOperation' ||
      kind === 'With',
  );
}
