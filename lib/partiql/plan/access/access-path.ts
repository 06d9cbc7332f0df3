import type { IonValue } from '../../../ion/value.js';
import type { Relation, Rows } from '../../catalog.js';
import { isUnknown, textOf } from '../../values/kinds.js';
import type { Frame, Run } from '../runtime.js';
import type { KeyCondition } from './key-conditions.js';

/** How the rows of a relation are found. */
export type AccessPath =
  | { readonly kind: 'id'; readonly condition: KeyCondition }
  | {
      readonly kind: 'index';
      readonly condition: KeyCondition;
      /** Which of the relation's indexes. */
      readonly index: number;
    }
  | { readonly kind: 'scan' };

/**
 * Chooses how a relation is read: by document id, else by an index, else whole.
 * It is chosen in every run, as an index is used from the moment that it is
 * built.
 */
export function accessPath(
  relation: Relation,
  conditions: readonly KeyCondition[],
): AccessPath {
  const byId = conditions.find(({ path }) => path === 'id');
  if (byId !== undefined) return { kind: 'id', condition: byId };
  for (const condition of conditions) {
    const index = relation.indexes.findIndex((path) =>
      isSamePath(path, condition.path),
    );
    if (index >= 0) return { kind: 'index', condition, index };
  }
  return { kind: 'scan' };
}

function isSamePath(a: readonly string[], b: readonly string[] | 'id') {
  return (
    b !== 'id' &&
    a.length === b.length &&
    a.every((name, index) => name === b[index])
  );
}

/** The rows of a relation that belong to a frame. */
export function openRelation(
  relation: Relation,
  path: AccessPath,
  frame: Frame,
  run: Run,
): Rows {
  if (path.kind === 'scan') return relation.scan();
  const keys = path.condition.keys.map((key) => key(frame, run));
  return lookUp(relation, path, keys);
}

/** The rows of a relation that stand under some keys. */
export function lookUp(
  relation: Relation,
  path: Exclude<AccessPath, { kind: 'scan' }>,
  keys: readonly IonValue[],
): Rows {
  // Nothing equals an unknown value.
  const known = keys.filter((key) => !isUnknown(key));
  if (path.kind === 'index') {
    return known.length === 0 ? [] : relation.lookup(path.index, known);
  }
  const ids = new Set(known.map(textOf).filter((id) => id !== undefined));
  return ids.size === 0 ? [] : relation.byId([...ids]);
}
