import type { ArithmeticOperator } from '../../../lib/partiql/language/ast.js';
import * as fractions from './fractions.js';
import {
  bool,
  isUnknown,
  itemsOf,
  MISSING,
  NULL,
  text,
  type NumberValue,
  type Value,
} from './values.js';

/** A value that an operator cannot work with. */
export class Fault extends Error {}

/** Rules that the typings differ in. */
export interface Rules {
  /** Wrong types give MISSING, and so does an operand that is MISSING. */
  readonly permissive: boolean;
}

const ORDER = [
  'unknown',
  'bool',
  'number',
  'text',
  'list',
  'sexp',
  'struct',
  'bag',
];

function rank(value: Value): number {
  return ORDER.indexOf(isUnknown(value) ? 'unknown' : value.kind);
}

/**
 * The order of all values.
 *
 * @param last - whether unknown values come last, inside of others too, as ORDER
 *   BY has it by the specification
 */
export function compare(a: Value, b: Value, last = false): number {
  const difference = rank(a) - rank(b);
  if (difference !== 0) {
    return last && (isUnknown(a) || isUnknown(b)) ? -difference : difference;
  }
  if (a.kind === 'bool' && b.kind === 'bool') {
    return Number(a.value) - Number(b.value);
  }
  if (a.kind === 'number' && b.kind === 'number') {
    return fractions.compareFractions(a.value, b.value);
  }
  if (a.kind === 'text' && b.kind === 'text') {
    return Buffer.compare(Buffer.from(a.text), Buffer.from(b.text));
  }
  const order = (x: Value, y: Value) => compare(x, y, last);
  if (a.kind === 'struct' && b.kind === 'struct') {
    return compareAll(
      sortedFields(a.fields, order),
      sortedFields(b.fields, order),
      order,
    );
  }
  const left = itemsOf(a) ?? [];
  const right = itemsOf(b) ?? [];
  return a.kind === 'bag'
    ? compareAll(left.toSorted(order), right.toSorted(order), order)
    : compareAll(left, right, order);
}

type Order = (a: Value, b: Value) => number;

/** Names and values in turn, fields in one order. */
function sortedFields(
  fields: readonly (readonly [string, Value])[],
  order: Order,
): readonly Value[] {
  return fields
    .map(([name, value]) => [text(name), value] as const)
    .toSorted((a, b) => order(a[0], b[0]) || order(a[1], b[1]))
    .flat();
}

