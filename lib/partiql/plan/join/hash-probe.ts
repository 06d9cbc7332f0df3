import type { Evaluate, Flow, Frame, Frames, Run } from '../runtime.js';
import { HashTable, type HashedSide } from './hash-table.js';
import type { Match, Probe } from './probing.js';

/** A side of a join that is hashed, and what it is probed with. */
export interface HashJoin extends HashedSide {
  /** What equals the keys of the hashed side, on the other side. */
  readonly probes: readonly Evaluate[];
  /** Tables that are the same in all of a statement, by its run; absent where they are not. */
  readonly kept?: WeakMap<Run, HashTable>;
}

/** Finds matches in a hash table, which is made when the first frame comes. */
export class HashProbe implements Probe {
  #table: HashTable | undefined;

  constructor(readonly join: HashJoin) {}

  get slots(): readonly number[] {
    return this.join.slots;
  }

  *ready(frames: Frames, run: Run): Flow {
    const { join } = this;
    this.#table ??= join.kept?.get(run);
    const [frame] = frames;
    if (this.#table !== undefined || frame === undefined) return;
    const table = new HashTable();
    this.#table = table;
    yield* table.build(join, frame, run);
    join.kept?.set(run, table);
  }

  matches(frame: Frame, run: Run): readonly Match[] {
    return this.#table?.find(this.join.probes, frame, run) ?? [];
  }

  close(run: Run): void {
    // What others of the statement find again stays to its end.
    if (this.join.kept === undefined) this.#table?.release(run);
  }
}
