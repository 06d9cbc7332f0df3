import type * as Ast from '../../language/ast.js';
import type { IonValue } from '../../../ion/value.js';
import { EvaluationFault } from '../../errors.js';
import { itemsOf, structOf, orMissing } from '../../values/kinds.js';
import { spend } from '../../values/effort.js';
import type { PlanContext } from '../context.js';
import type { Evaluate } from '../runtime.js';
import type { Scope } from '../scope.js';
import { guarded } from './evaluate.js';

/** Whether a query is `SELECT one AS column …`: SQL reads it as that column's values. */
function isOneColumn(node: Ast.Expression): boolean {
  const select = node.kind === 'Query' ? node.body : node;
  return (
    select.kind === 'Select' &&
    select.projection.kind === 'Items' &&
    select.projection.items.length === 1 &&
    select.projection.items[0]?.kind === 'Item'
  );
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
  const evaluate = context.compile(node, scope);
  if (!isOneColumn(node)) return evaluate;
  return guarded(context, node.at, (frame, run) => {
    const rows = itemsOf(evaluate(frame, run)) ?? [];
    const [row] = rows;
    if (rows.length > 1) {
      throw new EvaluationFault(
        `a query that stands for one value gave ${rows.length} rows`,
      );
    }
    return row === undefined ? null : columnOf(row);
  });
}

/** Compiles the right side of IN. A query of one column means that column's values. */
export function compileCollection(
  context: PlanContext,
  node: Ast.Expression,
  scope: Scope,
): Evaluate {
  const evaluate = context.compile(node, scope);
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
