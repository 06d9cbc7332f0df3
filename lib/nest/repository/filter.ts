import { QldbOptionsError } from '../errors/module.errors.js';
import { identifier } from '../identifier.js';
import { Condition } from './conditions.js';

/**
 * Which documents: those whose fields have these values, or fulfil these
 * conditions; all of them. `null` stands for null, and for a field that is not
 * there. An empty filter is every document.
 */
export type Filter<T extends object> = {
  readonly [Field in keyof T]?: T[Field] | Condition<T[Field]> | null;
};

/** In what order, and how many. */
export interface FindOptions<T extends object> {
  readonly orderBy?: { readonly [Field in keyof T]?: 'asc' | 'desc' };
  readonly limit?: number;
  readonly offset?: number;
}

/** A piece of a statement, with its parameters. */
export interface Fragment {
  readonly text: string;
  readonly parameters: readonly unknown[];
}

/**
 * WHERE …, of documents that the statement calls `t`.
 *
 * @throws IdentifierError when a field has a name that is none
 * @throws QldbOptionsError when a value is undefined: it would leave its condition out, and find everything
 */
export function whereClause<T extends object>(filter: Filter<T>): Fragment {
  const conditions = Object.entries(filter).map(([field, wanted]) => {
    if (wanted === undefined)
      throw new QldbOptionsError('The filter cannot be used', [
        `${field} is undefined. Leave the field out to find any, use missing() for documents without it, or null.`,
      ]);
    return { field: `t.${identifier(field)}`, condition: conditionOf(wanted) };
  });
  if (conditions.length === 0) return { text: '', parameters: [] };
  return {
    text: ` WHERE ${conditions
      .map(({ field, condition }) => `${field} ${condition.partiql}`)
      .join(' AND ')}`,
    parameters: conditions.flatMap(({ condition }) => condition.operands),
  };
}

/** ORDER BY … LIMIT … OFFSET … */
export function tailClause<T extends object>({
  orderBy = {},
  limit,
  offset,
}: FindOptions<T>): Fragment {
  const keys = Object.entries(orderBy).map(([field, direction]) => {
    if (direction !== 'asc' && direction !== 'desc')
      throw new QldbOptionsError('The documents cannot be put in order', [
        `${field} is put in order 'asc' or 'desc'.`,
      ]);
    return `t.${identifier(field)} ${direction.toUpperCase()}`;
  });
  return {
    text: [
      ...(keys.length > 0 ? [` ORDER BY ${keys.join(', ')}`] : []),
      ...(limit === undefined ? [] : [' LIMIT ?']),
      ...(offset === undefined ? [] : [' OFFSET ?']),
    ].join(''),
    parameters: [limit, offset].filter((bound) => bound !== undefined),
  };
}

function conditionOf(wanted: unknown): Condition {
  if (wanted instanceof Condition) return wanted;
  return wanted === null
    ? new Condition('IS NULL', [])
    : new Condition('= ?', [wanted]);
}
