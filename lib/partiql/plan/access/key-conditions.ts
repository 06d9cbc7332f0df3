import type * as Ast from '../../language/ast.js';
import type { PlanContext } from '../context.js';
import type { Evaluate } from '../runtime.js';
import { namedIn, type Scope } from '../scope.js';
import type { Conjunct } from './conjuncts.js';

/** A condition `path = key`, or `path IN (key, …)`, on the rows of one source. */
export interface KeyCondition {
  readonly conjunct: Conjunct;
  /** Field names from the row's value, or `'id'` for the document id. */
  readonly path: readonly string[] | 'id';
  readonly keys: readonly Evaluate[];
  /** Slots that the keys read. */
  readonly reads: ReadonlySet<number>;
}

/** The slots of a source whose rows are looked for. */
export interface SourceSlots {
  readonly slot: number;
  readonly by?: { readonly slot: number };
}

/**
 * The conditions that can find rows of a source without a scan: equalities
 * whose other side is known before the source is read. `IN` counts with a list
 * in parentheses only; a bare list or parameter means a scan, as in QLDB.
 *
 * @param isKnown - whether a slot is filled before the source is read
 */
export function keyConditions(
  context: PlanContext,
  source: SourceSlots,
  conjuncts: readonly Conjunct[],
  isKnown: (slot: number) => boolean,
): readonly KeyCondition[] {
  const found: KeyCondition[] = [];
  const consider = (
    conjunct: Conjunct,
    target: Ast.Expression,
    values: readonly Ast.Expression[],
  ) => {
    const path = pathOf(context, target, source, conjunct.scope);
    if (path === undefined) return;
    const { result: keys, reads } = context.trackReads(() =>
      context.condition(() =>
        values.map((value) => context.compile(value, conjunct.scope)),
      ),
    );
    if ([...reads].every(isKnown)) found.push({ conjunct, path, keys, reads });
  };
  for (const conjunct of conjuncts) {
    const { node } = conjunct;
    if (node.kind === 'Binary' && node.operator === '=') {
      consider(conjunct, node.left, [node.right]);
      consider(conjunct, node.right, [node.left]);
    } else if (
      node.kind === 'In' &&
      !node.negated &&
      node.collection.kind === 'Sequence' &&
      node.collection.type === 'row'
    ) {
      consider(conjunct, node.value, node.collection.items);
    }
  }
  // An equality finds fewer rows than an IN, as a rule.
  return found.toSorted((a, b) => a.keys.length - b.keys.length);
}

/** The path that an expression takes into the rows of a source, if that is all it does. */
export function pathOf(
  context: PlanContext,
  node: Ast.Expression,
  source: SourceSlots,
  scope: Scope,
): readonly string[] | 'id' | undefined {
  const [root, steps] =
    node.kind === 'Path' ? [node.root, node.steps] : [node, []];
  if (root.kind !== 'Variable') return undefined;
  const binding = scope.resolve(root);
  if (binding === undefined) return undefined;
  if (binding.slot === source.by?.slot && binding.kind === 'variable') {
    return steps.length === 0 ? 'id' : undefined;
  }
  if (binding.slot !== source.slot) return undefined;
  if (binding.kind === 'field') {
    // What is named from outside comes before the fields of the only source.
    if (namedIn(context.globals, root) !== undefined) return undefined;
    // A path is made of names to the letter, in one source.
    if (root.anyCase === true || binding.slots.length > 1) return undefined;
  }
  const path: string[] = binding.kind === 'field' ? [root.name] : [];
  for (const step of steps) {
    if (step.kind === 'Field' && step.anyCase !== true) path.push(step.name);
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
