import type * as Ast from '../language/ast.js';

/**
 * Whether a test holds for an expression or for any that is part of it.
 *
 * @param part - an expression, or what of a query has some in it
 * @param enters - whether the parts of an expression count; by default all do
 */
export function someExpression(
  part: unknown,
  test: (node: Ast.Expression) => boolean,
  enters: (node: Ast.Expression) => boolean = () => true,
): boolean {
  if (typeof part !== 'object' || part === null) return false;
  if (Array.isArray(part)) {
    return part.some((item) => someExpression(item, test, enters));
  }
  if (isNode(part)) {
    if (test(part)) return true;
    if (part.kind === 'Literal' || !enters(part)) return false;
  }
  return Object.entries(part).some(
    ([key, inner]) => key !== 'at' && someExpression(inner, test, enters),
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

/** Whether an expression calls an aggregate of its own query. */
export function hasAggregate(part: unknown): boolean {
  return someExpression(
    part,
    (node) => node.kind === 'Aggregate' && !node.overCollection,
    ({ kind }) => kind !== 'Select',
  );
}
