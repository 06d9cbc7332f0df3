import { Decimal, Timestamp } from 'ion-js';
import { knownText } from './errors.js';

export { Decimal, Timestamp };

/**
 * An Ion value as the rooms of this package pass it around: plain JavaScript
 * where JavaScript can say it without loss, a class where it cannot.
 *
 * | Ion                         | here                                        |
 * | --------------------------- | ------------------------------------------- |
 * | null, null.null             | `null`                                      |
 * | null.int, null.string, …    | {@link IonNull}                             |
 * | bool                        | `boolean`                                   |
 * | int                         | `number` if it is a safe integer, else `bigint` |
 * | float                       | {@link IonFloat}                            |
 * | decimal, timestamp          | ion-js `Decimal`, `Timestamp`               |
 * | string                      | `string`                                    |
 * | symbol                      | {@link IonSymbol}                           |
 * | blob                        | `Uint8Array`                                |
 * | clob                        | {@link IonClob}                             |
 * | list                        | array                                       |
 * | sexp                        | {@link IonSexp}                             |
 * | struct                      | {@link IonStruct}                           |
 * | any of these with annotations | {@link IonAnnotated}                      |
 *
 * A `number` is always an int. Values are immutable: nobody writes to an array
 * or to bytes that came out of one.
 */
export type IonValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Decimal
  | Timestamp
  | readonly IonValue[]
  | IonNull
  | IonFloat
  | IonSymbol
  | IonClob
  | IonSexp
  | IonStruct
  | IonAnnotated;

/** Names of the Ion types, as they stand behind `null.` in Ion text. */
export type IonTypeName =
  | 'null'
  | 'bool'
  | 'int'
  | 'float'
  | 'decimal'
  | 'timestamp'
  | 'symbol'
  | 'string'
  | 'clob'
  | 'blob'
  | 'list'
  | 'sexp'
  | 'struct';

/** A null that has a type, such as `null.int`. The null without one is `null`. */
export class IonNull {
  constructor(readonly type: Exclude<IonTypeName, 'null'>) {}
}

/** An Ion float: 64 bits, `NaN` and the infinities included. */
export class IonFloat {
  constructor(readonly value: number) {}
}

/** An Ion symbol. `text` is `null` if the symbol table does not tell it (`$0`). */
export class IonSymbol {
  constructor(readonly text: string | null) {}
}

/** An Ion clob: text in an encoding that Ion does not know. */
export class IonClob {
  constructor(readonly bytes: Uint8Array) {}
}

/** An Ion S-expression. */
export class IonSexp {
  constructor(readonly items: readonly IonValue[]) {}
}

/** A value with its annotations, of which there is at least one; the value itself has none. */
export class IonAnnotated {
  constructor(
    /** Texts in their order; `null` where the symbol table does not tell one. */
    readonly annotations: readonly (string | null)[],
    readonly value: Exclude<IonValue, IonAnnotated>,
  ) {}
}

/** A field of a struct: its name and its value. */
export type IonField = readonly [name: string, value: IonValue];

/** A field whose name may be the symbol of unknown text (`$0`): then it is `null`. */
export type IonEntry = readonly [name: string | null, value: IonValue];

/**
 * An Ion struct: fields in their order, several of which may share a name.
 *
 * A struct that was read from bytes is not decoded until it is touched: `get`
 * decodes the field it is asked for and skips the rest, and encoding or hashing
 * it uses its bytes.
 *
 * @example
 * ```ts
 * const vehicle = IonStruct.of([
 *   ['VIN', '1N4AL11D75C109151'],
 *   ['Year', 2011],
 * ]);
 * vehicle.get('Year'); // 2011
 * vehicle.get('Color'); // undefined
 * ```
 */
export abstract class IonStruct {
  /**
   * The struct as a whole Ion binary, once there is one.
   * @internal
   */
  binary: Uint8Array | undefined = undefined;
  /**
   * The struct's Ion Hash, once it was asked for.
   * @internal
   */
  digest: Uint8Array | undefined = undefined;
  #fields: readonly IonField[] | undefined;

  /** A struct of these fields; a name may come more than once. */
  static of(entries: Iterable<IonEntry>): IonStruct {
    return new EntriesStruct([...entries]);
  }

  /**
   * Bytes of its fields in the Ion binary that it was read from, if it was.
   * @internal
   */
  get encodedLength(): number | undefined {
    return undefined;
  }

  /** Value of the first field with this name, or `undefined`. */
  abstract get(name: string): IonValue | undefined;

  /** Whether there is a field with this name. */
  abstract has(name: string): boolean;

  /** Number of fields. */
  abstract get size(): number;

  /** All fields in their order, those with a name of unknown text as well. */
  abstract entries(): readonly IonEntry[];

  /**
   * All fields in their order.
   *
   * @throws IonConversionError if a name has no known text (`$0`), which only
   * Ion with imported symbol tables can bring about; {@link entries} has them.
   */
  fields(): readonly IonField[] {
    return (this.#fields ??= named(this.entries()));
  }

  [Symbol.iterator](): IterableIterator<IonField> {
    return this.fields()[Symbol.iterator]();
  }

  /** What `console.log` shows. */
  [Symbol.for('nodejs.util.inspect.custom')](
    depth: number,
    options: object,
    inspect: (value: unknown, options: object) => string,
  ): string {
    if (depth < 0) return '[IonStruct]';
    const fields = this.entries().map(
      ([name, value]) =>
        `${name ?? '$0'}: ${inspect(value, { ...options, depth: depth - 1 })}`,
    );
    return `IonStruct { ${fields.join(', ')} }`;
  }
}

/** From how many fields on a struct keeps a map of their names. */
const INDEX_FROM = 9;

class EntriesStruct extends IonStruct {
  readonly #entries: readonly IonEntry[];
  #byName: Map<string | null, IonValue> | undefined;

  constructor(entries: readonly IonEntry[]) {
    super();
    this.#entries = entries;
  }

  override get(name: string): IonValue | undefined {
    if (this.#entries.length >= INDEX_FROM) return this.#index().get(name);
    for (const entry of this.#entries) {
      if (entry[0] === name) return entry[1];
    }
    return undefined;
  }

  override has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  override get size(): number {
    return this.#entries.length;
  }

  override entries(): readonly IonEntry[] {
    return this.#entries;
  }

  #index(): Map<string | null, IonValue> {
    if (this.#byName === undefined) {
      this.#byName = new Map();
      for (const [name, value] of this.#entries) {
        if (!this.#byName.has(name)) this.#byName.set(name, value);
      }
    }
    return this.#byName;
  }
}

function named(entries: readonly IonEntry[]): readonly IonField[] {
  for (const [name] of entries) knownText(name);
  return entries as readonly IonField[];
}
