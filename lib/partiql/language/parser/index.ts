import { StatementParser, type ParsedStatement } from './statement-parser.js';

export { MAX_DEPTH } from './token-stream.js';
export type { ParsedStatement };

/**
 * Parses one statement.
 *
 * @throws PartiqlError with code `PARTIQL_SYNTAX` (line, column, what was
 *   expected) or `PARTIQL_LIMIT`.
 */
export function parse(source: string): ParsedStatement {
  return new StatementParser(source).parseDocument();
}
