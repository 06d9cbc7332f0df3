import { knownText } from './errors.js';
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

/** Symbols that need no quotes. */
const BARE = /^[A-Za-z_$][\w$]*$/;
/** What looks like one, and is read as something else. */
const READ_OTHERWISE = /^(?:null|true|false|nan|\$\d+|\$ion_\d+_\d+)$/;
/** What cannot stand in a text as it is. */
const ESCAPED = /["\\\p{Cc}]/u;
const ESCAPED_ALL = /["'\\\p{Cc}]/gu;

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

/**
 * A value as Ion text, on one line; see `formatIonText`.
 *
 * @param unknown - what is written for a symbol of unknown text; without it such
 * a symbol is an error
 */
export function textOf(value: IonValue, unknown?: '$0'): string {
  if (typeof value === 'string') return stringText(value);
  if (typeof value === 'number') return Object.is(value, -0) ? '0' : `${value}`;
  if (typeof value === 'boolean' || typeof value === 'bigint')
    return `${value}`;
  if (value === null) return 'null';
  if (value instanceof IonStruct) return structText(value, unknown);
  if (value instanceof Uint8Array) return `{{${base64(value)}}}`;
  if (value instanceof Decimal) return decimalText(value, 'd');
  if (value instanceof Timestamp) return value.toString();
  if (value instanceof IonNull) return `null.${value.type}`;
  if (value instanceof IonFloat) return floatText(value.value);
  if (value instanceof IonSymbol) return symbolText(value.text, unknown);
  if (value instanceof IonClob)
    return `{{${stringText(Buffer.from(value.bytes).toString('latin1'), LATIN)}}}`;
  if (value instanceof IonSexp)
    return `(${value.items.map((item) => textInSexp(item, unknown)).join(' ')})`;
  if (value instanceof IonAnnotated) {
    const annotations = value.annotations.map((text) =>
      symbolText(text, unknown),
    );
    return `${annotations.join('::')}::${textOf(value.value, unknown)}`;
  }
  return `[${value.map((item) => textOf(item, unknown)).join(',')}]`;
}

/** Symbols that need no quotes within a sexp. */
// A backtick would be one, but ends a literal in PartiQL.
const OPERATOR = /^[!#%&*+\-./;<=>?@^|~]+$/;

function textInSexp(value: IonValue, unknown?: '$0'): string {
  return value instanceof IonSymbol &&
    value.text !== null &&
    OPERATOR.test(value.text) &&
    !/\/[/*]/.test(value.text)
    ? value.text
    : textOf(value, unknown);
}

function structText(struct: IonStruct, unknown?: '$0'): string {
  let text = '{';
  for (const [name, value] of struct.entries()) {
    if (text.length > 1) text += ',';
    text += `${symbolText(name, unknown)}:${textOf(value, unknown)}`;
  }
  return `${text}}`;
}

function symbolText(symbol: string | null, unknown?: '$0'): string {
  if (symbol === null && unknown !== undefined) return unknown;
  const text = knownText(symbol);
  if (BARE.test(text) && !READ_OTHERWISE.test(text)) return text;
  return `'${escaped(text, "'")}'`;
}

const LATIN = /[^ -~]/;

function stringText(text: string, also?: RegExp): string {
  if (!ESCAPED.test(text) && !also?.test(text)) return `"${text}"`;
  const inner = escaped(text, '"');
  return also ? `"${inner.replace(/[^ -~]/g, hexEscape)}"` : `"${inner}"`;
}

function escaped(text: string, quote: string): string {
  return text.replace(ESCAPED_ALL, (character) => {
    if (character === "'" || character === '"')
      return character === quote ? `\\${character}` : character;
    if (character === '\\') return '\\\\';
    return SHORT_ESCAPES[character] ?? hexEscape(character);
  });
}

const hexEscape = (character: string): string =>
  `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');

/** A float, with an `e` always: without one it would be a decimal or an int. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? '+inf' : '-inf';
  const text = value.toExponential().replace('+', '');
  return Object.is(value, -0) ? `-${text}` : text;
}

/** Smaller numbers are written with an exponent. */
const MOST_LEADING_ZEROS = 6;

/**
 * All digits of a decimal; with a point where that is short, else with an exponent.
 *
 * @param mark - what stands before the exponent: `d` in Ion, `E` in JSON, which
 * has no point at the end either
 */
export function decimalText(decimal: Decimal, mark: 'd' | 'E'): string {
  const coefficient = decimal.getCoefficient();
  const exponent = decimal.getExponent();
  const sign = decimal.isNegative() ? '-' : '';
  const digits = `${coefficient < 0n ? -coefficient : coefficient}`;
  if (exponent === 0) return `${sign}${digits}${mark === 'd' ? '.' : ''}`;
  const adjusted = exponent + digits.length - 1;
  if (exponent < 0 && adjusted >= -MOST_LEADING_ZEROS) {
    const padded = digits.padStart(1 - exponent, '0');
    return `${sign}${padded.slice(0, exponent)}.${padded.slice(exponent)}`;
  }
  if (mark === 'd') return `${sign}${digits}d${exponent}`;
  const point = digits.length > 1 ? `.${digits.slice(1)}` : '';
  return `${sign}${digits[0]}${point}E${adjusted > 0 ? '+' : ''}${adjusted}`;
}
