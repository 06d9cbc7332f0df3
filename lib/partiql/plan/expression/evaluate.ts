import type { IonValue } from '../../../ion/value.js';
import { DataFault, evaluationError, EvaluationFault } from '../../errors.js';
import type { Position } from '../../language/print-location.js';
import { MISSING, typeNameOf } from '../../values/kinds.js';
import type { PlanContext } from '../context.js';
import type { Evaluate } from '../runtime.js';

export function constant(value: IonValue): Evaluate {
  return () => value;
}

export function slotReader(context: PlanContext, slot: number): Evaluate {
  context.read(slot);
  return (frame) => frame[slot];
}

/** Gives faults their place, or makes them MISSING. */
export function guarded(
  context: PlanContext,
  at: Position,
  evaluate: Evaluate,
): Evaluate {
  const { source } = context;
  if (context.dialect.faultsAreMissing) {
    return (frame, run) => {
      try {
        return evaluate(frame, run);
      } catch (error) {
        if (!(error instanceof EvaluationFault)) throw error;
        if (!(error instanceof DataFault)) return MISSING;
        throw evaluationError(source, at, error.message);
      }
    };
  }
  return (frame, run) => {
    try {
      return evaluate(frame, run);
    } catch (error) {
      if (!(error instanceof EvaluationFault)) throw error;
      throw evaluationError(source, at, error.message);
    }
  };
}

/** Gives faults their place. */
export function placed<T>(source: string, at: Position, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof EvaluationFault)) throw error;
    throw evaluationError(source, at, error.message);
  }
}

export function wrongTypes(
  name: string,
  expected: string,
  ...values: IonValue[]
) {
  return new EvaluationFault(
    `Invalid argument types for ${name}, expected: ${expected} got: ${values.map(typeNameOf).join(', ')}`,
  );
}

export function negatedIf(
  context: PlanContext,
  negated: boolean,
  evaluate: Evaluate,
): Evaluate {
  if (!negated) return evaluate;
  const { unknown } = context;
  return (frame, run) => {
    const value = evaluate(frame, run);
    return typeof value === 'boolean' ? !value : unknown(value);
  };
}
