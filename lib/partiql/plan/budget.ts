import type { IonValue } from '../../ion/value.js';
import { PartiqlError } from '../errors.js';
import { LARGEST_VALUE } from '../values/limits.js';
import { sizeOf } from '../values/size.js';

/** Memory that one statement may hold, if its caller does not say, in bytes. */
export const DEFAULT_MEMORY = 256 * 1024 * 1024;

/**
 * What a statement holds: rows that are sorted, grouped, hashed or gathered. The
 * bytes are those that the values would take if they were written out, so that
 * what is shared counts as often as it is there.
 */
export class Budget {
  #held = 0;

  /**
   * @param limit - bytes that the statement may hold at a time
   * @param largest - bytes that one value may take
   */
  constructor(
    readonly limit = DEFAULT_MEMORY,
    readonly largest = LARGEST_VALUE,
  ) {}

  /** @throws PartiqlError `PARTIQL_MEMORY` if that is more than the statement may hold. */
  hold(bytes: number): void {
    this.#held += bytes;
    if (this.#held > this.limit) {
      throw new PartiqlError(
        'PARTIQL_MEMORY',
        `The statement holds more than ${this.limit} bytes at a time: ask for fewer rows or fields, or raise its memory (maxStatementBytes of a ledger)`,
      );
    }
  }

  /** What was held is held no more. */
  release(bytes: number): void {
    this.#held -= bytes;
  }

  /**
   * Looks at a value that is about to be made.
   *
   * @param bytes - what it takes if it is written out
   * @throws PartiqlError `PARTIQL_MEMORY` if no value may be as large.
   */
  admit(bytes: number): void {
    if (bytes > this.largest) {
      throw new PartiqlError(
        'PARTIQL_MEMORY',
        `The statement makes a value of more than ${this.largest} bytes: make it of fewer or smaller parts, or raise the largest size of a value (maxValueBytes of a ledger)`,
      );
    }
  }

  /** The value itself, which was put together of others, unless it is too large; see {@link admit}. */
  admitted<T extends IonValue>(value: T): T {
    this.admit(sizeOf(value));
    return value;
  }
}
