import type { IonValue } from '../../../ion/value.js';
import type { Relation, Row } from '../../catalog.js';
import { keyText } from '../../equality-key.js';
import { isUnknown, MISSING } from '../../values/kinds.js';
import { sizeOf } from '../../values/size.js';
import { lookUp, type AccessPath } from '../access/access-path.js';
import { batchesIn } from '../access/batches-in.js';
import type { RelationSource } from '../access/relation-read.js';
import { field } from '../expression/path.js';
import {
  BATCH,
  NO_FRAMES,
  Wait,
  type Evaluate,
  type Flow,
  type Frame,
  type Frames,
  type Run,
} from '../runtime.js';
import { slotsOf } from '../source.js';
import type { Match, Probe } from './probing.js';

/** Frames that are looked up at first: whoever wants one row only has read the keys of no others. */
const FIRST = 1;
/** Rows that a lookup may find before fewer frames are looked up at a time. */
const MANY = 2048;

/**
 * Looks the keys of many frames up at once: where a table is in a database
 * elsewhere, each lookup is a journey.
 */
export class LookupProbe implements Probe {
  readonly slots: readonly number[];
  readonly #key: Evaluate;
  #size = FIRST;
  /** Rows that the last lookup gave. */
  #count = 0;
  #found = new Map<string, Match[]>();
  #held = 0;

  constructor(
    readonly source: RelationSource,
    readonly relation: Relation,
    readonly path: Exclude<AccessPath, { kind: 'scan' }>,
    key: Evaluate,
  ) {
    this.slots = slotsOf(source);
    this.#key = key;
  }

  *parts(frames: Frames): Iterable<Frames> {
    for (let start = 0; start < frames.length;) {
      const part = frames.slice(start, start + this.#size);
      start += part.length;
      this.#count = 0;
      yield part;
      this.#size =
        this.#count > MANY
          ? Math.ceil(this.#size / 4)
          : Math.min(BATCH, this.#size * 4);
    }
  }

  *ready(frames: Frames, run: Run): Flow {
    const keys = new Map<string, IonValue>();
    for (const frame of frames) {
      const key = this.#key(frame, run);
      if (!isUnknown(key)) keys.set(keyText(key), key);
    }
    for (const text of keys.keys()) this.#found.set(text, []);
    const rows = lookUp(this.relation, this.path, [...keys.values()]);
    for (const batch of batchesIn(rows)) {
      if (batch instanceof Wait) {
        yield batch;
        continue;
      }
      for (const row of batch) this.#add(row, run);
      this.#count += batch.length;
      yield NO_FRAMES;
    }
  }

  #add(row: Row, run: Run): void {
    const matches = this.#found.get(keyText(this.#keyOf(row)));
    // A lookup may give more rows than were asked for.
    if (matches === undefined) return;
    const { source } = this;
    const match: IonValue[] = [row.value];
    if (source.position !== undefined) match.push(MISSING);
    if (source.by !== undefined) match.push(row.id);
    matches.push(match);
    const bytes = sizeOf(row.value);
    this.#held += bytes;
    run.budget.hold(bytes);
  }

  #keyOf({ id, value }: Row): IonValue {
    const { path } = this.path.condition;
    return path === 'id'
      ? id
      : path.reduce<IonValue>((part, name) => field(part, { name }), value);
  }

  matches(frame: Frame, run: Run): readonly Match[] {
    const key = this.#key(frame, run);
    return (isUnknown(key) ? undefined : this.#found.get(keyText(key))) ?? [];
  }

  done(run: Run): void {
    this.#found.clear();
    run.budget.release(this.#held);
    this.#held = 0;
  }

  close(run: Run): void {
    this.done(run);
  }
}
