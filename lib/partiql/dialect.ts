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
  /** Whether it is a fault to ask a value for what it has not: a field, an element, the position in a bag. */
  readonly absenceIsFault: boolean;
  /** Whether a name without quotes means what has that name in any case. */
  readonly namesIgnoreCase: boolean;
  /** Whether a name that is no variable may be a field of one of several sources. */
  readonly fieldsOfAnySource: boolean;
  /** Whether YEAR, MONTH and the like are names as well. */
  readonly fewReservedWords: boolean;
  /** Whether any word after a point is the name of a field, even one that begins a clause. */
  readonly keywordsAreFields: boolean;
  /** Whether a SELECT needs no FROM. */
  readonly fromIsOptional: boolean;
  /** Whether it is a fault to order values that have no order among them, or to look for one in what is no collection. */
  readonly incomparableIsFault: boolean;
  /** Whether an argument of a wrong type is a fault although another one is unknown. */
  readonly typesBeforeUnknowns: boolean;
  /** Whether a column without a name is numbered among those without one, and not by its place. */
  readonly countsUnnamed: boolean;
  /** Whether a SELECT of one column stands for one value wherever an expression can stand. */
  readonly queriesAreScalars: boolean;
  /** Whether OUTER set operators take collections, and beside one NULL or MISSING, but no other value. */
  readonly outerTakesCollectionsOnly: boolean;
  /** Whether set operators without OUTER take rows of the same columns only, and name those on the right as on the left. */
  readonly unionsAreTyped: boolean;
  /** Whether a name before a colon that means nothing is the text of the key. */
  readonly namesAreKeys: boolean;
  /** Whether CAST to an int rounds, half to even, and not cuts off the fraction. */
  readonly castsRound: boolean;
  /** Whether no int is longer than 64 bits, not even a literal. */
  readonly intsHave64Bits: boolean;
  /** Whether a decimal literal is rounded to the digits that arithmetic keeps. */
  readonly literalsAreRounded: boolean;
  /** Whether only the texts of true and false are cast to BOOL. */
  readonly booleansAreStrict: boolean;
  /** Whether GROUP BY may name an alias of the select list. */
  readonly groupsByAliases: boolean;
  /** Whether NULL is the greatest value of an ordering inside a list or a struct too. */
  readonly unknownsSortLast: boolean;
  /** Whether `()` is an empty list. */
  readonly emptyRowIsList: boolean;
}

const QLDB: Dialect = {
  faultsAreMissing: false,
  missingStaysMissing: false,
  comparisonsMayFail: false,
  absenceIsFault: false,
  namesIgnoreCase: false,
  fieldsOfAnySource: false,
  fewReservedWords: false,
  keywordsAreFields: true,
  fromIsOptional: false,
  incomparableIsFault: false,
  typesBeforeUnknowns: false,
  countsUnnamed: false,
  queriesAreScalars: false,
  outerTakesCollectionsOnly: false,
  unionsAreTyped: false,
  namesAreKeys: false,
  castsRound: false,
  intsHave64Bits: false,
  literalsAreRounded: false,
  booleansAreStrict: false,
  groupsByAliases: false,
  unknownsSortLast: false,
  emptyRowIsList: false,
};

const STRICT: Dialect = {
  faultsAreMissing: false,
  missingStaysMissing: true,
  comparisonsMayFail: true,
  absenceIsFault: true,
  namesIgnoreCase: true,
  fieldsOfAnySource: true,
  fewReservedWords: true,
  keywordsAreFields: false,
  fromIsOptional: true,
  incomparableIsFault: true,
  typesBeforeUnknowns: true,
  countsUnnamed: true,
  queriesAreScalars: true,
  outerTakesCollectionsOnly: true,
  unionsAreTyped: true,
  namesAreKeys: true,
  castsRound: true,
  intsHave64Bits: true,
  literalsAreRounded: true,
  booleansAreStrict: true,
  groupsByAliases: true,
  unknownsSortLast: true,
  emptyRowIsList: true,
};

const DIALECTS: Readonly<Record<Typing, Dialect>> = {
  qldb: QLDB,
  strict: STRICT,
  permissive: {
    ...STRICT,
    faultsAreMissing: true,
    comparisonsMayFail: false,
    absenceIsFault: false,
    incomparableIsFault: false,
    outerTakesCollectionsOnly: false,
  },
};

/** The rules of a typing. */
export function dialectOf(typing: Typing): Dialect {
  return DIALECTS[typing];
}
