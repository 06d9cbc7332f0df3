import { describe, expect, it } from 'vitest';
import { PartiqlError } from '../../../lib/partiql/index.js';
import {
  MAX_DEPTH,
  parse,
} from '../../../lib/partiql/language/parser/index.js';

function errorOf(source: string): PartiqlError {
  try {
    parse(source);
  } catch (error) {
    if (error instanceof PartiqlError) return error;
    throw error;
  }
  throw new Error(`it parses: ${source}`);
}

/** A tree without places, as nested arrays. */
function shape(source: string): unknown {
  const { statement } = parse(source);
  return statement.kind === 'SelectStatement'
    ? strip(statement.query)
    : strip(statement);
}

function strip(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(strip);
  if (typeof node !== 'object' || node === null) return node;
  return Object.fromEntries(
    Object.entries(node)
      .filter(([key, value]) => key !== 'at' && value !== undefined)
      .map(([key, value]) => [key, strip(value)]),
  );
}

const variable = (name: string) => ({ kind: 'Variable', name, lexical: false });

describe('parse', () => {
  it('binds operators as QLDB does', () => {
    expect(shape('a + b * c')).toEqual({
      kind: 'Binary',
      operator: '+',
      left: variable('a'),
      right: {
        kind: 'Binary',
        operator: '*',
        left: variable('b'),
        right: variable('c'),
      },
    });
    expect(shape('NOT a = b AND c')).toEqual({
      kind: 'Logical',
      operator: 'AND',
      operands: [
        {
          kind: 'Unary',
          operator: 'NOT',
          operand: {
            kind: 'Binary',
            operator: '=',
            left: variable('a'),
            right: variable('b'),
          },
        },
        variable('c'),
      ],
    });
  });

  it('is left associative', () => {
    expect(shape('a - b - c')).toEqual(shape('(a - b) - c'));
    expect(shape('a - b - c')).not.toEqual(shape('a - (b - c)'));
  });

  it('keeps AND inside BETWEEN apart', () => {
    expect(shape('a BETWEEN 1 AND 2 AND b')).toEqual(
      shape('(a BETWEEN 1 AND 2) AND b'),
    );
  });

  it('makes a list of what IN has in parentheses, and of nothing else', () => {
    expect(shape('a IN (1)')).toMatchObject({
      collection: { kind: 'Sequence', type: 'row' },
    });
    expect(shape('a IN (?)')).toMatchObject({
      collection: { kind: 'Sequence', type: 'row' },
    });
    expect(shape('a IN ?')).toMatchObject({
      collection: { kind: 'Parameter' },
    });
    expect(shape('a IN (SELECT b FROM c)')).toMatchObject({
      collection: { kind: 'Select' },
    });
    expect(shape('a IN ([1])')).toMatchObject({ collection: { type: 'list' } });
  });

  it('ends WHERE where a set operation begins', () => {
    expect(shape('SELECT a FROM t WHERE b UNION SELECT c FROM u')).toEqual(
      shape('(SELECT a FROM t WHERE b) UNION (SELECT c FROM u)'),
    );
  });

  it('numbers parameters in the order of the text', () => {
    const { parameterCount } = parse(
      'SELECT ? FROM t WHERE a = ? AND b IN (?, ?)',
    );
    expect(parameterCount).toBe(4);
  });

  it('tells where each node is', () => {
    const { statement } = parse('SELECT a\nFROM t\nWHERE  b = 1');
    expect(statement).toMatchObject({
      query: {
        at: { line: 1, column: 1, start: 0 },
        from: { at: { line: 2, column: 6, start: 14 } },
        where: {
          at: { line: 3, column: 10 },
          left: { at: { line: 3, column: 8 } },
        },
      },
    });
  });

  it.each([
    'CREATE TABLE Vehicle',
    'CREATE TABLE V WITH (aws_tags = `{\'environment\': "dev"}`)',
    'CREATE TABLE "Order";',
    'CREATE INDEX ON Vehicle (VIN)',
    'DROP INDEX "4tPW3fUhaVhDinRgKRLhGU" ON Vehicle WITH (purge = true)',
    'DROP TABLE Vehicle',
    'UNDROP TABLE "5PLf9SXwndd63lPaSIa0O6"',
    'INSERT INTO T ?',
    'INSERT INTO T VALUE ?',
    'INSERT INTO T <<?, ?>>',
    'INSERT INTO T `{a: 1}`',
    "insert into T << {'col': 1}, {'col': 2} >>",
    'INSERT INTO T VALUES (?)',
    'UPDATE T AS t BY id SET t.a = 1, t."b"[\'c\'][0] = 2 WHERE id = ?',
    'UPDATE T AS t INSERT INTO t.a VALUE 1 AT 0',
    'UPDATE T AS t REMOVE t.a WHERE t.b = 1',
    'FROM T AS t, @t.a AS x WHERE x.b = 1 SET x.c = 2',
    "FROM T t WHERE t.a = 1 INSERT INTO t VALUE 26500 AT 'Mileage'",
    'FROM T AS t WHERE t.a = 1 REMOVE t',
    'DELETE FROM T AS t BY id WHERE id = ?',
    "EXEC REDACT_REVISION `{strandId:\"a\", sequenceNo:1}`, 't', 'd'",
    'exec redact_revision ?, ?, ?',
    "SELECT * FROM T AS t AT i BY id WHERE t.a LIKE '%' ESCAPE 'x'",
    'SELECT VALUE t.a FROM T t',
    'SELECT a.*, b.c AS d, 1 FROM T AS a JOIN U AS b ON a.x = b.x',
    'SELECT * FROM a CROSS JOIN b',
    'SELECT * FROM (a JOIN b ON true) LEFT JOIN c ON true',
    "SELECT * FROM history(T, `2019-06-05T`, `2019-06-05T23:59:59Z`) AS h WHERE h.metadata.id = 'x'",
    'SELECT * FROM _ql_committed_T AS t WHERE t.data.a = 1',
    "SELECT VALUE name FROM information_schema.user_tables WHERE status = 'ACTIVE'",
    "SELECT EXTRACT(YEAR FROM a), DATE_ADD(month, 1, a), TRIM(BOTH '1' FROM a), SUBSTRING(a FROM 1 FOR 2) FROM T",
    'SELECT CASE WHEN a = 1 THEN 2 ELSE 3 END, CASE a WHEN 1 THEN 2 END, CAST(a AS DECIMAL(5, 2)) FROM T',
    'SELECT a, COUNT(*) FROM t GROUP BY a GROUP AS g HAVING COUNT(*) > 1 ORDER BY a DESC NULLS LAST LIMIT 1 OFFSET 2',
    'PIVOT v AT n FROM UNPIVOT x AS v AT n',
    '(SELECT a FROM t) UNION ALL (SELECT a FROM u)',
  ])('takes %s', (source) => {
    expect(() => parse(source)).not.toThrow();
  });

  it.each([
    ['', 1, 1, 'the statement is empty'],
    [
      'SELECT * FRM V',
      1,
      10,
      'missing FROM after SELECT list: found IDENTIFIER : FRM; did you mean FROM?',
    ],
    ['SELECT FROM V', 1, 8, 'found empty SELECT list'],
    [
      'SELECT a,\n  FROM V',
      2,
      3,
      'unexpected keyword found, KEYWORD : FROM; there is a comma before it, and nothing in between',
    ],
    ['SELECT * FROM V WHERE', 1, 22, 'expected an expression but found EOF'],
    [
      'SELECT * FROM Order',
      1,
      15,
      'unexpected keyword found, KEYWORD : ORDER: a name that is a reserved word is written in double quotes, "Order"',
    ],
    [
      'SELECT *, a FROM V',
      1,
      9,
      "Other expressions may not be present in the select list when '*' is used without dot notation.",
    ],
    [
      'SELECT a FROM V; SELECT',
      1,
      18,
      'Unexpected token after semicolon. (Only one query is allowed.)',
    ],
    [
      'SELECT a FROM V 5',
      1,
      17,
      'expected the end of the statement but found LITERAL : 5',
    ],
    [
      'SELECT a FROM V WHERE b == 1',
      1,
      26,
      'expected an expression but found OPERATOR : =; equality is written with one =',
    ],
    [
      'CREATE VIEW x',
      1,
      8,
      'Unexpected token following CREATE: expected TABLE or INDEX but found KEYWORD : VIEW',
    ],
    [
      'CREATE TABLE table',
      1,
      14,
      'expected a table name but found KEYWORD : TABLE; a name that is a reserved word is written in double quotes, "table"',
    ],
    [
      'CREATE INDEX ON V (a, b)',
      1,
      21,
      'expected ) but found OPERATOR : ,: an index covers one top-level field',
    ],
    ['DROP INDEX "i" ON V', 1, 20, 'expected keyword, WITH but found EOF'],
    [
      'DROP INDEX "i" ON V WITH (PURGE = true)',
      1,
      27,
      'expected purge = true but found IDENTIFIER : PURGE',
    ],
    ['DELETE V', 1, 8, 'Expected FROM after DELETE: found IDENTIFIER : V'],
    [
      'UPDATE V WHERE a = 1',
      1,
      10,
      'Expected data manipulation: expected SET, INSERT INTO or REMOVE but found KEYWORD : WHERE',
    ],
    [
      'UPDATE V SET a[b] = 1',
      1,
      16,
      'invalid Path component: a path that is changed takes field names and literal positions only',
    ],
    [
      'UPDATE V SET a[10000000000000000] = 1',
      1,
      16,
      'invalid Path component: a path that is changed takes field names and literal positions only',
    ],
    [
      'EXEC f(1)',
      1,
      7,
      'Unexpected LEFT_PAREN found following stored procedure call',
    ],
    ['EXEC', 1, 5, 'No stored procedure provided'],
    ['SELECT EXEC FROM x', 1, 8, 'EXEC call found at unexpected location'],
    [
      'SELECT SUM(*) FROM V',
      1,
      12,
      'function call, other than COUNT, with (*) as parameter is not supported',
    ],
    [
      'SELECT CAST(a AS foo) FROM V',
      1,
      18,
      'expected type name, found IDENTIFIER : foo',
    ],
    [
      'SELECT EXTRACT(century FROM a) FROM V',
      1,
      16,
      'expected one of: [year, month, day, hour, minute, second, timezone_hour, timezone_minute]',
    ],
    [
      'SELECT @1 FROM V',
      1,
      9,
      'identifier expected after `@` symbol, found LITERAL : 1',
    ],
    [
      'SELECT * FROM a JOIN b',
      1,
      23,
      'Expected ON: malformed use of FROM with JOIN, found EOF',
    ],
    ['SELECT CASE END FROM V', 1, 13, 'expected WHEN clause in CASE'],
    ['SELECT (1, 2 FROM V', 1, 14, 'expected , or ) but found KEYWORD : FROM'],
  ])('refuses %j', (source, line, column, text) => {
    const error = errorOf(source);
    expect(error.code).toBe('PARTIQL_SYNTAX');
    expect(error.message.split('\n')[0]).toBe(
      `Parser Error: at line ${line}, column ${column}: ${text}`,
    );
    expect([error.line, error.column]).toEqual([line, column]);
  });

  it('names an Ion literal that is none, and keeps the cause', () => {
    const error = errorOf('SELECT `{a:` FROM V');
    expect(error.message).toContain(
      'Lexer Error: at line 1, column 8: invalid ion literal at, {a:',
    );
    expect(error.cause).toBeInstanceOf(Error);
  });

  it('shows the line with a caret', () => {
    expect(errorOf('SELECT *\nFROM V WHERE a ==').message).toBe(
      [
        'Parser Error: at line 2, column 17: expected an expression but found OPERATOR : =; equality is written with one =',
        '',
        '2 | FROM V WHERE a ==',
        '  |                 ^',
      ].join('\n'),
    );
  });

  it('shows a part of a long line', () => {
    const { message } = errorOf(`SELECT ${'a, '.repeat(500)} FROM V`);
    const [, , line, caret] = message.split('\n');
    expect(line).toMatch(/^1 \| ….*$/);
    expect(line?.length).toBeLessThan(140);
    expect(line?.[caret?.indexOf('^') ?? 0]).toBe('F');
  });
});

