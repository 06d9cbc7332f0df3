import { describe, expect, it } from 'vitest';
import { equalityKey } from '../../../lib/partiql/index.js';
import { stretch } from '../../../lib/partiql/values/effort.js';

describe('the key of an index', () => {
  it('has no bound of work where no statement runs, such as a rebuild', () => {
    const text = 'x'.repeat(1 << 20);
    for (let round = 0; round < 40; round += 1) {
      expect(equalityKey([text])).toHaveLength(33);
    }
    expect(() =>
      stretch(() => {
        for (let round = 0; round < 40; round += 1) equalityKey([text]);
      }),
    ).toThrow('too much work');
  });

  it('is there for a number that no statement works with', () => {
    const huge = 10n ** 20_000n + 1n;
    expect(equalityKey(huge)).toHaveLength(33);
    expect(() => stretch(() => equalityKey(huge))).toThrow('10000 digits');
  });
});
