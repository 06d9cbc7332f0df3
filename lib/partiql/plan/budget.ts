import { PartiqlError } from '../errors.js';

/** Memory that one statement may hold, if its caller does not say, in bytes. */
export const DEFAULT_MEMORY = 256 * 1024 * 1024;

/**
 * What a statement holds: rows that are sorted, grouped, hashed or gathered. The
 * bytes are those that the values would take if they were written out, so that
 * what is shared counts as often as it is there.
 */
export class Budget {
  #held = 0;

  constructor(readonly limit: number) {}

  /** @throws PartiqlError `PARTIQL_MEMORY` if that is more than the statement may hold. */
  hold(bytes: number): void {
    this.#held += bytes;
    if (this.#held > this.limit) {
      throw new PartiqlError(
        'PARTIQL_MEMORY',
        `The statement holds more than ${this.limit} bytes at a time: ask for fewer rows or fields, or raise its memory`,
      );
    }
  }

  /** What was held is held no more. */
  release(bytes: number): void {
    this.#held -= bytes;
  }
}
