import type * as Ast from '../../language/ast.js';
import type { SplitCondition } from '../access/conjuncts.js';
import type { Stage } from '../runtime.js';
import type { Scope } from '../scope.js';
import type { Source } from '../source.js';

/** What FROM ranges over, with its names resolved and nothing decided about how it is read. */
export type FromTree = FromLeaf | FromJoin;

export interface FromLeaf {
  readonly kind: 'leaf';
  readonly source: Source;
  /** Works out the queries that the source's value has in it. */
  readonly before: readonly Stage[];
  /** Gives the members of a value or the rows of a query; absent for a relation. */
  readonly stage?: Stage;
  /** Its variables. */
  readonly slots: ReadonlySet<number>;
  /** Slots that it reads. */
  readonly reads: ReadonlySet<number>;
}

export interface FromJoin {
  readonly kind: 'join';
  readonly type: Ast.JoinNode['type'];
  readonly left: FromTree;
  readonly right: FromTree;
  readonly on: JoinCondition;
  readonly slots: ReadonlySet<number>;
  readonly reads: ReadonlySet<number>;
}

/** The condition of a join, and the names that it sees. */
export interface JoinCondition extends SplitCondition {
  readonly scope: Scope;
}

/** Whether any slot is among others. */
export function touches(
  reads: ReadonlySet<number>,
  slots: ReadonlySet<number>,
): boolean {
  for (const slot of reads) if (slots.has(slot)) return true;
  return false;
}

/** Whether all slots are among others. */
export function isWithin(
  reads: ReadonlySet<number>,
  slots: ReadonlySet<number>,
): boolean {
  for (const slot of reads) if (!slots.has(slot)) return false;
  return true;
}

/** The slots of both. */
export function union(
  a: ReadonlySet<number>,
  b: ReadonlySet<number>,
): ReadonlySet<number> {
  return new Set([...a, ...b]);
}
