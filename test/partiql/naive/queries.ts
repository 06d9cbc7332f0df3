import type * as Ast from '../../../lib/partiql/language/ast.js';
import { unique } from './aggregates.js';
import {
  Environment,
  TooMuch,
  written,
  type Naive,
  type Tables,
} from './environment.js';
import { evaluate } from './expressions.js';
import * as fractions from './fractions.js';
import { compare, Fault, isSame } from './operators.js';
import { nameOf, rowsOfFrom, sourcesOf } from './sources.js';
import {
  isTrue,
  isUnknown,
  itemsOf,
  MISSING,
  NULL,
  type StructValue,
  type Value,
} from './values.js';

/** A row of a query, with the names that ORDER BY may ask for. */
interface OutputRow {
  readonly value: Value;
  readonly environment: Environment;
}

/** What a query gives, before LIMIT and OFFSET. */
export interface QueryResult {
  /** In their order, if they have one. */
  readonly rows: readonly Value[];
  readonly ordered: boolean;
  /** Rows with the same number have the same place in the order. */
  readonly places: readonly number[];
  readonly offset: number;
  readonly limit: number;
}

/** Evaluates a query by loops over all rows of all its sources. */
export function evaluateNaively(
  node: Ast.Expression,
  tables: Tables,
  parameters: readonly Value[],
  permissive: boolean,
  steps = 60_000,
): QueryResult {
  let left = steps;
  const naive: Naive = {
    rules: { permissive },
    tables,
    parameters,
    query: (inner, environment) => subquery(naive, inner, environment),
    step: () => {
      left -= 1;
      if (left < 0) throw new TooMuch();
    },
  };
  return query(naive, node, new Environment());
}

/** The rows of a query in an expression: a list if they are ordered, else a bag. */
function subquery(
  naive: Naive,
  node: Ast.Expression,
  outer: Environment,
): Value {
  if (node.kind === 'SetOperation') return setOperation(naive, node, outer);
  const { rows, ordered, offset, limit } = query(naive, node, outer);
  const items = rows.slice(offset, offset + limit);
  return { kind: ordered ? 'list' : 'bag', items };
}

function query(
  naive: Naive,
  node: Ast.Expression,
  outer: Environment,
): QueryResult {
  const tail = node.kind === 'Query' ? node : undefined;
  const body = tail === undefined ? node : tail.body;
  const rows =
    body.kind === 'Select'
      ? select(naive, body, tail?.orderBy ?? [], outer)
      : members(naive, body, outer);
  const keyed = rows.map((row) => ({
    value: row.value,
    keys: (tail?.orderBy ?? []).map(({ value }) =>
      evaluate(naive, value, row.environment),
    ),
  }));
  const order = (a: Value, b: Value) => compare(a, b, naive.rules.permissive);
  const byKeys = (a: Keyed, b: Keyed) =>
    compareKeys(tail?.orderBy ?? [], order, a, b);
  const sorted = keyed.toSorted(byKeys);
  let place = 0;
  const places = sorted.map((row, index) => {
    const before = sorted[index - 1];
    if (before !== undefined && byKeys(before, row) !== 0) place = index;
    return place;
  });
  return {
    rows: sorted.map(({ value }) => value),
    ordered: (tail?.orderBy.length ?? 0) > 0,
    places,
    offset: tail?.offset ? count(naive, tail.offset, outer) : 0,
    limit: tail?.limit ? count(naive, tail.limit, outer) : Infinity,
  };
}

interface Keyed {
  readonly value: Value;
  readonly keys: readonly Value[];
}

function compareKeys(
  orderBy: readonly Ast.OrderNode[],
  compareValues: (a: Value, b: Value) => number,
  a: Keyed,
  b: Keyed,
): number {
  for (const [index, { descending, nullsFirst }] of orderBy.entries()) {
    const x = a.keys[index] ?? NULL;
    const y = b.keys[index] ?? NULL;
    if (isUnknown(x) && isUnknown(y)) continue;
    if (isUnknown(x)) return nullsFirst ? -1 : 1;
    if (isUnknown(y)) return nullsFirst ? 1 : -1;
    const order = compareValues(x, y);
    if (order !== 0) return descending ? -order : order;
  }
  return 0;
}

function count(
  naive: Naive,
  node: Ast.Expression,
  environment: Environment,
): number {
  const value = evaluate(naive, node, environment);
  if (value.kind === 'number' && value.type === 'int') {
    return fractions.toNumber(value.value);
  }
  throw new Fault('LIMIT and OFFSET take an int');
}

/** The members of a value that is no SELECT; names are fields of them. */
function members(
  naive: Naive,
  node: Ast.Expression,
  outer: Environment,
): readonly OutputRow[] {
  return (itemsOf(evaluate(naive, node, outer)) ?? []).map((value) => {
    const environment = new Environment(outer);
    environment.implicit = value;
    return { value, environment };
  });
}

function select(
  naive: Naive,
  node: Ast.SelectNode,
  orderBy: readonly Ast.OrderNode[],
  outer: Environment,
): readonly OutputRow[] {
  let rows = rowsOfFrom(naive, node.from, outer);
  for (const row of rows) {
    for (const { name, value } of node.let) {
      row.set(name, evaluate(naive, value, row));
    }
  }
  if (node.where !== undefined) {
    const { where } = node;
    rows = rows.filter((row) => isTrue(evaluate(naive, where, row)));
  }
  const aggregates = aggregatesIn([node.projection, node.having, orderBy]);
  if (node.group !== undefined || aggregates.length > 0) {
    rows = groups(naive, node, rows, outer);
    // Rows are folded as they come, whatever becomes of their group.
    for (const row of rows)
      for (const each of aggregates) evaluate(naive, each, row);
  }
  if (node.having !== undefined) {
    const { having } = node;
    rows = rows.filter((row) => isTrue(evaluate(naive, having, row)));
  }
  const output = rows.map((row) => project(naive, node, row));
  if (!node.distinct) return output;
  const kept = new Set(unique(output.map(({ value }) => value)));
  return output.filter(({ value }) => kept.delete(value));
}

