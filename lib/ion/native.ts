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
import { BinaryStruct, decodeIon, decodeIonSequence } from './decode.js';
import { toDom } from './dom.js';
import { encode, encodeIon } from './encode.js';
import { knownText } from './errors.js';
import type { SymbolTable } from './symbol-table.js';
import { epochMilliseconds, fromTimestamp } from './timestamp.js';
import {
  Decimal,
  IonAnnotated,
  IonClob,
  IonFloat,
  IonNull,
  IonSexp,
  IonStruct,
  IonSymbol,
  type IonValue,
  Timestamp,
} from './value.js';

/**
 * A JavaScript value as Ion binary.
 *
 * | JavaScript                          | Ion                                        |
 * | ----------------------------------- | ------------------------------------------ |
 * | `null`                              | null                                       |
 * | boolean                             | bool                                       |
 * | number, a safe integer              | int                                        |
 * | any other number                    | float: fractions, `-0`, `NaN`, `±Infinity`, integers beyond 2^53 - 1 |
 * | bigint                              | int of any size                            |
 * | string                              | string                                     |
 * | `Date`                              | timestamp in UTC, to the millisecond       |
 * | `Uint8Array`, `Buffer`              | blob                                       |
 * | array                               | list                                       |
 * | plain object, `Map` with string keys | struct; fields that are `undefined` are left out |
 * | {@link IonValue}s, values of the ion-js DOM, `Decimal`, `Timestamp` | what they are, annotations included |
 *
 * Everything else is refused: `undefined` by itself or in an array, functions,
 * symbols, invalid dates, strings with a lone surrogate, `Set`, `RegExp`,
 * `Error`, other typed arrays and instances of classes, objects that contain
 * themselves, values more than 1,000 deep.
 *
 * @throws IonConversionError (a TypeError) that names the place, such as
 * `$.Owners[1].since`, and the type, never the value.
 *
 * @example
 * ```ts
 * const bytes = toIonBinary({ VIN: '1N4AL11D75C109151', Year: 2011 });
 * ```
 */
export function toIonBinary(value: unknown): Uint8Array {
  return value instanceof IonStruct ? encodeIon(value) : encode(value, false);
}

/** A JavaScript value, as {@link toIonBinary} takes it, as an {@link IonValue}. */
export function toIonValue(value: unknown): IonValue {
  return value instanceof IonStruct ? value : decodeIon(toIonBinary(value));
}

/** How {@link fromIonBinary} and {@link ionValues} give values back. */
export interface FromIonOptions {
  /**
   * - `native`: plain JavaScript, see {@link fromIonBinary}. Default.
   * - `dom`: values of the ion-js DOM, without loss.
   */
  readonly values?: 'native' | 'dom';
}

/**
 * The one value of an Ion binary, as plain JavaScript or, without loss, as a
 * value of the ion-js DOM.
 *
 * | Ion                         | native                                          |
 * | --------------------------- | ----------------------------------------------- |
 * | null of any type            | `null`                                          |
 * | bool                        | boolean                                         |
 * | int                         | number if it is a safe integer, else bigint     |
 * | float                       | number                                          |
 * | decimal                     | `Decimal` of ion-js                             |
 * | timestamp                   | `Date`; offset, precision and what is finer than a millisecond are lost |
 * | string, symbol              | string                                          |
 * | blob, clob                  | `Uint8Array`, a copy                            |
 * | list, sexp                  | array                                           |
 * | struct                      | plain object; of fields with one name the last counts; a field `__proto__` is a field like others |
 *
 * Annotations are dropped.
 *
 * @throws IonBinaryError if the bytes are not valid, or hold no value or more than one.
 * @throws IonConversionError if a symbol has no known text (`$0`).
 *
 * @example
 * ```ts
 * const row = fromIonBinary(bytes); // { VIN: '1N4AL11D75C109151', Year: 2011 }
 * const value = fromIonBinary(bytes, { values: 'dom' }) as dom.Value;
 * value.get('Year')?.numberValue(); // 2011
 * ```
 */
export function fromIonBinary(
  bytes: Uint8Array,
  options?: FromIonOptions,
): unknown {
  if (options?.values === 'dom') return toDom(decodeIon(bytes));
  const { cursor, end, table } = Datagram.single(bytes);
  cursor.head(end);
  return readNative(cursor, table, 0);
}

/**
 * The values of an Ion binary, each decoded when it is asked for.
 *
 * @throws IonBinaryError when it comes to bytes that are not valid.
 *
 * @example
 * ```ts
 * for (const block of ionValues(await readFile('journal.10n'))) {
 *   console.log(block);
 * }
 * ```
 */
