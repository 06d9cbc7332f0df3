import { IonStruct, type IonField, type IonValue } from '../../ion/value.js';
import { EvaluationFault } from '../errors.js';
import type { NameNode } from '../language/ast.js';
import {
  isUnknown,
  kindOf,
  MISSING,
  structOf,
  type Kind,
} from '../values/kinds.js';
import { spend } from '../values/effort.js';
import { field } from './expression/path.js';

/** Steps of a look at a field. */
const FIELD = 32;

type Rows = readonly IonValue[];

/** Columns of rows in the order in which they come up, and the kinds of what stands in each. */
type Columns = Map<string, Set<Kind>>;

function columnsOf(rows: Rows): Columns {
  const columns: Columns = new Map();
  for (const row of rows) {
    for (const [name, value] of structOf(row)?.fields() ?? []) {
      spend(FIELD);
      const kinds = columns.get(name) ?? new Set();
      columns.set(name, kinds);
      if (!isUnknown(value)) kinds.add(kindOf(value));
    }
  }
  return columns;
}

/**
 * The rows on the right as SQL takes them for a set operation: their columns are
 * those on the left, in the same order and whatever their names are.
 *
 * @throws EvaluationFault if there are more of them or fewer, or if they hold
 *   nothing of the kinds on the left.
 */
export function asColumnsOf(left: Rows, right: Rows): Rows {
  if (left.length === 0 || right.length === 0) return right;
  const tuples = (rows: Rows) =>
    rows.filter((row) => structOf(row) !== undefined).length;
  if (tuples(left) > 0 !== tuples(right) > 0) {
    throw new EvaluationFault(
      'a set operation takes rows of the same columns, and here only one side has columns; OUTER takes any',
    );
  }
  const columns = [...columnsOf(left)];
  const others = [...columnsOf(right)];
  if (columns.length !== others.length) {
    throw new EvaluationFault(
      `a set operation takes rows of the same columns, and here are ${columns.length} and ${others.length}; OUTER takes any`,
    );
  }
  const names = new Map<string, string>();
  for (const [index, [name, kinds]] of columns.entries()) {
    const [other, otherKinds] = others[index] ?? [name, kinds];
    if (
      kinds.size > 0 &&
      otherKinds.size > 0 &&
      ![...kinds].some((kind) => otherKinds.has(kind))
    ) {
      throw new EvaluationFault(
        `a set operation takes columns of the same types, and those of column ${index + 1} differ; OUTER takes any`,
      );
    }
    names.set(other, name);
  }
  if ([...names].every(([other, name]) => other === name)) return right;
  return right.map((row) => {
    const struct = structOf(row);
    return struct === undefined
      ? row
      : IonStruct.of(
          struct
            .fields()
            .map(([name, value]): IonField => [names.get(name) ?? name, value]),
        );
  });
}

/** The columns that both sides have, in the order of the left. */
export function commonColumns(left: Rows, right: Rows): readonly NameNode[] {
  const others = columnsOf(right);
  return [...columnsOf(left).keys()]
    .filter((name) => others.has(name))
    .map((name) => ({ name }));
}

/** The rows with these columns and no others. */
export function withColumns(rows: Rows, names: readonly NameNode[]): Rows {
  return rows.map((row) =>
    IonStruct.of(
      names.flatMap((name): IonField[] => {
        const value = field(row, name);
        return value === MISSING ? [] : [[name.name, value]];
      }),
    ),
  );
}
