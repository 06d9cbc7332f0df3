import { toIonBinary } from '../ion/native.js';
import { ParameterCountError, ParameterError } from './driver-errors.js';

/**
 * The parameters of a statement as Ion binary: encoded once, so that what is
 * hashed is what is sent.
 *
 * @throws ParameterCountError if the statement has another number of `?`.
 * @throws ParameterError naming which parameter, and where in it, has no Ion form.
 */
export function encodeParameters(
  statement: string,
  parameters: readonly unknown[],
): Uint8Array[] {
  const expected = countParameters(statement);
  if (expected !== undefined && expected !== parameters.length) {
    throw new ParameterCountError(expected, parameters.length);
  }
  return parameters.map((parameter, index) => {
    try {
      return toIonBinary(parameter);
    } catch (error) {
      throw new ParameterError(
        index + 1,
        error instanceof Error ? error.message : 'it has no Ion form',
        { cause: error },
      );
    }
  });
}

/**
 * What a `?` does not count in: strings, quoted names, comments. Each ends at
 * the end of the text at the latest, so that the search never goes back.
 */
const NOT_A_PARAMETER =
  /'[^']*(?:'|$)|"[^"]*(?:"|$)|--[^\n\r]*|\/\*[^]*?(?:\*\/|$)|(\?)/g;

/**
 * How many `?` a statement has. Undefined if it holds an Ion literal (in
 * backticks), which only the ledger's own lexer can see the end of.
 */
export function countParameters(statement: string): number | undefined {
  if (statement.includes('`')) return undefined;
  if (!statement.includes('?')) return 0;
  let count = 0;
  for (const [, parameter] of statement.matchAll(NOT_A_PARAMETER)) {
    if (parameter !== undefined) count++;
  }
  return count;
}
