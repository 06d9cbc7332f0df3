import type { IonValue, Timestamp } from '../../ion/value.js';
import type { Catalog } from '../catalog.js';

/**
 * The variables of one row: a slot for each variable of the statement, those
 * of its queries within queries included. Frames are copied, not shared, where
 * a source binds a variable.
 */
export type Frame = IonValue[];

/** What one execution of a statement has besides its rows. */
export interface Run {
  readonly catalog: Catalog;
  readonly parameters: readonly IonValue[];
  readonly transactionId: string;
  /** The time of the statement: the same wherever it is asked for. */
  readonly now: () => Timestamp;
}

/** A compiled expression. */
export type Evaluate = (frame: Frame, run: Run) => IonValue;

/** How many frames a stage hands on at once, at most. */
export const BATCH = 256;

export type Frames = readonly Frame[];

/**
 * A pause in a flow: whoever takes the rows waits for the promise, puts what it
 * gives into `value`, and goes on.
 */
export class Wait<T> {
  value: T | undefined;

  constructor(readonly promise: Promise<T>) {}
}

/**
 * Rows as they flow from stage to stage: batches of frames, with pauses among
 * them where a table has to be waited for. Only the end of the flow awaits, so
 * that a statement whose tables are at hand costs no promise at any stage.
 */
export type Flow = Iterable<Frames | Wait<unknown>>;

/** A step of a query: a source, a filter, a projection, a sort. */
export interface Stage {
  /** Whether there may be pauses in its flow that its input did not have. */
  readonly waits: boolean;
  run(input: Flow, run: Run): Flow;
}

export function needsWaiting(stages: readonly Stage[]): boolean {
  return stages.some((stage) => stage.waits);
}

/** Runs stages, one behind the other, on one frame. */
export function runStages(
  stages: readonly Stage[],
  frame: Frame,
  run: Run,
): Flow {
  return stages.reduce<Flow>((flow, stage) => stage.run(flow, run), [[frame]]);
}

/** The batches of a flow of stages that need no waiting. */
export function* framesNow(flow: Flow): Generator<Frames> {
  for (const frames of flow) {
    if (frames instanceof Wait) throw new TypeError('the flow has a pause');
    yield frames;
  }
}

/** The batches of any flow; empty ones are left out. */
export async function* framesOf(flow: Flow): AsyncGenerator<Frames> {
  for (const frames of flow) {
    if (frames instanceof Wait) frames.value = await frames.promise;
    else if (frames.length > 0) yield frames;
  }
}

/** A stage that makes frames of a batch, and needs no waiting. */
export function mapping(map: (frames: Frames, run: Run) => Frames): Stage {
  return {
    waits: false,
    *run(input, run) {
      for (const frames of input) {
        yield frames instanceof Wait ? frames : map(frames, run);
      }
    },
  };
}

/** A stage that makes any number of frames of each one. */
export function expanding(
  waits: boolean,
  expand: (frame: Frame, run: Run) => Flow,
): Stage {
  return {
    waits,
    *run(input, run) {
      for (const frames of input) {
        if (frames instanceof Wait) yield frames;
        else for (const frame of frames) yield* expand(frame, run);
      }
    },
  };
}

/** A stage that takes all frames before it gives any. */
export function gathering(
  start: (run: Run) => {
    readonly take: (frames: Frames) => void;
    readonly give: () => Iterable<Frames>;
  },
): Stage {
  return {
    waits: false,
    *run(input, run) {
      const { take, give } = start(run);
      for (const frames of input) {
        if (frames instanceof Wait) yield frames;
        else take(frames);
      }
      yield* give();
    },
  };
}

/** Frames in batches. */
export function* batched(frames: Frames): Iterable<Frames> {
  for (let start = 0; start < frames.length; start += BATCH) {
    yield frames.slice(start, start + BATCH);
  }
}
