import { decodeIon } from '../../ion/decode.js';
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
} from '../../ion/value.js';

/**
 * A block, or any other Ion value, as QLDB's JSON exports had it: on one line.
 * JSON has fewer types, so some are lost: timestamps, symbols and clobs become
 * strings, blobs strings in base64, decimals and floats numbers, all nulls
 * `null`, S-expressions arrays; annotations go, and so do the numbers that JSON
 * does not have (`nan`, the infinities: `null`).
 */
export function blockToJson(bytes: Uint8Array): string {
  return toJsonText(decodeIon(bytes));
}

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
  if (value instanceof Decimal) return decimalText(value);
  // A day needs no T behind it.
  if (value instanceof Timestamp)
    return `"${value.toString().replace(/^(.{10})T$/, '$1')}"`;
  if (value instanceof IonFloat) return floatText(value.value);
  if (value instanceof IonSymbol) return JSON.stringify(value.text ?? '$0');
  if (value instanceof IonClob)
    return JSON.stringify(Buffer.from(value.bytes).toString('latin1'));
  if (value instanceof IonAnnotated) return toJsonText(value.value);
  const items = value instanceof IonSexp ? value.items : value;
  return `[${items.map(toJsonText).join(',')}]`;
}

/** Smaller numbers are written with an exponent. */
const MOST_LEADING_ZEROS = 6;

/** All its digits; with a point where that is short, else with an exponent. */
function decimalText(decimal: Decimal): string {
  const coefficient = decimal.getCoefficient();
  const exponent = decimal.getExponent();
  const sign = decimal.isNegative() ? '-' : '';
  const digits = `${coefficient < 0n ? -coefficient : coefficient}`;
  if (exponent === 0) return sign + digits;
  const adjusted = exponent + digits.length - 1;
  if (exponent < 0 && adjusted >= -MOST_LEADING_ZEROS) {
    const padded = digits.padStart(1 - exponent, '0');
    return `${sign}${padded.slice(0, exponent)}.${padded.slice(exponent)}`;
  }
  const point = digits.length > 1 ? `.${digits.slice(1)}` : '';
  return `${sign}${digits[0]}${point}E${adjusted > 0 ? '+' : ''}${adjusted}`;
}

/** With an `e` always, so that it is not read as a decimal. */
function floatText(value: number): string {
  if (!Number.isFinite(value)) return 'null';
  const text = Object.is(value, -0) ? '-0' : `${value}`;
  return text.includes('e') ? text : `${text}e0`;
}
