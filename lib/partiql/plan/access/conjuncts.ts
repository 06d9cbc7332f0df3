import { isUnknown } from '../../values/kinds.js';
import { PartiqlError } from '../../errors.js';
import type * as Ast from '../../language/ast.js';
import { isTrue, type PlanContext } from '../context.js';
import { filtering } from '../filter.js';
import { mapping, type Evaluate, type Stage } from '../runtime.js';
import type { Scope } from '../scope.js';
import { writtenOut } from '../written-out.js';
import { isInfallible } from './infallible.js';
import { hasQuery, someExpression } from '../walk.js';

/** One of the parts of a condition that must all hold. */
export interface Conjunct {
  readonly node: Ast.Expression;
  /** The names that it sees. */
  readonly scope: Scope;
  readonly evaluate: Evaluate;
  /** Slots that it reads. */
  readonly reads: ReadonlySet<number>;
  /** Whether it cannot fail, so that it is asked as early as it can be, and nowhere else. */
  readonly firm: boolean;
}

/** A condition in parts, and what is left of it for the place where it stands. */
export interface SplitCondition {
  readonly parts: readonly Conjunct[];
  /** The condition without its firm parts, which are asked elsewhere; undefined if there is no other. */
  readonly rest: Ast.Expression | undefined;
}

/**
 * Splits a condition. Parts with a query in them are left where they are.
 *
 * @param hidden - names that mean something else to the condition than to `scope`
 */
export function splitCondition(
  context: PlanContext,
  condition: Ast.Expression | undefined,
  scope: Scope,
  hidden: ReadonlySet<string> = new Set(),
): SplitCondition {
  const parts: Conjunct[] = [];
  for (const node of conjuncts(condition)) {
    if (hasQuery(node)) continue;
    if (hidden.size > 0 && mentions(node, hidden)) continue;
    const { result, reads } = context.trackReads(() =>
      context.withHoists(() =>
        context.condition(() => context.compile(node, scope)),
      ),
    );
    const { result: evaluate, stages } = result;
    if (stages.length > 0) continue;
    const firm = isInfallible(node, context.dialect);
    parts.push({ node, scope, evaluate, reads, firm });
  }
  const firm = new Set(
    parts.filter((part) => part.firm).map(({ node }) => node),
  );
  return { parts, rest: condition && without(condition, firm) };
}

function conjuncts(
  condition: Ast.Expression | undefined,
): readonly Ast.Expression[] {
  if (condition === undefined) return [];
  return condition.kind === 'Logical' && condition.operator === 'AND'
    ? condition.operands.flatMap(conjuncts)
    : [condition];
}

function mentions(node: Ast.Expression, names: ReadonlySet<string>): boolean {
  return someExpression(
    node,
    (part) =>
      part.kind === 'Variable' &&
      (names.has(part.name) ||
        (part.anyCase === true &&
          [...names].some(
            (name) => name.toLowerCase() === part.name.toLowerCase(),
          ))),
  );
}

/** A condition without some of its conjuncts. */
function without(
  condition: Ast.Expression,
  gone: ReadonlySet<Ast.Expression>,
): Ast.Expression | undefined {
  if (gone.size === 0) return condition;
  if (gone.has(condition)) return undefined;
  if (condition.kind !== 'Logical' || condition.operator !== 'AND') {
    return condition;
  }
  const operands = condition.operands
    .map((operand) => without(operand, gone))
    .filter((operand) => operand !== undefined);
  return operands.length === 0 ? undefined : { ...condition, operands };
}

/** One condition of several; undefined if there are none. */
export function allOf(conditions: readonly Evaluate[]): Evaluate | undefined {
  const [first, ...others] = conditions;
  if (first === undefined || others.length === 0) return first;
  return (frame, run) => {
    for (const condition of conditions) {
      if (!isTrue(condition(frame, run))) return false;
    }
    return true;
  };
}

/** Keeps the frames for which conjuncts hold; no stage if there are none. */
export function filters(conjuncts: readonly Conjunct[]): readonly Stage[] {
  const holds = allOf(conjuncts.map(({ evaluate }) => evaluate));
  if (holds === undefined) return [];
  return [filtering(holds, () => textOfAll(conjuncts))];
}

/**
 * Drops frames that a conjunct would drop later anyway. It is asked again at its
 * own place: where it fails or gives no truth value, that is told there, if the
 * row comes so far.
 */
export function earlyFilters(conjuncts: readonly Conjunct[]): readonly Stage[] {
  return conjuncts.map(({ node, evaluate }) => ({
    ...mapping((frame, run) => {
      try {
        const value = evaluate(frame, run);
        return value !== false && !isUnknown(value);
      } catch (error) {
        if (
          error instanceof PartiqlError &&
          error.code === 'PARTIQL_EVALUATION'
        ) {
          return true;
        }
        throw error;
      }
    }),
    explain: () => [
      {
        operation: 'filter',
        on: writtenOut(node),
        detail: 'early: it is asked again where the statement has it',
      },
    ],
  }));
}

/** Those that cannot fail. */
export function firm(conjuncts: readonly Conjunct[]): readonly Conjunct[] {
  return conjuncts.filter((conjunct) => conjunct.firm);
}

/** Those that may. */
export function soft(conjuncts: readonly Conjunct[]): readonly Conjunct[] {
  return conjuncts.filter((conjunct) => !conjunct.firm);
}

/** Conjuncts as they are written. */
export function textOfAll(conjuncts: readonly Conjunct[]): string {
  return conjuncts.map(({ node }) => writtenOut(node)).join(' AND ');
}
