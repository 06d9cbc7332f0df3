import { readNumber } from '../../ion/text-numbers.js';
import {
  IonClob,
  IonFloat,
  IonNull,
  IonSexp,
  IonSymbol,
  type IonTypeName,
  type IonValue,
  Timestamp,
} from '../../ion/value.js';
import { JsonNumber, JsonObject, type JsonValue } from './parse-json.js';

/** A value of JSON that may have been of several types; arrays among them. */
export type Leaf = Exclude<JsonValue, boolean | JsonObject>;

const BASE64 =
  /^(?:[A-Za-z\d+/]{4})+$|^(?:[A-Za-z\d+/]{4})*(?:[A-Za-z\d+/]{2}==|[A-Za-z\d+/]{3}=)$/;
/** A timestamp has at most so many characters, but for a long fraction. */
const MAX_TIMESTAMP_LENGTH = 64;

const NULLS: readonly IonTypeName[] = [
  'null',
  'string',
  'int',
  'decimal',
  'timestamp',
  'bool',
  'struct',
  'list',
  'float',
  'symbol',
  'blob',
  'clob',
  'sexp',
];

/** The types that a leaf may have been of, the likeliest first. */
export function typesOf(leaf: Leaf): readonly IonTypeName[] {
  if (leaf === null) return NULLS;
  if (typeof leaf === 'string') return typesOfText(leaf);
  if (leaf instanceof JsonNumber) return typesOfNumber(leaf.text);
  return ['list', 'sexp'];
}

function typesOfText(text: string): readonly IonTypeName[] {
  const types: IonTypeName[] = ['string', 'symbol'];
  const time = timestampOf(text);
  // A date is more often a timestamp; a year that is a string is rare, too.
  if (time) types.unshift('timestamp');
  if (BASE64.test(text))
    types.splice(
      text.length >= 16 && text.endsWith('=') ? 0 : types.length,
      0,
      'blob',
    );
  if (text === '') types.push('blob');
  if (/^[\0-\xff]*$/.test(text)) types.push('clob');
  return types;
}

function typesOfNumber(text: string): readonly IonTypeName[] {
  if (/^-?\d+$/.test(text)) return ['int', 'decimal', 'float'];
  return /[e]/.test(text) ? ['float', 'decimal'] : ['decimal', 'float'];
}

/**
 * A leaf, read as of one type; undefined if it cannot have been of it.
 *
 * @param items - what the items of an array were read as
 */
export function readLeaf(
  leaf: Leaf,
  type: IonTypeName,
  items: () => readonly IonValue[],
): IonValue | undefined {
  if (leaf === null) return type === 'null' ? null : new IonNull(type);
  if (leaf instanceof JsonNumber) return readNumberAs(leaf.text, type);
  if (typeof leaf === 'string') return TEXT_READERS[type]?.(leaf);
  return type === 'sexp' ? new IonSexp(items()) : items();
}

const TEXT_READERS: Readonly<
  Partial<Record<IonTypeName, (text: string) => IonValue | undefined>>
> = {
  string: (text) => text,
  symbol: (text) => new IonSymbol(text),
  timestamp: timestampOf,
  blob: (text) => new Uint8Array(Buffer.from(text, 'base64')),
  clob: (text) => new IonClob(new Uint8Array(Buffer.from(text, 'latin1'))),
};

function readNumberAs(text: string, type: IonTypeName): IonValue | undefined {
  if (type === 'float') return new IonFloat(Number(text));
  if (type === 'int') return readWhole(text);
  // The same digits, and the exponent that they say.
  return readWhole(
    /[eE]/.test(text)
      ? text.replace(/[eE]\+?/, 'd')
      : `${text}${/\./.test(text) ? '' : 'd0'}`,
  );
}

export function timestampOf(text: string): Timestamp | undefined {
  if (text.length > MAX_TIMESTAMP_LENGTH || !/^\d{4}[T-]/.test(text))
    return undefined;
  const value = readWhole(text);
  return value instanceof Timestamp ? value : undefined;
}

function readWhole(text: string): IonValue | undefined {
  const number = readNumber(text, 0);
  return number?.end === text.length ? number.value : undefined;
}
