import type * as Ast from '../../../lib/partiql/language/ast.js';
import type { Rules } from './operators.js';
import { fieldOf, MISSING, NULL, type Value } from './values.js';

/** The rows of a group, for the aggregates over them, and the keys that it has. */
export interface Group {
  readonly rows: readonly Environment[];
  readonly keys: readonly { readonly text: string; readonly value: Value }[];
}

/** The names that an expression sees, with their values. */
export class Environment {
  readonly #variables = new Map<string, Value>();
  /** The row of the only source there is: other names are fields of it. */
  implicit: Value | undefined;
  group: Group | undefined;

  constructor(readonly parent?: Environment) {}

  /** The same names once more, to which others can be added. */
  copy(): Environment {
    const copy = new Environment(this.parent);
    for (const [name, value] of this.#variables) copy.set(name, value);
    copy.implicit = this.implicit;
    return copy;
  }

  set(name: string, value: Value): void {
    this.#variables.set(name, value);
  }

  get(name: string): Value | undefined {
    return this.#variables.get(name) ?? this.parent?.get(name);
  }

  /** The names of this query itself. */
  get own(): readonly (readonly [string, Value])[] {
    return [...this.#variables];
  }

  nearestImplicit(): Value | undefined {
    return this.implicit ?? this.parent?.nearestImplicit();
  }
}

/** A table, row by row. */
export type Tables = ReadonlyMap<string, readonly Value[]>;

/** What one evaluation works with. */
export interface Naive {
  readonly rules: Rules;
  readonly tables: Tables;
  readonly parameters: readonly Value[];
  /** The rows of a query that stands in an expression. */
  query(node: Ast.Expression, environment: Environment): Value;
  /** Counts work. @throws TooMuch */
  step(): void;
}

/** The query is more work than anybody waits for. */
export class TooMuch extends Error {}

/** A field, as a path reads it. */
export function readField(rules: Rules, value: Value, name: string): Value {
  if (rules.permissive && value.kind === 'null') return NULL;
  return fieldOf(value, name) ?? MISSING;
}

const texts = new WeakMap<Ast.Expression, string>();

/** A text that two expressions share iff they are written alike. */
export function written(node: Ast.Expression): string {
  let text = texts.get(node);
  if (text === undefined) {
    text = JSON.stringify(node, (key, value: unknown) => {
      if (key === 'at') return undefined;
      return typeof value === 'bigint' ? `${value}` : value;
    });
    texts.set(node, text);
  }
  return text;
}
