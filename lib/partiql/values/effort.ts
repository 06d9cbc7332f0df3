import { PartiqlError } from '../errors.js';

/**
 * Steps of about a nanosecond that statements may do before the event loop has
 * control again.
 */
const LONGEST_STRETCH = 1 << 25;

/** Steps since {@link rest}; one count for all, as there is one event loop. */
let spent = 0;
/** Whether a statement runs. What a ledger does by itself, such as building an index, has no bound of this kind. */
let counting = false;

/** Does one stretch of a statement's work, whose steps are counted. */
export function stretch<T>(work: () => T): T {
  const outer = counting;
  counting = true;
  spent = 0;
  try {
    return work();
  } finally {
    counting = outer;
  }
}

/** Whether a statement does the work that is asked for. */
export function isCounting(): boolean {
  return counting;
}

/**
 * Counts work that cannot stop on its way: what is done with one value. Rows
 * need not be counted, as there is control between them.
 *
 * @param steps - about a nanosecond each, such as characters that are compared
 * @throws PartiqlError `PARTIQL_LIMIT` where that would hold everybody else up
 */
export function spend(steps: number): void {
  if (!counting) return;
  spent += steps;
  if (spent > LONGEST_STRETCH) {
    spent = 0;
    throw new PartiqlError(
      'PARTIQL_LIMIT',
      'One row takes too much work: it compares or searches values that are too large. Use smaller values, or fewer of them in one expression',
    );
  }
}

/** Texts and bytes up to so many steps are not worth counting. */
const SHORT = 1024;

/** As {@link spend}, for what is seldom long. */
export function spendText(steps: number): void {
  if (steps > SHORT) spend(steps);
}

/** Steps that were spent since control was handed on. */
export function spentSteps(): number {
  return spent;
}

/** Control is handed on: the count begins anew. */
export function rest(): void {
  spent = 0;
}
