/*
 * Arrays in PostgreSQL's binary format, as parameters: one statement with an
 * array for each column takes any number of rows, and is parsed once.
 */

/** Type ids of PostgreSQL, which are the same in every version and every engine that speaks its protocol. */
const OID = {
  bool: 16,
  int8: 20,
  int4: 23,
  text: 25,
  bytea: 17,
  jsonb: 3802,
} as const;

const HEADER = 20;

function binaryArray(
  oid: number,
  length: number,
  sizeOf: (n: number) => number,
  write: (n: number, into: Buffer, at: number) => void,
): Buffer {
  let size = HEADER;
  let hasNulls = 0;
  for (let n = 0; n < length; n++) {
    const bytes = sizeOf(n);
    if (bytes < 0) hasNulls = 1;
    size += 4 + Math.max(bytes, 0);
  }
  const array = Buffer.allocUnsafe(size);
  array.writeInt32BE(1, 0);
  array.writeInt32BE(hasNulls, 4);
  array.writeInt32BE(oid, 8);
  array.writeInt32BE(length, 12);
  array.writeInt32BE(1, 16);
  let at = HEADER;
  for (let n = 0; n < length; n++) {
    const bytes = sizeOf(n);
    array.writeInt32BE(bytes, at);
    at += 4;
    if (bytes < 0) continue;
    write(n, array, at);
    at += bytes;
  }
  return array;
}

/** Numbers as `int8[]`. */
export const int8Array = (numbers: readonly number[]): Buffer =>
  binaryArray(
    OID.int8,
    numbers.length,
    () => 8,
    (n, into, at) => {
      const value = numbers[n];
      const high = Math.floor(value / 2 ** 32);
      into.writeInt32BE(high, at);
      into.writeUInt32BE(value - high * 2 ** 32, at + 4);
    },
  );

/** Numbers as `int4[]`. */
export const int4Array = (numbers: readonly number[]): Buffer =>
  binaryArray(
    OID.int4,
    numbers.length,
    () => 4,
    (n, into, at) => into.writeInt32BE(numbers[n], at),
  );

/** Bytes as `bytea[]`. */
export const byteaArray = (
  items: readonly (Uint8Array | null | undefined)[],
): Buffer =>
  binaryArray(
    OID.bytea,
    items.length,
    (n) => items[n]?.length ?? -1,
    (n, into, at) => into.set(items[n] as Uint8Array, at),
  );

/** Texts of ASCII characters, such as ids and names of tables, as `text[]`. */
export const idArray = (ids: readonly string[]): Buffer =>
  binaryArray(
    OID.text,
    ids.length,
    (n) => ids[n].length,
    (n, into, at) => into.write(ids[n], at, 'latin1'),
  );

/** JSON texts as `jsonb[]`. */
export const jsonbArray = (texts: readonly (string | null)[]): Buffer => {
  const bytes = texts.map((text) =>
    // The version of the format stands before the text.
    text === null ? null : Buffer.from(`\x01${text}`),
  );
  return binaryArray(
    OID.jsonb,
    bytes.length,
    (n) => bytes[n]?.length ?? -1,
    (n, into, at) => into.set(bytes[n] as Uint8Array, at),
  );
};

/** Truth values as `bool[]`. */
export const boolArray = (values: readonly boolean[]): Buffer =>
  binaryArray(
    OID.bool,
    values.length,
    () => 1,
    (n, into, at) => into.writeUInt8(values[n] ? 1 : 0, at),
  );
