import { expect } from 'vitest';
import { textOf } from '../../../lib/ion/text-writer.js';
import { Decimal, type IonValue } from '../../../lib/ion/value.js';
import { parse } from '../../../lib/partiql/language/parser/index.js';
import { print } from '../../../lib/partiql/language/print/index.js';

/**
 * What a statement says, without the places of its nodes. Literals are Ion text,
 * as classes hide from a comparison what they hold.
 */
export function treeOf(source: string): unknown {
  return plain(parse(source));
}

function plain(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(plain);
  if (typeof node !== 'object' || node === null) return node;
  return Object.fromEntries(
    Object.entries(node)
      .filter(([key, value]) => key !== 'at' && value !== undefined)
      .map(([key, value]) => [
        key,
        key === 'value' && 'kind' in node && node.kind === 'Literal'
          ? literal(value as IonValue)
          : plain(value),
      ]),
  );
}

function literal(value: IonValue): string {
  // Digits alone do not tell 1.0 from 10d-1.
  return value instanceof Decimal
    ? `${value.getCoefficient()}d${value.getExponent()}`
    : `${typeof value} ${textOf(value, '$0')}`;
}

/** The printed form of a statement. */
export function printed(source: string): string {
  return print(parse(source).statement);
}

/** Checks that a statement reads back from its printed form, which is printed as it is. */
export function expectSame(statement: string): void {
  const text = printed(statement);
  expect(treeOf(text), `${statement}\n${text}`).toEqual(treeOf(statement));
  expect(printed(text)).toBe(text);
}

export function parses(source: string): boolean {
  try {
    parse(source);
    return true;
  } catch {
    return false;
  }
}
