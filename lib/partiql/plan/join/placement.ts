import {
  allOf,
  earlyFilters,
  filters,
  firm,
  soft,
  textOfAll,
  type Conjunct,
} from '../access/conjuncts.js';
import type { PlanContext } from '../context.js';
import { explained } from '../explain.js';
import { filtering } from '../filter.js';
import {
  needsWaiting,
  type Evaluate,
  type Run,
  type Stage,
} from '../runtime.js';
import { writtenOut } from '../written-out.js';
import { equiConditions } from './equi-join.js';
import {
  isWithin,
  touches,
  union,
  type FromJoin,
  type FromTree,
  type JoinCondition,
} from './from-tree.js';
import { fullJoin } from './full-join.js';
import { HashProbe } from './hash-probe.js';
import type { HashTable } from './hash-table.js';
import { keepingLoop } from './nested-loops.js';
import { probing } from './probing.js';
import {
  isRelationLeaf,
  relationJoin,
  type OuterSide,
} from './relation-join.js';

/** What a part of FROM has to satisfy, and what is there before it. */
export interface Asked {
  /** Conjuncts of the conditions around it; they hold for each of its rows. */
  readonly conjuncts: readonly Conjunct[];
  /** Variables of FROM that are filled in before it. */
  readonly bound: ReadonlySet<number>;
  /** Whether the conditions come next: those that are not firm need not be asked early. */
  readonly last: boolean;
}

const NOTHING: ReadonlySet<number> = new Set();

/**
 * Puts the sources of FROM in a row, each with the way in which its rows are
 * found, and each conjunct behind the first source where it can be asked.
 *
 * A conjunct goes into a side of an outer join only where a row that it drops
 * could not come out: WHERE into the side that is kept, ON into the other one.
 */
export class Placement {
  constructor(
    readonly context: PlanContext,
    /** All variables of FROM. */
    readonly variables: ReadonlySet<number>,
  ) {}

  place(tree: FromTree, asked: Asked): readonly Stage[] {
    if (isRelationLeaf(tree)) {
      const join = relationJoin(this.context, tree, { ...asked, ...this.#all });
      return [join, ...early(asked.conjuncts, asked)];
    }
    const hash = this.#hash(tree, asked, undefined);
    if (hash !== undefined) return [...hash, ...early(asked.conjuncts, asked)];
    if (tree.kind === 'leaf') {
      const { before, stage } = tree;
      return [
        ...before,
        ...(stage === undefined ? [] : [stage]),
        ...filters(firm(asked.conjuncts)),
        ...early(asked.conjuncts, asked),
      ];
    }
    switch (tree.type) {
      case 'inner':
        return this.#inner(tree, asked);
      case 'left':
        return this.#outer('left', tree, asked);
      case 'right':
        return this.#outer('right', tree, asked);
      case 'full':
        return this.#full(tree, asked);
    }
  }

  get #all() {
    return { variables: this.variables };
  }

  #inner(join: FromJoin, { conjuncts, bound, last }: Asked): readonly Stage[] {
    const { left, right, on } = join;
    const all = [...conjuncts, ...on.parts];
    const isRight = ({ reads }: Conjunct) => touches(reads, right.slots);
    return [
      ...this.place(left, {
        conjuncts: all.filter((conjunct) => !isRight(conjunct)),
        bound,
        last: false,
      }),
      ...this.place(right, {
        conjuncts: all.filter(isRight),
        bound: union(bound, left.slots),
        last,
      }),
      ...this.#rest(on),
    ];
  }

