import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The folder that holds this repository. */
const ROOT = new URL('../../', import.meta.url);

/**
 * Where a test-suite that nobody here wrote lives: the path in the environment
 * variable `env`, else `fallback`, which is relative to the repository. If
 * there is nothing, says so on one line and returns `undefined`.
 */
export function suiteFolder(
  env: string,
  fallback: string,
  publicName: string,
): string | undefined {
  const path = process.env[env] ?? fileURLToPath(new URL(fallback, ROOT));
  if (existsSync(path)) return path;
  console.log(`SKIPPED ${publicName}: set ${env} to its folder`);
  return undefined;
}

/** Counts the cases of one suite and prints them: `name: N passed, N failed, N skipped (why: N)`. */
export class Tally {
  #passed = 0;
  #failed = 0;
  readonly #skipped = new Map<string, number>();

  constructor(readonly name: string) {}

  /** Runs one case and counts it. */
  run(test: () => void): void {
    try {
      test();
      this.pass();
    } catch (error) {
      this.fail();
      throw error;
    }
  }

  /** Counts a case that holds. */
  pass(): void {
    this.#passed++;
  }

  /** Counts a case that does not hold. */
  fail(): void {
    this.#failed++;
  }

  /** Counts a case that is left out, and why. */
  skip(why: string): void {
    this.#skipped.set(why, (this.#skipped.get(why) ?? 0) + 1);
  }

  print(): void {
    const skipped = [...this.#skipped.values()].reduce((a, b) => a + b, 0);
    const reasons = [...this.#skipped].map(([why, n]) => `${why}: ${n}`);
    console.log(
      `${this.name}: ${this.#passed} passed, ${this.#failed} failed, ${skipped} skipped` +
        (skipped > 0 ? ` (${reasons.join('; ')})` : ''),
    );
  }
}

/** What became of a case. */
export type Outcome = 'passed' | 'failed' | 'skipped';

/** Counts the cases of one suite by their area, and in each by a column such as a mode. */
export class AreaTable {
  readonly #counts = new Map<string, Map<string, Record<Outcome, number>>>();

  constructor(readonly name: string) {}

  add(area: string, column: string, outcome: Outcome): void {
    for (const row of [area, 'all']) {
      const columns = this.#counts.get(row) ?? new Map();
      this.#counts.set(row, columns);
      const counts = columns.get(column) ?? {
        passed: 0,
        failed: 0,
        skipped: 0,
      };
      columns.set(column, counts);
      counts[outcome] += 1;
    }
  }

  /** One line an area: `passed/failed/skipped` in each column. */
  print(): void {
    const columns = [...(this.#counts.get('all') ?? new Map()).keys()];
    const lines = [...this.#counts]
      .toSorted(([a], [b]) => Number(a === 'all') - Number(b === 'all'))
      .map(([area, counts]) => [
        area,
        ...columns.map((column) => {
          const count = counts.get(column);
          return count === undefined
            ? '-'
            : `${count.passed}/${count.failed}/${count.skipped}`;
        }),
      ]);
    const table = [
      [`${this.name}: passed/failed/skipped`, ...columns],
      ...lines,
    ];
    const widths = [0, ...columns.map((_, index) => index + 1)].map((index) =>
      Math.max(...table.map((line) => line[index].length)),
    );
    console.log(
      table
        .map((line) =>
          line.map((cell, index) => cell.padEnd(widths[index])).join('  '),
        )
        .join('\n'),
    );
  }
}
