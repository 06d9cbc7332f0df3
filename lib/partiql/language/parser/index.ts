import { dialectOf, type Typing } from '../../dialect.js';
import { StatementParser, type ParsedStatement } from './statement-parser.js';

export { MAX_DEPTH } from './token-stream.js';
export type { ParsedStatement };

/** How a text is read. */
export interface ParseOptions {
  /** Whose grammar: QLDB's, or the specification's. Default: `'qldb'`. */
  readonly typing?: Typing;
}

/**
 * Parses one statement.
 *
 * @throws PartiqlError with code `PARTIQL_SYNTAX` (line, column, what was
 *   expected) or `PARTIQL_LIMIT`.
 */
export function parse(
  source: string,
  { typing = 'qldb' }: ParseOptions = {},
): ParsedStatement {
  return new StatementParser(source, dialectOf(typing)).parseDocument();
}
