import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** So many lines are kept. */
export const MOST_LINES = 1000;

/**
 * Lines that were typed before, the last first, in a file that only its owner
 * may read. What cannot be kept is forgotten: the shell goes on without.
 */
export class History {
  readonly #file: string | undefined;

  /** `NESTJS_QLDB_HISTORY` names another file, or none if it is empty. */
  constructor(environment: NodeJS.ProcessEnv) {
    const named = environment['NESTJS_QLDB_HISTORY'];
    this.#file =
      named === ''
        ? undefined
        : (named ?? join(homedir(), '.nestjs-qldb_history'));
  }

  read(): string[] {
    if (this.#file === undefined) return [];
    try {
      return readFileSync(this.#file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .slice(0, MOST_LINES);
    } catch {
      return [];
    }
  }

  write(lines: readonly string[]): void {
    if (this.#file === undefined) return;
    try {
      writeFileSync(this.#file, lines.slice(0, MOST_LINES).join('\n'), {
        mode: 0o600,
      });
      // One that was there keeps its mode otherwise.
      chmodSync(this.#file, 0o600);
    } catch {
      // Nowhere to keep it.
    }
  }
}
