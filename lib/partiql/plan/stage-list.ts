import type { PlanContext } from './context.js';
import type { Stage } from './runtime.js';

/** Adds a stage, behind those that work out the queries over tables in it. */
export function addStage(
  stages: Stage[],
  context: PlanContext,
  compile: () => Stage,
): void {
  const { result, stages: before } = context.withHoists(compile);
  stages.push(...before, result);
}
