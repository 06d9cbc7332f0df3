import { describe, expect, it } from 'vitest';
import { Fuzz, type Finding } from './fuzz/fuzz.js';

/**
 * Whatever is typed and given, a statement ends with rows or a PartiqlError, and
 * holds up nobody.
 *
 * With `PROVE_STATEMENTS=1000000` there are so many statements; `PROVE_SEED`
 * begins with another seed. A statement is known by its seed and its place.
 */
const STATEMENTS = Number(process.env['PROVE_STATEMENTS'] ?? 3000);
const SEED = Number(process.env['PROVE_SEED'] ?? 1);
/** Milliseconds that nobody else may be held up; at length as the product has it, else so long that a busy machine does not matter. */
const STALL = process.env['PROVE_STATEMENTS'] === undefined ? 1000 : 50;
/** The only statement that is run, by its place. */
const ONLY = process.env['PROVE_ONLY'];
/** Kinds of findings that are reported. */
const ENOUGH = 40;

function report(findings: readonly Finding[]): string {
  const kinds = new Map<string, { first: Finding; count: number }>();
  for (const finding of findings) {
    const kind = finding.kind.replace(/\d+/g, 'N');
    const known = kinds.get(kind);
    if (known === undefined) kinds.set(kind, { first: finding, count: 1 });
    else {
      known.count += 1;
      if (finding.statement.length < known.first.statement.length) {
        known.first = finding;
      }
    }
  }
  return [...kinds.values()]
    .slice(0, ENOUGH)
    .map(
      ({ first: { place, kind, statement }, count }) =>
        `${count} × ${kind}\n  ${place}: ${statement.slice(0, 600)}`,
    )
    .join('\n');
}

describe('statements at random', () => {
  it(
    `end with rows or a PartiqlError, hold up nobody and hold little (${STATEMENTS} of them)`,
    async () => {
      const fuzz = new Fuzz(SEED, STALL);
      if (ONLY !== undefined) console.log(fuzz.statementAt(Number(ONLY)).text);
      const start = performance.now();
      const places =
        ONLY === undefined
          ? Array.from({ length: STATEMENTS }).keys()
          : [Number(ONLY)];
      for (const index of places) {
        await fuzz.run(index);
        if (index % 20_000 === 19_999) {
          const seconds = Math.round((performance.now() - start) / 1000);
          const heap = process.memoryUsage().heapUsed >> 20;
          console.log(`${index + 1} in ${seconds} s, heap ${heap} MB`);
        }
      }
      if (STATEMENTS > 10_000) console.log(JSON.stringify(fuzz.tally));
      expect(report(fuzz.findings)).toBe('');
      if (ONLY === undefined) {
        expect(fuzz.tally['rows']).toBeGreaterThan(STATEMENTS / 10);
      }
    },
    4 * 3_600_000,
  );
});
