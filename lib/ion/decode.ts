import {
  Cursor,
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
  T_POSITIVE_INT,
  T_SEXP,
  T_STRING,
  T_STRUCT,
  T_SYMBOL,
  T_TIMESTAMP,
} from './cursor.js';
import { Datagram } from './datagram.js';
import { type SymbolTable } from './symbol-table.js';
import { toTimestamp } from './timestamp.js';
import {
  IonAnnotated,
  IonClob,
  type IonEntry,
  IonFloat,
  IonNull,
  IonSexp,
  IonStruct,
  IonSymbol,
  type IonTypeName,
  type IonValue,
} from './value.js';

/**
 * The one value of an Ion binary. Structs are not decoded until they are
 * touched, so a fault inside one shows only then.
 *
 * @throws IonBinaryError if the bytes are not valid, or hold no value or more than one.
 */
export function decodeIon(bytes: Uint8Array): IonValue {
  const datagram = Datagram.single(bytes);
  const value = decodeValue(datagram.cursor, datagram.end, datagram.table, 0);
  if (value instanceof IonStruct) value.binary = bytes;
  return value;
}

/**
 * The values of an Ion binary, one after another as they are asked for.
 *
 * @throws IonBinaryError when it comes to bytes that are not valid.
 */
export function* decodeIonSequence(bytes: Uint8Array): Generator<IonValue> {
  const datagram = new Datagram(bytes);
  while (datagram.next()) {
    yield decodeValue(datagram.cursor, datagram.end, datagram.table, 0);
  }
}

/**
 * The values of a part of a stream of Ion binary, which begins and ends between
 * two of them.
 *
 * @param table - the symbol table in force where the part begins
 * @returns the values, and the symbol table in force behind them
 */
export function decodePart(
  bytes: Uint8Array,
  table?: SymbolTable,
): { readonly values: IonValue[]; readonly table: SymbolTable } {
  const datagram = new Datagram(bytes, table);
  const { cursor } = datagram;
  const values: IonValue[] = [];
  while (datagram.next()) {
    const { marker } = datagram;
    const value = decodeValue(cursor, datagram.end, datagram.table, 0);
    if (value instanceof IonStruct && marker !== undefined)
      value.binary = bytes.subarray(marker, cursor.pos);
    datagram.marker = undefined;
    values.push(value);
  }
  return { values, table: datagram.table };
}

/** Types of the nulls by type code. */
const NULL_TYPES: readonly IonTypeName[] = [
  'null',
  'bool',
  'int',
  'int',
  'float',
  'decimal',
  'timestamp',
  'symbol',
  'string',
  'clob',
  'blob',
  'list',
  'sexp',
  'struct',
];
const NULLS = NULL_TYPES.map((type) =>
  type === 'null' ? null : new IonNull(type),
);

/** Reads the value at the cursor, whose {@link Cursor.head} is not read yet. */
function decodeValue(
  cursor: Cursor,
  limit: number,
  table: SymbolTable,
  depth: number,
): IonValue {
  cursor.head(limit);
  return decodeContent(cursor, table, depth);
}

function decodeContent(
  cursor: Cursor,
  table: SymbolTable,
  depth: number,
): IonValue {
  const { type, pos: start, valueEnd: end } = cursor;
  if (cursor.low === L_NULL) return NULLS[type];
  const value = decodeTyped(cursor, type, start, end, table, depth);
  cursor.pos = end;
  return value;
}

function decodeTyped(
  cursor: Cursor,
  type: number,
  start: number,
  end: number,
  table: SymbolTable,
  depth: number,
): IonValue {
  switch (type) {
    case T_BOOL:
      return cursor.low === 1;
    case T_POSITIVE_INT:
    case T_NEGATIVE_INT:
      return cursor.int();
    case T_FLOAT:
      return new IonFloat(cursor.float());
    case T_DECIMAL:
      return cursor.decimal();
    case T_TIMESTAMP:
      return toTimestamp(cursor.timestamp());
    case T_SYMBOL:
      return new IonSymbol(
        table.text(Number(cursor.magnitude(start, end)), start),
      );
    case T_STRING:
      return cursor.utf8(start, end);
    case T_CLOB:
      return new IonClob(cursor.view(start, end));
    case T_BLOB:
      return cursor.view(start, end);
    case T_LIST:
      return decodeItems(cursor, end, table, depth);
    case T_SEXP:
      return new IonSexp(decodeItems(cursor, end, table, depth));
    case T_STRUCT:
      if (depth >= MAX_DEPTH) cursor.tooDeep();
      return new BinaryStruct(cursor.bytes, start, end, table, depth);
    case T_ANNOTATION:
      return decodeAnnotated(cursor, end, table, depth);
    default:
      return cursor.fail('padding stands where a value should', start);
  }
}

