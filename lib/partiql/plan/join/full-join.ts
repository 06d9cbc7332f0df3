import { isTrue } from '../context.js';
import {
  BATCH,
  expanding,
  isTurn,
  needsWaiting,
  runStages,
  Wait,
  type Evaluate,
  type Flow,
  type Frame,
  type Run,
  type Stage,
} from '../runtime.js';
import { HashTable, type HashedSide } from './hash-table.js';
import { collecting } from './nested-loops.js';
import { mergedFrame, padded, type Match } from './probing.js';

/** The sides of a full join. */
export interface FullJoin {
  readonly left: readonly Stage[];
  readonly leftSlots: readonly number[];
  /** The side that is held; it has no keys where nothing has to be equal. */
  readonly right: HashedSide;
  /** What equals the keys of the right side. */
  readonly probes: readonly Evaluate[];
  /** What has to hold besides: conditions, or stages where there are queries in them. */
  readonly condition: readonly Stage[];
  readonly holds?: Evaluate | undefined;
}

/** FULL JOIN: every row of both sides, once at least. The right side is held. */
export function fullJoin(join: FullJoin): Stage {
  const { left, right, condition } = join;
  const waits = needsWaiting([...left, ...right.stages, ...condition]);
  return expanding(waits, (frame, run) => joined(join, frame, run));
}

function* joined(join: FullJoin, frame: Frame, run: Run): Flow {
  const { right, holds, condition } = join;
  const table = new HashTable();
  try {
    yield* table.build(right, frame, run);
    const matched = new Set<Match>();
    for (const frames of runStages(join.left, frame, run)) {
      if (frames instanceof Wait || frames.length === 0) {
        yield frames;
        continue;
      }
      let output: Frame[] = [];
      for (const outer of frames) {
        const matches =
          right.keys.length === 0
            ? table.rows
            : table.find(join.probes, outer, run);
        let isMatched = false;
        for (const match of matches) {
          const merged = mergedFrame(outer, match, right.slots);
          run.work += 1;
          const found: Frame[] = [];
          if (holds === undefined || isTrue(holds(merged, run))) {
            if (condition.length === 0) found.push(merged);
            else yield* collecting(found, runStages(condition, merged, run));
          }
          if (found.length > 0) {
            isMatched = true;
            matched.add(match);
            output.push(...found);
          }
          if (output.length >= BATCH || isTurn(run)) {
            yield output;
            output = [];
          }
        }
        if (!isMatched) output.push(padded(outer, right.slots));
      }
      yield output;
    }
    yield* unmatched(join, table, matched, frame);
  } finally {
    table.release(run);
  }
}

/** The rows of the right side that no row of the left one matched. */
function* unmatched(
  { right, leftSlots }: FullJoin,
  { rows }: HashTable,
  matched: ReadonlySet<Match>,
  frame: Frame,
): Flow {
  let output: Frame[] = [];
  for (const row of rows) {
    if (matched.has(row)) continue;
    output.push(padded(mergedFrame(frame, row, right.slots), leftSlots));
    if (output.length === BATCH) {
      yield output;
      output = [];
    }
  }
  yield output;
}
