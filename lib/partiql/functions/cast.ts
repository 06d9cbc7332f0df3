import {
  Decimal,
  IonClob,
  IonFloat,
  IonSexp,
  IonSymbol,
  type IonValue,
} from '../../ion/value.js';
import { DataFault, EvaluationFault } from '../errors.js';
import type { TypeNode } from '../language/ast.js';
import {
  bagOf,
  bare,
  bytesOf,
  isUnknown,
  itemsOf,
  MISSING,
  numericOf,
  structOf,
  textOf,
  type Numeric,
} from '../values/kinds.js';
import { spend } from '../values/effort.js';
import { MOST_DIGITS } from '../values/limits.js';
import {
  checkDigits,
  compareNumbers,
  decimal,
  decimalText,
  dropDigits,
  narrow,
  rounded,
  scaled,
  truncate,
} from '../values/numbers.js';
import { cannot, failed } from './cast-faults.js';
import { sliceOf } from './characters.js';
import {
  dateTimeText,
  toDate,
  toInterval,
  toTime,
  toTimestamp,
} from './date-time-cast.js';
import { INTEGER_BITS } from './types.js';

/** What the dialects differ in about CAST. */
export interface CastRules {
  readonly castsRound: boolean;
  readonly intsHave64Bits: boolean;
  readonly booleansAreStrict: boolean;
}

/** `CAST(value AS type)` */
export function cast(
  value: IonValue,
  type: TypeNode,
  rules: CastRules,
): IonValue {
  const { name } = type;
  if (isUnknown(value)) {
    if (name === 'NULL') return null;
    if (name === 'MISSING') return MISSING;
    return value === MISSING ? MISSING : null;
  }
  const plain = bare(value);
  switch (name) {
    case 'NULL':
    case 'MISSING':
      throw cannot(plain, name);
    case 'BOOL':
      return toBoolean(plain, rules);
    case 'SMALLINT':
    case 'INT4':
    case 'INT8':
    case 'INT':
      return toInteger(plain, name, rules);
    case 'FLOAT':
      return toFloat(plain);
    case 'DECIMAL':
      return toDecimal(plain, type.parameters);
    case 'DATE':
      return toDate(plain);
    case 'TIME':
      return toTime(plain, type);
    case 'TIMESTAMP':
      return toTimestamp(plain, type);
    case 'INTERVAL':
      return toInterval(plain, type);
    case 'STRING':
      return toText(plain, name);
    case 'CHAR':
    case 'VARCHAR':
      return cut(toText(plain, name), type);
    case 'SYMBOL':
      return new IonSymbol(toText(plain, name));
    case 'CLOB':
    case 'BLOB': {
      const bytes = bytesOf(plain);
      if (bytes === undefined) throw cannot(plain, name);
      return name === 'CLOB' ? new IonClob(bytes) : bytes;
    }
    case 'STRUCT': {
      const struct = structOf(plain);
      if (struct === undefined) throw cannot(plain, name);
      return struct;
    }
    case 'LIST':
    case 'SEXP':
    case 'BAG': {
      const items = itemsOf(plain);
      if (items === undefined) throw cannot(plain, name);
      spend(items.length);
      if (name === 'LIST') return [...items];
      return name === 'SEXP' ? new IonSexp([...items]) : bagOf(items);
    }
  }
}

function tooLong(type: string): EvaluationFault {
  return new EvaluationFault(
    `A text of more than ${MOST_DIGITS} digits cannot be converted to ${type}`,
  );
}

function toBoolean(value: IonValue, rules: CastRules): boolean {
  if (typeof value === 'boolean') return value;
  const number = numericOf(value);
  if (number !== undefined) return compareNumbers(number, 0) !== 0;
  const text = textOf(value);
  if (text === undefined) throw cannot(value, 'BOOL');
  const lower = text.toLowerCase();
  if (rules.booleansAreStrict && lower !== 'true' && lower !== 'false') {
    throw failed(value, 'BOOL');
  }
  return lower === 'true';
}

function toInteger(
  value: IonValue,
  type: string,
  rules: CastRules,
): number | bigint {
  const result = integerOf(value, rules);
  const bits = INTEGER_BITS[type] ?? (rules.intsHave64Bits ? 64n : undefined);
  const big = BigInt(result);
  if (bits !== undefined && BigInt.asIntN(Number(bits), big) !== big) {
    throw rules.intsHave64Bits
      ? new DataFault('Int overflow or underflow')
      : new EvaluationFault('Int overflow or underflow');
  }
  return result;
}