function decodeItems(
  cursor: Cursor,
  end: number,
  table: SymbolTable,
  depth: number,
): IonValue[] {
  if (depth >= MAX_DEPTH) cursor.tooDeep();
  const items: IonValue[] = [];
  while (cursor.pos < end) {
    cursor.head(end);
    if (cursor.isPadding) cursor.pos = cursor.valueEnd;
    else items.push(decodeContent(cursor, table, depth + 1));
  }
  return items;
}

function decodeAnnotated(
  cursor: Cursor,
  end: number,
  table: SymbolTable,
  depth: number,
): IonAnnotated {
  const annotations: (string | null)[] = [];
  cursor.annotations(end, (sid, offset) => {
    annotations.push(table.text(sid, offset));
  });
  return new IonAnnotated(
    annotations,
    // annotations() has made sure that it is no annotation again
    decodeContent(cursor, table, depth) as Exclude<IonValue, IonAnnotated>,
  );
}

/** A struct as it stands in Ion binary. */
export class BinaryStruct extends IonStruct {
  #entries: readonly IonEntry[] | undefined;

  constructor(
    /** What the struct was read from; it is one part of it. */
    readonly bytes: Uint8Array,
    readonly start: number,
    readonly end: number,
    readonly table: SymbolTable,
    readonly depth: number,
  ) {
    super();
  }

  override get encodedLength(): number {
    return this.end - this.start;
  }

  override get(name: string): IonValue | undefined {
    if (this.#entries) {
      for (const [field, value] of this.#entries)
        if (field === name) return value;
      return undefined;
    }
    const cursor = this.#find(name);
    return cursor && decodeContent(cursor, this.table, this.depth + 1);
  }

  override has(name: string): boolean {
    if (this.#entries) return this.#entries.some(([field]) => field === name);
    return this.#find(name) !== undefined;
  }

  override get size(): number {
    if (this.#entries) return this.#entries.length;
    let size = 0;
    const cursor = new Cursor(this.bytes, this.start);
    while (cursor.pos < this.end) {
      cursor.varUInt(this.end);
      cursor.head(this.end);
      if (!cursor.isPadding) size++;
      cursor.pos = cursor.valueEnd;
    }
    return size;
  }

  override entries(): readonly IonEntry[] {
    return (this.#entries ??= this.#decode());
  }

  #decode(): IonEntry[] {
    const { end, table } = this;
    const entries: IonEntry[] = [];
    const cursor = new Cursor(this.bytes, this.start);
    while (cursor.pos < end) {
      const offset = cursor.pos;
      const sid = cursor.varUInt(end);
      cursor.head(end);
      if (cursor.isPadding) {
        cursor.pos = cursor.valueEnd;
        continue;
      }
      const name = table.text(sid, offset);
      entries.push([name, decodeContent(cursor, table, this.depth + 1)]);
    }
    return entries;
  }

  /** A cursor behind the head of the first field with this name. */
  #find(name: string): Cursor | undefined {
    const { end, table } = this;
    const wanted = table.sidOf(name);
    if (wanted < 0) return undefined;
    const exact = !table.hasDuplicates;
    const cursor = new Cursor(this.bytes, this.start);
    while (cursor.pos < end) {
      const offset = cursor.pos;
      const sid = cursor.varUInt(end);
      cursor.head(end);
      const hit =
        sid === wanted || (!exact && table.text(sid, offset) === name);
      if (hit && !cursor.isPadding) return cursor;
      cursor.pos = cursor.valueEnd;
    }
    return undefined;
  }
}
