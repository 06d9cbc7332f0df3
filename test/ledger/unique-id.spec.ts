import { describe, expect, it } from 'vitest';
import { systemPorts } from '../../lib/ledger/ports.js';
import { isUniqueId, UniqueIds } from '../../lib/ledger/unique-id.js';

/** Ids from these bytes, one after another, at one moment. */
const fixed = (hex: string, now: number) => {
  const bytes = Buffer.from(hex, 'hex');
  let used = 0;
  return new UniqueIds({
    now: () => now,
    random: (size) => bytes.subarray(used, (used += size)),
  });
};

/** The two halves of an id as numbers. */
function halves(id: string): [bigint, bigint] {
  const digits =
    '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  const value = (text: string) =>
    Array.from(text).reduce(
      (sum, digit) => sum * 62n + BigInt(digits.indexOf(digit)),
      0n,
    );
  return [value(id.slice(0, 11)), value(id.slice(11))];
}

describe('UniqueIds', () => {
  it('makes two 64-bit halves of 11 digits, with the second of their making in the first', () => {
    // 0007KbqoyqA|Ich6XRbQ4iA is the id of a transaction that AWS ran at 2019-12-11T07:20:51Z.
    const now = Date.parse('2019-12-11T07:20:51.245Z');
    const id = fixed('00' + 'd8ed363f90c06322', now).next();
    expect(id.slice(0, 8)).toBe('0007Kbqo');
    expect(id.slice(11)).toBe('Ich6XRbQ4iA');
    const [first, second] = halves(id);
    expect(first >> 14n).toBe(BigInt(Math.floor(now / 1000)));
    expect(second).toBe(0xd8ed363f90c06322n);
    expect(halves('0007KbqoyqAIch6XRbQ4iA')[0] >> 14n).toBe(first >> 14n);
  });

  it('makes 22 characters of the smallest and the largest halves', () => {
    expect(fixed('00'.repeat(9), 0).next()).toBe('0'.repeat(22));
    const largest = fixed('ff'.repeat(9), 0).next();
    expect(largest).toHaveLength(22);
    expect(largest.slice(11)).toBe('LygHa16AHYF');
    expect(isUniqueId(largest)).toBe(true);
  });

  it('makes ids that sort in the order of their making, whatever the clock does', () => {
    let now = 1_700_000_000_000;
    const ids = new UniqueIds({ ...systemPorts, now: () => now });
    const made = Array.from({ length: 40_000 }, (_, n) => {
      if (n === 30_000) now += 5_000;
      if (n === 35_000) now -= 60_000;
      return ids.next();
    });
    expect(made.toSorted()).toEqual(made);
    expect(new Set(made).size).toBe(made.length);
    expect(made.every(isUniqueId)).toBe(true);
  });

  it('makes others than another maker does', () => {
    const [a, b] = [new UniqueIds(systemPorts), new UniqueIds(systemPorts)];
    const ids = Array.from({ length: 5_000 }, () => [a.next(), b.next()]);
    expect(new Set(ids.flat()).size).toBe(10_000);
  });
});

describe('isUniqueId', () => {
  it.each([
    '',
    '0007KbqoyqAIch6XRbQ4i',
    '0007KbqoyqAIch6XRbQ4iA0',
    '0007KbqoyqAIch6XRbQ4i-',
    'LygHa16AHYGIch6XRbQ4iA',
    '0007KbqoyqAzzzzzzzzzzz',
  ])('is false for %j', (text) => {
    expect(isUniqueId(text)).toBe(false);
  });
});
