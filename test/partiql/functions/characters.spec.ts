import { describe, expect, it } from 'vitest';
import {
  charactersOf,
  sliceOf,
  trimmed,
} from '../../../lib/partiql/functions/characters.js';
import { Random } from '../../contract/random.js';

/** Letters, characters of two units, and halves of such by themselves. */
const ALPHABET = ['a', 'b', ' ', 'é', '😀', '\u{10FFFF}', '\ud83d', '\ude00'];

function randomText(random: Random): string {
  return Array.from({ length: random.below(12) }, () =>
    random.of(ALPHABET),
  ).join('');
}

describe('characters', () => {
  it('are cut as a list of them would be', () => {
    const random = new Random(7);
    for (let round = 0; round < 5000; round += 1) {
      const text = randomText(random);
      const start = random.below(16) - 3;
      const end = random.of([start, random.below(16) - 2, Infinity]);
      expect(
        sliceOf(text, start, end),
        JSON.stringify([text, start, end]),
      ).toBe(
        charactersOf(text).slice(Math.max(0, start), Math.max(0, end)).join(''),
      );
    }
  });

  it('are trimmed as a list of them would be', () => {
    const random = new Random(8);
    for (let round = 0; round < 5000; round += 1) {
      const text = randomText(random);
      const set = new Set(randomText(random));
      const side = random.of(['leading', 'trailing', 'both']);
      const list = [...charactersOf(text)];
      if (side !== 'trailing') while (set.has(list[0] ?? '')) list.shift();
      if (side !== 'leading') while (set.has(list.at(-1) ?? '')) list.pop();
      expect(
        trimmed(text, set, side),
        JSON.stringify([text, [...set], side]),
      ).toBe(list.join(''));
    }
  });
});
