import { beforeEach, describe, expect, it } from 'vitest';
import { compile, type Row } from '../../../lib/partiql/index.js';
import { MemoryCatalog, NOW, texts } from '../memory-catalog.js';

let catalog: MemoryCatalog;

beforeEach(async () => {
  catalog = new MemoryCatalog({ batch: 4 });
  await texts(catalog, 'CREATE TABLE T');
  const numbers = Array.from({ length: 40 }, (_, n) => `{'n': ${n}}`);
  await texts(catalog, `INSERT INTO T << ${numbers.join(', ')} >>`);
  catalog.calls.length = 0;
});

describe('IN', () => {
  const list = Array.from({ length: 30 }, (_, n) => `${n * 2}`).join(', ');
  const values = "2, 2.0, 3, '2', NULL, MISSING, 58, `4e0`, [2]";

  it.each([
    ['a list', `[${list}]`, 'true,true,false,false,null,null,true,true,false'],
    [
      'a bag',
      `<< ${list} >>`,
      'true,true,false,false,null,null,true,true,false',
    ],
    [
      'a list with NULL',
      `[${list}, NULL]`,
      'true,true,null,null,null,null,true,true,null',
    ],
    [
      'a query',
      '(SELECT VALUE t.n FROM T AS t WHERE t.n % 2 = 0 OR t.n > 38)',
      'true,true,false,false,null,null,false,true,false',
    ],
    [
      'a query with NULL first',
      '(SELECT VALUE CASE WHEN t.n = 0 THEN NULL ELSE t.n END FROM T AS t WHERE t.n <> 3)',
      'true,true,null,null,null,null,null,true,null',
    ],
    [
      'a query of one column',
      '(SELECT t.n AS c FROM T AS t)',
      'true,true,true,false,null,null,false,true,false',
    ],
  ])(
    'of %s means the same from the first row to the last',
    async (_, of, expected) => {
      const once = await texts(
        catalog,
        `SELECT VALUE [v IN ${of}] FROM [${values}] AS v`,
      );
      const again = await texts(
        catalog,
        `SELECT VALUE [v IN ${of}] FROM [0, 1, 2] AS x, [${values}] AS v`,
      );
      const row = expected.split(',').map((each) => `[${each}]`);
      expect(once).toEqual(row);
      expect(again).toEqual([...row, ...row, ...row]);
    },
  );

  it('reads the table of a query once', async () => {
    await texts(
      catalog,
      'SELECT VALUE v FROM [1, 2, 3] AS v WHERE v IN (SELECT VALUE t.n FROM T AS t)',
    );
    expect(catalog.calls).toEqual(['scan T']);
  });
});

describe('rows that nobody needs', () => {
  /** Batches that a statement reads of T. */
  async function batchesOf(text: string): Promise<number> {
    const plain = catalog.relation(['T']);
    if (plain === undefined) throw new Error('no table');
    let read = 0;
    const counting = new MemoryCatalog();
    counting.relation = () => ({
      ...plain,
      *scan() {
        for (const batch of plain.scan() as Iterable<readonly Row[]>) {
          read += 1;
          yield batch;
        }
      },
    });
    const rows = compile(text).execute({
      catalog: counting,
      parameters: [],
      transactionId: 't',
      now: NOW,
    });
    for await (const batch of rows) expect(batch.length).toBeGreaterThan(0);
    return read;
  }

  it.each([
    ['SELECT * FROM T', 10],
    ['SELECT * FROM T LIMIT 4', 1],
    ['SELECT * FROM T LIMIT 5', 2],
    ['SELECT * FROM T LIMIT 2 OFFSET 7', 3],
    ['SELECT * FROM T AS t WHERE t.n > 5 LIMIT 1', 2],
    ['EXISTS (SELECT * FROM T)', 1],
    ['EXISTS (SELECT t.n FROM T AS t WHERE t.n > 5 ORDER BY t.n DESC)', 2],
    [
      'SELECT VALUE EXISTS (SELECT * FROM T AS t WHERE t.n > v) FROM [1, 5] AS v',
      3,
    ],
    ['EXISTS (SELECT * FROM T LIMIT 1 OFFSET 9)', 3],
  ])('are not read: %s', async (text, batches) => {
    expect(await batchesOf(text)).toBe(batches);
  });

  it('EXISTS is that of the whole query', async () => {
    expect(
      await texts(
        catalog,
        `SELECT VALUE [
          EXISTS (SELECT * FROM T AS t WHERE t.n > 99),
          EXISTS (SELECT * FROM T AS t LIMIT 0),
          EXISTS (SELECT * FROM T AS t OFFSET 40),
          EXISTS (SELECT * FROM T AS t OFFSET 39),
          EXISTS (SELECT COUNT(*) FROM T AS t WHERE t.n > 99),
          EXISTS (PIVOT t.n AT 'a' FROM T AS t WHERE t.n > 99)] FROM <<0>>`,
      ),
    ).toEqual(['[false,false,false,true,true,false]']);
  });
});

describe('the first rows of an order', () => {
  it.each([
    ['LIMIT 3', 0, 3],
    ['LIMIT 3 OFFSET 2', 2, 3],
    ['LIMIT 1 + 2 OFFSET 4 - 2', 2, 3],
    ['LIMIT (SELECT COUNT(*) AS n FROM T AS u WHERE u.n < 3) OFFSET 2', 2, 3],
    ['LIMIT 0', 0, 0],
    ['OFFSET 38', 38, 2],
    ['LIMIT 30000', 0, 40],
    ['LIMIT 30000 OFFSET 30000', 0, 0],
  ])('are the same whatever is kept: %s', async (slice, offset, count) => {
    const order = 'ORDER BY t.n % 7, t.n DESC';
    const all = await texts(catalog, `SELECT VALUE t.n FROM T AS t ${order}`);
    const found = await texts(
      catalog,
      `SELECT VALUE t.n FROM T AS t ${order} ${slice}`,
    );
    expect(found).toEqual(all.slice(offset, offset + count));
  });
});
