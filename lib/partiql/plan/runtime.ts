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
export type AnyFrames = Iterable<Frames> | AsyncIterable<Frames>;

/** One run of a stage that needs no waiting: frames in, frames out. */
export interface Transducer {
  push(frames: Frames): Iterable<Frames>;
  /** What is left when there is no more input. */
  flush?(): Iterable<Frames>;
  /** Set when no input can add anything any more. */
  readonly done?: boolean;
}

/** A step that works on frames at hand: a filter, a projection, a sort. */
export interface SyncStage {
  readonly kind: 'sync';
  start(run: Run): Transducer;
}

/** A step that may have to wait for a table. */
export interface AsyncStage {
  readonly kind: 'async';
  run(input: AnyFrames, run: Run): AsyncIterable<Frames>;
}

/** Steps in their order. Rows flow through them in batches. */
export type Stage = SyncStage | AsyncStage;

export function needsWaiting(stages: readonly Stage[]): boolean {
  return stages.some((stage) => stage.kind === 'async');
}

/** Runs stages that need no waiting. */
export function runSync(
  stages: readonly Stage[],
  frame: Frame,
  run: Run,
): Iterable<Frames> {
  return transduce(
    [[frame]],
    stages.map((stage) => {
      if (stage.kind === 'async') throw new TypeError('the stage is async');
      return stage.start(run);
    }),
  );
}

/** Runs any stages. */
export function runStages(
  stages: readonly Stage[],
  frame: Frame,
  run: Run,
): AnyFrames {
  let output: AnyFrames = [[frame]];
  for (let index = 0; index < stages.length;) {
    const stage = stages[index];
    if (stage.kind === 'async') {
      output = stage.run(output, run);
      index += 1;
      continue;
    }
    // Steps without a wait between them run as one.
    const transducers: Transducer[] = [];
    for (let next = stages[index]; next?.kind === 'sync';) {
      transducers.push(next.start(run));
      index += 1;
      next = stages[index];
    }
    output = isSync(output)
      ? transduce(output, transducers)
      : transduceAsync(output, transducers);
  }
  return output;
}

export function isSync<T>(
  iterable: Iterable<T> | AsyncIterable<T>,
): iterable is Iterable<T> {
  return Symbol.iterator in iterable;
}

function* transduce(
  input: Iterable<Frames>,
  transducers: readonly Transducer[],
): Generator<Frames> {
  for (const frames of input) {
    yield* feed(transducers, 0, frames);
    if (transducers.some(isDone)) break;
  }
  yield* flush(transducers);
}

async function* transduceAsync(
  input: AsyncIterable<Frames>,
  transducers: readonly Transducer[],
): AsyncGenerator<Frames> {
  for await (const frames of input) {
    yield* feed(transducers, 0, frames);
    if (transducers.some(isDone)) break;
  }
  yield* flush(transducers);
}

function* feed(
  transducers: readonly Transducer[],
  index: number,
  frames: Frames,
): Generator<Frames> {
  const transducer = transducers[index];
  if (transducer === undefined) {
    if (frames.length > 0) yield frames;
    return;
  }
  for (const output of transducer.push(frames)) {
    yield* feed(transducers, index + 1, output);
    if (transducers.some(isDone)) return;
  }
}

function* flush(transducers: readonly Transducer[]): Generator<Frames> {
  for (const [index, transducer] of transducers.entries()) {
    if (transducer.flush === undefined) continue;
    for (const output of transducer.flush()) {
      yield* feed(transducers, index + 1, output);
    }
  }
}

function isDone(transducer: Transducer): boolean {
  return transducer.done === true;
}

/** A stage that looks at every frame by itself. */
export function mapping(push: (frames: Frames, run: Run) => Frames): SyncStage {
  return {
    kind: 'sync',
    start: (run) => ({ push: (frames) => [push(frames, run)] }),
  };
}
