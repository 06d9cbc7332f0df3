import { describe, expect, it } from 'vitest';
import { textOf } from '../../lib/ion/text-writer.js';
import { IonSymbol, type IonValue } from '../../lib/ion/value.js';
import { PartiqlError } from '../../lib/partiql/errors.js';
import { parse } from '../../lib/partiql/language/parser/index.js';
import type { Typing } from '../../lib/partiql/dialect.js';
import { evaluateExpression } from '../../lib/partiql/plan/statement.js';
import { Bag, MISSING, sealed } from '../../lib/partiql/values/kinds.js';
import { MemoryCatalog } from './memory-catalog.js';

/** What a query comes to: Ion text, a bag between << and >>, or the code of its error. */
async function outcome(source: string, typing: Typing): Promise<string> {
  try {
    const { statement } = parse(source, { typing });
    if (statement.kind !== 'SelectStatement') return 'no query';
    return text(
      await evaluateExpression(source, statement.query, new MemoryCatalog(), {
        typing,
      }),
    );
  } catch (error) {
    if (error instanceof PartiqlError) return error.code;
    throw error;
  }
}

function text(value: IonValue): string {
  if (value === MISSING) return 'MISSING';
  if (value instanceof IonSymbol) return value.text ?? '';
  if (value instanceof Bag) return `<<${[...value].map(text).join(',')}>>`;
  if (Array.isArray(value)) {
    return `[${(value as readonly IonValue[]).map(text).join(',')}]`;
  }
  return textOf(sealed(value) ?? null, '$0');
}

const EVALUATION = 'PARTIQL_EVALUATION';
const SEMANTIC = 'PARTIQL_SEMANTIC';
const SYNTAX = 'PARTIQL_SYNTAX';

/** A query, and what it comes to in `qldb`, `strict` and `permissive`. */
type Row = readonly [string, string, string, string];

function table(title: string, rows: readonly Row[]): void {
  describe(title, () => {
    it.each(rows)('%s', async (source, qldb, strict, permissive) => {
      expect({
        qldb: await outcome(source, 'qldb'),
        strict: await outcome(source, 'strict'),
        permissive: await outcome(source, 'permissive'),
      }).toEqual({ qldb, strict, permissive });
    });
  });
}

table('what is not there', [
  ["{'a': 1}.b", 'MISSING', EVALUATION, 'MISSING'],
  ["'text'.b", 'MISSING', EVALUATION, 'MISSING'],
  ['[1][3]', 'MISSING', EVALUATION, 'MISSING'],
  ['NULL.b', 'MISSING', 'null', 'null'],
  ['SELECT VALUE v FROM 1 AS v', '<<1>>', EVALUATION, '<<1>>'],
  [
    'SELECT VALUE p FROM <<1>> AS v AT p',
    '<<MISSING>>',
    EVALUATION,
    '<<MISSING>>',
  ],
  ['1[*]', '<<1>>', EVALUATION, '<<1>>'],
  ['MISSING.*', '<<>>', EVALUATION, '<<>>'],
  ['unknown_name', SEMANTIC, SEMANTIC, SEMANTIC],
]);

table('types that do not fit', [
  ["1 + 'a'", EVALUATION, EVALUATION, 'MISSING'],
  ["NULL + 'a'", 'null', EVALUATION, 'MISSING'],
  ["1 < 'a'", 'null', EVALUATION, 'MISSING'],
  ["1 = 'a'", 'false', 'false', 'false'],
  ['1 IN 2', 'null', EVALUATION, 'MISSING'],
  ["MOD(NULL, 'a')", 'null', EVALUATION, 'MISSING'],
  ["SUBSTRING(NULL, 'a')", 'null', EVALUATION, 'MISSING'],
  ['UPPER(1)', EVALUATION, EVALUATION, 'MISSING'],
  ["'a' LIKE 1", EVALUATION, EVALUATION, 'MISSING'],
]);

table('values that do not fit are an error whatever the typing', [
  ["'a' LIKE 'a+x' ESCAPE '+'", EVALUATION, EVALUATION, EVALUATION],
  ["'a' LIKE 'a' ESCAPE '++'", EVALUATION, EVALUATION, EVALUATION],
  ['1 / 0', EVALUATION, EVALUATION, EVALUATION],
  ['CAST(2e100 AS INT)', EVALUATION, EVALUATION, EVALUATION],
  ['9223372036854775808', '9223372036854775808', SYNTAX, SYNTAX],
  [
    '-9223372036854775808',
    '-9223372036854775808',
    '-9223372036854775808',
    '-9223372036854775808',
  ],
]);

table('NULL and MISSING', [
  ['1 + MISSING', 'null', 'MISSING', 'MISSING'],
  ['MISSING = NULL', 'null', 'null', 'null'],
  ['MISSING IS NULL', 'true', 'true', 'true'],
  ['NULLIF(MISSING, 1)', 'null', 'MISSING', 'MISSING'],
  ['NULLIF(MISSING, NULL)', 'null', 'null', 'null'],
  ['NULLIF(1, MISSING)', '1', '1', '1'],
  ['CAST(MISSING AS INT)', 'MISSING', 'MISSING', 'MISSING'],
]);

