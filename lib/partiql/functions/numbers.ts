import { EvaluationFault } from '../errors.js';
import { intervalOf } from '../values/intervals.js';
import { numericOf, typeNameOf } from '../values/kinds.js';
import { calculate, compareNumbers, negate } from '../values/numbers.js';
import { absoluteInterval } from './date-time-arithmetic.js';
import { scalar, type NamedFunction } from './scalar-function.js';

export const numberFunctions: readonly NamedFunction[] = [
  /** `ABS(number)`, `ABS(interval)` */
  scalar('abs', 1, ([value = null]) => {
    const number = numericOf(value);
    if (number === undefined) {
      const interval = intervalOf(value);
      if (interval !== undefined) return absoluteInterval(interval);
      throw new EvaluationFault(
        `Invalid argument types for abs, expected: NUMBER got: ${typeNameOf(value)}`,
      );
    }
    return compareNumbers(number, 0) < 0 ? negate(number) : number;
  }),

  /** `MOD(dividend, divisor)` */
  scalar(
    'mod',
    2,
    ([dividend = null, divisor = null]) => {
      const a = numericOf(dividend);
      const b = numericOf(divisor);
      if (a === undefined || b === undefined) {
        throw new EvaluationFault(
          `Invalid argument types for mod, expected: NUMBER, NUMBER got: ${typeNameOf(dividend)}, ${typeNameOf(divisor)}`,
        );
      }
      return calculate('%', a, b);
    },
    ['number', 'number'],
  ),
];
