import type { Source } from '../source.js';
import type { NamedRelation } from './relation.js';
import { MISSING } from '../../values/kinds.js';
import type { Row } from '../../catalog.js';
import {
  expanding,
  NO_FRAMES,
  Wait,
  type Frame,
  type Frames,
  type Stage,
} from '../runtime.js';
import { accessPath, openRelation } from './access-path.js';
import { batchesIn } from './batches-in.js';
import { explainAccess } from './explain-access.js';
import type { RelationRead } from './relation-read.js';

/** Reads a relation, anew for each frame. */
export function relationStage(read: RelationRead): Stage {
  const { source, keys } = read;
  const stage = expanding(true, function* (frame, run) {
    const relation = source.relation.open(run, frame);
    const path = accessPath(relation, keys);
    const rows = openRelation(relation, path, frame, run);
    for (const batch of batchesIn(rows))
      yield batch instanceof Wait ? batch : bound(batch, frame);
  });
  return { ...stage, explain: (run) => [explainAccess(read, run)] };

  function bound(rows: readonly Row[], frame: Frame): Frames {
    return rows.map((row) => {
      const copy = frame.slice();
      bindRow(source, row, copy);
      return copy;
    });
  }
}

/** Puts a row into the slots of its source. */
export function bindRow(source: Source, row: Row, frame: Frame): void {
  frame[source.slot] = row.value;
  if (source.by !== undefined) frame[source.by.slot] = row.id;
  if (source.position !== undefined) frame[source.position.slot] = MISSING;
}

/** Counts the rows of a relation, which nobody looks at, into slots of one frame. */
export function countingStage(
  relation: NamedRelation,
  slots: readonly number[],
): Stage {
  const count = expanding(true, function* (frame, run) {
    const counted = relation.open(run, frame);
    let count = 0;
    if (counted.count) {
      for (const numbers of batchesIn(counted.count())) {
        if (!(numbers instanceof Wait))
          for (const number of numbers) count += number;
        yield numbers instanceof Wait ? numbers : NO_FRAMES;
      }
    } else {
      for (const rows of batchesIn(counted.scan())) {
        if (!(rows instanceof Wait)) count += rows.length;
        yield rows instanceof Wait ? rows : NO_FRAMES;
      }
    }
    const bound = frame.slice();
    for (const slot of slots) bound[slot] = count;
    yield [bound];
  });
  return {
    ...count,
    explain: (run) => {
      const { name } = relation.find(run);
      return [
        {
          operation: 'count',
          on: name,
          detail: 'by the number of documents: none is read',
          note: `counts every document of ${name}, so it conflicts with every write to that table`,
        },
      ];
    },
  };
}
