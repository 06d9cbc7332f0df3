import type { IonValue } from '../../../ion/value.js';
import { EvaluationFault } from '../../errors.js';
import type * as Ast from '../../language/ast.js';
import { itemsOf, orMissing, structOf } from '../../values/kinds.js';
import { spend } from '../../values/effort.js';
import type { PlanContext } from '../context.js';
import type { Evaluate } from '../runtime.js';
import type { Scope } from '../scope.js';
import { selectOf } from '../select-of.js';
import { guarded } from './evaluate.js';

/** The columns of a query, if it is `SELECT one AS column, …`. */
function columnsOf(node: Ast.Expression): number | undefined {
  const projection = selectOf(node)?.projection;
  return projection?.kind === 'Items' &&
    projection.items.every(({ kind }) => kind === 'Item')
    ? projection.items.length
    : undefined;
}

/** Whether a query is `SELECT one AS column …`: SQL reads it as that column's values. */
export function isOneColumn(node: Ast.Expression): boolean {
  return columnsOf(node) === 1;
}

/** The only field of a row; MISSING if it was left out. */
function columnOf(row: IonValue): IonValue {
  return orMissing(structOf(row)?.fields()[0]?.[1]);
}

/** Compiles an operand. A query of one column that stands there means its one value; NULL if it has no row. */
export function compileOperand(
  context: PlanContext,
  node: Ast.Expression,
  scope: Scope,
): Evaluate {
  return isOneColumn(node)
    ? compileScalar(context, node, scope)
    : context.compile(node, scope);
}

/** Compiles a query of one column to its one value. */
export function compileScalar(
  context: PlanContext,
  node: Ast.Expression,
  scope: Scope,
): Evaluate {
  return oneRow(context, node, scope, columnOf);
}

/** Compiles one side of a comparison. Beside a row, a query of several columns means its one row. */
export function compileComparand(
  context: PlanContext,
  node: Ast.Expression,
  other: Ast.Expression,
  scope: Scope,
): Evaluate {
  const isRow =
    context.dialect.queriesAreScalars &&
    other.kind === 'Sequence' &&
    (columnsOf(node) ?? 1) > 1;
  return isRow
    ? oneRow(context, node, scope, (row) =>
        (structOf(row)?.fields() ?? []).map(([, value]) => value),
      )
    : compileOperand(context, node, scope);
}

/** Compiles a query to what its one row stands for. */
function oneRow(
  context: PlanContext,
  node: Ast.Expression,
  scope: Scope,
  meaning: (row: IonValue) => IonValue,
): Evaluate {
  const evaluate = context.compileSubquery(node, scope);
  return guarded(context, node.at, (frame, run) => {
    const rows = itemsOf(evaluate(frame, run)) ?? [];
    const [row] = rows;
    if (rows.length > 1) {
      throw new EvaluationFault(
        `a query that stands for one value gave ${rows.length} rows`,
      );
    }
    return row === undefined ? null : meaning(row);
  });
}

/** Compiles what has to be a collection: a query that stands there means all its rows. */
export function compileRows(
  context: PlanContext,
  node: Ast.Expression,
  scope: Scope,
): Evaluate {
  return isOneColumn(node)
    ? context.compileSubquery(node, scope)
    : context.compile(node, scope);
}

/** Compiles the right side of IN. A query of one column means that column's values. */
export function compileCollection(
  context: PlanContext,
  node: Ast.Expression,
  scope: Scope,
): Evaluate {
  const evaluate = compileRows(context, node, scope);
  if (!isOneColumn(node)) return evaluate;
  /** The columns of rows that are the same for many rows around them. */
  const known = new WeakMap<readonly IonValue[], readonly IonValue[]>();
  return (frame, run) => {
    const rows = itemsOf(evaluate(frame, run)) ?? [];
    let column = known.get(rows);
    if (column === undefined) {
      spend(rows.length * 8);
      column = rows.map(columnOf);
      known.set(rows, column);
    }
    return column;
  };
}
