/** A variable of a statement: the slot of the frame where its value is. */
export interface Binding {
  readonly kind: 'variable';
  readonly slot: number;
}

/** A name that means a field of the only source there is. */
export interface ImplicitField {
  readonly kind: 'field';
  readonly slot: number;
}

/**
 * The names that an expression can see. Names are case sensitive, as QLDB's
 * are; each query within a query has a scope of its own inside the outer one.
 */
export class Scope {
  readonly #variables = new Map<string, number>();
  readonly #parent: Scope | undefined;
  #implicit: number | undefined;

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

  /** Names and slots of this scope itself, in the order of their declaration. */
  get entries(): readonly (readonly [string, number])[] {
    return [...this.#variables];
  }

  /** The only source there is: a name that is nothing else is a field of it. */
  set implicit(slot: number | undefined) {
    this.#implicit = slot;
  }

  /** What a name means: a variable here or further out, else a field of the nearest only source. */
  resolve(name: string): Binding | ImplicitField | undefined {
    const slot = this.#variable(name);
    if (slot !== undefined) return { kind: 'variable', slot };
    const implicit = this.#nearestImplicit();
    return implicit === undefined
      ? undefined
      : { kind: 'field', slot: implicit };
  }

  /** The slot of a variable, if the name is one. */
  variable(name: string): number | undefined {
    return this.#variable(name);
  }

  #variable(name: string): number | undefined {
    return this.#variables.get(name) ?? this.#parent?.variable(name);
  }

  #nearestImplicit(): number | undefined {
    return this.#implicit ?? this.#parent?.nearestImplicit;
  }

  get nearestImplicit(): number | undefined {
    return this.#nearestImplicit();
  }
}
