import type { RowFlow } from '../rows.js';
import type { PlanStep, Run } from './runtime.js';

/** A compiled statement. */
export interface StatementPlan {
  /** Runs it; its rows in batches. */
  readonly rows: (run: Run) => RowFlow;
  /** Tells what it would do, and does nothing. */
  readonly explain: (run: Run) => readonly PlanStep[];
}