function integerOf(value: IonValue, rules: CastRules): number | bigint {
  if (typeof value === 'boolean') return value ? 1 : 0;
  const number = numericOf(value);
  if (number !== undefined) {
    return rules.castsRound ? rounded(number) : truncate(number);
  }
  const text = textOf(value);
  if (text === undefined) throw cannot(value, 'INT');
  const match = /^([+-]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|[0-9]+)$/.exec(text);
  if (match?.[2] === undefined) throw failed(value, 'INT');
  if (match[2].length > MOST_DIGITS) throw tooLong('INT');
  const size = BigInt(match[2]);
  return narrow(match[1] === '-' ? -size : size);
}

/** A number as its text has it: an int, a decimal or a float by its exponent. */
function parseNumber(text: string): Decimal | undefined {
  const match =
    /^([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eEdD]([+-]?[0-9]{1,9}))?$/.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  if (whole + fraction === '') return undefined;
  if (whole.length + fraction.length > MOST_DIGITS) throw tooLong('a number');
  const size = BigInt(whole + fraction);
  return decimal({
    coefficient: sign === '-' ? -size : size,
    exponent: Number(exponent) - fraction.length,
  });
}

function toFloat(value: IonValue): IonFloat {
  if (typeof value === 'boolean') return new IonFloat(value ? 1 : 0);
  const number = numericOf(value);
  if (number instanceof IonFloat) return number;
  if (number instanceof Decimal) return new IonFloat(number.numberValue());
  if (number !== undefined) return new IonFloat(Number(number));
  const text = textOf(value);
  if (text === undefined) throw cannot(value, 'FLOAT');
  const special = { nan: NaN, '+inf': Infinity, '-inf': -Infinity }[
    text.toLowerCase()
  ];
  const parsed = special ?? parseNumber(text)?.numberValue();
  if (parsed === undefined) throw failed(value, 'FLOAT');
  return new IonFloat(parsed);
}

function toDecimal(value: IonValue, parameters: readonly number[]): Decimal {
  return limited(plainDecimal(value), parameters);
}

function plainDecimal(value: IonValue): Decimal {
  if (value instanceof Decimal) return value;
  if (typeof value === 'boolean') return new Decimal(value ? 1 : 0, 0);
  const number: Numeric | undefined = numericOf(value);
  if (number instanceof IonFloat && !Number.isFinite(number.value)) {
    throw failed(value, 'DECIMAL');
  }
  if (number !== undefined) return decimal(scaled(number));
  const text = textOf(value);
  if (text === undefined) throw cannot(value, 'DECIMAL');
  const parsed = parseNumber(text);
  if (parsed === undefined) throw failed(value, 'DECIMAL');
  return parsed;
}

/** DECIMAL(precision, scale): rounded to the scale; an error if it does not fit. */
function limited(value: Decimal, parameters: readonly number[]): Decimal {
  const [precision, scale = 0] = parameters;
  if (precision === undefined) return value;
  checkDigits(value);
  const number = scaled(value);
  const excess = -number.exponent - scale;
  const rounded = excess > 0 ? dropDigits(number, excess) : number;
  const digits = rounded.coefficient.toString().replace('-', '').length;
  if (
    rounded.coefficient !== 0n &&
    digits + rounded.exponent > precision - scale
  ) {
    throw failed(value, `DECIMAL(${precision}, ${scale})`);
  }
  return decimal(rounded);
}

function toText(value: IonValue, type: string): string {
  const text = textOf(value);
  if (text !== undefined) return text;
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (value instanceof Decimal) return decimalText(value);
  if (value instanceof IonFloat) return floatText(value.value);
  if (typeof value === 'number') return `${value}`;
  if (typeof value === 'bigint') {
    checkDigits(value);
    return `${value}`;
  }
  const moment = dateTimeText(value);
  if (moment === undefined) throw cannot(value, type);
  return moment;
}

/** A float's text keeps its point: 1e0 is "1.0". */
function floatText(value: number): string {
  const text = `${value}`;
  return /^-?[0-9]+$/.test(text) ? `${text}.0` : text;
}

/** CHAR(n) and VARCHAR(n) keep the first n characters. */
function cut(text: string, type: TypeNode): string {
  const length = type.parameters[0] ?? (type.name === 'CHAR' ? 1 : undefined);
  return length === undefined ? text : sliceOf(text, 0, length);
}
