import {
  Decimal,
  IonClob,
  IonFloat,
  IonSymbol,
  Timestamp,
  type IonValue,
} from '../../ion/value.js';
import type { TypeNode } from '../language/ast.js';
import { dateOf } from '../values/dates.js';
import { isYearMonth } from '../values/interval-text.js';
import { intervalOf, YearMonthInterval } from '../values/intervals.js';
import { bare, isUnknown, Kind, kindOf, MISSING } from '../values/kinds.js';
import { MOST_DIGITS } from '../values/limits.js';
import { hasMoreDigits } from '../values/magnitude.js';
import { scaled } from '../values/numbers.js';
import { timeOf } from '../values/times.js';
import { characterCount } from './characters.js';

/** Bounds of the integer types, in bits. */
export const INTEGER_BITS: Readonly<Record<string, bigint>> = {
  SMALLINT: 16n,
  INT4: 32n,
  INT8: 64n,
};

/** `value IS type`. NULL is true for MISSING too, as the dialect has it. */
export function isOfType(value: IonValue, type: TypeNode): boolean {
  const plain = bare(value);
  switch (type.name) {
    case 'MISSING':
      return plain === MISSING;
    case 'NULL':
      return isUnknown(plain);
    case 'BOOL':
      return typeof plain === 'boolean';
    case 'INT':
      return typeof plain === 'number' || typeof plain === 'bigint';
    case 'SMALLINT':
    case 'INT4':
    case 'INT8': {
      if (typeof plain !== 'number' && typeof plain !== 'bigint') return false;
      return (
        BigInt.asIntN(Number(INTEGER_BITS[type.name]), BigInt(plain)) ===
        BigInt(plain)
      );
    }
    case 'FLOAT':
      return plain instanceof IonFloat;
    case 'DECIMAL':
      return plain instanceof Decimal && fitsDecimal(plain, type.parameters);
    case 'DATE':
      return dateOf(plain) !== undefined;
    case 'TIME': {
      const time = timeOf(plain);
      return time !== undefined && hasZone(type, time.offset !== undefined);
    }
    case 'TIMESTAMP':
      return (
        plain instanceof Timestamp &&
        hasZone(type, !Object.is(plain.getLocalOffset(), -0))
      );
    case 'INTERVAL': {
      const interval = intervalOf(plain);
      return (
        interval !== undefined &&
        interval instanceof YearMonthInterval ===
          (type.qualifier !== undefined && isYearMonth(type.qualifier))
      );
    }
    case 'STRING':
      return typeof plain === 'string';
    case 'CHAR':
      return (
        typeof plain === 'string' &&
        characterCount(plain) === (type.parameters[0] ?? 1)
      );
    case 'VARCHAR':
      return (
        typeof plain === 'string' &&
        characterCount(plain) <= (type.parameters[0] ?? Infinity)
      );
    case 'SYMBOL':
      return plain instanceof IonSymbol;
    case 'CLOB':
      return plain instanceof IonClob;
    case 'BLOB':
      return plain instanceof Uint8Array;
    case 'STRUCT':
      return kindOf(plain) === Kind.Struct;
    case 'LIST':
      return kindOf(plain) === Kind.List;
    case 'SEXP':
      return kindOf(plain) === Kind.Sexp;
    case 'BAG':
      return kindOf(plain) === Kind.Bag;
  }
}

/** Whether an offset, or none, is what `WITH TIME ZONE` or its opposite asks for. */
export function hasZone({ zone }: TypeNode, isKnown: boolean): boolean {
  return zone === undefined || zone === isKnown;
}

/** DECIMAL(precision, scale): so many digits, so many of them behind the point. */
function fitsDecimal(value: Decimal, parameters: readonly number[]): boolean {
  const [precision, scale = 0] = parameters;
  if (precision === undefined) return true;
  const { coefficient, exponent } = scaled(value);
  if (hasMoreDigits(coefficient, MOST_DIGITS)) return false;
  const digits = (coefficient < 0n ? -coefficient : coefficient).toString();
  const whole = Math.max(0, digits.length + exponent);
  return -exponent <= scale && whole <= precision - scale;
}
