import { StatementParser, type ParsedStatement } from './statement-parser.js';

export { MAX_DEPTH } from './token-stream.js';
export type { ParsedStatement };

/**
 * Parses one statement.
 *
 * @throws PartiqlError with code `PARTIQL_SYNTAX` (line, column, what was
 *   expected), `PARTIQL_LIMIT` or `PARTIQL_UNSUPPORTED`.
 */
export function parse(source: string): ParsedStatement {
  return new StatementParser(source).parseDocument();
}
