import type { PlanContext } from '../context.js';
import type { Source } from '../source.js';
import type { Conjunct } from './conjuncts.js';
import type { KeyCondition } from './key-conditions.js';
import type { NamedRelation } from './relation.js';

/** A source that reads a relation. */
export interface RelationSource extends Source {
  readonly relation: NamedRelation;
}

/** How a relation may be read, and what is asked of its rows. */
export interface RelationRead {
  readonly context: PlanContext;
  readonly source: RelationSource;
  /** The conditions by which it can be looked up. */
  readonly keys: readonly KeyCondition[];
  /** Those that would find its rows if it had an index, besides these. */
  readonly wanted?: readonly KeyCondition[];
  /** All that is asked of its rows, whether it can be looked up or not. */
  readonly conjuncts: readonly Conjunct[];
}
