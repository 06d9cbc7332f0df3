import type * as Ast from '../../../lib/partiql/language/ast.js';
import { Environment, type Naive } from './environment.js';
import { evaluate } from './expressions.js';
import {
  int,
  isTrue,
  itemsOf,
  MISSING,
  NULL,
  text,
  type Value,
} from './values.js';

/** One source of FROM: its names, in their order. */
export interface SourceNames {
  readonly as: string;
  readonly position?: string;
}

/** The sources of FROM, from the left to the right. */
export function sourcesOf(from: Ast.FromNode): readonly SourceNames[] {
  const nodes = flat(from);
  return nodes.map((node, index) => ({
    as: node.as?.name ?? nameOf(node.value) ?? `_${index + 1}`,
    position: node.position?.name,
  }));
}

function flat(from: Ast.FromNode): readonly Ast.SourceNode[] {
  return from.kind === 'Source'
    ? [from]
    : [...flat(from.left), ...flat(from.right)];
}

/** The name that a path gives what it leads to. */
export function nameOf(node: Ast.Expression): string | undefined {
  if (node.kind === 'Variable') return node.name;
  const last = node.kind === 'Path' ? node.steps.at(-1) : undefined;
  return last?.kind === 'Field' ? last.name : undefined;
}

/** Every row of FROM: loops within loops. */
export function rowsOfFrom(
  naive: Naive,
  from: Ast.FromNode,
  outer: Environment,
): readonly Environment[] {
  const names = sourcesOf(from);
  const rows = join(naive, from, new Environment(outer), names);
  const [only, ...others] = names;
  if (only !== undefined && others.length === 0) {
    for (const row of rows) row.implicit = row.get(only.as) ?? MISSING;
  }
  return rows;
}

function join(
  naive: Naive,
  from: Ast.FromNode,
  row: Environment,
  names: readonly SourceNames[],
): readonly Environment[] {
  if (from.kind === 'Source') return source(naive, from, row, names);
  const count = flat(from.left).length;
  const leftNames = names.slice(0, count);
  const rightNames = names.slice(count);
  const lefts = (from_: Environment) =>
    join(naive, from.left, from_, leftNames);
  const rights = (from_: Environment) =>
    join(naive, from.right, from_, rightNames);
  const holds = (both: Environment) =>
    from.on === undefined || isTrue(evaluate(naive, from.on, both));
  switch (from.type) {
    case 'inner':
      return lefts(row).flatMap((left) => rights(left).filter(holds));
    case 'left':
      return lefts(row).flatMap((left) =>
        orPadded(rights(left).filter(holds), left, rightNames),
      );
    case 'right':
      return rights(row).flatMap((right) =>
        orPadded(lefts(right).filter(holds), right, leftNames),
      );
    case 'full': {
      const matched = new Set<Environment>();
      const all = rights(row);
      const found = lefts(row).flatMap((left) => {
        const matches = all.flatMap((right) => {
          const both = merged(left, right, rightNames);
          if (!holds(both)) return [];
          matched.add(right);
          return [both];
        });
        return orPadded(matches, left, rightNames);
      });
      const alone = all
        .filter((right) => !matched.has(right))
        .map((right) => padded(right, leftNames));
      return [...found, ...alone];
    }
  }
}

function orPadded(
  matches: readonly Environment[],
  kept: Environment,
  names: readonly SourceNames[],
): readonly Environment[] {
  return matches.length > 0 ? matches : [padded(kept, names)];
}

function padded(kept: Environment, names: readonly SourceNames[]): Environment {
  const copy = kept.copy();
  for (const { as, position } of names) {
    copy.set(as, NULL);
    if (position !== undefined) copy.set(position, NULL);
  }
  return copy;
}

function merged(
  left: Environment,
  right: Environment,
  names: readonly SourceNames[],
): Environment {
  const copy = left.copy();
  for (const { as, position } of names) {
    copy.set(as, right.get(as) ?? NULL);
    if (position !== undefined) copy.set(position, right.get(position) ?? NULL);
  }
  return copy;
}

function source(
  naive: Naive,
  node: Ast.SourceNode,
  row: Environment,
  names: readonly SourceNames[],
): readonly Environment[] {
  return membersOf(naive, node, row).map(([member, position]) => {
    naive.step();
    const bound = row.copy();
    const [name] = names;
    if (name !== undefined) {
      bound.set(name.as, member);
      if (name.position !== undefined) bound.set(name.position, position);
    }
    return bound;
  });
}

type Member = readonly [value: Value, position: Value];

function membersOf(
  naive: Naive,
  node: Ast.SourceNode,
  row: Environment,
): readonly Member[] {
  const { value } = node;
  if (!node.unpivot && value.kind === 'Variable' && !value.lexical) {
    const table = naive.tables.get(value.name);
    if (table !== undefined) return table.map((each) => [each, MISSING]);
  }
  const range = evaluate(naive, value, row);
  if (node.unpivot) {
    if (range.kind === 'missing') return [];
    if (range.kind !== 'struct') return [[range, text('_1')]];
    return range.fields.map(([name, field]) => [field, text(name)]);
  }
  const items = itemsOf(range);
  if (items !== undefined) {
    return items.map((item, index) => [
      item,
      range.kind === 'bag' ? MISSING : int(index),
    ]);
  }
  // QLDB leaves out what is not there.
  if (range.kind === 'missing' && !naive.rules.permissive) return [];
  return [[range, MISSING]];
}
