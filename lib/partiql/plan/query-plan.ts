import type { Stage } from './runtime.js';

/** A compiled query: stages, and the slot in which each frame has its row. */
export interface QueryPlan {
  readonly stages: readonly Stage[];
  readonly output: number;
  /** Whether the rows have an order, so that they make a list and not a bag. */
  readonly ordered: boolean;
}
