import type * as Ast from '../language/ast.js';
import { print } from '../language/print/index.js';

/** Characters of an expression that a plan shows. */
const MOST = 120;

/** An expression as text, for a plan that is shown; what is too long ends with `…`. */
export function writtenOut(node: Ast.Expression): string {
  const text = print(node);
  return text.length > MOST ? `${text.slice(0, MOST)}…` : text;
}