  /** LEFT and RIGHT JOIN: rows of one side are kept, whether the other has a match or not. */
  #outer(
    type: 'left' | 'right',
    { left, right, on }: FromJoin,
    { conjuncts, bound, last }: Asked,
  ): readonly Stage[] {
    const [kept, other] = type === 'left' ? [left, right] : [right, left];
    const isAfter = ({ reads }: Conjunct) => touches(reads, other.slots);
    const after = conjuncts.filter(isAfter);
    return [
      ...this.place(kept, {
        conjuncts: conjuncts.filter((conjunct) => !isAfter(conjunct)),
        bound,
        last: false,
      }),
      this.#matching(type, other, on, union(bound, kept.slots)),
      ...filters(firm(after)),
      ...early(after, { last }),
    ];
  }

  /** The side of an outer join that may have no match. */
  #matching(
    type: 'left' | 'right',
    tree: FromTree,
    on: JoinCondition,
    bound: ReadonlySet<number>,
  ): Stage {
    const asked = { conjuncts: on.parts, bound, last: true };
    const { before, rest } = this.#compileRest(on);
    // Where a query has to run for each pair, there is nothing to win.
    if (before.length === 0) {
      const outer = { type, rest };
      if (isRelationLeaf(tree)) {
        return relationJoin(this.context, tree, {
          ...asked,
          ...this.#all,
          outer,
        });
      }
      const [hash] = this.#hash(tree, asked, outer) ?? [];
      if (hash !== undefined) return hash;
    }
    const stages = [
      ...this.place(tree, asked),
      ...before,
      ...(rest === undefined ? [] : [condition(rest, on)]),
    ];
    return {
      ...keepingLoop(stages, [...tree.slots]),
      explain: (run) => [
        ...explained(stages, run),
        {
          operation: 'nested loop',
          detail: `${type} join: read for each row before it`,
        },
      ],
    };
  }

  #full(join: FromJoin, { conjuncts, bound, last }: Asked): readonly Stage[] {
    const { left, right, on } = join;
    const nothing = { conjuncts: [], bound, last: true };
    const equal = touches(right.reads, this.variables)
      ? []
      : equiConditions(this.context, on.parts, right.slots);
    const hashed = new Set(equal.map(({ conjunct }) => conjunct));
    const others = firm(on.parts).filter((each) => !hashed.has(each));
    const leftStages = this.place(left, nothing);
    const rightStages = this.place(right, nothing);
    const { before, rest } = this.#compileRest(on);
    const stage = fullJoin({
      left: leftStages,
      leftSlots: [...left.slots],
      right: {
        stages: rightStages,
        keys: equal.map(({ key }) => key),
        slots: [...right.slots],
      },
      probes: equal.map(({ probe }) => probe),
      holds: allOf([
        ...others.map(({ evaluate }) => evaluate),
        ...(rest === undefined || before.length > 0 ? [] : [rest]),
      ]),
      condition:
        rest === undefined || before.length === 0
          ? []
          : [...before, condition(rest, on)],
    });
    const explain = (run: Run) => [
      ...explained(leftStages, run),
      ...explained(rightStages, run),
      {
        operation: equal.length > 0 ? 'hash join' : 'nested loop',
        ...(equal.length > 0 ? { on: textOfAll([...hashed]) } : {}),
        detail: `full join: the right side is held${equal.length > 0 ? ' and hashed' : ''}`,
      },
    ];
    return [
      { ...stage, explain },
      ...filters(firm(conjuncts)),
      ...early(conjuncts, { last }),
    ];
  }

  /** A side that does not depend on what comes before it, hashed by what equals something there; undefined if there is nothing of that kind. */
  #hash(
    tree: FromTree,
    { conjuncts, bound }: Asked,
    outer: OuterSide | undefined,
  ): readonly Stage[] | undefined {
    if (bound.size === 0 || touches(tree.reads, this.variables)) return;
    const equal = equiConditions(this.context, conjuncts, tree.slots).filter(
      ({ reads }) => touches(reads, bound),
    );
    if (equal.length === 0) return;
    const inside = conjuncts.filter(
      ({ reads }) => touches(reads, tree.slots) && !touches(reads, bound),
    );
    const build = this.place(tree, {
      conjuncts: inside,
      bound: NOTHING,
      last: outer !== undefined,
    });
    const hashed = equal.map(({ conjunct }) => conjunct);
    const known = new Set([...inside, ...hashed]);
    const others = firm(conjuncts.filter((each) => !known.has(each)));
    const isConstant =
      tree.reads.size === 0 &&
      inside.every(({ reads }) => isWithin(reads, tree.slots));
    const side = {
      stages: build,
      keys: equal.map(({ key }) => key),
      probes: equal.map(({ probe }) => probe),
      slots: [...tree.slots],
      ...(isConstant ? { kept: new WeakMap<Run, HashTable>() } : {}),
    };
    const stage = probing(needsWaiting(build), () => new HashProbe(side), {
      holds: allOf([
        ...others.map(({ evaluate }) => evaluate),
        ...(outer?.rest === undefined ? [] : [outer.rest]),
      ]),
      keeps: outer !== undefined,
    });
    const explain = (run: Run) => [
      ...explained(build, run),
      {
        operation: 'hash join',
        on: textOfAll(hashed),
        detail: `${outer?.type ?? 'inner'} join: what is named here before is read once and hashed`,
      },
    ];
    return [{ ...stage, explain }];
  }

  /** What is left of ON. */
  #rest(on: JoinCondition): readonly Stage[] {
    const { before, rest } = this.#compileRest(on);
    return rest === undefined ? [] : [...before, condition(rest, on)];
  }

  #compileRest({ rest, scope }: JoinCondition): {
    readonly before: readonly Stage[];
    readonly rest: Evaluate | undefined;
  } {
    if (rest === undefined) return { before: [], rest: undefined };
    const { context } = this;
    const { result, stages } = context.withHoists(() =>
      context.condition(() => context.compile(rest, scope)),
    );
    return { before: stages, rest: result };
  }
}

/** What ON asks for besides its firm conjuncts. */
function condition(holds: Evaluate, { rest }: JoinCondition): Stage {
  return filtering(holds, rest && (() => writtenOut(rest)));
}

/** Conjuncts that are asked again later, where other sources come between. */
function early(
  conjuncts: readonly Conjunct[],
  { last }: Pick<Asked, 'last'>,
): readonly Stage[] {
  return last ? [] : earlyFilters(soft(conjuncts));
}
