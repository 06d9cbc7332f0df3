import { accessPath } from '../access/access-path.js';
import {
  allOf,
  earlyFilters,
  filters,
  firm,
  soft,
  textOfAll,
  type Conjunct,
} from '../access/conjuncts.js';
import { explainLookup } from '../access/explain-access.js';
import { keyConditions } from '../access/key-conditions.js';
import { relationStage } from '../access/relation-stage.js';
import type { RelationRead, RelationSource } from '../access/relation-read.js';
import type { PlanContext } from '../context.js';
import { explained } from '../explain.js';
import { filtering } from '../filter.js';
import {
  Wait,
  type Evaluate,
  type Flow,
  type Frames,
  type Run,
  type Stage,
} from '../runtime.js';
import { slotsOf } from '../source.js';
import { equiConditions } from './equi-join.js';
import {
  isWithin,
  touches,
  type FromLeaf,
  type FromTree,
} from './from-tree.js';
import { HashProbe } from './hash-probe.js';
import type { HashTable } from './hash-table.js';
import { LookupProbe } from './lookup-probe.js';
import { keepingLoop, sequence } from './nested-loops.js';
import { probing } from './probing.js';

/** A source of FROM that reads a relation. */
export interface RelationLeaf extends FromLeaf {
  readonly source: RelationSource;
}

export function isRelationLeaf(tree: FromTree): tree is RelationLeaf {
  return tree.kind === 'leaf' && tree.source.relation !== undefined;
}

/** Where a relation stands in FROM. */
export interface RelationPlace {
  readonly conjuncts: readonly Conjunct[];
  /** Variables of FROM that are filled in before it. */
  readonly bound: ReadonlySet<number>;
  /** All variables of FROM. */
  readonly variables: ReadonlySet<number>;
  /** It is the side of an outer join that may have no match. */
  readonly outer?: OuterSide | undefined;
}

export interface OuterSide {
  readonly type: 'left' | 'right';
  /** What ON asks for besides its firm conjuncts. */
  readonly rest: Evaluate | undefined;
}

/**
 * Joins what comes before with the rows of a relation, in the way that the
 * relation's indexes allow when it runs:
 *
 * - keys from before are looked up, those of many rows at a time;
 * - without an index for them, but with an equality, the relation is read once
 *   and hashed;
 * - else it is read for each row that comes before.
 */
export function relationJoin(
  context: PlanContext,
  leaf: RelationLeaf,
  place: RelationPlace,
): Stage {
  const { source } = leaf;
  const { conjuncts, bound, variables, outer } = place;
  const keys = keyConditions(
    context,
    source,
    conjuncts,
    (slot) => bound.has(slot) || !variables.has(slot),
  );
  const read: RelationRead = { context, source, keys, conjuncts };
  const loop = loopOf(leaf, read, outer);
  // Its interval may depend on the rows before it: then it is another relation for each of them.
  if (leaf.reads.size > 0 || leaf.before.length > 0) return loop;

  const hashed = hashOf(context, leaf, read, place);
  const { stage: hash = loop, isJoin } = hashed ?? {};
  const looksUp = keys.some(({ reads }) => touches(reads, bound));
  if (hashed === undefined && !looksUp) return loop;
  const seen = new WeakSet<Run>();
  const isAgain = (run: Run) => {
    const again = seen.has(run);
    seen.add(run);
    return again;
  };
  return choosing(
    (run) => choose(run) ?? (isJoin || isAgain(run) ? hash : loop),
    (run) => choose(run) ?? hash,
  );

  /** The stage, if it is not the one that hashes. */
  function choose(run: Run): Stage | undefined {
    const relation = source.relation.find(run);
    const path = accessPath(relation, keys);
    if (path.kind !== 'scan') {
      const { condition } = path;
      const [key] = condition.keys;
      if (touches(condition.reads, bound) && condition.keys.length === 1) {
        const lookup = probing(
          true,
          () => new LookupProbe(source, relation, path, key),
          {
            holds: allOf([...evaluates(firm(conjuncts)), ...restOf(outer)]),
            keeps: outer !== undefined,
            alone: loop,
          },
        );
        return {
          ...lookup,
          explain: () => [
            {
              ...explainLookup(read, path, relation),
              detail: `${outer?.type ?? 'inner'} join: the keys of many rows before it are looked up at a time`,
            },
          ],
        };
      }
      // The keys are those of a query around this one, or not of a row at all.
      if (condition.reads.size > 0) return loop;
    }
    return hashed === undefined ? loop : undefined;
  }
}

