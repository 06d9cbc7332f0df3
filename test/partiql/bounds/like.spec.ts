import { describe, expect, it } from 'vitest';
import { likeMatcher } from '../../../lib/partiql/functions/like.js';
import { rest, spentSteps } from '../../../lib/partiql/values/effort.js';
import { PartiqlError } from '../../../lib/partiql/errors.js';

/** LIKE as it is said: slow, and plain to see. */
function like(text: string, pattern: string): boolean {
  const characters = Array.from(text);
  const mask = Array.from(pattern);
  let reached = new Set([0]);
  for (const piece of mask) {
    const next = new Set<number>();
    for (const at of reached) {
      if (piece === '%') {
        for (let to = at; to <= characters.length; to += 1) next.add(to);
      } else if (
        at < characters.length &&
        (piece === '_' || piece === characters[at])
      )
        next.add(at + 1);
    }
    reached = next;
  }
  return reached.has(characters.length);
}

/** Always the same numbers. */
function* numbers(seed: number): Generator<number, never> {
  for (let state = seed; ;) {
    state = (state * 1_103_515_245 + 12_345) & 0x7fffffff;
    yield state >>> 8;
  }
}

function someText(random: Iterator<number>, letters: string[], most: number) {
  const pick = (count: number) => Number(random.next().value) % count;
  return Array.from(
    { length: pick(most) },
    () => letters[pick(letters.length)],
  ).join('');
}

describe('LIKE', () => {
  it('says what its definition says, of any text and pattern', () => {
    const random = numbers(7);
    for (let round = 0; round < 20_000; round += 1) {
      const text = someText(random, ['a', 'b', '😀', '\ud83d'], 40);
      const pattern = someText(random, ['a', 'b', '😀', '%', '_', 'a'], 12);
      expect([text, pattern, likeMatcher(pattern, undefined)(text)]).toEqual([
        text,
        pattern,
        like(text, pattern),
      ]);
    }
  });

  it('finds long pieces that nearly fit at many places', () => {
    for (const piece of [
      `${'a'.repeat(40)}b${'a'.repeat(40)}`,
      `${'a_'.repeat(30)}b`,
      `${'_a'.repeat(30)}b_`,
      `b${'_'.repeat(70)}b`,
    ]) {
      const matches = likeMatcher(`%${piece}%c%`, undefined);
      const filled = piece.replaceAll('_', 'a');
      expect(matches('a'.repeat(5000))).toBe(false);
      for (const before of [0, 1, 31, 32, 33, 300, 4000]) {
        const text = `${'a'.repeat(before)}${filled}`;
        expect(matches(`${text}c`)).toBe(true);
        expect(matches(`${text}ac${'a'.repeat(500)}`)).toBe(true);
        expect(matches(`${text}${'a'.repeat(500)}`)).toBe(false);
      }
    }
  });

  it.each([
    ['%' + 'a'.repeat(20_000) + 'b' + 'a'.repeat(20_000) + '%'],
    ['%' + 'a'.repeat(49_999) + 'b%'],
    ['%a'.repeat(49_999) + 'b'],
    ['%' + 'a_'.repeat(20_000) + 'b%'],
    ['%' + '_'.repeat(49_999) + 'b%'],
  ])('does a bounded number of steps, whatever the pattern', (pattern) => {
    rest();
    const text = 'a'.repeat(100_000);
    try {
      expect(likeMatcher(pattern, undefined)(text)).toBe(false);
    } catch (error) {
      expect((error as PartiqlError).code).toBe('PARTIQL_LIMIT');
    }
    expect(spentSteps()).toBeLessThan(1 << 25);
  });
});