describe('hostile text', () => {
  it.each([
    ['parentheses', '('.repeat(40_000)],
    ['lists', '['.repeat(40_000)],
    ['structs', "{'a':".repeat(15_000)],
    ['signs', `${'- '.repeat(40_000)}1`],
    ['NOT', 'NOT '.repeat(20_000) + 'a'],
    ['a chain of +', `a${' + a'.repeat(20_000)}`],
    ['a chain of UNION', `a${' UNION a'.repeat(10_000)}`],
    ['a chain of joins', `SELECT * FROM a${', a'.repeat(20_000)}`],
    ['paths', `a${'.b'.repeat(40_000)}`],
    ['CASE', 'CASE WHEN '.repeat(9_000)],
    ['queries in FROM', 'SELECT * FROM ('.repeat(6_000)],
    ['calls', 'f('.repeat(40_000)],
  ])('ends in a named error for deep %s', (_, source) => {
    expect(errorOf(source).code).toBe('PARTIQL_LIMIT');
  });

  it('takes long chains of AND and OR, which are not deep', () => {
    expect(() => parse(`a${' AND a'.repeat(15_000)}`)).not.toThrow();
    expect(() => parse(`a = 1${' OR a = 1'.repeat(10_000)}`)).not.toThrow();
    expect(() => parse(`[${'1,'.repeat(40_000)}1]`)).not.toThrow();
  });

  it('never parses a thing twice, however its parentheses nest', () => {
    const depth = 60;
    const source = 'SELECT * FROM (('.repeat(depth) + 't' + '))'.repeat(depth);
    expect(() => parse(source)).not.toThrow();
    expect(MAX_DEPTH).toBeGreaterThanOrEqual(200);
  });
});
