import type * as Ast from '../ast.js';

/** Binding strength of the operators, loosest first. */
export const PRECEDENCE = {
  or: 10,
  and: 20,
  not: 30,
  equality: 40,
  comparison: 50,
  additive: 60,
  multiplicative: 70,
} as const;

const EQUALITY = new Map<string, Ast.ComparisonOperator>([
  ['=', '='],
  ['<>', '<>'],
  ['!=', '<>'],
]);
const COMPARISON = new Map<string, Ast.ComparisonOperator>([
  ['<', '<'],
  ['<=', '<='],
  ['>', '>'],
  ['>=', '>='],
]);
const ADDITIVE = new Map<string, Ast.BinaryNode['operator']>([
  ['+', '+'],
  ['-', '-'],
  ['||', '||'],
]);
const MULTIPLICATIVE = new Map<string, Ast.BinaryNode['operator']>([
  ['*', '*'],
  ['/', '/'],
  ['%', '%'],
]);

/** The operator that a symbol stands for, and how strongly it binds. */
export function symbolOperator(
  symbol: string,
): readonly [Ast.BinaryNode['operator'] | undefined, number] {
  const equality = EQUALITY.get(symbol);
  if (equality !== undefined) return [equality, PRECEDENCE.equality];
  const comparison = COMPARISON.get(symbol);
  if (comparison !== undefined) return [comparison, PRECEDENCE.comparison];
  const additive = ADDITIVE.get(symbol);
  if (additive !== undefined) return [additive, PRECEDENCE.additive];
  return [MULTIPLICATIVE.get(symbol), PRECEDENCE.multiplicative];
}
