import { describe, expect, it } from 'vitest';
import { Sort } from '../../../lib/partiql/plan/sort.js';

interface Row {
  readonly key: number;
  readonly place: number;
}

/** Numbers that look random, the same in every run. */
function* numbers(seed: number): Generator<number> {
  for (let state = seed; ;) {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    yield state;
  }
}

const sorted = (rows: readonly Row[], limit?: number): Row[] => {
  const sort = new Sort<Row>((a, b) => a.key - b.key, limit);
  for (const row of rows) sort.add(row);
  return [...sort.result()].flat();
};

describe('Sort', () => {
  it.each([0, 1, 2, 10, 255, 256, 2047, 2048, 2049, 5000, 20_000])(
    'gives the first %i rows as a full sort does, ties in their order',
    (limit) => {
      for (const [keys, seed] of [
        [3, 1],
        [1000, 2],
        [2 ** 31, 3],
      ]) {
        const source = numbers(seed);
        const rows = Array.from({ length: 10_000 }, (_, place) => ({
          key: (source.next().value as number) % keys,
          place,
        }));
        const expected = rows.toSorted((a, b) => a.key - b.key);
        expect(sorted(rows)).toEqual(expected);
        expect(sorted(rows, limit).slice(0, limit)).toEqual(
          expected.slice(0, limit),
        );
        expect(sorted(rows.toReversed(), limit).slice(0, limit)).toEqual(
          rows
            .toReversed()
            .toSorted((a, b) => a.key - b.key)
            .slice(0, limit),
        );
      }
    },
  );

  it('keeps no more rows than are wanted, and a run', () => {
    let compared = 0;
    const sort = new Sort<number>((a, b) => {
      compared++;
      return a - b;
    }, 10);
    for (let n = 0; n < 100_000; n++) sort.add(n);
    // Of those behind the tenth, each is compared once and let go.
    expect(compared).toBeLessThan(150_000);
    expect([...sort.result()].flat()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});
