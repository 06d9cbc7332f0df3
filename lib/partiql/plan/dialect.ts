/**
 * The language that a statement is read in.
 *
 * - `qldb`: QLDB's dialect. A wrong type is an error, NULL and MISSING give NULL,
 *   and values that have no order are neither less nor greater.
 * - `strict`: the PartiQL specification's strict typing mode. A wrong type is an
 *   error, and an operand that is MISSING gives MISSING.
 * - `permissive`: the specification's permissive mode. A wrong type gives MISSING,
 *   and so does an operand that is MISSING.
 */
export type Typing = 'qldb' | 'strict' | 'permissive';

/** What the dialects differ in. */
export interface Dialect {
  /** Whether a value of a wrong type gives MISSING, and not an error. */
  readonly faultsAreMissing: boolean;
  /** Whether an operand that is MISSING gives MISSING, and not NULL. */
  readonly missingStaysMissing: boolean;
  /** Whether a comparison, or a step of a path, may be an error: then none is asked before its turn. */
  readonly comparisonsMayFail: boolean;
}

const DIALECTS: Readonly<Record<Typing, Dialect>> = {
  qldb: {
    faultsAreMissing: false,
    missingStaysMissing: false,
    comparisonsMayFail: false,
  },
  strict: {
    faultsAreMissing: false,
    missingStaysMissing: true,
    comparisonsMayFail: true,
  },
  permissive: {
    faultsAreMissing: true,
    missingStaysMissing: true,
    comparisonsMayFail: false,
  },
};

/** The rules of a typing. */
export function dialectOf(typing: Typing): Dialect {
  return DIALECTS[typing];
}
