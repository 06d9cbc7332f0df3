import type { IonValue } from '../../ion/value.js';
import type { Run, Slowly } from './runtime.js';

/**
 * Thrown out of an expression by a query in it that takes longer than a turn. A
 * stage that can pause finishes the query, and works the row out again.
 */
export class Unfinished extends Error {
  override readonly name = 'Unfinished';

  constructor(
    /** Which of the expression's queries it is. */
    readonly query: object,
    /** What is left to do. */
    readonly left: Slowly<IonValue>,
  ) {
    super('a query in an expression goes on behind a pause');
  }
}

/** Works something out whose queries may stop on their way. */
export function resumable<T>(work: () => T, run: Run): T {
  const outer = run.resumes;
  run.resumes = true;
  try {
    return work();
  } finally {
    run.resumes = outer;
  }
}

/**
 * Finishes what stopped, then does the work again, which now finds the result.
 *
 * @param error - what the work threw
 * @param work - may be done any number of times
 */
export function* resumed<T>(
  error: unknown,
  work: () => T,
  run: Run,
): Slowly<T> {
  const finished = new Map<object, IonValue>();
  for (let reason = error; ;) {
    if (!(reason instanceof Unfinished)) throw reason;
    finished.set(reason.query, yield* reason.left);
    const outer = run.finished;
    run.finished = finished;
    try {
      return resumable(work, run);
    } catch (next) {
      reason = next;
    } finally {
      run.finished = outer;
    }
  }
}
