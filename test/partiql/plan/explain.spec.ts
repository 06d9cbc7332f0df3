import { beforeEach, describe, expect, it } from 'vitest';
import { IonStruct } from '../../../lib/ion/value.js';
import { parse } from '../../../lib/partiql/language/parser/index.js';
import { print } from '../../../lib/partiql/language/print/index.js';
import { compile } from '../../../lib/partiql/index.js';
import { MemoryCatalog, rows, texts } from '../memory-catalog.js';

let catalog: MemoryCatalog;

/** The steps of a plan: the operation and what it is done to. */
async function stepsOf(statement: string): Promise<readonly string[]> {
  const found = await rows(catalog, `EXPLAIN ${statement}`);
  return found.map((row, index) => {
    if (!(row instanceof IonStruct)) throw new TypeError('no struct');
    expect(row.get('step')).toBe(index + 1);
    return [row.get('operation'), row.get('on')]
      .filter((part) => typeof part === 'string')
      .join(' | ');
  });
}

async function notesOf(statement: string): Promise<readonly unknown[]> {
  const found = await rows(catalog, `EXPLAIN ${statement}`);
  return found
    .map((row) => (row instanceof IonStruct ? row.get('note') : undefined))
    .filter((note) => note !== undefined);
}

beforeEach(async () => {
  catalog = new MemoryCatalog();
  for (const text of [
    'CREATE TABLE Vehicle',
    'CREATE TABLE Person',
    'CREATE INDEX ON Person (GovId)',
    "INSERT INTO Person {'GovId': 'a'}",
  ])
    await texts(catalog, text);
  catalog.calls.length = 0;
});

