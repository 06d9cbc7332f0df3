import type { Relation } from '../../catalog.js';
import type { PlanStep, Run } from '../runtime.js';
import { writtenOut } from '../written-out.js';
import { accessPath, type AccessPath } from './access-path.js';
import { indexMisfits } from './index-misfits.js';
import type { RelationRead } from './relation-read.js';

/** How a relation is read, for EXPLAIN. */
export function explainAccess(read: RelationRead, run: Run): PlanStep {
  const relation = read.source.relation.find(run);
  const path = accessPath(relation, read.keys);
  if (path.kind !== 'scan') return explainLookup(read, path, relation);
  return {
    operation: 'scan',
    on: nameOf(read, relation),
    note: [
      conflictNote(relation) + adviceOf(read, relation),
      ...indexMisfits(read, relation),
    ].join('. '),
  };
}

/** How rows are looked up. */
export function explainLookup(
  read: RelationRead,
  path: Exclude<AccessPath, { kind: 'scan' }>,
  relation: Relation,
): PlanStep {
  const { conjunct } = path.condition;
  return {
    operation: path.kind === 'id' ? 'id lookup' : 'index lookup',
    on: `${nameOf(read, relation)}: ${writtenOut(conjunct.node)}`,
  };
}

function nameOf({ source }: RelationRead, { name }: Relation): string {
  return source.name === name ? name : `${name} AS ${source.name}`;
}

/** What a read of everything means for others. */
function conflictNote({ name, table }: Relation): string {
  return table === undefined
    ? `reads every row of ${name}`
    : `reads every document of ${table.name}, so it conflicts with every write to that table`;
}

/** The index that would find the rows. */
function adviceOf(read: RelationRead, { table }: Relation): string {
  if (table === undefined) return '';
  for (const { path } of read.wanted ?? read.keys) {
    const [field, ...others] =
      path === 'id' ? [] : path.slice(table.path.length);
    const isField =
      path !== 'id' &&
      others.length === 0 &&
      table.path.every((name, index) => path[index] === name);
    if (isField && field !== undefined) {
      return `; CREATE INDEX ON ${table.name} (${field}) would let it read only those it needs`;
    }
  }
  return '';
}
