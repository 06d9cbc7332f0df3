import {
  expanding,
  needsWaiting,
  NO_FRAMES,
  runStages,
  Wait,
  type Flow,
  type Frame,
  type Stage,
} from '../runtime.js';
import { explained } from '../explain.js';
import { padded } from './probing.js';

/**
 * Runs stages for each frame, and keeps a frame for which they give nothing,
 * with NULL for the variables of what they read.
 */
export function keepingLoop(
  matching: readonly Stage[],
  slots: readonly number[],
): Stage {
  return expanding(needsWaiting(matching), function* (frame, run) {
    let isMatched = false;
    for (const found of runStages(matching, frame, run)) {
      if (!(found instanceof Wait)) isMatched ||= found.length > 0;
      yield found;
    }
    if (!isMatched) yield [padded(frame, slots)];
  });
}

/** Puts the frames of a flow into an array, and hands on its pauses. */
export function* collecting(target: Frame[], flow: Flow): Flow {
  for (const frames of flow) {
    if (frames instanceof Wait) {
      yield frames;
      continue;
    }
    for (const frame of frames) target.push(frame);
    yield NO_FRAMES;
  }
}

/** Stages as one. */
export function sequence(stages: readonly Stage[]): Stage {
  return {
    waits: stages.some((stage) => stage.waits),
    expands: stages.some((stage) => stage.expands === true),
    run: (input, run, first) =>
      stages.reduce<Flow>((flow, stage) => stage.run(flow, run, first), input),
    explain: (run) => explained(stages, run),
  };
}
