import type { IonValue } from '../../../ion/value.js';
import { isTrue } from '../context.js';
import {
  BATCH,
  isTurn,
  Wait,
  type Evaluate,
  type Flow,
  type Frame,
  type Frames,
  type Run,
  type Stage,
} from '../runtime.js';

/** A row of the other side of a join: what its variables are, in the order of {@link Probe.slots}. */
export type Match = readonly IonValue[];

/** Finds the rows that may match, for a batch of frames at a time. */
export interface Probe {
  /** Where the variables of a match go. */
  readonly slots: readonly number[];
  /** Parts of a batch that are made ready at once; by default it is one. */
  parts?(frames: Frames): Iterable<Frames>;
  /** Does what has to be waited for, so that {@link matches} has its answers for these frames. */
  ready(frames: Frames, run: Run): Flow;
  matches(frame: Frame, run: Run): readonly Match[];
  /** Lets go of what was made ready for a part. */
  done?(run: Run): void;
  /** Lets go of everything. */
  close(run: Run): void;
}

/** What is done with the rows that a probe finds. */
export interface Joining {
  /** What has to hold besides; absent: nothing. */
  readonly holds?: Evaluate | undefined;
  /** Whether a frame without a match is kept, with NULL for the variables of one. */
  readonly keeps: boolean;
  /** Does the same for a frame that is alone in its part, and holds nothing. */
  readonly alone?: Stage;
}

/** Joins each frame with the rows that match it: in the order of the frames, and of the rows for each. */
export function probing(
  waits: boolean,
  open: (run: Run) => Probe,
  { holds, keeps, alone }: Joining,
): Stage {
  return {
    waits,
    expands: true,
    *run(input, run) {
      const probe = open(run);
      try {
        for (const frames of input) {
          if (frames instanceof Wait || frames.length === 0) {
            yield frames;
            continue;
          }
          for (const part of probe.parts?.(frames) ?? [frames]) {
            if (part.length === 1 && alone !== undefined) {
              yield* alone.run([part], run);
              continue;
            }
            yield* probe.ready(part, run);
            yield* joined(part, run, probe);
            probe.done?.(run);
          }
        }
      } finally {
        probe.close(run);
      }
    },
  };

  function* joined(frames: Frames, run: Run, probe: Probe): Flow {
    const { slots } = probe;
    let output: Frame[] = [];
    for (const frame of frames) {
      let isMatched = false;
      for (const match of probe.matches(frame, run)) {
        const merged = mergedFrame(frame, match, slots);
        run.work += 1;
        if (holds === undefined || isTrue(holds(merged, run))) {
          isMatched = true;
          output.push(merged);
        }
        if (output.length >= BATCH || isTurn(run)) {
          yield output;
          output = [];
        }
      }
      if (!isMatched && keeps) output.push(padded(frame, slots));
    }
    yield output;
  }
}

/** A frame with the variables of a match. */
export function mergedFrame(
  frame: Frame,
  match: Match,
  slots: readonly number[],
): Frame {
  const merged = frame.slice();
  for (let index = 0; index < slots.length; index += 1) {
    merged[slots[index]] = match[index];
  }
  return merged;
}

/** A frame with NULL for the variables of what it has no match in. */
export function padded(frame: Frame, slots: readonly number[]): Frame {
  const copy = frame.slice();
  for (const slot of slots) copy[slot] = null;
  return copy;
}
