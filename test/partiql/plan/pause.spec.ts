import { describe, expect, it } from 'vitest';
import { formatIonText } from '../../../lib/ion/text.js';
import type { IonValue } from '../../../lib/ion/value.js';
import { compile } from '../../../lib/partiql/index.js';
import { MemoryCatalog, NOW, texts } from '../memory-catalog.js';

const list = (length: number) =>
  `[${Array.from({ length }, (_, index) => index).join(', ')}]`;
const S = list(60);
const JOIN = `${S} AS a, ${S} AS b, ${S} AS c, ${S} AS d`;

async function run(
  text: string,
  pause: () => Promise<void> | undefined,
  catalog = new MemoryCatalog(),
): Promise<IonValue[]> {
  const rows: IonValue[] = [];
  for await (const batch of compile(text).execute({
    catalog,
    parameters: [],
    transactionId: 'L7S9iJqcn9W2M4qOEn27ay',
    now: NOW,
    pause,
  })) {
    for (const row of batch) rows.push(row);
  }
  return rows;
}

/** Ends the statement at its third pause. */
function third(): () => undefined {
  let calls = 0;
  return () => {
    calls += 1;
    if (calls === 3) throw new RangeError('enough');
    return undefined;
  };
}

describe('pauses', () => {
  it.each([
    ['rows', `SELECT VALUE a FROM ${JOIN}`],
    ['no rows', `SELECT VALUE a FROM ${JOIN} WHERE a + b + c + d < 0`],
    [
      'no rows of inner sources',
      `SELECT VALUE a FROM ${S} AS a, ${S} AS b, ${S} AS c, [] AS d`,
    ],
    ['an aggregate', `SELECT COUNT(*) FROM ${JOIN}`],
    ['groups', `SELECT a, COUNT(*) FROM ${JOIN} GROUP BY a`],
    ['an order', `SELECT VALUE a FROM ${JOIN} ORDER BY b DESC LIMIT 1`],
    ['DISTINCT', `SELECT DISTINCT a FROM ${JOIN}`],
    ['an offset', `SELECT VALUE a FROM ${JOIN} OFFSET 12000000`],
    ['PIVOT', `PIVOT a AT CAST(b AS STRING) FROM ${JOIN}`],
    [
      'outer joins',
      `SELECT VALUE 1 FROM ${S} AS a LEFT JOIN ${S} AS b ON true LEFT JOIN ${S} AS c ON true LEFT JOIN ${S} AS d ON a + b + c + d < 0`,
    ],
    [
      'full joins',
      `SELECT VALUE 1 FROM (${S} AS a FULL JOIN ${S} AS b ON true) FULL JOIN (${S} AS c FULL JOIN ${S} AS d ON true) ON a + b + c + d < 0`,
    ],
    ['a query in FROM', `SELECT VALUE x FROM (SELECT COUNT(*) FROM ${JOIN}) x`],
    ['a query in SELECT', `SELECT (SELECT COUNT(*) FROM ${JOIN}) FROM <<1>>`],
    [
      'queries within queries',
      `SELECT (SELECT VALUE (SELECT VALUE (SELECT VALUE a + b + c + d FROM ${S} d) FROM ${S} c) FROM ${S} b) FROM ${S} a`,
    ],
    [
      'a short query for each row',
      `SELECT COUNT((SELECT VALUE c FROM ${S} c)) FROM ${S} a, ${S} b`,
    ],
    [
      'long lists for each row',
      `SELECT VALUE a FROM ${S} AS a WHERE -1 IN [a, ${list(10_000).slice(1)}`,
    ],
    ['a set operation', `(SELECT VALUE a FROM ${JOIN}) UNION ALL << 1 >>`],
    ['INSERT', `INSERT INTO T SELECT a FROM ${JOIN} WHERE a + b + c + d < 0`],
    ['an expression', `SIZE(SELECT VALUE a FROM ${JOIN}) > 0`],
    [
      'an operand of an aggregate',
      `SELECT SUM((SELECT COUNT(*) AS n FROM ${JOIN})) FROM <<1>>`,
    ],
    [
      'a key of a group',
      `SELECT k FROM <<1>> AS x GROUP BY (SELECT COUNT(*) AS n FROM ${JOIN}) AS k`,
    ],
  ])('come in %s', async (_, text) => {
    const catalog = new MemoryCatalog();
    await texts(catalog, 'CREATE TABLE T');
    await expect(run(text, third(), catalog)).rejects.toThrow('enough');
  });

  it('come while UPDATE reads and changes', async () => {
    const catalog = new MemoryCatalog();
    await texts(catalog, 'CREATE TABLE T');
    await texts(catalog, "INSERT INTO T {'n': 1}");
    const from = `FROM T AS t, ${S} AS a, ${S} AS b, ${S} AS c`;
    await expect(
      run(`${from} WHERE a + b + c < 0 SET t.n = 2`, third(), catalog),
    ).rejects.toThrow('enough');
    await expect(
      run(
        `FROM T AS t, ${list(100)} AS a, ${list(100)} AS b SET t.n = b`,
        third(),
        catalog,
      ),
    ).rejects.toThrow('enough');
    expect(await texts(catalog, 'SELECT VALUE n FROM T')).toEqual(['1']);
  });

  it('are awaited, and change no result', async () => {
    let open = 0;
    let most = 0;
    let count = 0;
    const pause = async () => {
      count += 1;
      open += 1;
      most = Math.max(most, open);
      await new Promise((resolve) => setImmediate(resolve));
      open -= 1;
    };
    const text = `SELECT VALUE a * 60 + b FROM ${S} AS a, ${S} AS b, [1, 2, 3] AS c ORDER BY c, b DESC, a`;
    const found = await run(text, pause);
    expect(found).toHaveLength(10_800);
    expect(found.slice(0, 3)).toEqual([59, 119, 179]);
    expect(found.at(-1)).toBe(59 * 60);
    expect(most).toBe(1);
    expect(count).toBeGreaterThan(3);
  });

  it('end the statement by a rejection', async () => {
    await expect(
      run(`SELECT COUNT(*) FROM ${JOIN}`, () =>
        Promise.reject(new Error('expired')),
      ),
    ).rejects.toThrow('expired');
  });

  it('never come in short statements', async () => {
    let calls = 0;
    await run(`SELECT VALUE a FROM ${S} AS a WHERE a > 3`, () => {
      calls += 1;
      return undefined;
    });
    expect(calls).toBe(0);
  });

  it('leave queries in keys and operands of groups right', async () => {
    const catalog = new MemoryCatalog();
    await texts(catalog, 'CREATE TABLE T');
    await texts(catalog, "INSERT INTO T << {'n': 1}, {'n': 2} >>");
    expect(
      await texts(
        catalog,
        'SELECT SUM(COLL_SUM((SELECT VALUE t.n FROM T t WHERE t.n = x))) AS s FROM << 1, 2, 2 >> AS x',
      ),
    ).toEqual(['{s:5}']);
  });
});

