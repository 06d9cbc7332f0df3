import { describe, expect, it } from 'vitest';
import { rememberedTexts } from '../../lib/ion/remembered-texts.js';

describe('rememberedTexts', () => {
  const counting = (capacity: number) => {
    const made: string[] = [];
    const remember = rememberedTexts((text) => {
      made.push(text);
      return { text };
    }, capacity);
    return { made, remember };
  };

  it('makes the same of a text once', () => {
    const { made, remember } = counting(1000);
    expect(remember('a')).toBe(remember('a'));
    expect(made).toEqual(['a']);
  });

  it('forgets what was not asked for lately, and keeps the rest', () => {
    const { made, remember } = counting(10_000);
    for (let n = 0; n < 1000; n++) {
      remember('often');
      remember(`once ${n}`);
    }
    expect(made.filter((text) => text === 'often')).toHaveLength(1);
    made.length = 0;
    remember('once 0');
    expect(made).toEqual(['once 0']);
  });

  it('holds no more characters than it may', () => {
    const capacity = 100_000;
    const { made, remember } = counting(capacity);
    const texts = Array.from({ length: 100 }, (_, n) => `${n}`.padEnd(9000));
    texts.forEach(remember);
    made.length = 0;
    texts.toReversed().forEach(remember);
    const kept = texts.length - made.length;
    expect(kept).toBeGreaterThan(0);
    expect(kept * 9000).toBeLessThanOrEqual(capacity);
  });

  it('does not hold what is very long', () => {
    const { made, remember } = counting(1 << 20);
    remember('x'.repeat(10_001));
    remember('x'.repeat(10_001));
    expect(made).toHaveLength(2);
  });
});
