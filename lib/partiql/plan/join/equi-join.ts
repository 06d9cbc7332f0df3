import type * as Ast from '../../language/ast.js';
import type { PlanContext } from '../context.js';
import type { Conjunct } from '../access/conjuncts.js';
import type { Evaluate } from '../runtime.js';

/** An equality of something on one side of a join and something on the other. */
export interface EquiCondition {
  readonly conjunct: Conjunct;
  /** What is read from the side that is hashed. */
  readonly key: Evaluate;
  /** What is read from the other side, or from outside. */
  readonly probe: Evaluate;
  /** Slots that the probe reads. */
  readonly reads: ReadonlySet<number>;
}

/**
 * The equalities that a side of a join can be hashed by. Only firm ones can: a
 * key is worked out for every row, while the condition is for those that come
 * together.
 *
 * @param own - the slots of the side that is hashed
 */
export function equiConditions(
  context: PlanContext,
  conjuncts: readonly Conjunct[],
  own: ReadonlySet<number>,
): readonly EquiCondition[] {
  return conjuncts.flatMap((conjunct) => {
    const { node, firm } = conjunct;
    if (!firm || node.kind !== 'Binary' || node.operator !== '=') return [];
    const left = side(node.left, conjunct);
    const right = side(node.right, conjunct);
    if (isInside(left.reads) && isOutside(right.reads)) {
      const { evaluate: probe, reads } = right;
      return [{ conjunct, key: left.evaluate, probe, reads }];
    }
    if (isInside(right.reads) && isOutside(left.reads)) {
      const { evaluate: probe, reads } = left;
      return [{ conjunct, key: right.evaluate, probe, reads }];
    }
    return [];
  });

  function side(node: Ast.Expression, { scope }: Conjunct) {
    const { result: evaluate, reads } = context.trackReads(() =>
      context.condition(() => context.compile(node, scope)),
    );
    return { evaluate, reads };
  }

  function isInside(reads: ReadonlySet<number>): boolean {
    return reads.size > 0 && [...reads].every((slot) => own.has(slot));
  }

  function isOutside(reads: ReadonlySet<number>): boolean {
    return reads.size > 0 && [...reads].every((slot) => !own.has(slot));
  }
}
