import { describe, expect, it } from 'vitest';
import { WriteTimes } from '../../lib/ledger/commit/write-times.js';

describe('WriteTimes', () => {
  it('knows what was written after a block', () => {
    const times = new WriteTimes();
    const record = (sequenceNo: number, keys: string[]) =>
      times.record(sequenceNo, new Set(keys), () => 0);
    record(5, ['a']);
    record(7, ['b', 'c']);
    record(8, ['b']);
    expect(times.writtenAfter(4, ['x', 'a'])).toBe('a');
    expect(times.writtenAfter(5, ['a'])).toBeUndefined();
    expect(times.writtenAfter(7, ['a', 'c'])).toBeUndefined();
    expect(times.writtenAfter(7, ['c', 'b'])).toBe('b');
    expect(times.writtenAfter(0, ['never'])).toBeUndefined();
  });

  it('forgets only what no open transaction can have missed, and only when there is much', () => {
    const times = new WriteTimes();
    let asked = 0;
    let oldest = 40_000;
    for (let n = 0; n < 140_000; n++)
      times.record(n, new Set([`k${n}`]), () => {
        asked++;
        return oldest;
      });
    expect(asked).toBe(3);
    // Some of that stretch is younger than the oldest transaction.
    expect(times.writtenAfter(39_999, ['k40001'])).toBe('k40001');
    expect(times.writtenAfter(139_998, ['k139999'])).toBe('k139999');

    oldest = 100_000;
    for (let n = 140_000; n < 200_000; n++)
      times.record(n, new Set([`k${n}`]), () => oldest);
    expect(times.writtenAfter(99_999, ['k100000'])).toBe('k100000');
    // Forgotten: whoever began before is not there any more.
    expect(times.writtenAfter(0, ['k39999'])).toBeUndefined();
  });

  it('keeps large blocks as they are, in their order', () => {
    const times = new WriteTimes();
    let oldest = 0;
    const record = (sequenceNo: number, ...keys: string[]) =>
      times.record(sequenceNo, new Set(keys), () => oldest);
    const many = Array.from({ length: 20_000 }, (_, n) => `k${n}`);
    record(1, 'k1', 'a');
    record(2, ...many);
    record(3, 'k2', 'b');
    record(4, ...many);
    expect(times.writtenAfter(3, ['a', 'k2'])).toBe('k2');
    expect(times.writtenAfter(4, ['k2'])).toBeUndefined();
    expect(times.writtenAfter(2, ['a', 'b'])).toBe('b');
    expect(times.writtenAfter(0, ['a'])).toBe('a');
    oldest = 3;
    record(5, ...many);
    expect(times.writtenAfter(3, ['b'])).toBeUndefined();
    expect(times.writtenAfter(3, ['k19999'])).toBe('k19999');
    expect(times.writtenAfter(4, ['k2'])).toBe('k2');
    expect(times.writtenAfter(5, ['k2'])).toBeUndefined();
  });
});
