import { IonStruct, type IonField } from '../../ion/value.js';
import type { PlanStep, Run, Stage } from './runtime.js';
import type { StatementPlan } from './statement-plan.js';

/** What stages say of themselves, in the order in which rows run through them. */
export function explained(
  stages: readonly Stage[],
  run: Run,
): readonly PlanStep[] {
  return stages.flatMap((stage) => stage.explain?.(run) ?? []);
}

/**
 * EXPLAIN: the steps of a plan as rows. They are what the stages that would run
 * say of themselves; none of them is run.
 */
export function planExplanation(plan: StatementPlan): StatementPlan {
  return {
    *rows(run) {
      yield plan.explain(run).map((step, index) => row(step, index + 1));
    },
    explain: plan.explain,
  };
}

function row({ operation, on, detail, note }: PlanStep, step: number) {
  const fields: readonly (readonly [string, string | undefined])[] = [
    ['operation', operation],
    ['on', on],
    ['detail', detail],
    ['note', note],
  ];
  return IonStruct.of([
    ['step', step],
    ...fields.filter(
      (field): field is readonly [string, string] => field[1] !== undefined,
    ),
  ] satisfies IonField[]);
}