describe('a query in an expression', () => {
  const catalog = async () => {
    const made = new MemoryCatalog();
    await texts(made, 'CREATE TABLE T');
    await texts(made, `INSERT INTO T {'n': ${list(15_000)}}`);
    return made;
  };

  it.each([
    ['rows', `(SELECT VALUE COUNT(*) FROM x.n AS a)`, '[15000]'],
    [
      'an order',
      `(SELECT VALUE a FROM x.n AS a ORDER BY a DESC LIMIT 1)`,
      '[14999]',
    ],
    [
      'groups',
      `(SELECT VALUE COUNT(*) FROM x.n AS a GROUP BY a % 1)`,
      '[15000]',
    ],
  ])('hands control back while it works on %s', async (_, query, expected) => {
    let pauses = 0;
    const rows = await run(
      `SELECT VALUE ${query} FROM T AS x WHERE COLL_SUM(${query}) > 0`,
      () => {
        pauses += 1;
        return undefined;
      },
      await catalog(),
    );
    expect(rows.map((row) => formatIonText(row))).toEqual([expected]);
    expect(pauses).toBeGreaterThan(10);
  });

  it('is folded once by each aggregate, however often it stops', async () => {
    const sum = 'COLL_SUM((SELECT VALUE a FROM x.n AS a))';
    const rows = await run(
      `SELECT SUM(1) AS one, SUM(${sum}) AS a, SUM(${sum}) AS b FROM T AS x`,
      () => undefined,
      await catalog(),
    );
    expect(rows.map((row) => formatIonText(row))).toEqual([
      '{one:1,a:112492500,b:112492500}',
    ]);
  });
});
