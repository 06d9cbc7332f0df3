import { printLocation, type Position } from './language/print-location.js';

/** What kind of failure a {@link PartiqlError} is; stable. */
export type PartiqlErrorCode =
  /** The text does not parse. */
  | 'PARTIQL_SYNTAX'
  /** The text parses, but a name cannot be resolved or a clause makes no sense. */
  | 'PARTIQL_SEMANTIC'
  /** The statement met a value that it cannot work with. */
  | 'PARTIQL_EVALUATION'
  /** The number of parameters is not the number of `?`. */
  | 'PARTIQL_PARAMETERS'
  /** The text is too long or too deeply nested. */
  | 'PARTIQL_LIMIT'
  /** The statement held more than it may at a time, or made a value larger than one may be. */
  | 'PARTIQL_MEMORY'
  /** The statement needs a ledger, and there is none. */
  | 'PARTIQL_UNSUPPORTED';

/** The phase that QLDB names at the head of a message. */
type Phase = 'Lexer' | 'Parser' | 'Semantic' | 'Evaluator';

/** What a {@link PartiqlError} carries besides its message. */
export interface PartiqlErrorOptions {
  readonly source?: string;
  readonly at?: Position;
  readonly qldbCode?: string;
  readonly cause?: unknown;
}

/**
 * A statement that cannot be run, or that failed while it ran.
 *
 * The first line of the message has QLDB's wording where that is known. Where
 * the place is known, the following lines show the text with a caret below it:
 *
 * ```text
 * Semantic Error: at line 1, column 13: No such variable named 'Vehicel'; No such variable named 'Vehicel'
 *
 * 1 | DELETE FROM Vehicel
 *   |             ^
 * ```
 */
export class PartiqlError extends Error {
  override readonly name = 'PartiqlError';
  readonly code: PartiqlErrorCode;
  /** Line of the place in the text, from 1; absent where no place is to blame. */
  readonly line?: number;
  /** Column of the place in its line, in UTF-16 units from 1. */
  readonly column?: number;
  /** The line of the place with a caret below it, as the message ends with it. */
  readonly excerpt?: string;
  /** The number that QLDB sent along, in a string: `"432"` for a semantic error. */
  readonly qldbCode?: string;

  constructor(
    code: PartiqlErrorCode,
    message: string,
    options: PartiqlErrorOptions = {},
  ) {
    const { source, at, qldbCode, cause } = options;
    const excerpt =
      source === undefined || at === undefined
        ? undefined
        : printLocation(source, at);
    super(
      excerpt === undefined ? message : `${message}\n\n${excerpt}`,
      cause === undefined ? undefined : { cause },
    );
    this.code = code;
    if (excerpt !== undefined) this.excerpt = excerpt;
    if (at !== undefined) {
      this.line = at.line;
      this.column = at.column;
    }
    if (qldbCode !== undefined) this.qldbCode = qldbCode;
  }
}

function placed(phase: Phase, at: Position, text: string): string {
  return `${phase} Error: at line ${at.line}, column ${at.column}: ${text}`;
}

/** Text that is no sequence of tokens. */
export function lexicalError(source: string, at: Position, text: string) {
  return new PartiqlError('PARTIQL_SYNTAX', placed('Lexer', at, text), {
    source,
    at,
  });
}

/** Tokens that are no statement. */
export function syntaxError(source: string, at: Position, text: string) {
  return new PartiqlError('PARTIQL_SYNTAX', placed('Parser', at, text), {
    source,
    at,
  });
}

/** A statement that means nothing. QLDB gives the text twice. */
export function semanticError(source: string, at: Position, text: string) {
  return new PartiqlError(
    'PARTIQL_SEMANTIC',
    `${placed('Semantic', at, text)}; ${text}`,
    { source, at, qldbCode: '432' },
  );
}

/** A value that the statement cannot work with. */
export function evaluationError(
  source: string,
  at: Position,
  text: string,
  cause?: unknown,
) {
  return new PartiqlError('PARTIQL_EVALUATION', placed('Evaluator', at, text), {
    source,
    at,
    cause,
  });
}

/** As many values as there are `?`, neither more nor fewer. */
export function parameterCountError(expected: number, given: number) {
  return new PartiqlError(
    'PARTIQL_PARAMETERS',
    `Query expects ${expected} parameter(s), but statement has ${given}`,
  );
}

/** A bound that protects the process was reached. */
export function limitError(source: string, at: Position, text: string) {
  return new PartiqlError('PARTIQL_LIMIT', placed('Parser', at, text), {
    source,
    at,
  });
}

/** A statement that changes or defines something, where there is no ledger. */
export function unsupportedError(source: string, at: Position, text: string) {
  return new PartiqlError('PARTIQL_UNSUPPORTED', placed('Semantic', at, text), {
    source,
    at,
  });
}

/**
 * A value that a function or an operator cannot work with. It knows no place;
 * the call around it turns it into a {@link PartiqlError} or, under permissive
 * typing, into MISSING.
 */
export class EvaluationFault extends Error {
  override readonly name = 'EvaluationFault';
}

/** A fault of a value and not of its type: overflow, division by zero, a text that is no timestamp. It is an error under either typing. */
export class DataFault extends EvaluationFault {}
