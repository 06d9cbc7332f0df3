import {
  isSync,
  needsWaiting,
  runStages,
  runSync,
  type Frame,
  type Frames,
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
  const all = [...sides.left, ...sides.right, ...sides.condition];
  const waits = needsWaiting(all);
  if (type !== 'full') {
    const [kept, other, slots] =
      type === 'left'
        ? [sides.left, sides.right, sides.rightSlots]
        : [sides.right, sides.left, sides.leftSlots];
    const matching = [...other, ...sides.condition];
    return flatMapping(
      waits,
      function* (frame, run) {
        for (const frames of runSync(kept, frame, run)) {
          for (const outer of frames) {
            yield* orPadded(runSync(matching, outer, run), outer, slots);
          }
        }
      },
      async function* (frame, run) {
        for await (const frames of runStages(kept, frame, run)) {
          for (const outer of frames) {
            let matched = false;
            for await (const found of runStages(matching, outer, run)) {
              matched ||= found.length > 0;
              yield found;
            }
            if (!matched) yield [padded(outer, slots)];
          }
        }
      },
    );
  }
  return flatMapping(
    waits,
    function* (frame, run) {
      const rights = [...runSync(sides.right, frame, run)].flat();
      const matched = new Set<Frame>();
      for (const frames of runSync(sides.left, frame, run)) {
        for (const outer of frames) {
          const found: Frame[] = [];
          for (const right of rights) {
            const merged = mergedFrame(outer, right, sides.rightSlots);
            const holds = [...runSync(sides.condition, merged, run)].flat();
            if (holds.length > 0) matched.add(right);
            found.push(...holds);
          }
          yield found.length > 0 ? found : [padded(outer, sides.rightSlots)];
        }
      }
      yield unmatched(rights, matched, sides.leftSlots);
    },
    async function* (frame, run) {
      const rights = await collect(sides.right, frame, run);
      const matched = new Set<Frame>();
      for await (const frames of runStages(sides.left, frame, run)) {
        for (const outer of frames) {
          const found: Frame[] = [];
          for (const right of rights) {
            const merged = mergedFrame(outer, right, sides.rightSlots);
            const holds = await collect(sides.condition, merged, run);
            if (holds.length > 0) matched.add(right);
            found.push(...holds);
          }
          yield found.length > 0 ? found : [padded(outer, sides.rightSlots)];
        }
      }
      yield unmatched(rights, matched, sides.leftSlots);
    },
  );
}

/** A stage that makes any number of frames of each one. */
function flatMapping(
  waits: boolean,
  expand: (frame: Frame, run: Run) => Iterable<Frames>,
  expandAsync: (frame: Frame, run: Run) => AsyncIterable<Frames>,
): Stage {
  if (waits) {
    return {
      kind: 'async',
      async *run(input, run) {
        for await (const frames of input) {
          for (const frame of frames) yield* expandAsync(frame, run);
        }
      },
    };
  }
  return {
    kind: 'sync',
    start: (run) => ({
      *push(frames) {
        for (const frame of frames) yield* expand(frame, run);
      },
    }),
  };
}

async function collect(
  stages: readonly Stage[],
  frame: Frame,
  run: Run,
): Promise<Frame[]> {
  const output = runStages(stages, frame, run);
  const collected: Frame[] = [];
  if (isSync(output)) for (const frames of output) collected.push(...frames);
  else for await (const frames of output) collected.push(...frames);
  return collected;
}

function* orPadded(
  found: Iterable<Frames>,
  outer: Frame,
  slots: readonly number[],
): Iterable<Frames> {
  let matched = false;
  for (const frames of found) {
    matched ||= frames.length > 0;
    yield frames;
  }
  if (!matched) yield [padded(outer, slots)];
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

function unmatched(
  rights: readonly Frame[],
  matched: ReadonlySet<Frame>,
  slots: readonly number[],
): Frames {
  return rights
    .filter((right) => !matched.has(right))
    .map((right) => padded(right, slots));
}