table('CAST', [
  ['CAST(1.5 AS INT)', '1', '2', '2'],
  ['CAST(2.5 AS INT)', '2', '2', '2'],
  ['CAST(-1.5 AS INT)', '-1', '-2', '-2'],
  ['CAST(`0.5e0` AS INT)', '0', '0', '0'],
  ["CAST('x' AS BOOL)", 'false', EVALUATION, 'MISSING'],
  ["CAST('x' AS INT)", EVALUATION, EVALUATION, 'MISSING'],
  ['CAST(123.46 AS DECIMAL(4, 1))', '123.5', '123.5', '123.5'],
]);

table('names', [
  ["{'Ab': 1}.aB", 'MISSING', '1', '1'],
  ['{\'Ab\': 1}."aB"', 'MISSING', EVALUATION, 'MISSING'],
  ['SELECT VALUE v FROM [1] AS V', '<<MISSING>>', '<<1>>', '<<1>>'],
  ['SELECT VALUE year FROM [1] AS year', SYNTAX, '<<1>>', '<<1>>'],
  ['{a: 1}', SEMANTIC, '{a:1}', '{a:1}'],
  [
    "SELECT b, c FROM [{'b': 1}] AS x, [{'c': 2}] AS y",
    SEMANTIC,
    '<<{b:1,c:2}>>',
    '<<{b:1,c:2}>>',
  ],
  [
    'SELECT v AS a, v + 1, v + 2 FROM [1] AS v',
    '<<{a:1,_2:2,_3:3}>>',
    '<<{a:1,_1:2,_2:3}>>',
    '<<{a:1,_1:2,_2:3}>>',
  ],
]);

table('queries that stand for a value', [
  ['[(SELECT v AS a FROM [1] AS v)]', '[<<{a:1}>>]', '[1]', '[1]'],
  [
    '[(SELECT v AS a FROM [1, 2] AS v)]',
    '[<<{a:1},{a:2}>>]',
    EVALUATION,
    '[MISSING]',
  ],
  ['1 = (SELECT v AS a FROM [1] AS v)', 'true', 'true', 'true'],
  ['1 IN (SELECT v AS a FROM [1, 2] AS v)', 'true', 'true', 'true'],
  ['EXISTS(SELECT v AS a FROM [1] AS v)', 'true', 'true', 'true'],
  ['(1, 2) = (SELECT v AS a, 2 AS b FROM [1] AS v)', 'false', 'true', 'true'],
]);

table('set operators', [
  ['<<1>> UNION <<1, 2>>', '<<1,2>>', '<<1,2>>', '<<1,2>>'],
  ['1 OUTER UNION 2', '<<1,2>>', EVALUATION, '<<1,2>>'],
  ['<<1>> OUTER UNION NULL', '<<1>>', '<<1>>', '<<1>>'],
  [
    "<<{'a': 1}>> UNION <<{'b': 2}>>",
    '<<{a:1},{b:2}>>',
    '<<{a:1},{a:2}>>',
    '<<{a:1},{a:2}>>',
  ],
  [
    "<<{'a': 1}>> UNION <<{'a': 1, 'b': 2}>>",
    '<<{a:1},{a:1,b:2}>>',
    EVALUATION,
    EVALUATION,
  ],
  [
    "<<{'a': 1, 'b': 2}>> UNION ALL CORRESPONDING <<{'c': 3, 'b': 4}>>",
    '<<{b:2},{b:4}>>',
    '<<{b:2},{b:4}>>',
    '<<{b:2},{b:4}>>',
  ],
  [
    "<<{'a': 1, 'b': 2}>> EXCEPT CORRESPONDING BY (a) <<{'a': 1}>>",
    '<<>>',
    '<<>>',
    '<<>>',
  ],
]);

table('clauses', [
  [
    'WITH t AS (SELECT VALUE v + 1 FROM [1] AS v), u AS (SELECT VALUE t + 1 FROM t) SELECT VALUE u FROM u',
    '<<3>>',
    '<<3>>',
    '<<3>>',
  ],
  [
    'SELECT VALUE COLL_SUM(SELECT VALUE e.v FROM g AS e) FROM [1, 2] AS v GROUP ALL AS g',
    '<<3>>',
    '<<3>>',
    '<<3>>',
  ],
  ["TUPLEUNION({'a': 1}, {'b': 2})", '{a:1,b:2}', '{a:1,b:2}', '{a:1,b:2}'],
  ["COLL_TO_SCALAR(<<{'a': 1}>>)", '1', '1', '1'],
  ["TEXT_REPLACE('ab', '', '-')", '"-a-b-"', '"-a-b-"', '"-a-b-"'],
  ['SELECT VALUE 1', SYNTAX, '<<1>>', '<<1>>'],
  [
    'SELECT VALUE v FROM [[null], [1]] AS v ORDER BY v',
    '[[null],[1]]',
    '[[1],[null]]',
    '[[1],[null]]',
  ],
]);
