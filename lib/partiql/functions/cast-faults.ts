import type { IonValue } from '../../ion/value.js';
import { EvaluationFault } from '../errors.js';
import { typeNameOf } from '../values/kinds.js';

/** A CAST between types that have nothing to do with each other. */
export function cannot(value: IonValue, type: string): EvaluationFault {
  return new EvaluationFault(`Cannot convert ${typeNameOf(value)} to ${type}`);
}

/** A CAST of a value that the other type does not have. */
export function failed(value: IonValue, type: string): EvaluationFault {
  return new EvaluationFault(
    `Failed to convert ${typeNameOf(value)} to ${type}`,
  );
}
