import {
  type Cursor,
  L_NULL,
  MAX_DEPTH,
  T_ANNOTATION,
  T_BLOB,
  T_BOOL,
  T_CLOB,
  T_DECIMAL,
  T_FLOAT,
  T_LIST,
  T_NEGATIVE_INT,
  T_NULL,
  T_POSITIVE_INT,
  T_SEXP,
  T_STRING,
  T_STRUCT,
  T_SYMBOL,
  T_TIMESTAMP,
} from './cursor.js';
import { HashLayout, KEPT_SCRATCH } from './hash-layout.js';
import { KnownDigests } from './known-digests.js';
import { Layout } from './layout.js';
import { rememberedTexts } from './remembered-texts.js';
import type { SymbolTable } from './symbol-table.js';
import type { TimestampParts } from './timestamp.js';

/** So many elements of a list are hashed in one go. */
const PART = 64;
/** So many structs of a symbol table are hashed before their digests are remembered. */
const FIRST_STRUCTS = 8;
/** So many digests are remembered at most: some 4 MB. */
const MOST_KNOWN = 1 << 14;
/** Longer values hardly ever come again. */
const LONGEST_KNOWN = 40;

/**
 * Writes the byte stream of Ion Hash for values in Ion binary.
 *
 * The fields of a struct are hashed one by one and their digests sorted, so a
 * document of n fields takes n + 1 digests. Each field is written to the
 * scratch space behind what its struct has written so far, and cleared away
 * once it is hashed. Of fields that come again and again with the same value (a
 * colour, a year) the digest is remembered.
 */
export class Hasher extends HashLayout {
  #digests = new WeakMap<SymbolTable, KnownDigests>();
  /** How many digests are remembered. */
  #remembered = 0;
  /** Content that is put into its one form before it is escaped. */
  readonly #content = new Layout(64);

  /** Hash of the value at the cursor. */
  hash(cursor: Cursor, limit: number, table: SymbolTable): string {
    try {
      cursor.head(limit);
      this.#value(cursor, table, 0);
      return this.digestFrom(0);
    } finally {
      this.reset(KEPT_SCRATCH);
    }
  }

  /**
   * Hash of the value at the cursor, with a stop after some of the elements of a
   * long list. A hasher is good for one of them: it keeps what it has so far.
   */
  *hashInParts(
    cursor: Cursor,
    limit: number,
    table: SymbolTable,
  ): Generator<undefined, string, undefined> {
    cursor.head(limit);
    const { type, valueEnd: end } = cursor;
    if (cursor.low === L_NULL || (type !== T_LIST && type !== T_SEXP))
      this.#value(cursor, table, 0);
    else {
      this.begin(type << 4);
      for (let count = 1; cursor.pos < end; count++) {
        cursor.head(end);
        if (cursor.isPadding) cursor.pos = cursor.valueEnd;
        else this.#value(cursor, table, 1);
        if (count % PART === 0) yield;
      }
      this.end();
    }
    return this.digestFrom(0);
  }

  /** Hash of the struct whose content begins at the cursor. */
  hashStruct(
    cursor: Cursor,
    end: number,
    table: SymbolTable,
    depth: number,
  ): string {
    try {
      this.#struct(cursor, end, table, depth);
      return this.digestFrom(0);
    } finally {
      this.reset(KEPT_SCRATCH);
    }
  }