// ---- Groups ----------------------------------------------------------------------

/** The aggregates of a query itself, and not of those in it. */
function aggregatesIn(node: unknown): readonly Ast.AggregateNode[] {
  if (typeof node !== 'object' || node === null) return [];
  if (Array.isArray(node)) return node.flatMap(aggregatesIn);
  if ('kind' in node && node.kind === 'Select') return [];
  if (
    'kind' in node &&
    node.kind === 'Aggregate' &&
    'overCollection' in node &&
    node.overCollection === false
  )
    return [node as Ast.AggregateNode];
  return Object.values(node).flatMap(aggregatesIn);
}

function groups(
  naive: Naive,
  node: Ast.SelectNode,
  rows: readonly Environment[],
  outer: Environment,
): readonly Environment[] {
  const keys = node.group?.keys ?? [];
  const found: { keys: readonly Value[]; rows: Environment[] }[] = [];
  if (node.group === undefined) found.push({ keys: [], rows: [] });
  for (const row of rows) {
    const values = keys.map(({ value }) => {
      const key = evaluate(naive, value, row);
      return isUnknown(key) ? NULL : key;
    });
    const group = found.find((other) =>
      values.every((value, index) => isSame(value, other.keys[index] ?? NULL)),
    );
    if (group === undefined) found.push({ keys: values, rows: [row] });
    else group.rows.push(row);
  }
  const names = sourcesOf(node.from).map(({ as }) => as);
  return found.map((group) => {
    const environment = new Environment(outer);
    for (const [index, key] of keys.entries()) {
      const name = key.alias ?? nameOf(key.value) ?? `_${index + 1}`;
      environment.set(name, group.keys[index] ?? NULL);
    }
    if (node.group?.groupAs !== undefined) {
      environment.set(node.group.groupAs, {
        kind: 'bag',
        items: group.rows.map((row) => member(row, names)),
      });
    }
    environment.group = {
      rows: group.rows,
      keys: keys.map((key, index) => ({
        text: written(key.value),
        value: group.keys[index] ?? NULL,
      })),
    };
    return environment;
  });
}

function member(row: Environment, names: readonly string[]): StructValue {
  return {
    kind: 'struct',
    fields: names.flatMap((name) => {
      const value = row.get(name) ?? MISSING;
      return value.kind === 'missing' ? [] : [[name, value] as const];
    }),
  };
}

// ---- Projection ------------------------------------------------------------------

function project(
  naive: Naive,
  node: Ast.SelectNode,
  row: Environment,
): OutputRow {
  const { projection } = node;
  switch (projection.kind) {
    case 'Value':
      return {
        value: evaluate(naive, projection.value, row),
        environment: row,
      };
    case 'Star':
      return { value: star(node, row), environment: row };
    case 'Items': {
      const fields: (readonly [string, Value])[] = [];
      const named = new Map<string, Value>();
      for (const [index, item] of projection.items.entries()) {
        const value = evaluate(naive, item.value, row);
        if (item.kind === 'All' && value.kind === 'struct') {
          fields.push(...value.fields);
          continue;
        }
        const alias = item.kind === 'Item' ? item.alias : undefined;
        const name = alias ?? nameOf(item.value) ?? `_${index + 1}`;
        if (alias !== undefined) named.set(alias, value);
        if (value.kind !== 'missing') fields.push([name, value]);
      }
      const environment = row.copy();
      environment.group = row.group;
      for (const [name, value] of named) environment.set(name, value);
      return { value: { kind: 'struct', fields }, environment };
    }
    case 'Pivot':
      throw new TypeError('the naive evaluator has no PIVOT');
  }
}

function star(node: Ast.SelectNode, row: Environment): Value {
  if (row.group !== undefined) {
    return {
      kind: 'struct',
      fields: row.own.filter(([, value]) => value.kind !== 'missing'),
    };
  }
  const fields: (readonly [string, Value])[] = [];
  for (const [index, { as, position }] of sourcesOf(node.from).entries()) {
    const value = row.get(as) ?? MISSING;
    if (value.kind === 'struct') fields.push(...value.fields);
    else if (value.kind !== 'missing') fields.push([`_${index + 1}`, value]);
    if (position !== undefined) {
      const place = row.get(position) ?? MISSING;
      if (place.kind !== 'missing') fields.push([position, place]);
    }
  }
  return { kind: 'struct', fields };
}

// ---- Set operations --------------------------------------------------------------

function setOperation(
  naive: Naive,
  node: Ast.SetOperationNode,
  environment: Environment,
): Value {
  const [left, right] = [node.left, node.right].map((side) => {
    const items = itemsOf(evaluate(naive, side, environment));
    if (items === undefined) throw new Fault('collections are wanted');
    return items;
  });
  const a = left ?? [];
  const b = right ?? [];
  return {
    kind: 'bag',
    items: combined(node, node.all ? a : unique(a), node.all ? b : unique(b)),
  };
}

function combined(
  { operator, all }: Ast.SetOperationNode,
  a: readonly Value[],
  b: readonly Value[],
): readonly Value[] {
  if (operator === 'UNION') return all ? [...a, ...b] : unique([...a, ...b]);
  // Each element on the right stands for one on the left.
  const others = [...b];
  return a.filter((value) => {
    const index = others.findIndex((other) => isSame(other, value));
    if (index >= 0) others.splice(index, 1);
    return index >= 0 === (operator === 'INTERSECT');
  });
}
