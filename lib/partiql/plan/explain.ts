import type { PlanStep, Run, Stage } from './runtime.js';

/** What stages say of themselves, in the order in which rows run through them. */
export function explained(
  stages: readonly Stage[],
  run: Run,
): readonly PlanStep[] {
  return stages.flatMap((stage) => stage.explain?.(run) ?? []);
}
