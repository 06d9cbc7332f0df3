import { T_ANNOTATION, T_LIST, T_STRING, T_STRUCT } from './cursor.js';
import { Layout, varUIntLength } from './layout.js';
import { FIRST_LOCAL_SID, SYSTEM_TABLE } from './symbol-table.js';

/** Finds text that has no UTF-8 form. */
export const LONE_SURROGATE = /\p{Surrogate}/u;

/** A symbol that was met, in this value or in one before it. */
interface KnownSymbol {
  /** The text as an Ion string, as it stands in a symbol table. */
  readonly string: Uint8Array;
  /** Its SID in the value of number `round`. */
  sid: number;
  round: number;
}

/** The round of the symbols that have a SID always. */
const ALWAYS = -1;
/** Symbols are forgotten when their texts take more than this together. */
const MAX_KNOWN_LENGTH = 1 << 20;

const VERSION_MARKER = Uint8Array.of(0xe0, 0x01, 0x00, 0xea);
const EMPTY = new Uint8Array(0);

/**
 * Symbol tables in the making, for one value after another. Values that follow
 * one another mostly use the same names, so what is known of a name is kept,
 * and so is the last table.
 */
export class LocalSymbols {
  #round = 0;
  #known = new Map<string, KnownSymbol>();
  #knownLength = 0;
  /** The symbols of this value in the order of their SIDs. */
  #symbols: KnownSymbol[] = [];
  #lastSymbols: readonly KnownSymbol[] = [];
  #lastTable: Uint8Array = EMPTY;
  readonly #scratch = new Layout();

  constructor() {
    this.#forget();
  }

  /** Begins the symbol table of another value. */
  begin(): void {
    this.#round++;
    this.#symbols = [];
    if (this.#knownLength > MAX_KNOWN_LENGTH) this.#forget();
  }

  /** SID of a text; -1 if it holds a lone surrogate. */
  sid(text: string): number {
    const known = this.#known.get(text) ?? this.#learn(text);
    if (known === undefined) return -1;
    if (known.round !== this.#round && known.round !== ALWAYS) {
      known.round = this.#round;
      known.sid = FIRST_LOCAL_SID + this.#symbols.length;
      this.#symbols.push(known);
    }
    return known.sid;
  }

  /** What stands before the value: the version marker, and the table if there are symbols. */
  table(): Uint8Array {
    const symbols = this.#symbols;
    if (symbols.length === 0) return VERSION_MARKER;
    const last = this.#lastSymbols;
    if (
      last.length === symbols.length &&
      symbols.every((symbol, i) => symbol === last[i])
    ) {
      return this.#lastTable;
    }
    this.#lastSymbols = symbols;
    const scratch = this.#scratch;
    scratch.reset();
    layOut(symbols, scratch);
    this.#lastTable = Buffer.from(scratch.bytes.subarray(0, scratch.pos));
    return this.#lastTable;
  }

  #learn(text: string): KnownSymbol | undefined {
    if (LONE_SURROGATE.test(text)) return undefined;
    const scratch = this.#scratch;
    scratch.reset();
    const bytes = Buffer.from(text);
    scratch.header(T_STRING, bytes.length);
    scratch.raw(bytes);
    const known: KnownSymbol = {
      string: Buffer.from(scratch.bytes.subarray(0, scratch.pos)),
      sid: 0,
      round: 0,
    };
    this.#known.set(text, known);
    this.#knownLength += text.length;
    return known;
  }

  #forget(): void {
    this.#known = new Map();
    this.#knownLength = 0;
    this.#lastSymbols = [];
    this.#lastTable = EMPTY;
    SYSTEM_TABLE.texts.forEach((text, sid) => {
      if (text === null) return;
      this.#known.set(text, { string: EMPTY, sid, round: ALWAYS });
    });
  }
}

function layOut(symbols: readonly KnownSymbol[], table: Layout): void {
  const list = symbols.reduce((sum, { string }) => sum + string.length, 0);
  const struct = 1 + headerLength(list) + list;
  table.raw(VERSION_MARKER);
  table.header(T_ANNOTATION, 2 + headerLength(struct) + struct);
  table.byte(0x81); // the annotations take one byte:
  table.byte(0x83); // $ion_symbol_table
  table.header(T_STRUCT, struct);
  table.byte(0x87); // symbols
  table.header(T_LIST, list);
  for (const { string } of symbols) table.raw(string);
}

function headerLength(length: number): number {
  return length < 14 ? 1 : 1 + varUIntLength(length);
}
