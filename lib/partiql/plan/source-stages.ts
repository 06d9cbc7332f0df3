import type { IonValue } from '../../ion/value.js';
import { evaluationError } from '../errors.js';
import {
  Bag,
  bare,
  isUnknown,
  itemsOf,
  MISSING,
  structOf,
  typeNameOf,
} from '../values/kinds.js';
import type * as Ast from '../language/ast.js';
import type { PlanContext } from './context.js';
import type { QueryPlan } from './query-plan.js';
import {
  BATCH,
  expanding,
  needsWaiting,
  runStages,
  Wait,
  type Evaluate,
  type Frame,
  type Frames,
  type Stage,
} from './runtime.js';
import { explained } from './explain.js';
import { namedIn } from './scope.js';
import type { Source } from './source.js';
import { writtenOut } from './written-out.js';

/** Ranges over a value: the elements of a list or a bag, the fields of what is unpivoted, else the value by itself. */
export function valueStage(
  context: PlanContext,
  source: Source,
  value: Evaluate,
): Stage {
  const { missingStaysMissing, absenceIsFault } = context.dialect;
  const ranges: Members = source.node.unpivot
    ? unpivoted
    : (range) => elements(range, !missingStaysMissing);
  const members = absenceIsFault
    ? onlyWhereItCan(context, source, ranges)
    : ranges;
  const waits = isFromOutside(context, source.node.value);
  const stage = expanding(waits, function* (frame, run) {
    let output: Frame[] = [];
    for (const [member, position] of members(value(frame, run))) {
      const bound = frame.slice();
      bound[source.slot] = member;
      if (source.position) bound[source.position.slot] = position;
      if (source.by) bound[source.by.slot] = MISSING;
      output.push(bound);
      if (output.length >= BATCH) {
        yield output;
        output = [];
      }
    }
    yield output;
  });
  return {
    ...stage,
    explain: () => [
      {
        operation: source.node.unpivot ? 'unpivot' : 'values',
        on: `${writtenOut(source.node.value)} AS ${source.name}`,
      },
    ],
  };
}

/**
 * Whether the statement's caller gave a value, so that it may be as long as a
 * table: a query over it stops for others, as one over a table does.
 */
function isFromOutside(context: PlanContext, node: Ast.Expression): boolean {
  const root = node.kind === 'Path' ? node.root : node;
  return (
    root.kind === 'Parameter' ||
    (root.kind === 'Variable' && namedIn(context.globals, root) !== undefined)
  );
}

type Members = (range: IonValue) => Iterable<readonly [IonValue, IonValue]>;

/** Strictly, FROM ranges over collections, UNPIVOT over structs, and there is a position in a list only. */
function onlyWhereItCan(
  context: PlanContext,
  { node }: Source,
  members: Members,
): Members {
  return (range) => {
    const plain = bare(range);
    const fits = node.unpivot
      ? structOf(plain) !== undefined
      : itemsOf(plain) !== undefined &&
        !(plain instanceof Bag && node.position !== undefined);
    if (fits) return members(range);
    throw evaluationError(
      context.source,
      node.at,
      `${node.unpivot ? 'UNPIVOT' : node.position ? 'AT' : 'FROM'} cannot range over a ${typeNameOf(plain)}`,
    );
  };
}

function* elements(
  range: IonValue,
  skipsMissing: boolean,
): Iterable<readonly [IonValue, IonValue]> {
  const plain = bare(range);
  const items = itemsOf(plain);
  if (items !== undefined) {
    const isOrdered = !(plain instanceof Bag);
    for (const [index, item] of items.entries()) {
      yield [item, isOrdered ? index : MISSING];
    }
  } else if (range !== MISSING || !skipsMissing) yield [range, MISSING];
}

function* unpivoted(range: IonValue): Iterable<readonly [IonValue, IonValue]> {
  if (range === MISSING) return;
  const fields = structOf(range)?.fields();
  if (fields === undefined) yield [range, '_1'];
  else for (const [name, item] of fields) yield [item, name];
}

/** Ranges over the rows of a query, as they come. */
export function queryStage(
  context: PlanContext,
  source: Source,
  query: QueryPlan,
): Stage {
  if (
    context.dialect.absenceIsFault &&
    !query.ordered &&
    source.node.position !== undefined
  ) {
    throw context.semantic(
      source.node.position.at,
      'AT gives a position, and the rows of this query have no order',
    );
  }
  const bind = (frames: Frames, first: number): Frames =>
    frames.map((frame, index) => {
      const bound = frame.slice();
      bound[source.slot] = frame[query.output];
      if (source.position) {
        bound[source.position.slot] = query.ordered ? first + index : MISSING;
      }
      if (source.by) bound[source.by.slot] = MISSING;
      return bound;
    });
  const stage = expanding(needsWaiting(query.stages), function* (frame, run) {
    let position = 0;
    for (const rows of runStages(query.stages, frame, run)) {
      yield rows instanceof Wait ? rows : bind(rows, position);
      if (!(rows instanceof Wait)) position += rows.length;
    }
  });
  return { ...stage, explain: (run) => explained(query.stages, run) };
}

/** Whether a value is a collection that a query could have given. */
export function rowsOf(value: IonValue): readonly IonValue[] {
  if (isUnknown(value)) return value === MISSING ? [] : [value];
  const plain = bare(value);
  return Array.isArray(plain) ? (itemsOf(plain) ?? []) : [value];
}
