import { describe, expect, it } from 'vitest';
import { WriteTimes } from '../../lib/ledger/commit/write-times.js';

describe('WriteTimes', () => {
  it('knows what was written after a block', () => {
    const times = new WriteTimes();
    times.record(5, ['a']);
    times.record(7, ['b', 'c']);
    times.record(8, ['b']);
    expect(times.anyAfter(4, ['a'])).toBe(true);
    expect(times.anyAfter(5, ['a'])).toBe(false);
    expect(times.anyAfter(7, ['a', 'c'])).toBe(false);
    expect(times.anyAfter(7, ['c', 'b'])).toBe(true);
    expect(times.anyAfter(0, ['never'])).toBe(false);
  });

  it('forgets only what no open transaction can have missed, and only when there is much', () => {
    const times = new WriteTimes();
    let asked = 0;
    const oldest = () => {
      asked++;
      return 40_000;
    };
    for (let n = 0; n < 70_000; n++) {
      times.record(n, [`k${n}`]);
      times.prune(oldest);
    }
    expect(asked).toBe(1);
    expect(times.anyAfter(39_999, ['k40001'])).toBe(true);
    expect(times.anyAfter(40_000, ['k69999'])).toBe(true);
    // Forgotten: whoever began before is not there any more.
    expect(times.anyAfter(0, ['k39999'])).toBe(false);
  });
});
