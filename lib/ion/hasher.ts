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
import { Layout } from './layout.js';
import type { SymbolTable } from './symbol-table.js';
import type { TimestampParts } from './timestamp.js';

/**
 * A digest as a string of the characters 0–255. Node makes it four times as
 * fast as a Buffer, and such strings sort as their bytes do.
 */
export type Digest = (bytes: Uint8Array) => string;

/** Marks of the hash's byte stream; in content they are escaped. */
const BEGIN = 0x0b;
const END = 0x0e;
const ESCAPE = 0x0c;

/** Bytes of scratch space that are kept between two values. */
const KEPT_SCRATCH = 1 << 16;

/**
 * Writes the byte stream of Ion Hash for values in Ion binary.
 *
 * The fields of a struct are hashed one by one and their digests sorted, so a
 * document of n fields takes n + 1 digests. Each field is written to the
 * scratch space behind what its struct has written so far, and cleared away
 * once it is hashed.
 */
export class Hasher extends Layout {
  readonly #digest: Digest;
  /** Content that is put into its one form before it is escaped. */
  readonly #content = new Layout(64);

  constructor(digest: Digest) {
    super(KEPT_SCRATCH);
    this.#digest = digest;
  }

  /** Hash of the value at the cursor. */
  hash(cursor: Cursor, limit: number, table: SymbolTable): string {
    try {
      cursor.head(limit);
      this.#value(cursor, table, 0);
      return this.#digestFrom(0);
    } finally {
      this.reset(KEPT_SCRATCH);
    }
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
      return this.#digestFrom(0);
    } finally {
      this.reset(KEPT_SCRATCH);
    }
  }

  /** Digest of what was written from `start` on, which is cleared away. */
  #digestFrom(start: number): string {
    const length = this.pos - start;
    this.pos = start;
    return this.#digest(new Uint8Array(this.bytes.buffer, start, length));
  }

  /** A value whose head is read. */
  #value(cursor: Cursor, table: SymbolTable, depth: number): void {
    const { type, pos: start, valueEnd: end } = cursor;
    if (cursor.low === L_NULL) {
      // There is one null.int, whatever the sign.
      const nullType = type === T_NEGATIVE_INT ? T_POSITIVE_INT : type;
      this.#open((nullType << 4) | L_NULL);
      this.#close();
      return;
    }
    switch (type) {
      case T_NULL:
        return cursor.fail('padding stands where a value should');
      case T_BOOL:
        this.#open((type << 4) | cursor.low);
        break;
      case T_POSITIVE_INT:
      case T_NEGATIVE_INT:
        this.#int(cursor, start, end);
        break;
      case T_FLOAT:
        this.#open(type << 4);
        this.#float(cursor.float());
        break;
      case T_DECIMAL:
        this.#open(type << 4);
        this.#decimal(cursor, end);
        break;
      case T_TIMESTAMP:
        this.#open(type << 4);
        this.#timestamp(cursor.timestamp());
        break;
      case T_SYMBOL:
        this.#symbol(table, Number(cursor.magnitude(start, end)), start);
        cursor.pos = end;
        return;
      case T_STRING:
        this.#open(type << 4);
        this.#string(cursor, start, end);
        break;
      case T_CLOB:
      case T_BLOB:
        this.#open(type << 4);
        this.#escaped(cursor.bytes, start, end);
        break;
      case T_LIST:
      case T_SEXP:
        this.#sequence(cursor, type, end, table, depth);
        return;
      case T_STRUCT:
        this.#struct(cursor, end, table, depth);
        return;
      case T_ANNOTATION:
        this.#open(type << 4);
        cursor.annotations(end, (sid, offset) => {
          this.#symbol(table, sid, offset);
        });
        this.#value(cursor, table, depth);
        break;
    }
    this.#close();
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
    this.#open(type << 4);
    while (cursor.pos < end) {
      cursor.head(end);
      if (cursor.isPadding) cursor.pos = cursor.valueEnd;
      else this.#value(cursor, table, depth + 1);
    }
    this.#close();
  }

  #struct(
    cursor: Cursor,
    end: number,
    table: SymbolTable,
    depth: number,
  ): void {
    checkDepth(cursor, depth);
    this.#open(T_STRUCT << 4);
    const start = this.pos;
    const digests: string[] = [];
    while (cursor.pos < end) {
      const offset = cursor.pos;
      const sid = cursor.varUInt(end);
      cursor.head(end);
      if (cursor.isPadding) {
        cursor.pos = cursor.valueEnd;
        continue;
      }
      this.#symbol(table, sid, offset);
      this.#value(cursor, table, depth + 1);
      digests.push(this.#digestFrom(start));
    }
    this.#escapedText(digests.sort().join(''));
    this.#close();
  }

  #int(cursor: Cursor, start: number, end: number): void {
    const { bytes, type } = cursor;
    let first = start;
    while (first < end && bytes[first] === 0) first++;
    if (first === end && type === T_NEGATIVE_INT) {
      cursor.fail('an int is minus zero', start);
    }
    this.#open(type << 4);
    this.#escaped(bytes, first, end);
  }

  #float(value: number): void {
    if (Object.is(value, 0)) return;
    const content = this.#content;
    content.reset();
    content.float64(value);
    this.#escaped(content.bytes, 0, content.pos);
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
    this.#escaped(content.bytes, 0, content.pos);
  }

  #timestamp(t: TimestampParts): void {
    const content = this.#content;
    content.reset();
    content.timestamp(t);
    this.#escaped(content.bytes, 0, content.pos);
  }

  /** A string's bytes, which must be UTF-8. */
  #string(cursor: Cursor, start: number, end: number): void {
    if (this.#escaped(cursor.bytes, start, end) >= 0x80) {
      cursor.utf8(start, end);
    }
  }

  #symbol(table: SymbolTable, sid: number, offset: number): void {
    const known = table.hashed[sid];
    if (known !== undefined) return this.raw(known);
    const text = table.text(sid, offset);
    const start = this.pos;
    this.#open((T_SYMBOL << 4) | (text === null ? 1 : 0));
    if (text !== null) {
      const bytes = Buffer.from(text);
      this.#escaped(bytes, 0, bytes.length);
    }
    this.#close();
    if (text !== null) {
      table.hashed[sid] = Uint8Array.from(this.bytes.subarray(start, this.pos));
    }
  }

  #open(typeQualifier: number): void {
    this.reserve(2);
    this.bytes[this.pos++] = BEGIN;
    this.bytes[this.pos++] = typeQualifier;
  }

  #close(): void {
    this.byte(END);
  }

  /** Appends content. Returns all its bytes or-ed. */
  #escaped(content: Uint8Array, start: number, end: number): number {
    this.reserve(2 * (end - start));
    const { bytes } = this;
    let { pos } = this;
    let all = 0;
    for (let i = start; i < end; i++) {
      const byte = content[i];
      all |= byte;
      if (byte <= END && (byte === BEGIN || byte === END || byte === ESCAPE)) {
        bytes[pos++] = ESCAPE;
      }
      bytes[pos++] = byte;
    }
    this.pos = pos;
    return all;
  }

  /** Appends characters 0–255 as bytes of content. */
  #escapedText(text: string): void {
    const { length } = text;
    // They are put down as far ahead as escaping can move them, and then read again.
    this.reserve(2 * length);
    const ahead = this.pos + length;
    this.bytes.write(text, ahead, 'latin1');
    this.#escaped(this.bytes, ahead, ahead + length);
  }
}

function checkDepth(cursor: Cursor, depth: number): void {
  if (depth >= MAX_DEPTH) cursor.tooDeep();
}
