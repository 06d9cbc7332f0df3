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
      this.#passed++;
    } catch (error) {
      this.#failed++;
      throw error;
    }
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
