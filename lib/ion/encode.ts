import { types } from 'node:util';
import type { Decimal, dom, Timestamp } from 'ion-js';
import {
  Cursor,
  L_NULL,
  MAX_DEPTH,
  MAX_EXPONENT,
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
import { BinaryStruct } from './decode.js';
import { IonConversionError } from './errors.js';
import {
  isDecimal,
  isDomValue,
  isPlainElsewhere,
  isTimestamp,
  typeName,
} from './javascript-types.js';
import { Layout } from './layout.js';
import { LocalSymbols, LONE_SURROGATE } from './local-symbols.js';
import type { SymbolTable } from './symbol-table.js';
import { fromDate, fromTimestamp, MAX_FRACTION_DIGITS } from './timestamp.js';
import {
  IonAnnotated,
  IonClob,
  IonFloat,
  IonNull,
  IonSexp,
  IonStruct,
  IonSymbol,
  type IonTypeName,
  type IonValue,
} from './value.js';

/**
 * A value as Ion binary: version marker, symbol table if it needs one, value.
 *
 * A struct that was read whole from Ion binary gives back those bytes; one that
 * was made here keeps its bytes for the next time.
 *
 * @throws IonConversionError if something in it is no {@link IonValue}.
 */
export function encodeIon(value: IonValue): Uint8Array {
  if (!(value instanceof IonStruct)) return encode(value, true);
  return (value.binary ??= encode(value, true));
}

/**
 * A struct as Ion binary that is the same whatever it stood in before: of the
 * bytes that it was read from, the symbol table and padding are left behind.
 */
export function encodeAlone(struct: IonStruct): Uint8Array {
  return struct instanceof BinaryStruct
    ? encode(struct, true)
    : encodeIon(struct);
}

/**
 * JavaScript (see {@link toIonBinary} for what is taken) as Ion binary. With
 * `strict`, as the value model has it: a number is an int.
 */
export function encode(value: unknown, strict: boolean): Uint8Array {
  // A getter of the value may come back here while the encoder is at work.
  if (busy) return new Encoder().encode(value, strict);
  busy = true;
  try {
    return encoder.encode(value, strict);
  } finally {
    busy = false;
  }
}

/** Type codes by name, and those of the nulls. */
const TYPE_CODES: Readonly<Record<IonTypeName, number>> = {
  null: T_NULL,
  bool: T_BOOL,
  int: T_POSITIVE_INT,
  float: T_FLOAT,
  decimal: T_DECIMAL,
  timestamp: T_TIMESTAMP,
  symbol: T_SYMBOL,
  string: T_STRING,
  clob: T_CLOB,
  blob: T_BLOB,
  list: T_LIST,
  sexp: T_SEXP,
  struct: T_STRUCT,
};

/** Bytes of scratch space that are kept between two values. */
const KEPT_SCRATCH = 1 << 16;
/** Strings up to this length are written character by character. */
const SHORT_STRING = 48;
const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/** Writes JavaScript values and Ion values as Ion binary, one after another. */
export class Encoder extends Layout {
  #strict = false;
  protected readonly symbols = new LocalSymbols();
  /** Objects that are being written, one in the other, and the keys that lead on from them. */
  readonly #ancestors: object[] = [];
  /** In how many containers besides these the value stands. */
  protected depth = 0;
  readonly #path: (string | number)[] = [];
  /** SIDs here by SIDs there, for the symbol tables of structs that are copied. */
  readonly #copied = new Map<SymbolTable, number[]>();

  constructor() {
    super(KEPT_SCRATCH);
  }

  encode(value: unknown, strict: boolean): Uint8Array {
    this.#strict = strict;
    this.symbols.begin();
    try {
      this.value(value);
      return this.finish();
    } finally {
      this.forget();
    }
  }

  /** What was written, behind the symbol table that it needs. */
  protected finish(): Uint8Array {
    const table = this.symbols.table();
    const binary = Buffer.allocUnsafe(table.length + this.pos);
    binary.set(table);
    this.bytes.copy(binary, table.length, 0, this.pos);
    return binary;
  }

  /** Lets go of what the last value needed. */
  protected forget(): void {
    this.reset(KEPT_SCRATCH);
    this.#ancestors.length = 0;
    this.#copied.clear();
  }

  /** SID of a text in the symbol table of this value. */
  protected sid(text: string): number {
    const sid = this.symbols.sid(text);
    return sid < 0 ? this.#refuse('a name with a lone surrogate') : sid;
  }

  // Values

  protected value(value: unknown): void {
    switch (typeof value) {
      case 'string':
        return this.string(value);
      case 'number':
        return this.#number(value);
      case 'boolean':
        return this.byte(value ? 0x11 : 0x10);
      case 'bigint':
        return this.int(value);
      case 'object':
        return value === null ? this.byte(0x0f) : this.#object(value);
      case 'undefined':
      case 'function':
      case 'symbol':
        return this.#refuse(typeName(value));
    }
  }

  #number(value: number): void {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
      this.int(value);
    } else if (this.#strict) {
      this.#refuse('a number that is no safe integer (use IonFloat or bigint)');
    } else {
      this.#float(value);
    }
  }

  protected int(value: number | bigint): void {
    const type = value < 0 ? T_NEGATIVE_INT : T_POSITIVE_INT;
    const magnitude = value < 0 ? -value : value;
    this.#measured(type, () => this.magnitude(magnitude));
  }

  #float(value: number): void {
    if (Object.is(value, 0)) return this.byte(0x40);
    this.byte(0x48);
    this.float64(value);
  }

  protected string(text: string): void {
    const { length } = text;
    if (length <= SHORT_STRING) {
      const ascii = length < 14 ? 1 : 2;
      this.reserve(ascii + length);
      const { bytes } = this;
      let pos = this.pos + ascii;
      let i = 0;
      for (; i < length; i++) {
        const code = text.charCodeAt(i);
        if (code >= 0x80) break;
        bytes[pos++] = code;
      }
      if (i === length) {
        this.header(T_STRING, length);
        this.pos = pos;
        return;
      }
    }
    const size = Buffer.byteLength(text);
    if (size !== length && LONE_SURROGATE.test(text)) {
      this.#refuse('a string with a lone surrogate');
    }
    this.header(T_STRING, size);
    this.reserve(size);
    this.bytes.write(text, this.pos, size);
    this.pos += size;
  }

  #symbol(text: string | null): void {
    this.#symbolId(text === null ? 0 : this.sid(text));
  }

  #symbolId(sid: number): void {
    this.#measured(T_SYMBOL, () => this.magnitude(sid));
  }

  protected lob(type: number, bytes: Uint8Array): void {
    this.header(type, bytes.length);
    this.raw(bytes);
  }

  #decimal(value: Decimal): void {
    const coefficient = value.getCoefficient();
    const exponent = value.getExponent();
    const negative = value.isNegative();
    if (Math.abs(exponent) > MAX_EXPONENT) {
      this.#refuse('a decimal with an exponent beyond 32 bits');
    }
    if (coefficient === 0n && exponent === 0 && !negative) {
      return this.byte(0x50);
    }
    this.#measured(T_DECIMAL, () => {
      this.varInt(exponent);
      this.signed(coefficient < 0n ? -coefficient : coefficient, negative);
    });
  }

  protected date(value: Date): void {
    const parts = fromDate(value);
    if (parts === undefined) {
      return this.#refuse(
        'an invalid Date, or one outside the years 1 to 9999',
      );
    }
    this.#measured(T_TIMESTAMP, () => this.timestamp(parts));
  }

  #timestamp(value: Timestamp): void {
    const parts = fromTimestamp(value);
    if (parts.exponent < -MAX_FRACTION_DIGITS) {
      this.#refuse(
        `a timestamp with more than ${MAX_FRACTION_DIGITS} fraction digits`,
      );
    }
    this.#measured(T_TIMESTAMP, () => this.timestamp(parts));
  }

  /** A value that is mostly short, whose length is known when its content is written. */
  #measured(type: number, content: () => void): void {
    const start = this.open(0);
    content();
    this.close(start, 0, type);
  }

  #object(value: object): void {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) {
      return this.#plain(value as Readonly<Record<string, unknown>>);
    }
    if (prototype === Array.prototype) {
      return this.#list(value, T_LIST, value as readonly unknown[]);
    }
    if (value instanceof IonStruct) return this.struct(value);
    // Values of the ion-js DOM extend Array, Date, Uint8Array …: they come first.
    if (isDomValue(value)) return this.#dom(value);
    if (types.isDate(value)) return this.date(value);
    if (types.isUint8Array(value)) return this.lob(T_BLOB, value);
    if (types.isMap(value)) return this.#map(value);
    if (Array.isArray(value)) return this.#list(value, T_LIST, value);
    if (isDecimal(value)) return this.#decimal(value);
    if (isTimestamp(value)) return this.#timestamp(value);
    if (value instanceof IonFloat) return this.#float(value.value);
    if (value instanceof IonSymbol) return this.#symbol(value.text);
    if (value instanceof IonNull) return this.#null(value.type);
    if (value instanceof IonClob) return this.lob(T_CLOB, value.bytes);
    if (value instanceof IonSexp) return this.#list(value, T_SEXP, value.items);
    if (value instanceof IonAnnotated) {
      return this.#annotated(value.annotations, () => this.value(value.value));
    }
    if (isPlainElsewhere(prototype)) {
      return this.#plain(value as Readonly<Record<string, unknown>>);
    }
    this.#refuse(typeName(value));
  }

  #null(type: IonTypeName): void {
    this.byte((TYPE_CODES[type] << 4) | L_NULL);
  }

  // Containers

  #plain(value: Readonly<Record<string, unknown>>): void {
    this.#enter(value);
    const start = this.open(1);
    for (const name of Object.keys(value)) this.#field(name, value[name]);
    this.close(start, 1, T_STRUCT);
    this.#leave();
  }

  #map(value: ReadonlyMap<unknown, unknown>): void {
    this.#enter(value);
    const start = this.open(1);
    for (const [name, item] of value) {
      if (typeof name !== 'string') {
        this.#refuse(
          `a Map with a key that is ${typeName(name)}, not a string`,
          this.#ancestors.length - 1,
        );
      }
      this.#field(name, item);
    }
    this.close(start, 1, T_STRUCT);
    this.#leave();
  }

  protected struct(value: IonStruct): void {
    if (value instanceof BinaryStruct) {
      const cursor = new Cursor(value.bytes, value.start);
      const start = this.open(1);
      this.#copyFields(
        cursor,
        value.end,
        value.table,
        this.#ancestors.length + this.depth,
      );
      return this.close(start, 1, T_STRUCT);
    }
    this.#enter(value);
    const start = this.open(1);
    for (const [name, item] of value.entries()) this.#field(name, item);
    this.close(start, 1, T_STRUCT);
    this.#leave();
  }

  #field(name: string | null, value: unknown): void {
    if (value === undefined) return;
    this.#path[this.#ancestors.length - 1] = name ?? '$0';
    this.varUInt(name === null ? 0 : this.sid(name));
    this.value(value);
  }

  #list(value: object, type: number, items: readonly unknown[]): void {
    this.#enter(value);
    const start = this.open(1);
    for (let i = 0; i < items.length; i++) {
      this.#path[this.#ancestors.length - 1] = i;
      this.value(items[i]);
    }
    this.close(start, 1, type);
    this.#leave();
  }

  #annotated(annotations: readonly (string | null)[], value: () => void): void {
    if (annotations.length === 0) return value();
    const start = this.open(1);
    const list = this.open(0);
    for (const text of annotations) {
      this.varUInt(text === null ? 0 : this.sid(text));
    }
    this.closeLength(list);
    value();
    this.close(start, 1, T_ANNOTATION);
  }

  #enter(value: object): void {
    const ancestors = this.#ancestors;
    if (ancestors.includes(value))
      this.#refuse('an object that contains itself');
    if (ancestors.length + this.depth >= MAX_DEPTH) {
      this.#refuse(`nested more than ${MAX_DEPTH} deep`);
    }
    ancestors.push(value);
  }

  #leave(): void {
    this.#ancestors.pop();
  }

  // Values of ion-js

  #dom(value: dom.Value): void {
    const annotations = value.getAnnotations();
    if (annotations.length === 0) return this.#domContent(value);
    this.#annotated(annotations, () => this.#domContent(value));
  }

  #domContent(value: dom.Value): void {
    const type = value.getType().name as IonTypeName;
    if (value.isNull()) return this.#null(type);
    switch (type) {
      case 'null':
        return this.#null(type);
      case 'bool':
        return this.byte(value.booleanValue() ? 0x11 : 0x10);
      case 'int':
        return this.int(value.bigIntValue() as bigint);
      case 'float':
        return this.#float(value.numberValue() as number);
      case 'decimal':
        return this.#decimal(value.decimalValue() as Decimal);
      case 'timestamp':
        return this.#timestamp(value.timestampValue() as Timestamp);
      case 'symbol':
        return this.#symbol(value.stringValue());
      case 'string':
        return this.string(value.stringValue() as string);
      case 'clob':
        return this.lob(T_CLOB, value.uInt8ArrayValue() as Uint8Array);
      case 'blob':
        return this.lob(T_BLOB, value.uInt8ArrayValue() as Uint8Array);
      case 'list':
        return this.#list(value, T_LIST, value.elements());
      case 'sexp':
        return this.#list(value, T_SEXP, value.elements());
      case 'struct':
        return this.#domStruct(value);
    }
  }

  #domStruct(value: dom.Value): void {
    this.#enter(value);
    const start = this.open(1);
    for (const [name, values] of value.allFields()) {
      for (const item of values) this.#field(name, item);
    }
    this.close(start, 1, T_STRUCT);
    this.#leave();
  }

  // Structs that stand in other Ion binary are copied; only their SIDs change.

  #copyFields(
    cursor: Cursor,
    end: number,
    table: SymbolTable,
    depth: number,
  ): void {
    if (depth >= MAX_DEPTH) this.#refuse(`nested more than ${MAX_DEPTH} deep`);
    while (cursor.pos < end) {
      const offset = cursor.pos;
      const sid = cursor.varUInt(end);
      const start = cursor.pos;
      cursor.head(end);
      if (cursor.isPadding) {
        cursor.pos = cursor.valueEnd;
        continue;
      }
      this.varUInt(this.#copiedSid(table, sid, offset));
      this.#copy(cursor, start, table, depth + 1);
    }
  }

  /** Copies a value whose head was read from `start` on. */
  #copy(
    cursor: Cursor,
    start: number,
    table: SymbolTable,
    depth: number,
  ): void {
    const { type, pos, valueEnd: end } = cursor;
    if (
      type < T_SYMBOL ||
      type === T_STRING ||
      type === T_CLOB ||
      type === T_BLOB ||
      cursor.low === L_NULL
    ) {
      this.raw(cursor.bytes, start, end);
      cursor.pos = end;
      return;
    }
    if (type === T_SYMBOL) {
      const sid = Number(cursor.magnitude(pos, end));
      this.#symbolId(this.#copiedSid(table, sid, pos));
      cursor.pos = end;
      return;
    }
    const opened = this.open(1);
    if (type === T_STRUCT) {
      this.#copyFields(cursor, end, table, depth);
    } else if (type === T_ANNOTATION) {
      const list = this.open(0);
      cursor.annotations(end, (sid, offset) => {
        this.varUInt(this.#copiedSid(table, sid, offset));
      });
      this.closeLength(list);
      this.#copy(cursor, cursor.headStart, table, depth);
    } else {
      this.#copyItems(cursor, end, table, depth);
    }
    this.close(opened, 1, type);
  }

  #copyItems(
    cursor: Cursor,
    end: number,
    table: SymbolTable,
    depth: number,
  ): void {
    if (depth >= MAX_DEPTH) this.#refuse(`nested more than ${MAX_DEPTH} deep`);
    while (cursor.pos < end) {
      const start = cursor.pos;
      cursor.head(end);
      if (cursor.isPadding) cursor.pos = cursor.valueEnd;
      else this.#copy(cursor, start, table, depth + 1);
    }
  }

  #copiedSid(table: SymbolTable, sid: number, offset: number): number {
    let sids = this.#copied.get(table);
    if (sids === undefined) {
      sids = [];
      this.#copied.set(table, sids);
    }
    const known = sids[sid];
    if (known !== undefined) return known;
    const text = table.text(sid, offset);
    // An imported symbol has a SID as large as its sender likes: not an array's index.
    if (text === null) return 0;
    return (sids[sid] = this.sid(text));
  }

  // Errors

  /** Refuses the value that `depth` keys lead to. */
  #refuse(what: string, depth = this.#ancestors.length): never {
    const path = formatPath(this.#path.slice(0, depth));
    throw new IonConversionError(
      `Cannot convert the value at ${path} to Ion: it is ${what}. Convert it first to something that toIonBinary takes.`,
      path,
    );
  }
}

const encoder = new Encoder();
let busy = false;

function formatPath(path: readonly (string | number)[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    return IDENTIFIER.test(key)
      ? `${text}.${key}`
      : `${text}[${JSON.stringify(key)}]`;
  }, '$');
}
