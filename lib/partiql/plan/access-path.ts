import type { Relation, Rows } from '../catalog.js';
import type * as Ast from '../language/ast.js';
import { isUnknown, textOf } from '../values/kinds.js';
import type { PlanContext } from './context.js';
import type { Evaluate, Frame, Run } from './runtime.js';
import type { Scope } from './scope.js';

/** The parts of a condition that must all hold. */
export function conjuncts(
  condition: Ast.Expression | undefined,
): readonly Ast.Expression[] {
  if (condition === undefined) return [];
  return condition.kind === 'Logical' && condition.operator === 'AND'
    ? condition.operands.flatMap(conjuncts)
    : [condition];
}

/** A condition `path = key`, or `path IN (key, …)`, on the rows of one source. */
export interface KeyCondition {
  /** Field names from the row's value, or `'id'` for the document id. */
  readonly path: readonly string[] | 'id';
  readonly keys: readonly Evaluate[];
}

/** The slots of a source that reads a relation. */
export interface RelationSource {
  readonly slot: number;
  readonly bySlot?: number;
}

/**
 * The conditions that can find rows of a source without a scan: equalities
 * whose other side is known before the source is read. `IN` counts with a list
 * in parentheses only; a bare list or parameter means a scan, as in QLDB.
 */
export function keyConditions(
  context: PlanContext,
  source: RelationSource,
  conditions: readonly Ast.Expression[],
  scope: Scope,
): readonly KeyCondition[] {
  const found: KeyCondition[] = [];
  const consider = (
    target: Ast.Expression,
    values: readonly Ast.Expression[],
  ) => {
    const path = pathOf(target, source, scope);
    if (path === undefined) return;
    const keys = values.map((value) => keyOf(context, value, source, scope));
    const known = keys.filter((key) => key !== undefined);
    if (known.length === keys.length) found.push({ path, keys: known });
  };
  for (const condition of conditions) {
    if (condition.kind === 'Binary' && condition.operator === '=') {
      consider(condition.left, [condition.right]);
      consider(condition.right, [condition.left]);
    } else if (
      condition.kind === 'In' &&
      !condition.negated &&
      condition.collection.kind === 'Sequence' &&
      condition.collection.type === 'row'
    ) {
      consider(condition.value, condition.collection.items);
    }
  }
  // An equality finds fewer rows than an IN, as a rule.
  return found.toSorted((a, b) => a.keys.length - b.keys.length);
}

/** The path that an expression takes into the rows of a source, if that is all it does. */
function pathOf(
  node: Ast.Expression,
  source: RelationSource,
  scope: Scope,
): readonly string[] | 'id' | undefined {
  const [root, steps] =
    node.kind === 'Path' ? [node.root, node.steps] : [node, []];
  if (root.kind !== 'Variable') return undefined;
  const binding = scope.resolve(root.name);
  if (binding === undefined) return undefined;
  if (binding.slot === source.bySlot && binding.kind === 'variable') {
    return steps.length === 0 ? 'id' : undefined;
  }
  if (binding.slot !== source.slot) return undefined;
  const path: string[] = binding.kind === 'field' ? [root.name] : [];
  for (const step of steps) {
    if (step.kind === 'Field') path.push(step.name);
    else if (
      step.kind === 'Index' &&
      step.index.kind === 'Literal' &&
      typeof step.index.value === 'string'
    ) {
      path.push(step.index.value);
    } else return undefined;
  }
  return path.length === 0 ? undefined : path;
}

/** A key that is known before the source is read. */
function keyOf(
  context: PlanContext,
  node: Ast.Expression,
  source: RelationSource,
  scope: Scope,
): Evaluate | undefined {
  const { result, reads } = context.trackReads(() =>
    context.withHoists(() =>
      context.condition(() => context.compile(node, scope)),
    ),
  );
  // Slots are handed out in the order of FROM: a later one is not filled yet.
  const isKnown = [...reads].every((slot) => slot < source.slot);
  return isKnown && result.stages.length === 0 ? result.result : undefined;
}

/** Rows of a relation: by document id, else by an index, else all of them. */
export function openRelation(
  relation: Relation,
  conditions: readonly KeyCondition[],
  frame: Frame,
  run: Run,
): Rows {
  const keysOf = (condition: KeyCondition) =>
    // Nothing equals an unknown value.
    condition.keys
      .map((key) => key(frame, run))
      .filter((key) => !isUnknown(key));

  const byId = conditions.find(({ path }) => path === 'id');
  if (byId !== undefined) {
    const ids = new Set<string>();
    for (const key of keysOf(byId)) {
      const id = textOf(key);
      if (id !== undefined) ids.add(id);
    }
    return ids.size === 0 ? [] : relation.byId([...ids]);
  }
  for (const condition of conditions) {
    const index = relation.indexes.findIndex((path) =>
      isSamePath(path, condition.path),
    );
    if (index < 0) continue;
    const keys = keysOf(condition);
    return keys.length === 0 ? [] : relation.lookup(index, keys);
  }
  return relation.scan();
}

function isSamePath(a: readonly string[], b: readonly string[] | 'id') {
  return (
    b !== 'id' &&
    a.length === b.length &&
    a.every((name, index) => name === b[index])
  );
}
