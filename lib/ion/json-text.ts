import { decodeIon } from './decode.js';
import { decimalText, floatText } from './text-writer.js';
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
 * The value of an Ion binary as JSON, as QLDB's exports had it: on one line.
 * JSON has fewer types, so some are lost: timestamps, symbols and clobs become
 * strings, blobs strings in base64, decimals and floats numbers, all nulls
 * `null`, S-expressions arrays; annotations go, and so do the numbers that JSON
 * does not have (`nan`, the infinities: `null`).
 */
export function ionToJsonText(bytes: Uint8Array): string {
  return toJsonText(decodeIon(bytes));
}

/** See {@link ionToJsonText}. */
export function toJsonText(value: IonValue): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') return Object.is(value, -0) ? '0' : `${value}`;
  if (typeof value === 'boolean' || typeof value === 'bigint')
    return `${value}`;
  if (value === null || value instanceof IonNull) return 'null';
  if (value instanceof IonStruct) {
    const fields = value
      .entries()
      .map(
        ([name, field]) =>
          `${JSON.stringify(name ?? '$0')}:${toJsonText(field)}`,
      );
    return `{${fields.join(',')}}`;
  }
  if (value instanceof Uint8Array)
    return `"${Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64')}"`;
  if (value instanceof Decimal) return decimalText(value, 'E');
  // A day needs no T behind it.
  if (value instanceof Timestamp)
    return `"${value.toString().replace(/^(.{10})T$/, '$1')}"`;
  if (value instanceof IonFloat)
    return Number.isFinite(value.value) ? floatText(value.value) : 'null';
  if (value instanceof IonSymbol) return JSON.stringify(value.text ?? '$0');
  if (value instanceof IonClob)
    return JSON.stringify(Buffer.from(value.bytes).toString('latin1'));
  if (value instanceof IonAnnotated) return toJsonText(value.value);
  const items = value instanceof IonSexp ? value.items : value;
  return `[${items.map(toJsonText).join(',')}]`;
}
