import type * as Ast from '../../language/ast.js';

/** The argument of EXISTS: of a query, the first row will do, whichever that is. */
export function firstRowOf(node: Ast.Expression): Ast.Expression {
  const query: Ast.QueryNode =
    node.kind === 'Query'
      ? node
      : { kind: 'Query', at: node.at, body: node, orderBy: [] };
  const { body, limit, offset } = query;
  if (
    body.kind !== 'Select' ||
    // PIVOT makes one struct, whose fields count.
    body.projection.kind === 'Pivot' ||
    limit !== undefined ||
    offset !== undefined
  ) {
    return node;
  }
  return {
    ...query,
    orderBy: [],
    limit: { kind: 'Literal', at: node.at, value: 1 },
  };
}
