import { describe, expect, it } from 'vitest';
import type { IonValue } from '../../../lib/ion/value.js';
import { Decimal } from '../../../lib/ion/value.js';
import { compile } from '../../../lib/partiql/index.js';
import { MemoryCatalog, NOW } from '../memory-catalog.js';

interface Bounds {
  readonly memory?: number;
  readonly largestValue?: number;
}

/** How many rows a statement gives, or the code of its error. */
async function outcome(
  text: string,
  parameters: readonly IonValue[] = [],
  bounds: Bounds = {},
): Promise<number | string> {
  const catalog = new MemoryCatalog();
  catalog.createTable('t');
  let rows = 0;
  try {
    for await (const batch of compile(text).execute({
      catalog,
      parameters,
      transactionId: 'L7S9iJqcn9W2M4qOEn27ay',
      now: NOW,
      ...bounds,
    }))
      rows += batch.length;
    return rows;
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

/** `(SELECT VALUE step FROM (… FROM seed AS x) AS x)`, so many times. */
function nested(step: string, seed: string, depth: number): string {
  let text = `[${seed}]`;
  for (let level = 0; level < depth; level += 1)
    text = `(SELECT VALUE ${step} FROM ${text} AS x)`;
  return text;
}

const list = (length: number) =>
  `[${Array.from({ length }, (_, index) => index).join(', ')}]`;

describe('the largest size of a value', () => {
  it.each([
    ['||', nested('x || x', "'a'", 36)],
    ['lists', nested('[x, x]', '1', 40)],
    ['bags', nested('<<x, x>>', '1', 40)],
    ['structs', nested("{'a': x, 'b': x}", '1', 40)],
    ['queries', nested('(SELECT VALUE x FROM [1, 2] AS y)', '1', 40)],
    ['select lists', nested('(SELECT x AS a, x AS b FROM [1] AS y)', '1', 40)],
    ['PIVOT', nested("(PIVOT x AT y FROM ['a', 'b'] AS y)", '1', 40)],
    [
      'OVERLAY',
      nested('OVERLAY(x PLACING x FROM CHAR_LENGTH(x) + 1)', "'a'", 36),
    ],
    ['paths', nested('[x, x][*]', '1', 40)],
    ['set operations', nested('([x] OUTER UNION ALL [[x]])', '1', 40)],
    [
      'GROUP AS',
      nested(
        '(SELECT VALUE g FROM [x, x] AS y GROUP BY 1 AS k GROUP AS g)',
        '1',
        40,
      ),
    ],
  ])('bounds %s', async (_, text) => {
    expect(await outcome(text, [], { largestValue: 4096 })).toBe(
      'PARTIQL_MEMORY',
    );
  });

  it('counts what is shared as often as it is there', async () => {
    const share = nested('[x, x]', '1', 5);
    expect(await outcome(share, [], { largestValue: 1024 })).toBe(1);
    expect(await outcome(share, [], { largestValue: 256 })).toBe(
      'PARTIQL_MEMORY',
    );
  });

  it('is not the bound of what comes from outside', async () => {
    const parameter = Array.from({ length: 1000 }, (_, index) => index);
    expect(
      await outcome('SELECT VALUE x FROM ? AS x', [parameter], {
        largestValue: 100,
      }),
    ).toBe(1000);
  });
});

describe('the memory of a statement', () => {
  const numbers = list(200);
  const join = `${numbers} AS a, ${numbers} AS b`;
  it.each([
    ['ORDER BY', `SELECT VALUE a FROM ${join} ORDER BY b`],
    ['GROUP BY', `SELECT VALUE 1 FROM ${join} GROUP BY a, b`],
    ['GROUP AS', `SELECT VALUE g FROM ${join} GROUP BY 1 AS k GROUP AS g`],
    ['DISTINCT', `SELECT DISTINCT a, b FROM ${join}`],
    ['COUNT(DISTINCT)', `SELECT COUNT(DISTINCT a * 1000 + b) FROM ${join}`],
    [
      'queries within queries',
      `SELECT VALUE (SELECT a, b FROM ${join}) FROM [1] AS x`,
    ],
    [
      'set operations',
      `(SELECT a, b FROM ${join}) UNION (SELECT a, b FROM ${join})`,
    ],
    ['PIVOT', `PIVOT a AT CAST(b AS STRING) FROM ${join}`],
  ])('bounds %s', async (_, text) => {
    expect(await outcome(text, [], { memory: 100_000 })).toBe('PARTIQL_MEMORY');
    expect(await outcome(text)).not.toBe('PARTIQL_MEMORY');
  });

  it('bounds INSERT', async () => {
    expect(
      await outcome(`INSERT INTO t (SELECT a, b FROM ${join})`, [], {
        memory: 100_000,
      }),
    ).toBe('PARTIQL_MEMORY');
  });

  it('does not count what is no longer kept', async () => {
    for (const text of [
      `SELECT VALUE a FROM ${join}`,
      `SELECT VALUE a FROM ${join} ORDER BY b DESC LIMIT 3`,
      `SELECT COUNT(*) FROM ${join}`,
      `SELECT VALUE (SELECT VALUE b FROM ${numbers} AS b WHERE b < a) FROM ${numbers} AS a`,
    ])
      expect(typeof (await outcome(text, [], { memory: 400_000 }))).toBe(
        'number',
      );
  });
});

describe('the largest precision of a number', () => {
  const long = 10n ** 100_000n + 1n;
  const decimal = new Decimal(long, -7, false);
  it.each([
    ['? + 1'],
    ['? - 1'],
    ['? * 2'],
    ['? / 3'],
    ['? % 3'],
    ['MOD(?, 3)'],
    ['ABS(0 - ?)'],
    ['-?'],
    ['CAST(? AS STRING)'],
    ['COLL_SUM([1, ?])'],
    ['COLL_AVG([1, ?])'],
  ])('bounds %s', async (text) => {
    for (const value of [long, decimal])
      expect(await outcome(`[${text}]`, [value])).toBe('PARTIQL_EVALUATION');
  });

  it('bounds texts that are read as numbers', async () => {
    for (const type of ['INT', 'DECIMAL', 'FLOAT'])
      expect(await outcome(`CAST(? AS ${type})`, ['9'.repeat(100_000)])).toBe(
        'PARTIQL_EVALUATION',
      );
  });

  it('bounds keys', async () => {
    for (const value of [long, decimal])
      expect(
        await outcome('SELECT DISTINCT VALUE x FROM [1, ?] AS x', [value]),
      ).toBe('PARTIQL_LIMIT');
  });

  it('compares numbers of any length', async () => {
    for (const [a, b] of [
      [long, long],
      [long, 1],
      [decimal, decimal],
      [decimal, new Decimal(1n, 5, false)],
      [new Decimal(1n, 2_000_000_000, false), new Decimal(5n, -7, false)],
    ] as const)
      expect(
        await outcome(
          'SELECT VALUE 1 FROM [?] AS x, [?] AS y WHERE x >= y AND NOT x < y',
          [a, b],
        ),
      ).toBe(1);
  });

  it('has no trouble with exponents of any size', async () => {
    for (const text of [
      'CAST(`1d2000000000` AS STRING)',
      'CAST(`1d-2000000000` AS DECIMAL(10, 2))',
      'CAST(`1d-2000000000` AS INT)',
      '`1d2000000000` + `1d-2000000000`',
      'CAST(`1d2000000000` AS FLOAT)',
    ])
      expect(await outcome(`[${text}]`)).toBe(1);
  });
});
