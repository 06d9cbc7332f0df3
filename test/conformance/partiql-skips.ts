/** Cases of partiql-tests that do not hold here, and why. */
export interface Skip {
  /** Path of the file in the suite, or the beginning of one. */
  readonly file: string;
  /** Full name of a case, or a pattern that names match. Absent: the whole file. */
  readonly name?: string | RegExp;
  readonly reason: string;
}

function cases(
  file: string,
  reason: string,
  ...names: readonly string[]
): readonly Skip[] {
  return names.map((name) => ({ file, name, reason }));
}

const EVAL = 'partiql-tests-data/eval';
const EQUIV = 'partiql-tests-data/eval-equiv';
const EXTENDED = 'partiql-tests-data-extended/eval';

export const skips: readonly Skip[] = [
  // ---- Not part of this language ------------------------------------------------
  {
    file: `${EXTENDED}/primitives/functions/text_replace.ion`,
    reason: 'TEXT_REPLACE: not a function of QLDB, nor of the specification',
  },
  ...cases(
    `${EVAL}/spec-tests.ion`,
    'WITH and window functions: not part of the grammar',
    'section-11 > windowing simplified with grouping',
  ),
  ...cases(
    `${EQUIV}/spec-tests.ion`,
    "a string is never compared as a number: 9 < '10' is unknown",
    'section-12 > equiv coercions with explicit literals',
  ),
  ...cases(
    `${EVAL}/rfc/0007.ion`,
    'UNION without OUTER takes any collections: a ledger has no schema that could forbid it',
    'set > Example 2.1 — Union of Compatible Relations; Mismatch Column Names; Without CORRESPONDING Clause',
    'set > Example 3 — Union of Heterogenous Relations',
    'set > Example 6 - Value Coercion not union-compatible',
    'bag > Example 7 — `engineering.employees UNION << MISSING >>`',
  ),
  {
    file: 'partiql-tests-data/',
    name: /With CORRESPONDING Clause$/,
    reason: 'CORRESPONDING: not part of the grammar',
  },
  ...cases(
    `${EQUIV}/rfc/0007.ion`,
    'TABLE name as an expression: not part of the grammar',
    'bag > Example 7 — NULL and MISSING Coercion - 1',
    'bag > Example 7 — NULL and MISSING Coercion - 2',
  ),
  ...cases(
    `${EQUIV}/spec-tests.ion`,
    'TUPLEUNION, COLL_TO_SCALAR, GROUP ALL and the like: functions by which the specification explains itself',
    'section-6 > equiv tupleunion with select list',
    'section-9 > equiv coercion of a SELECT subquery into a scalar',
    'section-9 > equiv coercion of a SELECT subquery into an array',
    'section-11 > equiv group_all',
    'section-11 > equiv aliases from select clause',
  ),
  ...cases(
    `${EVAL}/primitives/functions/cardinality.ion`,
    'an S-expression is written in backticks; () is no value',
    "cardinality > cardinality valid cases{param:\"[[], [1,2,3,4,[5,6], ()], ({'a': 1, 'b': 2})]\",result:3}",
  ),
  ...cases(
    'partiql-tests-data/success/syntax/primitives/coll-aggregate-function.ion',
    'COLL_COUNT(*) has no collection to count',
    'coll_count > COLL_COUNT star aggregate function call',
  ),

  // ---- QLDB's dialect has a rule of its own ---------------------------------------
  {
    file: 'partiql-tests-data/success/syntax/query/select/select.ion',
    name: /missing FROM/,
    reason: 'SELECT without FROM: QLDB refuses it',
  },
  ...cases(
    'partiql-tests-data/fail/syntax/primitives/path-expression.ion',
    'a reserved word after a point is accepted: nothing else can stand there',
    'invalid path component > invalid path component keyword in path',
    'invalid path component keyword in path',
  ),
  ...cases(
    `${EVAL}/primitives/date-time.ion`,
    'YEAR and the like are reserved words in QLDB, to be written in double quotes',
    'regression > dateTimePartsAsVariableNames',
  ),
  ...cases(
    `${EVAL}/primitives/basic.ion`,
    'names are case sensitive in QLDB',
    'basic > identifierCaseMismatch',
  ),
  {
    file: `${EVAL}/query/group-by/group-by.ion`,
    name: /with (mixed case|explicit wrong case - fail)$/,
    reason: 'names are case sensitive in QLDB',
  },
  ...cases(
    `${EQUIV}/spec-tests.ion`,
    'names are case sensitive in QLDB',
    'section-6 > equiv array constructor',
  ),
  ...cases(
    `${EVAL}/primitives/basic.ion`,
    'a decimal literal keeps all its digits; arithmetic rounds to 38',
    'basic > decimalRoundUp',
    'basic > decimalRoundDown',
  ),
  {
    file: `${EXTENDED}/primitives/int.ion`,
    name: /9223372036854775808"|'-?92233720368547758070'/,
    reason: 'ints of any size are values in QLDB; only arithmetic has 64 bits',
  },
  {
    file: `${EXTENDED}/primitives/cast.ion`,
    reason: 'CAST to an int cuts off the fraction in QLDB; the suite rounds',
  },
  ...cases(
    `${EXTENDED}/primitives/basic.ion`,
    'CAST to an int cuts off the fraction in QLDB; the suite rounds',
    'arithmetic with mixed type > function call with mixed StaticType',
  ),
  ...cases(
    `${EVAL}/query/group-by/group-by.ion`,
    'a column without a name is numbered from 1: MAX(b) as second column is _2',
    'group-by-group-as > qualified GROUP BY, SELECT and ORDER BY',
    'group-by-group-as > qualified SELECT and ORDER BY DESC',
    'group-by-group-as > nested qualified GROUP BY, SELECT and ORDER BY DESC',
    'group-by-group-as > nested qualified GROUP BY with alias, SELECT and ORDER BY DESC',
  ),
  ...cases(
    `${EVAL}/query/group-by/group-by.ion`,
    'an unknown name is an error in QLDB, not MISSING',
    'group-by-group-as > qualified GROUP BY, SELECT and ORDER BY with wrong qualifier - fail',
  ),
  {
    file: `${EXTENDED}/query/group-by/group-by.ion`,
    name: /binding referenced in (FROM|WHERE) clause - Extended$/,
    reason: 'an unknown name is an error in QLDB, not MISSING',
  },
  {
    file: `${EXTENDED}/query/group-by/group-by.ion`,
    name: /, (join_me|different_types_per_row) GROUP BY col1 GROUP AS g$/,
    reason: 'with several sources a field needs the name of its source in QLDB',
  },
  ...cases(
    `${EVAL}/primitives/functions/exists.ion`,
    'an unknown name is an error in QLDB, not MISSING',
    'exists > exists valid cases{param:"{a: 1}",result:true}',
    'exists > exists valid cases{param:"{a: null}",result:true}',
  ),
  ...cases(
    `${EVAL}/query/select/select.ion`,
    "an unknown name is an error in QLDB, not MISSING; the case means '1'",
    'select distinct > selectDistinctExpression',
  ),
  ...cases(
    `${EVAL}/spec-tests.ion`,
    'an unknown name is an error in QLDB, not MISSING',
    'section-7 > data type mismatch in logical expression',
    'section-11 > coll_count without group by',
  ),
  {
    file: `${EVAL}/ion/query/order-by.ion`,
    name: /^edge_cases > (lists items|structs) should be ordered/,
    reason:
      'inside a list or a struct NULL comes first, as in the order of all values; the suite has it last',
  },

  ...cases(
    `${EVAL}/primitives/operators/divide.ion`,
    '2.25e-1 is a decimal in QLDB, so that the quotient is exact; to the suite it is a float, a little more than 0.225',
    "divide > INTERVAL '2' DAY / 2.25e-1",
    "divide > INTERVAL '4' HOUR / 2.25e-1",
    "divide > INTERVAL '2 4:5:10.5' DAY TO SECOND / 2.25e-1",
  ),

  // ---- Details ------------------------------------------------------------------------
  {
    file: `${EXTENDED}/query/group-by/group-by.ion`,
    name: /GROUP BY (MISSING AS|p\.supplierId_mi|p\.regionId, p\.supplierId_mi)/,
    reason:
      'a group of MISSING has the key NULL, as in the main suite; the extended one leaves it out of *',
  },
  ...cases(
    `${EVAL}/primitives/functions/mod.ion`,
    'an unknown argument decides before the types of the others are looked at',
    "mod > MOD(NULL, 'some string')",
    "mod > MOD('some string', NULL)",
  ),
  ...cases(
    `${EVAL}/primitives/operators/bag-operators.ion`,
    'OUTER reads NULL as an empty bag, as the rest of that file does',
    'bagOperators > outerUnionCoerceNullMissing',
    'bagOperators > outerIntersectCoerceNullMissing',
  ),
  ...cases(
    `${EVAL}/primitives/operators/is-operators.ion`,
    'DECIMAL(p, s) means what it means to CAST: at most p - s digits before the point, at most s behind it',
    'is > 1.000 is DECIMAL(3,3)',
    'is > 123.456 is DECIMAL(7,3)',
  ),
  ...cases(
    `${EXTENDED}/primitives/functions/date_add.ion`,
    'a year beyond 9999 is an error: no Ion timestamp has it',
    'date_add_invalid > date_add year 9999}',
    'date_add_invalid > date_add overflow ion',
    'date_add_invalid > date_add year negative',
  ),
  ...cases(
    `${EVAL}/query/group-by/group-by.ion`,
    'a query in SELECT VALUE gives its rows, as in QLDB; it stands for one value as an operand only',
    'group-by-aggregates > SELECT VALUE with nested aggregates : SELECT VALUE (SELECT SUM(outerFromSource.col1) AS the_sum FROM <<1>>) FROM simple_1_col_1_group as outerFromSource',
  ),
  ...cases(
    `${EVAL}/spec-tests.ion`,
    'a query in SELECT gives its rows, as in QLDB; it stands for one value as an operand only',
    'section-9 > inner select evaluating to collection with more than one element',
  ),
  ...cases(
    `${EVAL}/query/select/sql-aggregate.ion`,
    'a query in SELECT VALUE gives its rows, as in QLDB; it stands for one value as an operand only',
    'multiple_sql_aggregates > selectListMultipleAggregatesNestedQuery',
  ),
];
