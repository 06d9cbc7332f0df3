import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from '../../../lib/partiql/language/parser/index.js';
import { print } from '../../../lib/partiql/language/print/index.js';
import { expectSame, parses, printed, treeOf } from './tree.js';

describe('print', () => {
  it.each([
    // Keywords and names
    ['select a, b as c from t', 'SELECT a, b AS c FROM t'],
    ['select a b from "t" c at i by d', 'SELECT a AS b FROM t AS c AT i BY d'],
    ['SELECT "a" FROM "Order" "x y"', 'SELECT a FROM "Order" AS "x y"'],
    ['SELECT "a""b" FROM t', 'SELECT "a""b" FROM t'],
    ['SELECT "offset", "let" FROM t', 'SELECT "offset", "let" FROM t'],
    ['SELECT * FROM "lateral" x', 'SELECT * FROM "lateral" AS x'],
    ['SELECT t."order"."a b" FROM t', 'SELECT t.order."a b" FROM t'],
    ['SELECT @"t".a FROM t', 'SELECT @t.a FROM t'],
    // Parentheses
    ['((a))', 'a'],
    ['(a + b) * c', '(a + b) * c'],
    ['a + (b * c)', 'a + b * c'],
    ['(a - b) - c', 'a - b - c'],
    ['a - (b - c)', 'a - (b - c)'],
    ['(a AND b) AND c', '(a AND b) AND c'],
    ['(a AND b) OR (c AND d)', 'a AND b OR c AND d'],
    ['a AND (b OR c)', 'a AND (b OR c)'],
    ['NOT (a = b)', 'NOT a = b'],
    ['(NOT a) = b', '(NOT a) = b'],
    ['NOT (a AND b)', 'NOT (a AND b)'],
    ['(a = b) IS NULL', 'a = b IS NULL'],
    ['a = (b IS NULL)', 'a = (b IS NULL)'],
    ['(a.b).c', '(a.b).c'],
    ['(a + b).c[1 + 2][*].*', '(a + b).c[1 + 2][*].*'],
    ['a NOT BETWEEN (b) AND (c + 1)', 'a NOT BETWEEN b AND c + 1'],
    ['a IN (1)', 'a IN (1)'],
    ['a NOT IN (1, 2)', 'a NOT IN (1, 2)'],
    ['a IN b', 'a IN b'],
    ["a LIKE ('x' || b) ESCAPE ('!')", "a LIKE 'x' || b ESCAPE '!'"],
    // Signs
    ['- - a', '- -a'],
    ['a - -1', 'a - -1'],
    ['+a', '+a'],
    ['-(a + b)', '-(a + b)'],
    // Literals, each of its own type
    ["'it''s'", "'it''s'"],
    ['true', 'TRUE'],
    ['null', 'NULL'],
    ['missing', 'MISSING'],
    ['1.50', '1.50'],
    ['1e3', '1e3'],
    ['5.', '5.'],
    ['`5`', '5'],
    ['`"text"`', "'text'"],
    ['`1e0`', '`1e0`'],
    ['`-1.5`', '`-1.5`'],
    ['-1.5', '-1.5'],
    ['9007199254740993', '9007199254740993'],
    ['`-9007199254740993`', '`-9007199254740993`'],
    ['`null.int`', '`null.int`'],
    ['`{a: [1, x], b: 2019-06-05T}`', '`{a:[1,x],b:2019-06-05T}`'],
    ['`(\'`\' + "`")`', '`(\'`\' + "`")`'],
    ['`$0::{$0:$0}`', '`$0::{$0:$0}`'],
    ['(1).a', '`1`.a'],
    ['(-1)[0]', '`-1`[0]'],
    // Dates, times, intervals
    ["date'2024-02-29'", "DATE '2024-02-29'"],
    ["time (3)with time zone 'x'", "TIME(3) WITH TIME ZONE 'x'"],
    [
      "timestamp without time zone '2024-02-29 00:00:00'",
      "TIMESTAMP WITHOUT TIME ZONE '2024-02-29 00:00:00'",
    ],
    ["interval - '1-6' year (4) to month", "INTERVAL '-1-6' YEAR(4) TO MONTH"],
    ["interval -'-5' second(3,0)", "INTERVAL '5' SECOND(3, 0)"],
    [
      "interval '1 2:3:4' day to second (2)",
      "INTERVAL '1 2:3:4' DAY TO SECOND(2)",
    ],
    ['cast(a as interval day(3))', 'CAST(a AS INTERVAL DAY(3))'],
    ['a is not time with time zone', 'a IS NOT TIME WITH TIME ZONE'],
    ['row(a, b) overlaps (c, d)', '(a, b) OVERLAPS (c, d)'],
    ['(a overlaps b) = c', 'a OVERLAPS b = c'],
    ['a overlaps (b = c)', 'a OVERLAPS (b = c)'],
    ['a overlaps (b + c)', 'a OVERLAPS b + c'],
    ['row(a)', '[a]'],
    ['current_date', 'CURRENT_DATE'],
    ['Current_Time', 'CURRENT_TIME'],
    ['current_timestamp(2)', '"current_timestamp"(2)'],
    // Constructors
    ["{'a': 1, b: (2)}", "{'a': 1, b: 2}"],
    [
      '[1, <<2, 3>>, (4, 5), [], <<>>, {}]',
      '[1, <<2, 3>>, (4, 5), [], <<>>, {}]',
    ],
    ['values (1, 2), (3)', 'VALUES (1, 2), (3)'],
    ['<<[1, 2], [3]>>', '<<[1, 2], [3]>>'],
    ['[(VALUES (1)), 2]', '[(VALUES (1)), 2]'],
    // Calls
    ['upper(a) || abs(b)', 'UPPER(a) || abs(b)'],
    [
      'count(*) + Count(distinct a) + "count"(a)',
      'COUNT(*) + COUNT(DISTINCT a) + "count"(a)',
    ],
    ['coll_sum(all a)', 'COLL_SUM(a)'],
    ['extract(year from a)', 'EXTRACT(YEAR FROM a)'],
    ['date_add(month, 1, a)', 'DATE_ADD(MONTH, 1, a)'],
    ['substring(a from 1 for 2)', 'SUBSTRING(a, 1, 2)'],
    ["trim(leading 'x' from a)", "TRIM(LEADING 'x' FROM a)"],
    ['trim(both from a)', 'TRIM(a)'],
    ['"trim"(a)', '"trim"(a)'],
    ["position('a', (b in c))", "POSITION('a' IN b IN c)"],
    ['overlay(a placing b from 1)', 'overlay(a, b, 1)'],
    ['cast(a as decimal(5, 2))', 'CAST(a AS DECIMAL(5, 2))'],
    ['a is not double precision', 'a IS NOT FLOAT'],
    ['case a when 1 then 2 else 3 end', 'CASE a WHEN 1 THEN 2 ELSE 3 END'],
    ['exists(select * from t)', 'EXISTS(SELECT * FROM t)'],
    ['f((select * from t), 1)', 'f((SELECT * FROM t), 1)'],
    // Queries
    ['select distinct value a from t', 'SELECT DISTINCT VALUE a FROM t'],
    ['select a.*, b.c.* from a, b', 'SELECT a.*, b.c.* FROM a, b'],
    [
      'pivot a at b from unpivot c as a at b',
      'PIVOT a AT b FROM UNPIVOT c AS a AT b',
    ],
    [
      'select a from t let b + 1 as c where c = 1 group by a as k group as g having count(*) > 1 order by k desc nulls last, a asc limit 1 offset 2',
      'SELECT a FROM t LET b + 1 AS c WHERE c = 1 GROUP BY a AS k GROUP AS g HAVING COUNT(*) > 1 ORDER BY k DESC NULLS LAST, a LIMIT 1 OFFSET 2',
    ],
    [
      'select * from a join b on a.x = b.x left outer join c on true',
      'SELECT * FROM a JOIN b ON a.x = b.x LEFT JOIN c ON TRUE',
    ],
    ['select * from a cross join b, c', 'SELECT * FROM a, b, c'],
    [
      'select * from a cross join b join c on true',
      'SELECT * FROM a CROSS JOIN b JOIN c ON TRUE',
    ],
    ['select * from a, b join c on true', 'SELECT * FROM a, b JOIN c ON TRUE'],
    [
      'select * from a join (b join c on true) on true',
      'SELECT * FROM a JOIN (b JOIN c ON TRUE) ON TRUE',
    ],
    ['select * from a left cross join b', 'SELECT * FROM a LEFT CROSS JOIN b'],
    [
      'select * from (select * from t) x',
      'SELECT * FROM (SELECT * FROM t) AS x',
    ],
    [
      '(select a from t) union all (select b from u) except select c from v',
      'SELECT a FROM t UNION ALL SELECT b FROM u EXCEPT SELECT c FROM v',
    ],
    [
      'select a from t union (select b from u union select c from v)',
      'SELECT a FROM t UNION (SELECT b FROM u UNION SELECT c FROM v)',
    ],
    [
      '(select a from t limit 1) outer union select b from u',
      '(SELECT a FROM t LIMIT 1) OUTER UNION SELECT b FROM u',
    ],
    [
      '(select a from t order by a) limit 1',
      '(SELECT a FROM t ORDER BY a) LIMIT 1',
    ],
    ['a in (select b from t)', 'a IN (SELECT b FROM t)'],
    // Statements
    ['insert into t value ?', 'INSERT INTO t VALUE ?'],
    ['insert into t values (?), (?)', 'INSERT INTO t VALUES (?), (?)'],
    ['insert into t (select a from u)', 'INSERT INTO t SELECT a FROM u'],
    [
      'update t as x by i set x.a = 1, x."b"[\'c\'][0] = 2 where i = ?',
      'UPDATE t AS x BY i SET x.a = 1, x.b.c[0] = 2 WHERE i = ?',
    ],
    [
      'update t set a = 1 remove b set c = 2 insert into d value 1 at 0',
      'UPDATE t SET a = 1 REMOVE b SET c = 2 INSERT INTO d VALUE 1 AT 0',
    ],
    [
      'from t as x, @x.a as y where y.b = ? set y.c = ?',
      'FROM t AS x, @x.a AS y WHERE y.b = ? SET y.c = ?',
    ],
    [
      'delete from t as x by i where i = ?',
      'DELETE FROM t AS x BY i WHERE i = ?',
    ],
    ['create table "Order";', 'CREATE TABLE "Order"'],
    ['create index on t (a)', 'CREATE INDEX ON t (a)'],
    [
      'drop index "4tPW3fUhaVhDinRgKRLhGU" on t with (purge = true)',
      'DROP INDEX "4tPW3fUhaVhDinRgKRLhGU" ON t WITH (purge = TRUE)',
    ],
    ['drop table t', 'DROP TABLE t'],
    ['undrop table "5PLf"', 'UNDROP TABLE "5PLf"'],
    ['exec redact_revision ?, ?, ?', 'EXEC redact_revision ?, ?, ?'],
    ['exec p', 'EXEC p'],
    ['exec p select a from t, u', 'EXEC p SELECT a FROM t, u'],
  ])('writes %s', (source, text) => {
    expect(printed(source)).toBe(text);
    expect(treeOf(text)).toEqual(treeOf(source));
  });

  it('takes an expression of a statement, too', () => {
    const { statement } = parse('SELECT a FROM t WHERE (b > 1)');
    if (statement.kind !== 'SelectStatement') throw new Error('no query');
    if (statement.query.kind !== 'Select') throw new Error('no SELECT');
    expect(print(statement.query.where ?? statement.query)).toBe('b > 1');
  });

  it('reads back as what it was, for every statement in these tests', () => {
    const statements = [
      ...textsOf('test/partiql'),
      ...textsOf('test/ledger'),
      ...textsOf('test/contract'),
    ].filter((text) => text.includes(' ') && parses(text));
    expect(statements.length).toBeGreaterThan(800);
    for (const statement of statements) expectSame(statement);
  });

  it.each([
    ['parentheses', (n: number) => `${'('.repeat(n)}a${')'.repeat(n)}`],
    [
      'needed parentheses',
      (n: number) => `${'(1 - '.repeat(n)}a${')'.repeat(n)}`,
    ],
    ['signs', (n: number) => `${'- '.repeat(n)}a`],
    ['NOT', (n: number) => `${'NOT '.repeat(n)}a`],
    ['lists', (n: number) => '['.repeat(n) + ']'.repeat(n)],
    ['structs', (n: number) => `${"{'a': ".repeat(n)}1${'}'.repeat(n)}`],
    ['a chain', (n: number) => `a${' - a'.repeat(n)}`],
    ['a path', (n: number) => `a${'.b'.repeat(n)}`],
    ['paths in paths', (n: number) => `${'('.repeat(n)}a${'.b)'.repeat(n)}.c`],
    ['calls', (n: number) => `${'f('.repeat(n)}${')'.repeat(n)}`],
    [
      'CASE',
      (n: number) => `${'CASE WHEN a THEN '.repeat(n)}1${' END'.repeat(n)}`,
    ],
    ['VALUES', (n: number) => `${'VALUES ('.repeat(n)}1${')'.repeat(n)}`],
    [
      'queries in FROM',
      (n: number) => `${'SELECT * FROM ('.repeat(n)}a${')'.repeat(n)}`,
    ],
    ['joins', (n: number) => `SELECT * FROM a${' JOIN b ON c'.repeat(n)}`],
    [
      'joins in joins',
      (n: number) =>
        `SELECT * FROM ${'(a JOIN '.repeat(n)}b${' ON c)'.repeat(n)} JOIN d ON e`,
    ],
    ['set operations', (n: number) => `a${' UNION b'.repeat(n)}`],
    [
      'numbers of other numbers',
      (n: number) => `${'1['.repeat(n)}1${']'.repeat(n)}`,
    ],
  ])('takes %s as deep as the parser does', (_, build) => {
    let depth = 1;
    while (depth < 1000 && parses(build(depth + 1))) depth += 1;
    expect(depth).toBeLessThan(1000);
    expect(depth).toBeGreaterThan(100);
    expectSame(build(depth));
  });
});

/** The texts in quotes in the files of a folder. */
function textsOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) =>
      Array.from(
        readFileSync(join(folder, file), 'utf8').matchAll(
          /'((?:[^'\\\n]|\\.)+)'|"((?:[^"\\\n]|\\.)+)"/g,
        ),
        ([, single, double]) =>
          (single ?? double ?? '').replaceAll(/\\(.)/g, '$1'),
      ),
    );
}