function compareAll(
  a: readonly Value[],
  b: readonly Value[],
  order: Order,
): number {
  for (const [index, left] of a.entries()) {
    const right = b[index];
    if (right === undefined) return 1;
    const difference = order(left, right);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

export function isSame(a: Value, b: Value): boolean {
  return compare(a, b) === 0;
}

/** What an operator gives when one of its operands is unknown. */
export function unknown(rules: Rules, ...operands: readonly Value[]): Value {
  return rules.permissive && operands.some(({ kind }) => kind === 'missing')
    ? MISSING
    : NULL;
}

export function equals(rules: Rules, a: Value, b: Value): Value {
  if (isUnknown(a) && isUnknown(b) && a.kind !== b.kind) return NULL;
  if (isUnknown(a) || isUnknown(b)) return unknown(rules, a, b);
  return bool(isSame(a, b));
}

export function not(value: Value): Value {
  if (value.kind === 'bool') return bool(!value.value);
  return value;
}

/** `<` and its kin. */
export function ordered(
  rules: Rules,
  operator: '<' | '<=' | '>' | '>=',
  a: Value,
  b: Value,
): Value {
  if (isUnknown(a) || isUnknown(b)) return unknown(rules, a, b);
  if (rank(a) !== rank(b)) return rules.permissive ? MISSING : NULL;
  const order = compare(a, b);
  switch (operator) {
    case '<':
      return bool(order < 0);
    case '<=':
      return bool(order <= 0);
    case '>':
      return bool(order > 0);
    case '>=':
      return bool(order >= 0);
  }
}

export function between(
  rules: Rules,
  value: Value,
  low: Value,
  high: Value,
): Value {
  if (isUnknown(value)) return unknown(rules, value, low, high);
  const above = ordered(rules, '>=', value, low);
  const below = ordered(rules, '<=', value, high);
  for (const side of [above, below]) {
    if (side.kind === 'bool' && !side.value) return side;
  }
  return isUnknown(above) || isUnknown(below)
    ? unknown(rules, above, below)
    : bool(true);
}

export function isIn(rules: Rules, value: Value, collection: Value): Value {
  if (value.kind === 'missing' || isUnknown(collection)) {
    return unknown(rules, value, collection);
  }
  const items = itemsOf(collection);
  if (items === undefined) return rules.permissive ? MISSING : NULL;
  if (items.length === 0) return bool(false);
  if (isUnknown(value)) return NULL;
  if (items.some((item) => !isUnknown(item) && isSame(value, item))) {
    return bool(true);
  }
  return items.some(isUnknown) ? NULL : bool(false);
}

export function like(rules: Rules, value: Value, pattern: Value): Value {
  if (isUnknown(value) || isUnknown(pattern)) {
    return unknown(rules, value, pattern);
  }
  if (value.kind !== 'text' || pattern.kind !== 'text') {
    throw new Fault('LIKE takes texts');
  }
  return bool(matches(Array.from(value.text), Array.from(pattern.text)));
}

function matches(
  value: readonly string[],
  pattern: readonly string[],
): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return value.length === 0;
  if (first === '%') {
    for (let start = 0; start <= value.length; start += 1) {
      if (matches(value.slice(start), rest)) return true;
    }
    return false;
  }
  const [character, ...others] = value;
  if (character === undefined) return false;
  return (first === '_' || first === character) && matches(others, rest);
}

export function concatenate(rules: Rules, a: Value, b: Value): Value {
  if (isUnknown(a) || isUnknown(b)) return unknown(rules, a, b);
  if (a.kind !== 'text' || b.kind !== 'text') throw new Fault('|| takes texts');
  return text(a.text + b.text);
}

export function arithmetic(
  rules: Rules,
  operator: ArithmeticOperator,
  a: Value,
  b: Value,
): Value {
  if (isUnknown(a) || isUnknown(b)) return unknown(rules, a, b);
  if (a.kind !== 'number' || b.kind !== 'number') {
    throw new Fault(`${operator} takes numbers`);
  }
  return calculate(operator, a, b);
}

/** Decimals decide over floats, and floats over ints. */
export function calculate(
  operator: ArithmeticOperator,
  a: NumberValue,
  b: NumberValue,
): NumberValue {
  const types = [a.type, b.type];
  const type = types.includes('decimal')
    ? 'decimal'
    : types.includes('float')
      ? 'float'
      : 'int';
  if (type === 'float') {
    const x = fractions.toNumber(a.value);
    const y = fractions.toNumber(b.value);
    const result = {
      '+': x + y,
      '-': x - y,
      '*': x * y,
      '/': x / y,
      '%': x % y,
    };
    // `+ 0` makes a -0 a 0.
    const value = fractions.fractionOf(`${result[operator] + 0}`);
    return { kind: 'number', type, value };
  }
  const exact = exactly(operator, a.value, b.value);
  return {
    kind: 'number',
    type,
    value:
      type === 'int' ? fractions.truncate(exact) : fractions.rounded(exact),
  };
}

function exactly(
  operator: ArithmeticOperator,
  a: fractions.Fraction,
  b: fractions.Fraction,
): fractions.Fraction {
  switch (operator) {
    case '+':
      return fractions.add(a, b);
    case '-':
      return fractions.add(a, fractions.negate(b));
    case '*':
      return fractions.multiply(a, b);
    case '/':
    case '%': {
      if (b.numerator === 0n) throw new Fault('/ by zero');
      const quotient = fractions.divide(a, b);
      return operator === '/'
        ? quotient
        : fractions.add(
            a,
            fractions.negate(
              fractions.multiply(fractions.truncate(quotient), b),
            ),
          );
    }
  }
}
