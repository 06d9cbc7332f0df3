import { IonBinaryError } from './errors.js';

/** Symbols that every table begins with; SID 0 is the symbol of unknown text. */
const SYSTEM_SYMBOLS: readonly (string | null)[] = [
  null,
  '$ion',
  '$ion_1_0',
  '$ion_symbol_table',
  'name',
  'version',
  'imports',
  'symbols',
  'max_id',
  '$ion_shared_symbol_table',
];

/** SIDs with a meaning to the reader. */
export const SID_ION_SYMBOL_TABLE = 3;
export const SID_NAME = 4;
export const SID_IMPORTS = 6;
export const SID_SYMBOLS = 7;
export const SID_MAX_ID = 8;
/** The first SID that a local symbol table can give. */
export const FIRST_LOCAL_SID = 10;

/**
 * The symbol table in force for a stretch of Ion binary. Imported symbols have
 * no text here, because there is no catalog of shared symbol tables.
 *
 * Tables are shared between all binaries that carry the same one (the rows of
 * one table of a ledger do), so what is worked out per table is worked out
 * once: see {@link sidOf} and {@link hashed}.
 */
export class SymbolTable {
  /** One more than the highest SID. */
  readonly limit: number;
  /** How many structs with its symbols were hashed; counted by the hasher. */
  structsHashed = 0;
  /** Ion Hash form of a symbol by its SID; filled by the hasher. */
  readonly hashed: (Uint8Array | undefined)[] = [];
  #sids: Map<string, number> | undefined;

  private constructor(
    /** Texts by SID, as if nothing were imported; shared, so only the first `count` are this table's. */
    readonly texts: (string | null)[],
    readonly count: number,
    /** How many SIDs the imports take, directly after the system symbols. */
    readonly imported: number,
    /** Whether `__proto__` is among the texts; such a field cannot be assigned, only defined. */
    readonly hasProto: boolean,
  ) {
    this.limit = count + imported;
  }

  /** The lowest SID with this text, or -1. */
  sidOf(text: string): number {
    return this.#index().get(text) ?? -1;
  }

  /** Whether two SIDs may have the same text. */
  get hasDuplicates(): boolean {
    return this.#index().size < this.count - 1;
  }

  #index(): Map<string, number> {
    if (this.#sids === undefined) {
      this.#sids = new Map();
      for (let i = this.count - 1; i > 0; i--) {
        const text = this.texts[i];
        if (text === null) continue;
        this.#sids.set(text, i < FIRST_LOCAL_SID ? i : i + this.imported);
      }
    }
    return this.#sids;
  }

  /** The text of a SID that stands at `offset`; `null` if it is unknown. */
  text(sid: number, offset: number): string | null {
    if (sid >= this.limit) {
      throw new IonBinaryError(
        `symbol ID ${sid} is beyond the symbol table`,
        offset,
      );
    }
    if (this.imported === 0 || sid < FIRST_LOCAL_SID) {
      return this.texts[sid];
    }
    const local = sid - this.imported;
    return local < FIRST_LOCAL_SID ? null : this.texts[local];
  }

  /**
   * This table with more symbols. The texts are appended to the same array as
   * long as nobody else did so, which keeps a stream of many small additions
   * linear.
   */
  append(symbols: readonly (string | null)[]): SymbolTable {
    const texts =
      this !== SYSTEM_TABLE && this.texts.length === this.count
        ? this.texts
        : this.texts.slice(0, this.count);
    for (const symbol of symbols) texts.push(symbol);
    return new SymbolTable(
      texts,
      texts.length,
      this.imported,
      this.hasProto || symbols.includes('__proto__'),
    );
  }

  /** A table of the system symbols, `imported` symbols of unknown text, and these. */
  static local(
    imported: number,
    symbols: readonly (string | null)[],
  ): SymbolTable {
    const texts = [...SYSTEM_SYMBOLS, ...symbols];
    return new SymbolTable(
      texts,
      texts.length,
      imported,
      symbols.includes('__proto__'),
    );
  }
}

/** The table in force after a version marker. */
export const SYSTEM_TABLE = SymbolTable.local(0, []);
