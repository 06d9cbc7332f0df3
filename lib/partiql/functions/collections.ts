import type { IonValue } from '../../ion/value.js';
import { EvaluationFault } from '../errors.js';
import { equalValues } from '../values/compare.js';
import { isUnknown, itemsOf, structOf, typeNameOf } from '../values/kinds.js';
import { scalar, type NamedFunction } from './scalar-function.js';

/** Elements of a collection, or fields of a struct; undefined for what has neither. */
function sizeOf(value: IonValue): number | undefined {
  return itemsOf(value)?.length ?? structOf(value)?.size;
}

function size(name: string): NamedFunction {
  return scalar(name, 1, ([value = null]) => {
    const count = sizeOf(value);
    if (count === undefined) {
      throw new EvaluationFault(
        `Invalid argument types for ${name}, expected: LIST, BAG, SEXP or STRUCT got: ${typeNameOf(value)}`,
      );
    }
    return count;
  });
}

export const collectionFunctions: readonly NamedFunction[] = [
  size('size'),
  size('cardinality'),
  [
    'exists',
    {
      arity: [1, 1],
      takesUnknown: true,
      call: ([value = null]) => (sizeOf(value) ?? 0) > 0,
    },
  ],
  [
    'coalesce',
    {
      arity: [1, Infinity],
      takesUnknown: true,
      call: (args) => args.find((value) => !isUnknown(value)) ?? null,
    },
  ],
  [
    'nullif',
    {
      arity: [2, 2],
      takesUnknown: true,
      call: ([a = null, b = null]) => {
        if (isUnknown(a)) return null;
        return !isUnknown(b) && equalValues(a, b) ? null : a;
      },
    },
  ],
];
