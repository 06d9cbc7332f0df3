import type { Expression, StatementNode } from '../ast.js';
import { StatementPrinter } from './statement-printer.js';

const printer = new StatementPrinter();

/**
 * A tree as text, on one line: keywords in upper case, names in quotes and
 * expressions in parentheses only where they have to be. What `parse` made of a
 * text it makes of the printed one, too, but for the places of the nodes.
 *
 * @example
 * ```ts
 * print(parse('select (a + (b * 2)) as c from t'));
 * // 'SELECT a + b * 2 AS c FROM t'
 * ```
 */
export function print(tree: StatementNode | Expression): string {
  return printer.print(tree);
}
