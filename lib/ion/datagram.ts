import {
  Cursor,
  L_NULL,
  T_ANNOTATION,
  T_LIST,
  T_POSITIVE_INT,
  T_STRING,
  T_STRUCT,
  T_SYMBOL,
} from './cursor.js';
import {
  SID_ION_SYMBOL_TABLE,
  SID_IMPORTS,
  SID_MAX_ID,
  SID_NAME,
  SID_SYMBOLS,
  SymbolTable,
  SYSTEM_TABLE,
} from './symbol-table.js';
import { cachedTable, cacheTable } from './symbol-table-cache.js';

/** Most symbols that the imports of one symbol table may claim together. */
const MAX_IMPORTED = 2 ** 31 - 1;

/**
 * The top level of Ion binary: version markers, symbol tables and padding are
 * read on the way to the next value.
 */
export class Datagram {
  readonly cursor: Cursor;
  /** The symbol table in force for the value that {@link next} found. */
  table: SymbolTable = SYSTEM_TABLE;
  /** End of the bytes. */
  readonly end: number;
  /** Where the version marker stands that the next value is the first behind. */
  marker: number | undefined = undefined;

  /**
   * @param table - of bytes that go on in the middle of a stream: the symbol table in force there
   */
  constructor(bytes: Uint8Array, table?: SymbolTable) {
    this.cursor = new Cursor(bytes);
    this.end = bytes.length;
    if (table) this.table = table;
    else if (this.end > 0 && !this.#versionMarker()) {
      this.cursor.fail('it does not begin with the version marker E0 01 00 EA');
    }
  }

  /** A datagram of exactly one value, with the cursor before it. */
  static single(bytes: Uint8Array): Datagram {
    const datagram = new Datagram(bytes);
    const { cursor, end } = datagram;
    if (!datagram.next()) cursor.fail('there is no value');
    const start = cursor.pos;
    cursor.head(end);
    cursor.pos = cursor.valueEnd;
    const { table } = datagram;
    if (cursor.pos < end && datagram.next()) {
      cursor.fail('there is more than one value');
    }
    datagram.table = table;
    cursor.pos = start;
    return datagram;
  }

  /** Goes to the next value; `false` at the end. */
  next(): boolean {
    const { cursor, end } = this;
    while (cursor.pos < end) {
      const start = cursor.pos;
      if (this.#versionMarker()) continue;
      cursor.head(end);
      if (cursor.isPadding) {
        cursor.pos = cursor.valueEnd;
        continue;
      }
      if (cursor.type !== T_ANNOTATION || !this.#symbolTable(start)) {
        cursor.pos = start;
        return true;
      }
    }
    return false;
  }

  #versionMarker(): boolean {
    const { cursor, end } = this;
    const { bytes, pos } = cursor;
    if (bytes[pos] !== 0xe0) return false;
    if (pos + 4 > end || bytes[pos + 3] !== 0xea) {
      cursor.fail('a version marker is not E0 01 00 EA');
    }
    if (bytes[pos + 1] !== 1 || bytes[pos + 2] !== 0) {
      cursor.fail('its version is not Ion 1.0');
    }
    cursor.pos = pos + 4;
    this.marker = pos;
    this.table = SYSTEM_TABLE;
    return true;
  }

  /** Reads the annotated value whose head is read, if it is a symbol table. */
  #symbolTable(start: number): boolean {
    const { cursor } = this;
    const { valueEnd: end, bytes } = cursor;
    let isTable = false;
    const cached = cachedTable(bytes, start, end);
    if (cached) {
      this.table = cached;
      cursor.pos = end;
      return true;
    }
    let index = 0;
    cursor.annotations(end, (sid) => {
      if (index++ === 0) isTable = sid === SID_ION_SYMBOL_TABLE;
    });
    if (!isTable || cursor.type !== T_STRUCT || cursor.low === L_NULL) {
      return false;
    }
    const appended = this.#readTable(cursor.valueEnd);
    if (!appended) cacheTable(bytes, start, end, this.table);
    cursor.pos = end;
    return true;
  }

  /** Reads the fields of a symbol table. Tells whether it adds to the one before it. */
  #readTable(end: number): boolean {
    const { cursor } = this;
    let symbols: (string | null)[] | undefined;
    let imported: number | 'append' | undefined;
    while (cursor.pos < end) {
      const start = cursor.pos;
      const sid = cursor.varUInt(end);
      cursor.bareHead(end);
      const { valueEnd } = cursor;
      if (!cursor.isPadding) {
        if (sid === SID_SYMBOLS) {
          if (symbols)
            cursor.fail('a symbol table has two symbols fields', start);
          symbols = this.#readSymbols(valueEnd);
        } else if (sid === SID_IMPORTS) {
          if (imported !== undefined) {
            cursor.fail('a symbol table has two imports fields', start);
          }
          imported = this.#readImports(valueEnd);
        } else this.table.text(sid, start);
      }
      cursor.pos = valueEnd;
    }
    symbols ??= [];
    if (imported === 'append') {
      this.table = this.table.append(symbols);
      return true;
    }
    this.table = SymbolTable.local(imported ?? 0, symbols);
    return false;
  }

  /** The texts of a list of symbols; what is not a string is a symbol without text. */
  #readSymbols(end: number): (string | null)[] {
    const { cursor } = this;
    const { type } = cursor;
    const symbols: (string | null)[] = [];
    if (type !== T_LIST) return symbols;
    while (cursor.pos < end) {
      cursor.bareHead(end);
      const { pos, valueEnd } = cursor;
      if (cursor.type === T_STRING && cursor.low !== L_NULL) {
        symbols.push(cursor.utf8(pos, valueEnd));
      } else if (!cursor.isPadding) symbols.push(null);
      cursor.pos = valueEnd;
    }
    return symbols;
  }

  /** How many symbols are imported, or that the table in force goes on. */
  #readImports(end: number): number | 'append' {
    const { cursor } = this;
    const { type } = cursor;
    if (type === T_SYMBOL && cursor.low !== L_NULL) {
      const sid = cursor.magnitude(cursor.pos, end);
      return sid === SID_ION_SYMBOL_TABLE ? 'append' : 0;
    }
    let imported = 0;
    if (type !== T_LIST) return imported;
    while (cursor.pos < end) {
      cursor.bareHead(end);
      const { valueEnd } = cursor;
      if (cursor.type === T_STRUCT) {
        imported += this.#readImport(valueEnd);
        if (imported > MAX_IMPORTED) cursor.fail('too many imported symbols');
      }
      cursor.pos = valueEnd;
    }
    return imported;
  }

  /** How many symbols one import declares. */
  #readImport(end: number): number {
    const { cursor } = this;
    const start = cursor.pos;
    let name = '';
    let maxId = -1;
    while (cursor.pos < end) {
      const sid = cursor.varUInt(end);
      cursor.bareHead(end);
      const { pos, valueEnd, type } = cursor;
      if (cursor.low !== L_NULL) {
        if (sid === SID_NAME && type === T_STRING) {
          name = cursor.utf8(pos, valueEnd);
        } else if (sid === SID_MAX_ID && type === T_POSITIVE_INT) {
          maxId = Number(cursor.magnitude(pos, valueEnd));
        }
      }
      cursor.pos = valueEnd;
    }
    if (name === '' || name === '$ion') return 0;
    if (maxId < 0) {
      cursor.fail('an imported symbol table does not tell its max_id', start);
    }
    return maxId;
  }
}
