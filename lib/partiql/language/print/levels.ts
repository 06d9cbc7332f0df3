import type * as Ast from '../ast.js';
import { PRECEDENCE, symbolOperator } from '../parser/precedence.js';

/** How strongly the text of an expression holds together: what the parser binds by, and what stands below and above. */
export const LEVEL = {
  /** A query: whatever follows it may become a part of it. */
  query: 0,
  ...PRECEDENCE,
  sign: 80,
  path: 90,
  primary: 100,
} as const;

/** The level of an expression as it is written without parentheses. */
export function levelOf(node: Ast.Expression): number {
  switch (node.kind) {
    case 'Select':
    case 'Query':
    case 'SetOperation':
    case 'With':
      return LEVEL.query;
    case 'Sequence':
      return node.values === true ? LEVEL.query : LEVEL.primary;
    case 'Logical':
      return node.operator === 'OR' ? LEVEL.or : LEVEL.and;
    case 'Unary':
      return node.operator === 'NOT' ? LEVEL.not : LEVEL.sign;
    case 'Is':
    case 'In':
      return LEVEL.equality;
    case 'Between':
    case 'Like':
      return LEVEL.comparison;
    case 'Binary':
      return node.operator === 'OVERLAPS'
        ? LEVEL.comparison
        : symbolOperator(node.operator)[1];
    case 'Path':
      return LEVEL.path;
    case 'Literal':
      return typeof node.value === 'number' && node.value < 0
        ? LEVEL.sign
        : LEVEL.primary;
    case 'DateTime':
    case 'Missing':
    case 'Parameter':
    case 'Variable':
    case 'Case':
    case 'Cast':
    case 'Call':
    case 'Aggregate':
    case 'Struct':
      return LEVEL.primary;
  }
}
