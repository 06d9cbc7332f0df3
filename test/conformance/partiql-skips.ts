/** Cases of partiql-tests that do not hold here, and why. */
export interface Skip {
  /** Path of the file in the suite, or the beginning of one. */
  readonly file: string;
  /** Name of a case or of a group, or a pattern that names match. Absent: the whole file. */
  readonly name?: string | RegExp;
  readonly reason: string;
}

export const skips: readonly Skip[] = [];
