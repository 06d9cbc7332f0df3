import type { MaybePromise } from '../../async/maybe-promise.js';
import type { IonValue, Timestamp } from '../../ion/value.js';
import type { Catalog } from '../catalog.js';
import { rest, spentSteps } from '../values/effort.js';
import type { Budget } from './budget.js';
import { resumable, resumed, type Resuming } from './unfinished.js';

/**
 * The variables of one row: a slot for each variable of the statement, those
 * of its queries within queries included. Frames are copied, not shared, where
 * a source binds a variable.
 */
export type Frame = IonValue[];

/** What one execution of a statement has besides its rows. */
export interface Run extends Resuming {
  readonly catalog: Catalog;
  readonly parameters: readonly IonValue[];
  readonly transactionId: string;
  /** The time of the statement: the same wherever it is asked for. */
  readonly now: () => Timestamp;
  /** Lets others run, or ends the statement; see `ExecutionContext`. */
  readonly pause?: () => Promise<void> | undefined;
  /** What the statement holds. */
  readonly budget: Budget;
  /** Row steps since the last {@link turn}, roughly. */
  work: number;
}

/** After so many row steps a statement hands control back. */
const TURN = 2048;

/** Steps that were spent on values are as much as so many row steps. */
const STEPS_PER_ROW = 512;

/** Whether it is time for the end of the flow to have control. */
export function isTurn(run: Run): boolean {
  return run.work >= TURN || isStrained();
}

/** Whether values have taken so much work that it is time, however few the rows were. */
export function isStrained(): boolean {
  return spentSteps() >= TURN * STEPS_PER_ROW;
}

/** Counts work at the end of a flow, and asks for a pause when there was enough of it. */
export function turn(run: Run, steps: number): Promise<void> | undefined {
  run.work += steps + Math.floor(spentSteps() / STEPS_PER_ROW);
  rest();
  if (run.work < TURN) return undefined;
  run.work = 0;
  return run.pause?.();
}

/** A compiled expression. */
export type Evaluate = (frame: Frame, run: Run) => IonValue;

/** How many frames a stage hands on at once, at most. */
export const BATCH = 256;

export type Frames = readonly Frame[];

/** What a stage hands on when it has worked and has no frame to show for it. */
export const NO_FRAMES: Frames = [];

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
 *
 * A stage hands on a batch for each one that it takes, an empty one if need be:
 * so the end of the flow has control after every {@link BATCH} frames of work,
 * even where no row comes out.
 */
export type Flow = Iterable<Frames | Wait<unknown>>;

/** What gives a value at its end, with empty batches and pauses on the way. */
export type Slowly<T> = Generator<Frames | Wait<unknown>, T, undefined>;

/** One line of a plan that is shown. */
export interface PlanStep {
  /** What is done: `scan`, `index lookup`, `hash join`, `sort` … */
  readonly operation: string;
  /** What it is done to, or by which condition. */
  readonly on?: string;
  readonly detail?: string;
  /** What whoever wrote the statement may want to know. */
  readonly note?: string;
}

/** A step of a query: a source, a filter, a projection, a sort. */
export interface Stage {
  /** Whether there may be pauses in its flow that its input did not have. */
  readonly waits: boolean;
  /** Whether it makes any number of frames of one. */
  readonly expands?: boolean;
  /**
   * What it does, for EXPLAIN; absent where there is nothing to tell. Names are
   * looked up, as the stage itself would, and nothing is read.
   */
  readonly explain?: (run: Run) => readonly PlanStep[];
  /** @param first - the frame that the query begins with: a row that is made of no row stands on it */
  run(input: Flow, run: Run, first?: Frame): Flow;
}

/**
 * Whether stages cannot be run in one go: they wait for a table, or multiply
 * the rows of one source by those of another.
 */
export function needsWaiting(stages: readonly Stage[]): boolean {
  return (
    stages.some((stage) => stage.waits) ||
    stages.filter((stage) => stage.expands === true).length > 1
  );
}

/** Runs stages, one behind the other, on one frame. */
export function runStages(
  stages: readonly Stage[],
  frame: Frame,
  run: Run,
): Flow {
  return stages.reduce<Flow>(
    (flow, stage) => stage.run(flow, run, frame),
    [[frame]],
  );
}

/** The batches of any flow at its end; empty ones are left out. Pauses as often as the statement has to. */
export function* framesOf(
  flow: Flow,
  run: Run,
): Iterable<Frames | Wait<unknown>> {
  for (const frames of flow) {
    const pause = turn(run, BATCH);
    if (pause !== undefined) yield new Wait(pause);
    if (frames instanceof Wait || frames.length > 0) yield frames;
  }
}

/** An answer that may have to be waited for. */
export function* answerOf<T>(
  answer: MaybePromise<T>,
): Generator<Wait<T>, T, undefined> {
  if (!(answer instanceof Promise)) return answer;
  const wait = new Wait(answer);
  yield wait;
  return wait.value as T;
}

/** A stage that fills in or drops each frame, and needs no waiting. */
export function mapping(keeps: (frame: Frame, run: Run) => boolean): Stage {
  return {
    waits: false,
    *run(input, run) {
      for (const frames of input) {
        if (frames instanceof Wait) {
          yield frames;
          continue;
        }
        let kept: Frame[] = [];
        for (const frame of frames) {
          let keep: boolean;
          try {
            keep = resumable(keeps, frame, run);
          } catch (error) {
            keep = yield* resumed(error, keeps, frame, run);
          }
          if (keep) kept.push(frame);
          if (isTurn(run)) {
            yield kept;
            kept = [];
          }
        }
        yield kept;
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
    expands: true,
    *run(input, run) {
      for (const frames of input) {
        if (frames instanceof Wait || frames.length === 0) yield frames;
        else for (const frame of frames) yield* expand(frame, run);
      }
    },
  };
}

/** A stage that takes all frames before it gives any. */
export function gathering(
  start: (
    run: Run,
    first: Frame,
  ) => {
    /** Works out all that it needs of a frame before it changes anything: it may be done again. */
    readonly take: (frame: Frame) => void;
    readonly give: () => Iterable<Frames>;
  },
): Stage {
  return {
    waits: false,
    *run(input, run, first = []) {
      const { take, give } = start(run, first);
      for (const frames of input) {
        if (frames instanceof Wait) {
          yield frames;
          continue;
        }
        run.work += frames.length;
        for (const frame of frames) {
          try {
            resumable(take, frame, run);
          } catch (error) {
            yield* resumed(error, take, frame, run);
          }
          if (isTurn(run)) yield NO_FRAMES;
        }
        yield NO_FRAMES;
      }
      yield* give();
    },
  };
}

/** Frames, or what becomes frames, in batches. */
export function* batched<T>(items: readonly T[]): Iterable<readonly T[]> {
  for (let start = 0; start < items.length; start += BATCH) {
    yield items.slice(start, start + BATCH);
  }
}
