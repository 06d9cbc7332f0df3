import type { IonValue } from '../../ion/value.js';

/** What a run has for queries in expressions that take longer than a turn. */
export interface Resuming {
  /** Whether whoever works out an expression can finish a query in it behind a pause. */
  resumes?: boolean;
  /** Results of the queries that were finished so, for the row that is worked out again. */
  finished?: ReadonlyMap<object, IonValue> | undefined;
}

/** What is left of a query, with its pauses. */
type Left<Step> = Generator<Step, IonValue, undefined>;

/**
 * Thrown out of an expression by a query in it that takes longer than a turn. A
 * stage that can pause finishes the query, and works the row out again.
 */
export class Unfinished<Step = unknown> extends Error {
  override readonly name = 'Unfinished';

  constructor(
    /** Which of the expression's queries it is. */
    readonly query: object,
    /** What is left to do. */
    readonly left: Left<Step>,
  ) {
    super('a query in an expression goes on behind a pause');
  }
}

/** Works something out for a row, whose queries may stop on their way. */
export function resumable<Row, R extends Resuming, T>(
  work: (row: Row, run: R) => T,
  row: Row,
  run: R,
): T {
  const outer = run.resumes;
  run.resumes = true;
  try {
    return work(row, run);
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
export function* resumed<Step, Row, R extends Resuming, T>(
  error: unknown,
  work: (row: Row, run: R) => T,
  row: Row,
  run: R,
): Generator<Step, T, undefined> {
  const finished = new Map<object, IonValue>();
  for (let reason = error; ;) {
    if (!(reason instanceof Unfinished)) throw reason;
    finished.set(reason.query, yield* (reason as Unfinished<Step>).left);
    const outer = run.finished;
    run.finished = finished;
    try {
      return resumable(work, row, run);
    } catch (next) {
      reason = next;
    } finally {
      run.finished = outer;
    }
  }
}
