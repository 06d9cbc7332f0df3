import type * as Ast from '../language/ast.js';

/** The SELECT or PIVOT that gives the rows of a query, within WITH and ORDER BY; undefined for any other expression. */
export function selectOf(node: Ast.Expression): Ast.SelectNode | undefined {
  const query = node.kind === 'With' ? node.body : node;
  const body = query.kind === 'Query' ? query.body : query;
  return body.kind === 'Select' ? body : undefined;
}
