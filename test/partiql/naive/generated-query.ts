/** A query in parts, so that a part can be left out of it. */
export interface SelectParts {
  readonly distinct: boolean;
  readonly projection: 'items' | 'value' | 'star';
  readonly items: readonly string[];
  /** The first source, and each join behind it. */
  readonly from: readonly string[];
  readonly lets: readonly string[];
  readonly where: readonly string[];
  readonly groupBy: readonly string[];
  readonly groupAs?: string;
  readonly having: readonly string[];
}

export interface QueryParts {
  readonly body: SelectParts;
  /** `UNION ALL`, or another operator, and what stands behind it. */
  readonly operation?: {
    readonly operator: string;
    readonly right: SelectParts;
  };
  readonly orderBy: readonly string[];
  readonly limit?: string;
  readonly offset?: string;
}

export interface GeneratedQuery {
  readonly parts: QueryParts;
  /** As Ion text. */
  readonly parameters: readonly string[];
  /**
   * Whether the types of equal numbers may depend on the order of the rows: which
   * of 1 and 1.0 stands for a group, say.
   */
  readonly untyped: boolean;
  /** Whether a row may end the query with an error. Which rows it meets is up to the plan. */
  readonly risky: boolean;
}

export function textOfSelect(parts: SelectParts): string {
  const { distinct, projection, items, from, where, groupBy, having } = parts;
  const list = projection === 'star' ? '*' : items.join(', ');
  const words = [
    `SELECT ${distinct ? 'DISTINCT ' : ''}${projection === 'value' ? 'VALUE ' : ''}${list}`,
    `FROM ${from.join(' ')}`,
  ];
  if (parts.lets.length > 0) words.push(`LET ${parts.lets.join(', ')}`);
  if (where.length > 0) words.push(`WHERE ${where.join(' AND ')}`);
  if (groupBy.length > 0) {
    words.push(`GROUP BY ${groupBy.join(', ')}`);
    if (parts.groupAs !== undefined) words.push(`GROUP AS ${parts.groupAs}`);
    if (having.length > 0) words.push(`HAVING ${having.join(' AND ')}`);
  }
  return words.join(' ');
}

export function textOfQuery(parts: QueryParts): string {
  const { body, operation, orderBy, limit, offset } = parts;
  const words = [
    operation === undefined
      ? textOfSelect(body)
      : `(${textOfSelect(body)}) ${operation.operator} (${textOfSelect(operation.right)})`,
  ];
  if (orderBy.length > 0) words.push(`ORDER BY ${orderBy.join(', ')}`);
  if (limit !== undefined) words.push(`LIMIT ${limit}`);
  if (offset !== undefined) words.push(`OFFSET ${offset}`);
  return words.join(' ');
}

/** The same query with one part less each; the smallest steps last. */
export function* smallerQueries(parts: QueryParts): Iterable<QueryParts> {
  const { body, operation } = parts;
  if (operation !== undefined) {
    yield { ...parts, operation: undefined };
    yield { ...parts, operation: undefined, body: operation.right };
    for (const right of smallerSelects(operation.right)) {
      yield { ...parts, operation: { ...operation, right } };
    }
  }
  if (parts.offset !== undefined) yield { ...parts, offset: undefined };
  if (parts.limit !== undefined) yield { ...parts, limit: undefined };
  for (const orderBy of without(parts.orderBy)) yield { ...parts, orderBy };
  for (const smaller of smallerSelects(body)) yield { ...parts, body: smaller };
}

function* smallerSelects(parts: SelectParts): Iterable<SelectParts> {
  if (parts.distinct) yield { ...parts, distinct: false };
  for (const where of without(parts.where)) yield { ...parts, where };
  for (const having of without(parts.having)) yield { ...parts, having };
  if (parts.from.length > 1) {
    for (const from of without(parts.from)) yield { ...parts, from };
  }
  for (const lets of without(parts.lets)) yield { ...parts, lets };
  for (const groupBy of without(parts.groupBy)) yield { ...parts, groupBy };
  if (parts.groupAs !== undefined) yield { ...parts, groupAs: undefined };
  if (parts.items.length > 1) {
    for (const items of without(parts.items)) yield { ...parts, items };
  }
}

function* without<T>(list: readonly T[]): Iterable<readonly T[]> {
  for (const index of list.keys()) yield list.toSpliced(index, 1);
}
