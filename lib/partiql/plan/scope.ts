import type { NameNode } from '../language/ast.js';

/** What a name stands for; if its case does not count, one that is the same to the letter comes first. */
export function namedIn<T>(
  values: ReadonlyMap<string, T>,
  { name, anyCase }: NameNode,
): T | undefined {
  const exact = values.get(name);
  if (exact !== undefined || anyCase !== true) return exact;
  const lower = name.toLowerCase();
  for (const [other, value] of values) {
    if (other.toLowerCase() === lower) return value;
  }
  return undefined;
}

/** A variable of a statement: the slot of the frame where its value is. */
export interface Binding {
  readonly kind: 'variable';
  readonly slot: number;
}

/** A name that means a field of a source: the only one there is, or the first that has it. */
export interface ImplicitField {
  readonly kind: 'field';
  /** The slot of the first of them. */
  readonly slot: number;
  readonly slots: readonly number[];
}

/**
 * The names that an expression can see. Names are case sensitive, as QLDB's
 * are, unless the one that is looked for says otherwise; each query within a
 * query has a scope of its own inside the outer one.
 */
export class Scope {
  readonly #variables = new Map<string, number>();
  readonly #commonTables = new Map<string, number>();
  readonly #parent: Scope | undefined;
  #implicit: readonly number[] = [];

  constructor(parent?: Scope) {
    this.#parent = parent;
  }

  /** The names that there are by now, with those of an outer scope behind them. */
  copy(parent: Scope): Scope {
    const scope = new Scope(parent);
    for (const [name, slot] of this.#variables) scope.declare(name, slot);
    return scope;
  }

  /** Whether the name is taken in this scope, whatever its case. */
  has(name: string): boolean {
    const lower = name.toLowerCase();
    return [...this.#variables.keys()].some(
      (other) => other.toLowerCase() === lower,
    );
  }

  declare(name: string, slot: number): void {
    this.#variables.set(name, slot);
  }

  /** Declares a name of WITH. */
  declareCommonTable(name: string, slot: number): void {
    this.declare(name, slot);
    this.#commonTables.set(name, slot);
  }

  /** Whether a name is one of WITH, and no other variable has it further in. */
  isCommonTable(name: NameNode): boolean {
    if (namedIn(this.#commonTables, name) !== undefined) return true;
    return (
      namedIn(this.#variables, name) === undefined &&
      this.#parent?.isCommonTable(name) === true
    );
  }

  /** Names and slots of this scope itself, in the order of their declaration. */
  get entries(): readonly (readonly [string, number])[] {
    return [...this.#variables];
  }

  /** Sources whose fields a name means that is nothing else: the first that has it. */
  set implicit(slots: readonly number[]) {
    this.#implicit = slots;
  }

  /** What a name means: a variable here or further out, else a field of the nearest sources that are implicit. */
  resolve(name: NameNode): Binding | ImplicitField | undefined {
    const slot = this.variable(name);
    if (slot !== undefined) return { kind: 'variable', slot };
    const slots = this.nearestImplicit;
    const [first] = slots;
    return first === undefined
      ? undefined
      : { kind: 'field', slot: first, slots };
  }

  /** The slot of a variable, if the name is one. */
  variable(name: NameNode): number | undefined {
    return namedIn(this.#variables, name) ?? this.#parent?.variable(name);
  }

  get nearestImplicit(): readonly number[] {
    return this.#implicit.length > 0
      ? this.#implicit
      : (this.#parent?.nearestImplicit ?? []);
  }
}
