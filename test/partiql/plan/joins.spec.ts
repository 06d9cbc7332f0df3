import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { compile } from '../../../lib/partiql/index.js';
import { MemoryCatalog, NOW, texts } from '../memory-catalog.js';

/** Keys of every kind, those that only look alike, and those that nothing equals. */
const KEYS = [
  '1',
  '1.0',
  '`1e0`',
  '2',
  "'1'",
  "'a'",
  '`a`',
  '`x::a`',
  'NULL',
  '`null.int`',
  'true',
  '[1, 2]',
  '[1.0, 2]',
  "{'a': 1, 'b': NULL}",
  "{'b': NULL, 'a': 1.0}",
  '`2020T`',
  '`2020-01-01T00:00Z`',
  '`nan`',
  '`{{YQ==}}`',
];

/** A condition that means the same, and that no plan can see through. */
const opaque = (condition: string) =>
  `CASE WHEN ${condition} THEN TRUE ELSE FALSE END`;

let catalog: MemoryCatalog;

async function fill(options: { readonly async?: boolean; batch?: number }) {
  catalog = new MemoryCatalog(options);
  for (const table of ['A', 'B', 'C', 'Empty'])
    await texts(catalog, `CREATE TABLE ${table}`);
  await texts(catalog, 'CREATE INDEX ON C (k)');
  for (const [n, k] of KEYS.entries()) {
    await texts(catalog, `INSERT INTO A {'n': ${n}, 'k': ${k}, 'm': ${n % 3}}`);
    for (const table of ['B', 'C'])
      if (n % 4 !== 1)
        await texts(
          catalog,
          `INSERT INTO ${table} << {'n': ${n}, 'k': ${k}, 'm': ${n % 2}}, {'n': ${n + 100}, 'k': ${k}, 'm': 2} >>`,
        );
  }
  await texts(catalog, "INSERT INTO A {'n': 50, 'm': 1}");
  await texts(catalog, "INSERT INTO B {'n': 50, 'm': 1}");
  await texts(catalog, "INSERT INTO C {'n': 50, 'm': 1}");
  catalog.calls.length = 0;
}

const names = (method: string) =>
  catalog.calls.filter((call) => call.startsWith(method));