  /** A value whose head is read. */
  #value(cursor: Cursor, table: SymbolTable, depth: number): void {
    const { type, pos: start, valueEnd: end } = cursor;
    if (cursor.low === L_NULL) {
      // There is one null.int, whatever the sign.
      const nullType = type === T_NEGATIVE_INT ? T_POSITIVE_INT : type;
      this.begin((nullType << 4) | L_NULL);
      this.end();
      return;
    }
    switch (type) {
      case T_NULL:
        return cursor.fail('padding stands where a value should');
      case T_BOOL:
        this.begin((type << 4) | cursor.low);
        break;
      case T_POSITIVE_INT:
      case T_NEGATIVE_INT:
        this.#int(cursor, start, end);
        break;
      case T_FLOAT:
        this.begin(type << 4);
        this.#float(cursor.float());
        break;
      case T_DECIMAL:
        this.begin(type << 4);
        this.#decimal(cursor, end);
        break;
      case T_TIMESTAMP:
        this.begin(type << 4);
        this.#timestamp(cursor.timestamp());
        break;
      case T_SYMBOL:
        this.#symbol(table, Number(cursor.magnitude(start, end)), start);
        cursor.pos = end;
        return;
      case T_STRING:
        this.begin(type << 4);
        this.#string(cursor, start, end);
        break;
      case T_CLOB:
      case T_BLOB:
        this.begin(type << 4);
        this.escaped(cursor.bytes, start, end);
        break;
      case T_LIST:
      case T_SEXP:
        this.#sequence(cursor, type, end, table, depth);
        return;
      case T_STRUCT:
        this.#struct(cursor, end, table, depth);
        return;
      case T_ANNOTATION:
        this.begin(type << 4);
        cursor.annotations(end, (sid, offset) => {
          this.#symbol(table, sid, offset);
        });
        this.#value(cursor, table, depth);
        break;
    }
    this.end();
    cursor.pos = end;
  }

  #sequence(
    cursor: Cursor,
    type: number,
    end: number,
    table: SymbolTable,
    depth: number,
  ): void {
    checkDepth(cursor, depth);
    this.begin(type << 4);
    while (cursor.pos < end) {
      cursor.head(end);
      if (cursor.isPadding) cursor.pos = cursor.valueEnd;
      else this.#value(cursor, table, depth + 1);
    }
    this.end();
  }

  #struct(
    cursor: Cursor,
    end: number,
    table: SymbolTable,
    depth: number,
  ): void {
    checkDepth(cursor, depth);
    this.begin(T_STRUCT << 4);
    const start = this.pos;
    const digests: string[] = [];
    const known = this.#known(table);
    while (cursor.pos < end) {
      const offset = cursor.pos;
      const sid = cursor.varUInt(end);
      cursor.head(end);
      if (cursor.isPadding) {
        cursor.pos = cursor.valueEnd;
        continue;
      }
      const field =
        cursor.valueEnd - cursor.headStart <= LONGEST_KNOWN &&
        // So few bytes cannot nest deeper than this.
        depth + LONGEST_KNOWN < MAX_DEPTH
          ? known?.of(sid)
          : undefined;
      const key =
        field &&
        cursor.buffer.toString('latin1', cursor.headStart, cursor.valueEnd);
      const digest = key === undefined ? undefined : field?.get(key);
      if (digest !== undefined) {
        digests.push(digest);
        cursor.pos = cursor.valueEnd;
        continue;
      }
      this.#symbol(table, sid, offset);
      this.#value(cursor, table, depth + 1);
      digests.push(this.digestFrom(start));
      if (key !== undefined && field?.set(key, digests[digests.length - 1]))
        this.#remembered++;
    }
    this.escapedText(digests.sort().join(''));
    this.end();
  }

  /** Digests of fields in structs of one symbol table, if there are many such structs. */
  #known(table: SymbolTable): KnownDigests | undefined {
    if (++table.structsHashed <= FIRST_STRUCTS) return undefined;
    if (this.#remembered > MOST_KNOWN) {
      this.#digests = new WeakMap();
      this.#remembered = 0;
    }
    let known = this.#digests.get(table);
    if (known === undefined) {
      known = new KnownDigests();
      this.#digests.set(table, known);
    }
    return known;
  }

  #int(cursor: Cursor, start: number, end: number): void {
    const { bytes, type } = cursor;
    let first = start;
    while (first < end && bytes[first] === 0) first++;
    if (first === end && type === T_NEGATIVE_INT) {
      cursor.fail('an int is minus zero', start);
    }
    this.begin(type << 4);
    this.escaped(bytes, first, end);
  }

  #float(value: number): void {
    if (Object.is(value, 0)) return;
    const content = this.#content;
    content.reset();
    content.float64(value);
    this.escaped(content.bytes, 0, content.pos);
  }

  #decimal(cursor: Cursor, end: number): void {
    if (cursor.pos === end) return;
    const exponent = cursor.exponent(end);
    const negative = cursor.negative(end);
    const magnitude = cursor.signedMagnitude(end);
    if (exponent === 0 && magnitude === 0 && !negative) return;
    const content = this.#content;
    content.reset();
    content.varInt(exponent);
    content.signed(magnitude, negative);
    this.escaped(content.bytes, 0, content.pos);
  }

  #timestamp(t: TimestampParts): void {
    const content = this.#content;
    content.reset();
    content.timestamp(t);
    this.escaped(content.bytes, 0, content.pos);
  }

  /** A string's bytes, which must be UTF-8. */
  #string(cursor: Cursor, start: number, end: number): void {
    if (this.escaped(cursor.bytes, start, end) >= 0x80) {
      cursor.utf8(start, end);
    }
  }

  #symbol(table: SymbolTable, sid: number, offset: number): void {
    const known = table.hashed[sid];
    if (known !== undefined) return this.raw(known);
    const text = table.text(sid, offset);
    if (text !== null) {
      this.raw((table.hashed[sid] = symbols(text)));
      return;
    }
    this.begin((T_SYMBOL << 4) | 1);
    this.end();
  }
}

class SymbolLayout extends HashLayout {
  /** A symbol as it stands in the byte stream. */
  of(text: string): Uint8Array {
    this.reset();
    this.begin(T_SYMBOL << 4);
    const bytes = Buffer.from(text);
    this.escaped(bytes, 0, bytes.length);
    this.end();
    return Uint8Array.from(this.bytes.subarray(0, this.pos));
  }
}

const symbolLayout = new SymbolLayout(() => '');

/** The same names stand in many symbol tables. */
const symbols = rememberedTexts((text) => symbolLayout.of(text));

function checkDepth(cursor: Cursor, depth: number): void {
  if (depth >= MAX_DEPTH) cursor.tooDeep();
}
