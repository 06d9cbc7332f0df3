import type { IonValue } from '../../ion/value.js';
import { evaluationError } from '../errors.js';
import type * as Ast from '../language/ast.js';
import { compareUnknownsLast, compareValues } from '../values/compare.js';
import { bare, isUnknown } from '../values/kinds.js';
import type { PlanContext } from './context.js';
import { compileOperand } from './expression/operand.js';
import { sequence } from './join/nested-loops.js';
import {
  type Evaluate,
  type Frame,
  gathering,
  type PlanStep,
  type Run,
  type Stage,
  Wait,
} from './runtime.js';
import { sizeOf } from '../values/size.js';
import { HeldFrames } from './held-frames.js';
import { Scope } from './scope.js';
import { MOST_WANTED, Sort } from './sort.js';
import { writtenOut } from './written-out.js';
import { addStage } from './stage-list.js';

/** ORDER BY, LIMIT and OFFSET. */
export function compileOrder(
  context: PlanContext,
  node: Ast.QueryNode,
  scope: Scope,
  stages: Stage[],
): void {
  const { orderBy } = node;
  if (orderBy.length === 0) {
    if (node.offset === undefined && node.limit === undefined) return;
    addStage(stages, context, () => ({
      ...slicing(compileSlice(context, node, scope)),
      explain: () => [{ operation: 'limit', on: sliceText(node) }],
    }));
    return;
  }
  addStage(stages, context, () => {
    const keys = orderBy.map(({ value, descending, nullsFirst }) => ({
      evaluate: context.condition(() => context.compile(value, scope)),
      sign: descending ? -1 : 1,
      nullsFirst,
      compare: context.dialect.unknownsSortLast
        ? compareUnknownsLast
        : compareValues,
    }));
    const slice = compileSlice(context, node, scope);
    const sort = sorting(keys, slice);
    const stage =
      node.offset === undefined && node.limit === undefined
        ? sort
        : sequence([sort, slicing(slice)]);
    return { ...stage, explain: () => [explainOrder(node, slice)] };
  });
}

function explainOrder(node: Ast.QueryNode, slice: Slice): PlanStep {
  const on = node.orderBy
    .map(
      ({ value, descending }) =>
        `${writtenOut(value)}${descending ? ' DESC' : ''}`,
    )
    .join(', ');
  if (node.limit === undefined || !slice.isConstant) {
    return { operation: 'sort', on, detail: 'keeps all rows' };
  }
  return {
    operation: 'top',
    on,
    detail: `${sliceText(node)}: keeps no more rows than these, up to ${MOST_WANTED}`,
  };
}

function sliceText({ limit, offset }: Ast.QueryNode): string {
  return [
    ...(limit === undefined ? [] : [`LIMIT ${writtenOut(limit)}`]),
    ...(offset === undefined ? [] : [`OFFSET ${writtenOut(offset)}`]),
  ].join(' ');
}

/** LIMIT and OFFSET. */
interface Slice {
  readonly offset: Count | undefined;
  readonly limit: Count | undefined;
  /** Whether no variable is in them, so that they are known before the rows are sorted. */
  readonly isConstant: boolean;
}

function compileSlice(
  context: PlanContext,
  { offset, limit }: Ast.QueryNode,
  scope: Scope,
): Slice {
  const { result, reads } = context.trackReads(() => ({
    offset: countOf(context, offset, scope, 'OFFSET'),
    limit: countOf(context, limit, scope, 'LIMIT'),
  }));
  return { ...result, isConstant: reads.size === 0 };
}

interface SortKey {
  readonly evaluate: Evaluate;
  readonly sign: number;
  readonly nullsFirst: boolean;
  readonly compare: (a: IonValue, b: IonValue) => number;
}

function sorting(
  keys: readonly SortKey[],
  { offset, limit, isConstant }: Slice,
): Stage {
  return gathering((run) => {
    let sort: Sort<SortRow> | undefined;
    const held = new HeldFrames(run.budget);
    return {
      take: (frame) => {
        sort ??= new Sort(
          (a, b) => compareKeys(keys, a.values, b.values),
          isConstant && limit
            ? limit(frame, run) + (offset?.(frame, run) ?? 0)
            : undefined,
          {
            hold: (row) =>
              (row.size = held.hold(
                row.frame,
                row.values.reduce<number>((sum, key) => sum + sizeOf(key), 0),
              )),
            release: (row) => run.budget.release(row.size),
          },
        );
        const values = keys.map(({ evaluate }) => evaluate(frame, run));
        sort.add({ frame, values, size: 0 });
      },
      *give() {
        for (const rows of sort?.result() ?? [])
          yield rows.map(({ frame }) => frame);
      },
    };
  });
}

interface SortRow {
  readonly frame: Frame;
  readonly values: readonly IonValue[];
  /** Bytes that it holds, once it is kept. */
  size: number;
}

function compareKeys(
  keys: readonly SortKey[],
  a: readonly IonValue[],
  b: readonly IonValue[],
): number {
  for (const [index, { sign, nullsFirst, compare }] of keys.entries()) {
    const x = a[index];
    const y = b[index];
    const unknownX = isUnknown(x);
    const unknownY = isUnknown(y);
    if (unknownX || unknownY) {
      if (unknownX && unknownY) continue;
      return unknownX === nullsFirst ? -1 : 1;
    }
    const order = compare(x, y) * sign;
    if (order !== 0) return order;
  }
  return 0;
}

type Count = (frame: Frame, run: Run) => number;

/** LIMIT and OFFSET take an int that is not negative. */
function countOf(
  context: PlanContext,
  node: Ast.Expression | undefined,
  scope: Scope,
  clause: string,
): Count | undefined {
  if (node === undefined) return undefined;
  const evaluate = compileOperand(context, node, scope);
  const { source } = context;
  return (frame, run) => {
    const value = bare(evaluate(frame, run));
    const count = typeof value === 'bigint' ? Number(value) : value;
    if (typeof count === 'number' && count >= 0) return count;
    throw evaluationError(
      source,
      node.at,
      `${clause} takes an int that is not negative`,
    );
  };
}

function slicing({ offset, limit }: Slice): Stage {
  return {
    waits: false,
    *run(input, run) {
      let skip = 0;
      let left: number | undefined;
      for (const frames of input) {
        if (frames instanceof Wait) {
          yield frames;
          continue;
        }
        const [first] = frames;
        if (first === undefined) {
          yield frames;
          continue;
        }
        if (left === undefined) {
          skip = offset?.(first, run) ?? 0;
          left = limit?.(first, run) ?? Infinity;
        }
        const kept = frames.slice(skip, skip + left);
        skip = Math.max(0, skip - frames.length);
        left -= kept.length;
        yield kept;
        if (left <= 0) return;
      }
    },
  };
}
