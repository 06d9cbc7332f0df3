import { describe, expect, it } from 'vitest';
import { systemPorts } from '../../lib/ledger/ports.js';
import { isUniqueId, uniqueId } from '../../lib/ledger/unique-id.js';

const fixed = (hex: string, now: number) => ({
  now: () => now,
  random: () => Buffer.from(hex, 'hex'),
});

describe('uniqueId', () => {
  it('is two 64-bit halves of 11 digits, with the second of its making in the first', () => {
    // 0007KbqoyqA|Ich6XRbQ4iA is the id of a transaction that AWS ran at 2019-12-11T07:20:51Z.
    const made = uniqueId(
      fixed(
        '0000177c2634fa22d8ed363f90c06322',
        Date.parse('2019-12-11T07:20:51.245Z'),
      ),
    );
    expect(made).toBe('0007KbqoyqAIch6XRbQ4iA');
  });

  it('has 22 characters for the smallest and the largest halves', () => {
    expect(uniqueId(fixed('00'.repeat(16), 0))).toBe('0'.repeat(22));
    const largest = uniqueId(fixed('ff'.repeat(16), 0));
    expect(largest).toHaveLength(22);
    expect(largest.slice(11)).toBe('LygHa16AHYF');
    expect(isUniqueId(largest)).toBe(true);
  });

  it('does not repeat', () => {
    const ids = new Set(
      Array.from({ length: 10_000 }, () => uniqueId(systemPorts)),
    );
    expect(ids.size).toBe(10_000);
    expect([...ids].every(isUniqueId)).toBe(true);
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