/** Reads the relation for each frame. */
function loopOf(
  leaf: RelationLeaf,
  read: RelationRead,
  outer: OuterSide | undefined,
): Stage {
  const stages = [
    ...leaf.before,
    relationStage(read),
    ...filters(firm(read.conjuncts)),
  ];
  if (outer === undefined) {
    return stages.length === 1 ? stages[0] : sequence(stages);
  }
  const rest = restOf(outer).map((holds) => filtering(holds));
  const loop = keepingLoop([...stages, ...rest], slotsOf(leaf.source));
  return {
    ...loop,
    explain: (run) => [
      ...explained(stages, run),
      {
        operation: 'nested loop',
        detail: `${outer.type} join: read for each row before it`,
      },
    ],
  };
}

/**
 * The stage that hashes the relation, and whether it joins rows of this FROM.
 *
 * Else it stands in a query that runs for each row of another one: then it is
 * hashed when it is read the second time, as EXISTS may have been content with
 * the first rows of one reading.
 */
function hashOf(
  context: PlanContext,
  leaf: RelationLeaf,
  { source, keys }: RelationRead,
  { conjuncts, bound, outer }: RelationPlace,
): { readonly stage: Stage; readonly isJoin: boolean } | undefined {
  const equal = equiConditions(context, conjuncts, leaf.slots);
  if (equal.length === 0) return undefined;
  const isJoin = equal.some(({ reads }) => touches(reads, bound));
  const inside = conjuncts.filter(({ reads }) => isWithin(reads, leaf.slots));
  const known = new Set([...inside, ...equal.map(({ conjunct }) => conjunct)]);
  const others = firm(conjuncts.filter((each) => !known.has(each)));
  const build = [
    relationStage({
      context,
      source,
      keys: keys.filter(({ reads }) => reads.size === 0),
      wanted: keys,
      conjuncts,
    }),
    ...filters(firm(inside)),
    ...(outer === undefined ? earlyFilters(soft(inside)) : []),
  ];
  const kept = new WeakMap<Run, HashTable>();
  const side = {
    stages: build,
    keys: equal.map(({ key }) => key),
    probes: equal.map(({ probe }) => probe),
    slots: slotsOf(source),
    kept,
  };
  const stage: Stage = {
    ...probing(true, () => new HashProbe(side), {
      holds: allOf([...evaluates(others), ...restOf(outer)]),
      keeps: outer !== undefined,
    }),
    explain: (run) => [
      ...explained(build, run),
      {
        operation: 'hash join',
        on: textOfAll(equal.map(({ conjunct }) => conjunct)),
        detail: isJoin
          ? `${outer?.type ?? 'inner'} join: ${source.name} is read once and hashed`
          : `${source.name} is hashed when it is read again, for another row of the query around this one`,
      },
      ...(others.length > 0
        ? [{ operation: 'filter', on: textOfAll(others) }]
        : []),
    ],
  };
  return { stage, isJoin };
}

/**
 * A stage that is chosen when the first row comes.
 *
 * @param shown - the one that EXPLAIN tells of
 */
function choosing(
  choose: (run: Run) => Stage,
  shown: (run: Run) => Stage,
): Stage {
  return {
    waits: true,
    expands: true,
    *run(input, run) {
      const flow = input[Symbol.iterator]();
      try {
        for (;;) {
          const { done, value: frames } = flow.next();
          if (done === true) return;
          if (frames instanceof Wait || frames.length === 0) {
            yield frames;
            continue;
          }
          yield* choose(run).run(following(frames, flow), run);
          return;
        }
      } finally {
        flow.return?.();
      }
    },
    explain: (run) => explained([shown(run)], run),
  };
}

/** A flow whose first frames were taken already. */
function* following(
  first: Frames,
  rest: Iterator<Frames | Wait<unknown>, unknown>,
): Flow {
  yield first;
  for (;;) {
    const { done, value } = rest.next();
    if (done === true) return;
    yield value;
  }
}

function evaluates(conjuncts: readonly Conjunct[]): readonly Evaluate[] {
  return conjuncts.map(({ evaluate }) => evaluate);
}

function restOf(outer: OuterSide | undefined): readonly Evaluate[] {
  return outer?.rest === undefined ? [] : [outer.rest];
}