export function* ionValues(
  bytes: Uint8Array,
  options?: FromIonOptions,
): Generator<unknown, void, undefined> {
  if (options?.values === 'dom') {
    for (const value of decodeIonSequence(bytes)) yield toDom(value);
    return;
  }
  const datagram = new Datagram(bytes);
  const { cursor, end } = datagram;
  while (datagram.next()) {
    cursor.head(end);
    yield readNative(cursor, datagram.table, 0);
  }
}

/** An {@link IonValue} as {@link fromIonBinary} gives it back. */
export function toNative(value: IonValue): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof BinaryStruct) {
    const cursor = new Cursor(value.bytes, value.start);
    return readStruct(cursor, value.end, value.table, value.depth);
  }
  if (value instanceof Decimal) return value;
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (value instanceof Timestamp) {
    return new Date(epochMilliseconds(fromTimestamp(value)));
  }
  if (value instanceof IonNull) return null;
  if (value instanceof IonFloat) return value.value;
  if (value instanceof IonSymbol) return knownText(value.text);
  if (value instanceof IonClob) return new Uint8Array(value.bytes);
  if (value instanceof IonSexp) return value.items.map(toNative);
  if (value instanceof IonAnnotated) return toNative(value.value);
  if (value instanceof IonStruct) {
    const object: Record<string, unknown> = {};
    for (const [name, item] of value.entries()) {
      setField(object, knownText(name), toNative(item));
    }
    return object;
  }
  return value.map(toNative);
}

/** A value whose head is read, straight from the bytes. */
function readNative(
  cursor: Cursor,
  table: SymbolTable,
  depth: number,
): unknown {
  const { type, pos: start, valueEnd: end } = cursor;
  if (cursor.low === L_NULL) return null;
  let value: unknown;
  switch (type) {
    case T_BOOL:
      return cursor.low === 1;
    case T_POSITIVE_INT:
    case T_NEGATIVE_INT:
      value = cursor.int();
      break;
    case T_FLOAT:
      value = cursor.float();
      break;
    case T_DECIMAL:
      value = cursor.decimal();
      break;
    case T_TIMESTAMP:
      value = new Date(epochMilliseconds(cursor.timestamp()));
      break;
    case T_SYMBOL:
      value = knownText(
        table.text(Number(cursor.magnitude(start, end)), start),
      );
      break;
    case T_STRING:
      value = cursor.utf8(start, end);
      break;
    case T_CLOB:
    case T_BLOB:
      // A copy: the bytes may be those of a ledger in this process.
      value = new Uint8Array(cursor.view(start, end));
      break;
    case T_LIST:
    case T_SEXP:
      return readItems(cursor, end, table, depth);
    case T_STRUCT:
      return readStruct(cursor, end, table, depth);
    case T_ANNOTATION:
      cursor.annotations(end, (sid, offset) => table.text(sid, offset));
      return readNative(cursor, table, depth);
    default:
      return cursor.fail('padding stands where a value should', start);
  }
  cursor.pos = end;
  return value;
}

function readItems(
  cursor: Cursor,
  end: number,
  table: SymbolTable,
  depth: number,
): unknown[] {
  if (depth >= MAX_DEPTH) cursor.tooDeep();
  const items: unknown[] = [];
  while (cursor.pos < end) {
    cursor.head(end);
    if (cursor.isPadding) cursor.pos = cursor.valueEnd;
    else items.push(readNative(cursor, table, depth + 1));
  }
  return items;
}

function readStruct(
  cursor: Cursor,
  end: number,
  table: SymbolTable,
  depth: number,
): Record<string, unknown> {
  if (depth >= MAX_DEPTH) cursor.tooDeep();
  const object: Record<string, unknown> = {};
  while (cursor.pos < end) {
    const offset = cursor.pos;
    const sid = cursor.varUInt(end);
    cursor.head(end);
    if (cursor.isPadding) {
      cursor.pos = cursor.valueEnd;
      continue;
    }
    const name = knownText(table.text(sid, offset));
    const value = readNative(cursor, table, depth + 1);
    if (table.hasProto) setField(object, name, value);
    else object[name] = value;
  }
  return object;
}

/** Sets a field as the object's own, whatever its name. */
function setField(
  object: Record<string, unknown>,
  name: string,
  value: unknown,
): void {
  if (name !== '__proto__') {
    object[name] = value;
    return;
  }
  Object.defineProperty(object, name, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}