describe('EXPLAIN', () => {
  it.each([
    [
      "SELECT * FROM Person AS p WHERE p.GovId = 'a' AND p.Name LIKE 'A%'",
      [
        "index lookup | Person AS p: p.GovId = 'a'",
        "filter | p.GovId = 'a'",
        "filter | p.Name LIKE 'A%'",
      ],
    ],
    [
      'SELECT * FROM Vehicle AS v, Person AS p WHERE v.Owner = p.GovId',
      ['scan | Vehicle AS v', 'index lookup | Person AS p: v.Owner = p.GovId'],
    ],
    [
      'SELECT * FROM Person AS p LEFT JOIN Vehicle AS v ON v.Owner = p.GovId',
      [
        'scan | Person AS p',
        'scan | Vehicle AS v',
        'hash join | v.Owner = p.GovId',
      ],
    ],
    [
      'SELECT * FROM Person AS p FULL JOIN Vehicle AS v ON v.Owner = p.GovId',
      [
        'scan | Person AS p',
        'scan | Vehicle AS v',
        'hash join | v.Owner = p.GovId',
      ],
    ],
    [
      'SELECT * FROM Person AS p LEFT JOIN Vehicle AS v ON v.n < p.n',
      [
        'scan | Person AS p',
        'scan | Vehicle AS v',
        'filter | v.n < p.n',
        'nested loop',
      ],
    ],
    [
      'SELECT DISTINCT v.x FROM Vehicle AS v, v.tags AS t ORDER BY v.x DESC LIMIT 10',
      [
        'scan | Vehicle AS v',
        'values | v.tags AS t',
        'distinct',
        'top | v.x DESC',
      ],
    ],
    ['SELECT COUNT(*) FROM Vehicle', ['count | Vehicle']],
    [
      'SELECT x, COUNT(*), MAX(y) FROM Vehicle GROUP BY x HAVING COUNT(*) > 1',
      ['scan | Vehicle', 'group | x', 'filter | COUNT(*) > 1'],
    ],
    [
      'SELECT * FROM Person AS p WHERE EXISTS (SELECT 1 FROM Vehicle AS v WHERE v.Owner = p.GovId)',
      [
        'scan | Person AS p',
        'scan | Vehicle AS v',
        'hash join | v.Owner = p.GovId',
        'limit | LIMIT 1',
        'subquery | SELECT 1 FROM Vehicle AS v WHERE v.Owner = p.GovId LIMIT 1',
        'filter | EXISTS(SELECT 1 FROM Vehicle AS v WHERE v.Owner = p.GovId)',
      ],
    ],
    [
      "UPDATE Person SET x = 1 WHERE GovId = 'a'",
      [
        "index lookup | Person: GovId = 'a'",
        "filter | GovId = 'a'",
        'update | Person',
      ],
    ],
    [
      'DELETE FROM Person AS p BY i WHERE i = ?',
      ['id lookup | Person AS p: i = ?', 'filter | i = ?', 'delete | Person'],
    ],
    ['INSERT INTO Vehicle ?', ['insert | Vehicle']],
    [
      'CREATE INDEX ON Vehicle (VIN)',
      ['definition | CREATE INDEX ON Vehicle (VIN)'],
    ],
    ['DROP TABLE Vehicle', ['definition | DROP TABLE Vehicle']],
    ["EXEC REDACT_REVISION {}, 'a', 'b'", ['exec | REDACT_REVISION']],
    [
      '(SELECT * FROM Person) UNION (SELECT * FROM Vehicle)',
      [
        'scan | Person',
        'subquery | SELECT * FROM Person',
        'scan | Vehicle',
        'subquery | SELECT * FROM Vehicle',
        'expression | SELECT * FROM Person UNION SELECT * FROM Vehicle',
      ],
    ],
  ])('%s', async (statement, steps) => {
    expect(await stepsOf(statement)).toEqual(steps);
    expect(catalog.calls).toEqual([]);
    expect(await texts(catalog, 'SELECT VALUE GovId FROM Person')).toEqual([
      '"a"',
    ]);
  });

  it('says what a read of a whole table means, and which index would avoid it', async () => {
    expect(await notesOf("SELECT * FROM Vehicle WHERE VIN = 'a'")).toEqual([
      'reads every document of Vehicle, so it conflicts with every write to that table; CREATE INDEX ON Vehicle (VIN) would let it read only those it needs',
    ]);
    expect(
      await notesOf(
        'SELECT * FROM Person AS p JOIN _ql_committed_Vehicle AS v ON v.data.Owner = p.GovId',
      ),
    ).toEqual([
      'reads every document of Person, so it conflicts with every write to that table',
      'reads every document of Vehicle, so it conflicts with every write to that table; CREATE INDEX ON Vehicle (Owner) would let it read only those it needs',
    ]);
    expect(await notesOf("SELECT * FROM Person WHERE GovId = 'a'")).toEqual([]);
    expect(
      await notesOf("SELECT * FROM Vehicle AS v WHERE v.a.b = 'a'"),
    ).toEqual([
      'reads every document of Vehicle, so it conflicts with every write to that table',
    ]);
  });

  it.each([
    [
      'GovId IN ?',
      'IN looks up a list in parentheses only, such as GovId IN (?, ?)',
    ],
    [
      "GovId IN ['a']",
      'IN looks up a list in parentheses only, such as GovId IN (?, ?)',
    ],
    ["UPPER(GovId) = 'A'", 'the field has to stand by itself'],
    ["GovId < 'b'", 'an index finds equal values only'],
    ["GovId LIKE 'b%'", 'an index finds equal values only'],
    ["data.GovId = 'b'", 'it is on GovId, and not on data.GovId'],
    ['GovId = Name', 'what it equals is not known before the row is read'],
    [
      "(GovId = 'a' OR Name = 'b')",
      'with OR, rows without that value are wanted as well; a list in parentheses after IN can take the place of equalities of one field',
    ],
  ])('says why an index does not serve %s', async (condition, reason) => {
    const [note] = await notesOf(`SELECT * FROM Person WHERE ${condition}`);
    expect(note).toContain('The index on GovId does not serve ');
    expect(String(note).endsWith(`: ${reason}`)).toBe(true);
  });

  it('follows the catalog', async () => {
    const text = "SELECT * FROM Vehicle WHERE VIN = 'a'";
    expect((await stepsOf(text))[0]).toBe('scan | Vehicle');
    await texts(catalog, 'CREATE INDEX ON Vehicle (VIN)');
    expect((await stepsOf(text))[0]).toBe("index lookup | Vehicle: VIN = 'a'");
  });

  it('is a query that needs no values', () => {
    const statement = compile('EXPLAIN DELETE FROM Vehicle WHERE VIN = ?');
    expect(statement.kind).toBe('query');
    expect(statement.parameterCount).toBe(1);
  });

  it.each(['SELECT * FROM T', 'DELETE FROM T WHERE a = ?', 'DROP TABLE T'])(
    'is printed as it is read: %s',
    (text) => {
      expect(print(parse(`explain ${text}`).statement)).toBe(`EXPLAIN ${text}`);
    },
  );

  it('is told of what is wrong with the statement', async () => {
    await expect(stepsOf('SELECT * FROM Nothing')).rejects.toThrow(
      "No such variable named 'Nothing'",
    );
  });

  it('is no reserved word', async () => {
    await texts(catalog, 'CREATE TABLE explain');
    await texts(catalog, "INSERT INTO explain {'explain': 1}");
    expect(await texts(catalog, 'SELECT explain.explain FROM explain')).toEqual(
      ['{explain:1}'],
    );
    await expect(
      texts(catalog, 'EXPLAIN EXPLAIN SELECT 1 FROM <<1>>'),
    ).rejects.toThrow();
  });
});
