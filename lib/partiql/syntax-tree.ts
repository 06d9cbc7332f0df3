import type { StatementNode } from './language/ast.js';
import {
  parse,
  type ParsedStatement,
  type ParseOptions,
} from './language/parser/index.js';
import { print } from './language/print/index.js';

/** A tree's text, to which its places belong, and how many `?` it has. */
export interface Origin extends ParsedStatement {
  readonly text: string;
}

const origins = new WeakMap<StatementNode, Origin>();

/**
 * The syntax tree of one statement. Every node has its `kind` and the place
 * (`at`) where its text starts; no name is resolved and nothing is evaluated.
 *
 * @param options - whose grammar the text is read by: QLDB's by default; `evaluate` reads
 *   a text by that of its typing
 * @throws PartiqlError with code `PARTIQL_SYNTAX` and the place, or
 * `PARTIQL_LIMIT` for a text of more than 100,000 characters or one that nests
 * more than 500 deep.
 *
 * @example
 * ```ts
 * parse('SELECT p.name FROM people AS p').kind; // 'SelectStatement'
 * ```
 */
export function parseTree(
  text: string,
  options: ParseOptions = {},
): StatementNode {
  const parsed = parse(text, options);
  origins.set(parsed.statement, { ...parsed, text });
  return parsed.statement;
}

/** Where a tree is from. One that was not parsed is printed, and the text is parsed: so every error has its place. */
export function originOf(tree: StatementNode): Origin {
  return origins.get(tree) ?? originOf(parseTree(print(tree)));
}
