import { IonStruct, type IonValue } from '../../ion/value.js';
import { EvaluationFault } from '../errors.js';
import { equalValues } from '../values/compare.js';
import { isUnknown, itemsOf, structOf, typeNameOf } from '../values/kinds.js';
import { scalar, type NamedFunction } from './scalar-function.js';

/** Elements of a collection, or fields of a struct; undefined for what has neither. */
function memberCount(value: IonValue): number | undefined {
  return itemsOf(value)?.length ?? structOf(value)?.size;
}

function size(name: string): NamedFunction {
  const [, sized] = scalar(name, 1, ([value = null]) => {
    const count = memberCount(value);
    if (count === undefined) {
      throw new EvaluationFault(
        `Invalid argument types for ${name}, expected: LIST, BAG, SEXP or STRUCT got: ${typeNameOf(value)}`,
      );
    }
    return count;
  });
  return [name, { ...sized, takesCollections: true }];
}

/** `COLL_TO_SCALAR(collection)`: the only value of the only row; NULL if there is no row. */
function toScalar([value = null]: readonly IonValue[]): IonValue {
  const items = itemsOf(value);
  if (items === undefined) {
    throw new EvaluationFault(
      `Invalid argument types for coll_to_scalar, expected: LIST or BAG got: ${typeNameOf(value)}`,
    );
  }
  const [row, ...others] = items;
  if (row === undefined) return null;
  const fields = structOf(row)?.fields();
  const only = fields?.[0];
  if (others.length > 0 || only === undefined || fields?.length !== 1) {
    throw new EvaluationFault(
      'coll_to_scalar takes a collection of one struct with one field',
    );
  }
  return only[1];
}

/** `TUPLEUNION(struct, …)`: one struct of the fields of all. */
function tupleUnion(structs: readonly IonValue[]): IonValue {
  const fields = structs.map((value) => {
    const struct = structOf(value);
    if (struct === undefined) {
      throw new EvaluationFault(
        `Invalid argument types for tupleunion, expected: STRUCT got: ${typeNameOf(value)}`,
      );
    }
    return struct.fields();
  });
  return IonStruct.of(fields.flat());
}

export const collectionFunctions: readonly NamedFunction[] = [
  ['tupleunion', { arity: [1, Infinity], call: tupleUnion }],
  ['coll_to_scalar', { arity: [1, 1], takesCollections: true, call: toScalar }],
  size('size'),
  size('cardinality'),
  [
    'exists',
    {
      arity: [1, 1],
      takesUnknown: true,
      takesCollections: true,
      call: ([value = null]) => (memberCount(value) ?? 0) > 0,
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
        // NULL is as good as what is not there: there is nothing to compare.
        if (isUnknown(a)) return isUnknown(b) ? null : a;
        return !isUnknown(b) && equalValues(a, b) ? null : a;
      },
    },
  ],
];
