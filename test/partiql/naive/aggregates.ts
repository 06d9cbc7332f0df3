import type * as Ast from '../../../lib/partiql/language/ast.js';
import { calculate, compare, Fault, isSame } from './operators.js';
import {
  int,
  isUnknown,
  NULL,
  type NumberValue,
  type Value,
} from './values.js';

/** Folds values; those that are unknown do not count. */
export function aggregate(
  { name, distinct }: Ast.AggregateNode,
  values: readonly Value[],
): Value {
  const known = values.filter((value) => !isUnknown(value));
  const all = distinct ? unique(known) : known;
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- only what generated queries have
  switch (name) {
    case 'count':
      return int(all.length);
    case 'sum':
      return all.length === 0 ? NULL : sum(all);
    case 'avg': {
      if (all.length === 0) return NULL;
      const total = sum(all);
      // The average of ints is a decimal.
      return calculate(
        '/',
        total.type === 'int' ? { ...total, type: 'decimal' } : total,
        int(all.length),
      );
    }
    case 'min':
      return all.toSorted((a, b) => compare(a, b))[0] ?? NULL;
    case 'max':
      return all.toSorted((a, b) => compare(a, b)).at(-1) ?? NULL;
    default:
      throw new TypeError(`the naive evaluator has no ${name}`);
  }
}

function sum(values: readonly Value[]): NumberValue {
  const numbers = values.map((value) => {
    if (value.kind !== 'number') throw new Fault('numbers are wanted');
    return value;
  });
  return numbers.reduce((a, b) => calculate('+', a, b));
}

/** Of equal values the first. */
export function unique(values: readonly Value[]): readonly Value[] {
  const kept: Value[] = [];
  for (const value of values) {
    if (!kept.some((other) => isSame(other, value))) kept.push(value);
  }
  return kept;
}
