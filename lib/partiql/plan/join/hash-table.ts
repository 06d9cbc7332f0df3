import type { IonValue } from '../../../ion/value.js';
import { keyText } from '../../equality-key.js';
import { isUnknown } from '../../values/kinds.js';
import { sizeOf } from '../../values/size.js';
import {
  isTurn,
  NO_FRAMES,
  runStages,
  Wait,
  type Evaluate,
  type Flow,
  type Frame,
  type Run,
  type Stage,
} from '../runtime.js';
import type { Match } from './probing.js';

/** Bytes that an entry takes besides its values. */
const ENTRY = 64;

/** What a side of a join is hashed by, and what is kept of it. */
export interface HashedSide {
  readonly stages: readonly Stage[];
  readonly keys: readonly Evaluate[];
  readonly slots: readonly number[];
}

/** The rows of one side of a join by their keys: a row is found by the keys that `=` holds for. */
export class HashTable {
  /** All rows, those that nothing equals included. */
  readonly rows: Match[] = [];
  readonly #byKey = new Map<string, Match[]>();
  #bytes = 0;

  /** Reads the side, which is the same whatever frame of the other side it begins with. */
  *build({ stages, keys, slots }: HashedSide, frame: Frame, run: Run): Flow {
    for (const frames of runStages(stages, frame, run)) {
      if (frames instanceof Wait) {
        yield frames;
        continue;
      }
      for (const row of frames) {
        const match = slots.map((slot) => row[slot]);
        const key = joinKey(keys, row, run);
        this.rows.push(match);
        this.#hold(match, key, run);
        if (key !== undefined) {
          const others = this.#byKey.get(key);
          if (others === undefined) this.#byKey.set(key, [match]);
          else others.push(match);
        }
        if (isTurn(run)) yield NO_FRAMES;
      }
      yield NO_FRAMES;
    }
  }

  #hold(match: Match, key: string | undefined, run: Run): void {
    const bytes = match.reduce<number>(
      (sum, value) => sum + sizeOf(value),
      ENTRY + (key?.length ?? 0),
    );
    this.#bytes += bytes;
    run.budget.hold(bytes);
  }

  find(keys: readonly Evaluate[], frame: Frame, run: Run): readonly Match[] {
    const key = joinKey(keys, frame, run);
    return (key === undefined ? undefined : this.#byKey.get(key)) ?? NONE;
  }

  release(run: Run): void {
    run.budget.release(this.#bytes);
  }
}

const NONE: readonly Match[] = [];

/** A text that two rows share iff all their keys are equal; undefined where one is unknown, which nothing equals. */
function joinKey(
  keys: readonly Evaluate[],
  frame: Frame,
  run: Run,
): string | undefined {
  const [only, ...others] = keys;
  if (only !== undefined && others.length === 0) {
    const value: IonValue = only(frame, run);
    return isUnknown(value) ? undefined : keyText(value);
  }
  let text = '';
  for (const key of keys) {
    const value = key(frame, run);
    if (isUnknown(value)) return undefined;
    const part = keyText(value);
    text += `${part.length}:${part}`;
  }
  return text;
}
