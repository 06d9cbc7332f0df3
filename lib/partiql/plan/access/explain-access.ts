import type { Relation } from '../../catalog.js';
import type { PlanStep, Run } from '../runtime.js';
import { writtenOut } from '../written-out.js';
import { accessPath, type AccessPath } from './access-path.js';
import type { RelationRead } from './relation-stage.js';

/** How a relation is read, for EXPLAIN. */
export function explainAccess(read: RelationRead, run: Run): PlanStep {
  const relation = read.source.relation.find(run);
  const path = accessPath(relation, read.keys);
  return path.kind === 'scan'
    ? { operation: 'scan', on: nameOf(read, relation) }
    : explainLookup(read, path, relation);
}

/** How rows are looked up. */
export function explainLookup(
  read: RelationRead,
  path: Exclude<AccessPath, { kind: 'scan' }>,
  relation: Relation,
  _type?: string,
): PlanStep {
  return {
    operation: path.kind === 'id' ? 'id lookup' : 'index lookup',
    on: nameOf(read, relation),
    detail: writtenOut(path.condition.conjunct.node),
  };
}

function nameOf({ source }: RelationRead, { name }: Relation): string {
  return source.name === name ? name : `${name} AS ${source.name}`;
}