describe.each([
  ['at once', { batch: 7 }],
  ['later', { async: true, batch: 3 }],
])('joins of rows that come %s', (_, options) => {
  beforeAll(() => fill(options));

  describe.each(['B', 'C'])('with %s', (right) => {
    it.each(
      ['INNER', 'LEFT', 'RIGHT', 'FULL'].flatMap((type) =>
        [
          'a.k = b.k',
          'b.k = a.k',
          'a.k = b.k AND a.m = b.m',
          'a.k = b.k AND a.m < b.m',
          'a.k = b.k AND a.n <> 3 AND b.n > 2',
          'a.k = b.k AND a.m + b.m > 1',
          'a.m = b.m AND b.k = a.k AND a.n = b.n',
          'a.k = b.k AND b.n IN (SELECT VALUE x.n FROM B AS x)',
          'a.m = 1 AND a.k = b.k',
        ].map((on) => [type, on]),
      ),
    )('%s JOIN … ON %s', async (type, on) => {
      const query = (condition: string) =>
        `SELECT a.n, b.n AS o FROM A AS a ${type} JOIN ${right} AS b ON ${condition}`;
      const expected = await texts(catalog, query(opaque(on)));
      expect(expected.length).toBeGreaterThan(0);
      expect(await texts(catalog, query(on))).toEqual(expected);
    });
  });

  it.each([
    ['A AS a, B AS b', 'a.k = b.k'],
    ['A AS a, B AS b, C AS c', 'a.k = b.k AND b.n = c.n'],
    ['A AS a, B AS b, C AS c', 'c.k = a.k AND b.n = c.n AND a.m = 1'],
    ['A AS a, (B AS b JOIN C AS c ON b.n = c.n)', 'a.k = b.k AND a.m = c.m'],
    [
      'A AS a LEFT JOIN (B AS b JOIN C AS c ON b.n = c.n) ON a.k = b.k',
      'a.m < 2',
    ],
    [
      'A AS a LEFT JOIN B AS b ON a.k = b.k RIGHT JOIN C AS c ON b.n = c.n',
      'c.m = 2',
    ],
    ['A AS a LEFT JOIN B AS b ON a.k = b.k', 'b.n IS NULL'],
    ['A AS a LEFT JOIN B AS b ON a.k = b.k', 'b.m = 1 OR a.m = 1'],
    ['A AS a RIGHT JOIN C AS c ON a.k = c.k', 'a.n IS NULL AND c.m = 2'],
    ['A AS a FULL JOIN B AS b ON a.k = b.k, C AS c', 'b.n = c.n'],
    ['A AS a, Empty AS e', 'a.k = e.k'],
    ['Empty AS e LEFT JOIN A AS a ON e.k = a.k', 'TRUE'],
    ['A AS a LEFT JOIN Empty AS e ON e.k = a.k', 'a.m = 1'],
    ['A AS a, << 0, 1, 1.0, NULL >> AS v', 'a.m = v'],
    ['A AS a, [0, 1] AS v AT p, [1, 2] AS w', 'a.m = v AND w = p'],
    ['A AS a, [a.m, a.n] AS v, [0, 1, 2] AS w', 'v = w'],
    ['A AS a, (SELECT b.k, b.n FROM B AS b) AS q', 'q.k = a.k AND q.n > 4'],
    ['A AS a BY i, C AS c BY j', "a.k = c.k AND i <> 'd1' AND j <> 'd2'"],
    ['A AS a, B AS b', '1 = 2 AND a.k = b.k'],
    ['A AS a, B AS b', '? = 1 AND a.k = b.k'],
  ])('FROM %s WHERE %s', async (from, where) => {
    const given = where.includes('?') ? [1] : [];
    const run = (condition: string) =>
      texts(catalog, `SELECT * FROM ${from} WHERE ${condition}`, ...given);
    const expected = await run(opaque(where));
    expect(await run(where)).toEqual(expected);
    // Its own conditions may be seen through as well.
    const plain = from.replaceAll(
      /ON ([a-z.]+ = [a-z.]+)/g,
      (__, on: string) => `ON ${opaque(on)}`,
    );
    expect(
      await texts(
        catalog,
        `SELECT * FROM ${plain} WHERE ${opaque(where)}`,
        ...given,
      ),
    ).toEqual(expected);
  });

  it.each([
    'EXISTS (SELECT 1 FROM B AS b WHERE b.k = a.k AND b.n > 5)',
    'NOT EXISTS (SELECT 1 FROM B AS b WHERE b.k = a.k)',
    'a.n IN (SELECT VALUE b.n FROM B AS b WHERE b.k = a.k)',
    'a.n IN (SELECT VALUE b.n FROM B AS b WHERE b.k = a.k AND b.m = a.m)',
    'a.k IN (SELECT VALUE b.k FROM B AS b WHERE b.n < 9)',
    'a.k NOT IN (SELECT VALUE b.k FROM B AS b WHERE b.n < 8 AND b.k IS NOT NULL)',
    'a.k NOT IN (SELECT VALUE b.k FROM B AS b)',
    'a.k IN (SELECT b.k FROM B AS b WHERE b.m = 1)',
    '(SELECT COUNT(*) AS n FROM B AS b, C AS c WHERE b.k = a.k AND b.n = c.n) > 1',
  ])('WHERE %s', async (where) => {
    const run = (condition: string) =>
      texts(catalog, `SELECT VALUE a.n FROM A AS a WHERE ${condition}`);
    const plain = where.replaceAll(
      /([bc])\.(\w) = ([abc])\.(\w)/g,
      (condition) => opaque(condition),
    );
    expect(await run(where)).toEqual(await run(plain));
  });
});

