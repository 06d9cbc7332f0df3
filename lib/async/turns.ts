import { setImmediate as immediate } from 'node:timers/promises';

/** How long one turn of the event loop may last, in milliseconds. */
const LONGEST_TURN = 10;
/** How long whoever has waited for a turn may go on in it, however long it was before. */
const SHARE = 2;

/** When the present turn of the event loop was first looked at; undefined in a new one. */
let began: number | undefined;
/** When whoever came last began its share of the turn. */
let shareBegan = -Infinity;

/**
 * Whether others have waited long enough. Long work asks this now and then, and
 * goes on in the {@link nextTurn} if so; all work of one turn shares its time,
 * but so that each comes on.
 */
export function isTurnLong(): boolean {
  const now = performance.now();
  // A clock that was set back (as tests do) begins anew.
  if (began !== undefined && began <= now)
    return (
      now - began > LONGEST_TURN &&
      (now - shareBegan > SHARE || now < shareBegan)
    );
  began = now;
  setImmediate(() => {
    began = undefined;
  });
  return false;
}

/** How many small steps go by between two looks at the clock; a power of two. */
const STEPS_PER_LOOK = 64;

/**
 * Whether it is time to pause after the n-th of many small steps. Never after
 * one of the first: work that is short is not worth a pause, however long the
 * turn was before it.
 */
export function isTimeToPause(n: number): boolean {
  return (n & (STEPS_PER_LOOK - 1)) === STEPS_PER_LOOK - 1 && isTurnLong();
}

/** The next turn of the event loop: whatever else is due has its turn before. */
export async function nextTurn(): Promise<void> {
  await immediate();
  shareBegan = performance.now();
}
