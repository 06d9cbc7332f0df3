import type { Mode } from './partiql-check.js';

/** Cases of partiql-tests that do not hold here, and why. */
export interface Skip {
  /** Path of the file in the suite, or the beginning of one. */
  readonly file: string;
  /** Full name of a case, or a pattern that names match. Absent: the whole file. */
  readonly name?: string | RegExp;
  /** Absent: in every mode. */
  readonly mode?: Mode;
  readonly reason: string;
}

function cases(
  file: string,
  reason: string,
  ...names: readonly string[]
): readonly Skip[] {
  return names.map((name) => ({ file, name, reason }));
}

function inMode(mode: Mode, list: readonly Skip[]): readonly Skip[] {
  return list.map((skip) => ({ ...skip, mode }));
}

const EVAL = 'partiql-tests-data/eval';
const EQUIV = 'partiql-tests-data/eval-equiv';
const EXTENDED = 'partiql-tests-data-extended/eval';

export const skips: readonly Skip[] = [
  // ---- Dates and times ------------------------------------------------------------
  ...cases(
    `${EXTENDED}/primitives/functions/date_add.ion`,
    'a year beyond 9999 is an error: no Ion timestamp has it',
    'date_add_invalid > date_add year 9999}',
    'date_add_invalid > date_add overflow ion',
    'date_add_invalid > date_add year negative',
  ),

  // ---- The suite contradicts itself -------------------------------------------------
  ...inMode(
    'EvalModeCoerce',
    cases(
      `${EVAL}/primitives/operators/bag-operators.ion`,
      'OUTER reads NULL and MISSING as an empty bag: eval-equiv/rfc/0007.ion, Example 7',
      'bagOperators > outerUnionCoerceNullMissing',
      'bagOperators > outerIntersectCoerceNullMissing',
    ),
  ),
  ...cases(
    `${EVAL}/primitives/operators/is-operators.ion`,
    'one digit more before the point than DECIMAL(p, s) leaves is false in `123.456 is DECIMAL(5,3)`',
    'is > 1.000 is DECIMAL(3,3)',
  ),
  ...cases(
    `${EVAL}/primitives/operators/is-operators.ion`,
    'fewer digits before the point than DECIMAL(p, s) leaves is true in `0.00 is DECIMAL(4,3)`',
    'is > 123.456 is DECIMAL(7,3)',
  ),
  ...cases(
    `${EVAL}/query/select/select.ion`,
    'a name that nothing has is an error in both modes: eval/query/undefined-variable-behavior.ion; the case means the string',
    'select distinct > selectDistinctExpression',
  ),
  {
    file: `${EXTENDED}/query/group-by/group-by.ion`,
    name: /binding referenced in (FROM|WHERE) clause - Extended$/,
    mode: 'EvalModeCoerce',
    reason:
      'a name that nothing has is an error in both modes: eval/query/group-by/group-by.ion, `GROUP BY binding referenced in WHERE clause`',
  },
  {
    file: `${EXTENDED}/query/group-by/group-by.ion`,
    name: /GROUP BY (MISSING AS|p\.supplierId_mi|p\.regionId, p\.supplierId_mi)/,
    reason:
      'a group of MISSING has the key NULL, and strictly there is no such field: eval/query/group-by/group-by.ion, `SELECT supplierId_missings …`',
  },
  ...cases(
    `${EQUIV}/spec-tests.ion`,
    'an int never orders with a string: `5 > …` in eval/spec-tests.ion, section-7; and FROM over an int is an error in strict mode: section-5',
    'section-12 > equiv coercions with explicit literals',
  ),
  ...cases(
    `${EQUIV}/spec-tests.ion`,
    'AVG of ints is a decimal: eval/query/select/sql-aggregate.ion; here it is to be an int',
    'section-11 > equiv aliases from select clause',
  ),
  ...cases(
    `${EVAL}/spec-tests.ion`,
    'the readings are grouped as {l: …}, so that r.co is MISSING: `group by without aggregates` of the same section',
    'section-11 > windowing simplified with grouping',
  ),

  ...cases(
    `${EVAL}/primitives/operators/divide.ion`,
    'a literal with an exponent is a DECIMAL (`cast(2e100 as INT)`, extended eval/primitives/int.ion), so that the quotient is exact; here it is a float, a little more than 0.225',
    "divide > INTERVAL '2' DAY / 2.25e-1",
    "divide > INTERVAL '4' HOUR / 2.25e-1",
    "divide > INTERVAL '2 4:5:10.5' DAY TO SECOND / 2.25e-1",
  ),

  // ---- The case has a slip of the pen ------------------------------------------------
  ...cases(
    `${EQUIV}/spec-tests.ion`,
    'one statement has no comma between two fields, and no FROM; the other gives two rows, not one',
    'section-9 > equiv coercion of a SELECT subquery into a scalar',
  ),
  ...cases(
    `${EQUIV}/spec-tests.ion`,
    '`w,d` for `w.d`: rows of three columns are compared with rows of two',
    'section-9 > equiv coercion of a SELECT subquery into an array',
  ),
  ...inMode(
    'EvalModeError',
    cases(
      `${EQUIV}/spec-tests.ion`,
      'of two statements that are to fail one is right: a tuple can be unpivoted in `equiv wildcard steps struct`',
      'section-4 > equiv path collection expression with wildcard steps',
      'section-5 > equiv attribute value pair unpivot non-missing',
      'section-5 > equiv attribute value pair unpivot missing',
    ),
  ),
];