describe('how joins read', () => {
  beforeEach(() => fill({ batch: 100 }));

  it('reads both sides of an equality once', async () => {
    await texts(catalog, 'SELECT * FROM A AS a, B AS b WHERE a.k = b.k');
    expect(catalog.calls).toEqual(['scan A', 'scan B']);
  });

  it('reads nothing of the other side if there is no row on the first', async () => {
    await texts(
      catalog,
      'SELECT * FROM A AS a, B AS b WHERE a.k = b.k AND a.n < 0',
    );
    await texts(
      catalog,
      'SELECT * FROM A AS a, B AS b WHERE a.k = b.k AND 1 = 2',
    );
    expect(catalog.calls).toEqual(['scan A']);
  });

  it('looks keys up for many rows at a time, and few at first', async () => {
    const { calls } = catalog;
    await texts(catalog, 'SELECT * FROM A AS a JOIN C AS c ON a.k = c.k');
    expect(names('scan')).toEqual(['scan A']);
    expect(names('lookup')).toHaveLength(3);
    calls.length = 0;
    await texts(
      catalog,
      'SELECT * FROM A AS a JOIN C AS c ON a.k = c.k LIMIT 1',
    );
    expect(calls).toEqual(['scan A', 'lookup C.k 1']);
  });

  it('looks documents up by the ids of many rows', async () => {
    await texts(catalog, 'CREATE TABLE Link');
    await texts(
      catalog,
      'INSERT INTO Link SELECT i AS ref, a.n FROM A AS a BY i WHERE a.n < 9',
    );
    catalog.calls.length = 0;
    const found = await texts(
      catalog,
      'SELECT VALUE [l.n, a.n] FROM Link AS l LEFT JOIN A AS a BY i ON i = l.ref AND a.m = 1',
    );
    expect(found).toEqual([
      '[0,null]',
      '[1,1]',
      '[2,null]',
      '[3,null]',
      '[4,4]',
      '[5,null]',
      '[6,null]',
      '[7,7]',
      '[8,null]',
    ]);
    expect(names('scan')).toEqual(['scan Link']);
    expect(names('byId').map((call) => call.split(',').length)).toEqual([
      1, 4, 4,
    ]);
  });

  it('uses an index for the side of an outer join that may have no match', async () => {
    await texts(catalog, "SELECT * FROM A AS a LEFT JOIN C AS c ON c.k = 'a'");
    expect(names('scan')).toEqual(['scan A']);
    catalog.calls.length = 0;
    await texts(catalog, 'SELECT * FROM C AS c RIGHT JOIN A AS a ON c.k = a.k');
    expect(names('scan')).toEqual(['scan A']);
  });

  it('asks a condition before the next source is read', async () => {
    let errors = 0;
    for (const where of [
      "a.n = 1 AND b.m = 0 AND a.n LIKE 'x%'",
      "a.n LIKE 'x%' AND a.n = 1 AND b.m = 0",
    ])
      await texts(catalog, `SELECT * FROM A AS a, B AS b WHERE ${where}`).catch(
        () => errors++,
      );
    // Each row of the result is asked all the same, and the failure told.
    expect(errors).toBe(2);
    expect(
      await texts(
        catalog,
        "SELECT * FROM A AS a, B AS b WHERE a.n LIKE 'x%' AND a.n = 1 AND b.m = 7",
      ),
    ).toEqual([]);
  });

  it('does not take a name of LET for a field', async () => {
    expect(
      await texts(
        catalog,
        "SELECT VALUE c.n FROM C AS c LET 'z' AS k WHERE k = 'z' AND c.n = 50",
      ),
    ).toEqual(['50']);
    expect(
      await texts(
        catalog,
        "SELECT VALUE n FROM C LET 'z' AS k WHERE k = 'z' AND n = 50",
      ),
    ).toEqual(['50']);
  });

  it('hashes a table that a query reads for each row of another, and reads it twice', async () => {
    await texts(
      catalog,
      'SELECT VALUE a.n FROM A AS a WHERE EXISTS (SELECT 1 FROM B AS b WHERE b.k = a.k)',
    );
    expect(catalog.calls).toEqual(['scan A', 'scan B', 'scan B']);
    catalog.calls.length = 0;
    await texts(
      catalog,
      'SELECT VALUE a.n FROM A AS a WHERE EXISTS (SELECT 1 FROM C AS c WHERE c.k = a.k)',
    );
    expect(new Set(names('scan'))).toEqual(new Set(['scan A']));
  });

  it('counts what it holds', async () => {
    const statement = compile('SELECT * FROM A AS a, B AS b WHERE a.k = b.k');
    const run = (memory: number) =>
      statement
        .execute({
          catalog,
          parameters: [],
          transactionId: '',
          now: NOW,
          memory,
        })
        .next();
    expect(() => run(1000)).toThrow(
      expect.objectContaining({ code: 'PARTIQL_MEMORY' }),
    );
    expect(() => run(100_000)).not.toThrow();
  });
});
