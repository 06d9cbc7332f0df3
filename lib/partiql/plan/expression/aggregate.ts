import type * as Ast from '../../language/ast.js';
import { collectionAggregate } from '../../functions/aggregates.js';
import { isUnknown } from '../../values/kinds.js';
import type { PlanContext } from '../context.js';
import type { Evaluate } from '../runtime.js';
import type { Scope } from '../scope.js';
import { slotReader, guarded } from './evaluate.js';
import { compileRows } from './operand.js';

export function compileAggregate(
  context: PlanContext,
  node: Ast.AggregateNode,
  scope: Scope,
): Evaluate {
  if (node.overCollection) {
    if (node.operand === undefined) {
      throw context.semantic(
        node.at,
        'COLL_COUNT(*) has no collection to count',
      );
    }
    const operand = compileRows(context, node.operand, scope);
    const { name, distinct } = node;
    const { unknown } = context;
    return guarded(context, node.at, (frame, run) => {
      const collection = operand(frame, run);
      if (isUnknown(collection)) return unknown(collection);
      return collectionAggregate(name, distinct, collection, run.budget);
    });
  }
  if (context.aggregates === undefined) {
    throw context.semantic(
      node.at,
      `${node.name.toUpperCase()} is an aggregate: it can stand in SELECT, HAVING and ORDER BY only`,
    );
  }
  return slotReader(context, context.aggregates.add(node));
}
