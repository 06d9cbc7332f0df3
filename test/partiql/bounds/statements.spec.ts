import { expect, it } from 'vitest';
import { MemoryCatalog, rows } from '../memory-catalog.js';

const lets = (count: number) =>
  Array.from({ length: count }, (_, n) => `1 AS a${n}`).join(', ');

it('bounds the variables of LET, which nest', async () => {
  const run = (count: number) =>
    rows(
      new MemoryCatalog(),
      `SELECT VALUE 1 FROM [1] AS x LET ${lets(count)}`,
    );
  expect(await run(256)).toEqual([1]);
  await expect(run(7000)).rejects.toMatchObject({ code: 'PARTIQL_LIMIT' });
});
