import { readCases } from '../../conformance/partiql-cases.js';
import { suiteFolder } from '../../conformance/suite.js';

/** Statements of every kind, for where the official suite is not at hand. */
const BUILT_IN = [
  'SELECT * FROM T AS t BY d WHERE t.k = ? AND t.s LIKE ? ESCAPE ?',
  'SELECT t.k AS k, COUNT(*) AS n, SUM(t.n) AS s, AVG(t.n) FROM T AS t GROUP BY t.k GROUP AS g HAVING COUNT(*) > 1 ORDER BY n DESC NULLS LAST LIMIT 3 OFFSET 1',
  'SELECT a.k, b.s FROM T AS a LEFT JOIN U AS b ON a.k = b.k AND a.n < b.n',
  'SELECT VALUE x FROM T AS t, @t.l AS x AT i WHERE x IN (1, 2.0, ?)',
  'SELECT * FROM (T AS a FULL JOIN U AS b ON a.k = b.k), [1, 2] AS c',
  "SELECT VALUE {'a': v, 'b': n} FROM UNPIVOT {'x': 1, 'y': [2]} AS v AT n",
  'PIVOT t.n AT t.s FROM T AS t',
  'SELECT DISTINCT t.k FROM T t LET t.k + 1 AS m WHERE m > 1',
  '(SELECT k FROM T) UNION ALL (SELECT k FROM U) ORDER BY k LIMIT 2',
  '(SELECT k FROM T) EXCEPT (SELECT k FROM U)',
  '[1, 2] OUTER INTERSECT << 2, 3 >>',
  'SELECT t.k IN (SELECT u.k FROM U AS u WHERE u.n > t.n), EXISTS(SELECT VALUE 1 FROM U) FROM T t',
  "SELECT CAST(t.s AS INT), CAST(t.n AS DECIMAL(5, 2)), CAST(? AS STRING), CAST('2020-01-01T' AS TIMESTAMP) FROM T t",
  'SELECT CASE WHEN t.k BETWEEN 1 AND 3 THEN t.s || ? ELSE UPPER(t.s) END FROM T AS t',
  "SELECT SUBSTRING(s FROM 2 FOR 3), TRIM(BOTH 'a' FROM s), POSITION('b' IN s), OVERLAY(s PLACING 'x' FROM 1 FOR 2), CHAR_LENGTH(s) FROM T",
  "SELECT EXTRACT(year FROM `2020-01-01T`), DATE_ADD(month, ?, `2020-01-31T`), DATE_DIFF(day, `2020T`, UTCNOW()), TO_STRING(UTCNOW(), 'yyyy-MM-dd'), TO_TIMESTAMP('2020', 'y') FROM << 0 >>",
  "SELECT DATE '2020-02-29' + INTERVAL '1' YEAR, TIME '10:00:00' FROM << 0 >>",
  'SELECT t.l[0], t.r."a"[?], t.r.*, t.l[*].x FROM T AS t',
  'SELECT COALESCE(t.x, NULLIF(t.k, 1), SIZE(t.l)), t.m IS NOT MISSING, t.k IS DECIMAL(3, 1) FROM T t',
  'SELECT COLL_SUM(t.l), ABS(-t.n), MOD(t.k, 2), t.k / ?, t.n % 3, -t.n * 2 FROM T AS t',
  'SELECT * FROM history(T, `2019T`, `2021T`) AS h WHERE h.metadata.id = ?',
  'SELECT VALUE u.name FROM information_schema.user_tables AS u',
  "INSERT INTO T << {'k': 1, 's': 'x'}, ? >>",
  'INSERT INTO T ?',
  "INSERT INTO U VALUE {'k': (SELECT VALUE MAX(t.k) FROM T t)}",
  'INSERT INTO T SELECT u.k, u.s FROM U AS u WHERE u.k > 1',
  'UPDATE T AS t BY d SET t.n = t.n + ?, t.r.x = [t.k] WHERE d IN (?, ?)',
  'FROM T AS t, @t.l AS x WHERE x = 1 SET t.s = ?',
  'FROM T AS t WHERE t.k = 1 INSERT INTO t.l VALUE ? AT 0',
  'UPDATE T AS t REMOVE t.r.x WHERE t.k = 2',
  'DELETE FROM T AS t BY d WHERE t.k = ?',
  'CREATE TABLE V',
  'CREATE INDEX ON T (n)',
  'DROP INDEX "i1" ON T WITH (purge = true)',
  'DROP TABLE U',
  'UNDROP TABLE "t2"',
  "EXEC REDACT_REVISION `{strandId: \"a\", sequenceNo: 1}`, 't1', 'd1'",
  'EXPLAIN SELECT * FROM T AS a, U AS b WHERE a.k = b.k AND a.n > 1 ORDER BY a.s LIMIT 1',
  'SELECT x, y FROM [[1, 2], [3, 4]] AS x, x AS y WHERE (x, y) = ([1, 2], 1)',
  'WITH a AS (SELECT k FROM T) SELECT * FROM a',
  'SELECT ROW_NUMBER() OVER (PARTITION BY t.k ORDER BY t.n) FROM T AS t',
  "VALUES (1, 'a'), (2, 'b')",
];

/** Statements to begin with, in their tokens: the official suite's, where it is, and our own. */
export function readCorpus(): readonly (readonly string[])[] {
  const folder = suiteFolder(
    'PARTIQL_TESTS',
    '../shared/data/partiql-tests',
    'partiql-tests',
  );
  const official =
    folder === undefined
      ? []
      : readCases(folder, () => undefined).flatMap((each) => each.statements);
  const short = official.filter((text) => text.length < 2000);
  // The suite has thousands, and nothing that is QLDB's own.
  const own = Array.from(
    { length: folder === undefined ? 1 : 20 },
    () => BUILT_IN,
  );
  return [...own.flat(), ...short].map(tokensOf);
}

const TOKEN =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|[\p{L}_$][\p{L}\p{N}_$]*|\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|<<|>>|\|\||<=|>=|<>|!=|--[^\n]*\n?|\S/gu;

export function tokensOf(text: string): readonly string[] {
  return text.match(TOKEN) ?? [];
}
