import { sizeOf } from '../values/size.js';
import type { Budget } from './budget.js';
import type { Frame } from './runtime.js';

/** Bytes of a slot, and of what a frame is beside its slots. */
const SLOT = 8;

/**
 * Counts frames that an operator keeps. A value counts once for frames in a row
 * that share it, such as those of one row of an outer table.
 */
export class HeldFrames {
  #last: Frame = [];

  constructor(readonly budget: Budget) {}

  /**
   * Holds a frame, and tells how many bytes that are.
   *
   * @param extra - bytes of what is kept beside it
   * @throws PartiqlError `PARTIQL_MEMORY`
   */
  hold(frame: Frame, extra = 0): number {
    const last = this.#last;
    let size = extra + SLOT * 4;
    for (let slot = 0; slot < frame.length; slot += 1) {
      const value = frame[slot] ?? null;
      size += value === last[slot] ? SLOT : SLOT + sizeOf(value);
    }
    this.#last = frame;
    this.budget.hold(size);
    return size;
  }
}
