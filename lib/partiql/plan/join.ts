import {
  expanding,
  needsWaiting,
  NO_FRAMES,
  runStages,
  Wait,
  type Flow,
  type Frame,
  type Run,
  type Stage,
} from './runtime.js';

/** The sides of an outer join, and where their variables are. */
export interface JoinSides {
  readonly left: readonly Stage[];
  readonly right: readonly Stage[];
  /** The stages of ON. */
  readonly condition: readonly Stage[];
  readonly leftSlots: readonly number[];
  readonly rightSlots: readonly number[];
}

/**
 * LEFT, RIGHT and FULL JOIN: rows of the kept side that match nothing come with
 * NULL for the other side's variables.
 *
 * A left join may use its left side's variables on its right side; the other
 * two may not, as the right side then has to be read by itself.
 */
export function joinStage(
  type: 'left' | 'right' | 'full',
  sides: JoinSides,
): Stage {
  const { left, right, condition, leftSlots, rightSlots } = sides;
  const waits = needsWaiting([...left, ...right, ...condition]);
  switch (type) {
    case 'left':
      return expanding(waits, (frame, run) =>
        keeping(left, [...right, ...condition], rightSlots, frame, run),
      );
    case 'right':
      return expanding(waits, (frame, run) =>
        keeping(right, [...left, ...condition], leftSlots, frame, run),
      );
    case 'full':
      return expanding(waits, (frame, run) => full(sides, frame, run));
  }
}

/** Every row of the kept side with those of the other side that match, else with NULLs. */
function* keeping(
  kept: readonly Stage[],
  matching: readonly Stage[],
  slots: readonly number[],
  frame: Frame,
  run: Run,
): Flow {
  for (const frames of runStages(kept, frame, run)) {
    if (frames instanceof Wait || frames.length === 0) {
      yield frames;
      continue;
    }
    for (const outer of frames) {
      let matched = false;
      for (const found of runStages(matching, outer, run)) {
        if (!(found instanceof Wait)) matched ||= found.length > 0;
        yield found;
      }
      if (!matched) yield [padded(outer, slots)];
    }
  }
}

/** Every row of both sides, once at least. The right side is held. */
function* full(sides: JoinSides, frame: Frame, run: Run): Flow {
  const rights: Frame[] = [];
  yield* collecting(rights, runStages(sides.right, frame, run));
  const matched = new Set<Frame>();
  for (const frames of runStages(sides.left, frame, run)) {
    if (frames instanceof Wait || frames.length === 0) {
      yield frames;
      continue;
    }
    for (const outer of frames) {
      let isMatched = false;
      for (const right of rights) {
        const merged = mergedFrame(outer, right, sides.rightSlots);
        const holds: Frame[] = [];
        yield* collecting(holds, runStages(sides.condition, merged, run));
        if (holds.length === 0) continue;
        isMatched = true;
        matched.add(right);
        yield holds;
      }
      if (!isMatched) yield [padded(outer, sides.rightSlots)];
    }
  }
  yield rights
    .filter((right) => !matched.has(right))
    .map((right) => padded(right, sides.leftSlots));
}

/** Puts the frames of a flow into an array, and hands on its pauses. */
function* collecting(target: Frame[], flow: Flow): Flow {
  for (const frames of flow) {
    if (frames instanceof Wait) {
      yield frames;
      continue;
    }
    for (const frame of frames) target.push(frame);
    yield NO_FRAMES;
  }
}

function padded(frame: Frame, slots: readonly number[]): Frame {
  const copy = frame.slice();
  for (const slot of slots) copy[slot] = null;
  return copy;
}

function mergedFrame(
  left: Frame,
  right: Frame,
  slots: readonly number[],
): Frame {
  const merged = left.slice();
  for (const slot of slots) merged[slot] = right[slot] ?? null;
  return merged;
}
