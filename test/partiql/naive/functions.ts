import type * as Ast from '../../../lib/partiql/language/ast.js';
import { Fault, isSame, unknown, type Rules } from './operators.js';
import {
  bool,
  int,
  isUnknown,
  itemsOf,
  NULL,
  text,
  type Value,
} from './values.js';

export function callFunction(
  rules: Rules,
  { name }: Ast.CallNode,
  args: readonly Value[],
): Value {
  const [first = NULL, second = NULL] = args;
  switch (name) {
    case 'coalesce':
      return args.find((value) => !isUnknown(value)) ?? NULL;
    case 'exists':
      return bool(sizeOf(first) > 0);
    case 'nullif':
      if (isUnknown(first)) return NULL;
      return !isUnknown(second) && isSame(first, second) ? NULL : first;
  }
  if (args.some(isUnknown)) return unknown(rules, ...args);
  switch (name) {
    case 'size':
      if (first.kind !== 'struct' && itemsOf(first) === undefined) {
        throw new Fault('SIZE takes a collection');
      }
      return int(sizeOf(first));
    case 'char_length':
      return int(Array.from(textOf(first)).length);
    case 'upper':
      return text(textOf(first).toUpperCase());
    case 'lower':
      return text(textOf(first).toLowerCase());
    default:
      throw new TypeError(`the naive evaluator has no function ${name}`);
  }
}

function sizeOf(value: Value): number {
  return value.kind === 'struct'
    ? value.fields.length
    : (itemsOf(value)?.length ?? 0);
}

function textOf(value: Value): string {
  if (value.kind !== 'text') throw new Fault('a text is wanted');
  return value.text;
}
