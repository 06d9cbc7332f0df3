import { Decimal, IonFloat } from '../../ion/value.js';
import { DataFault, PartiqlError } from '../errors.js';
import type { ArithmeticOperator } from '../language/ast.js';
import type { Numeric } from './kinds.js';
import { isCounting } from './effort.js';
import { MOST_DIGITS, MOST_KEY_DIGITS } from './limits.js';
import { bitsOf, hasMoreDigits } from './magnitude.js';

/** Digits that decimal arithmetic keeps; rounding is half to even. */
const PRECISION = 38;

const INT_MAX = 2n ** 63n - 1n;
const INT_MIN = -(2n ** 63n);
const EXPONENT_MAX = 0x7fffffff;

/** `coefficient` × 10^`exponent` */
export interface Scaled {
  readonly coefficient: bigint;
  readonly exponent: number;
}

/** A big integer as a value: a `number` if that is exact. */
export function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** An integer result; QLDB's integers have 64 bits where they are computed. */
function integer(value: bigint): number | bigint {
  if (value > INT_MAX || value < INT_MIN) {
    throw new DataFault('Int overflow or underflow');
  }
  return narrow(value);
}

/** A decimal with this value. */
export function decimal({ coefficient, exponent }: Scaled): Decimal {
  if (Math.abs(exponent) > EXPONENT_MAX) {
    throw new DataFault('the exponent of a decimal is out of range');
  }
  return new Decimal(coefficient, exponent, coefficient < 0n);
}

/**
 * Refuses a number that is too long to be computed with.
 *
 * @throws DataFault if it has more than {@link MOST_DIGITS} digits.
 */
export function checkDigits(value: Numeric): void {
  const int =
    value instanceof Decimal
      ? value.getCoefficient()
      : typeof value === 'bigint'
        ? value
        : 0n;
  if (hasMoreDigits(int, MOST_DIGITS)) {
    throw new DataFault(
      `A number of more than ${MOST_DIGITS} digits can be stored and compared, but not computed with`,
    );
  }
}

/** A number as a decimal fraction. A float stands for its shortest decimal text. */
export function scaled(value: Numeric): Scaled {
  if (typeof value === 'number') {
    return { coefficient: BigInt(value), exponent: 0 };
  }
  if (typeof value === 'bigint') return { coefficient: value, exponent: 0 };
  if (value instanceof Decimal) {
    return {
      coefficient: value.getCoefficient(),
      exponent: value.getExponent(),
    };
  }
  return scaledText(`${value.value}`);
}

/** `[-] digits [. digits] [e exponent]` */
function scaledText(text: string): Scaled {
  const [mantissa = '0', exponent = '0'] = text.split('e');
  const [whole = '0', fraction = ''] = mantissa.split('.');
  return {
    coefficient: BigInt(whole + fraction),
    exponent: Number(exponent) - fraction.length,
  };
}

function digitCount(value: bigint): number {
  const text = value.toString();
  return value < 0n ? text.length - 1 : text.length;
}

/** The value rounded to this many digits, half to even. */
export function roundDigits(value: Scaled, precision = PRECISION): Scaled {
  const excess = digitCount(value.coefficient) - precision;
  return excess <= 0
    ? value
    : roundDigits(dropDigits(value, excess), precision);
}

/** The value without its last digits, half to even. */
export function dropDigits(value: Scaled, count: number): Scaled {
  if (count > digitCount(value.coefficient)) {
    return { coefficient: 0n, exponent: value.exponent + count };
  }
  const unit = 10n ** BigInt(count);
  const { coefficient } = value;
  let quotient = coefficient / unit;
  const rest = coefficient % unit;
  const twice = (rest < 0n ? -rest : rest) * 2n;
  if (twice > unit || (twice === unit && quotient % 2n !== 0n)) {
    quotient += coefficient < 0n ? -1n : 1n;
  }
  return { coefficient: quotient, exponent: value.exponent + count };
}

function add(a: Scaled, b: Scaled): Scaled {
  const [high, low] = a.exponent >= b.exponent ? [a, b] : [b, a];
  if (high.coefficient === 0n) return low;
  const gap = high.exponent - low.exponent;
  const guard = PRECISION + 42;
  if (gap > guard + digitCount(low.coefficient)) {
    // Too far apart to meet: the small one only decides how the large one rounds.
    const sign = low.coefficient === 0n ? 0n : low.coefficient > 0n ? 1n : -1n;
    return {
      coefficient: high.coefficient * 10n ** BigInt(guard) + sign,
      exponent: high.exponent - guard,
    };
  }
  return {
    coefficient: high.coefficient * 10n ** BigInt(gap) + low.coefficient,
    exponent: low.exponent,
  };
}

function divide(a: Scaled, b: Scaled): Scaled {
  if (b.coefficient === 0n) throw new DataFault('/ by zero');
  const preferred = a.exponent - b.exponent;
  if (a.coefficient === 0n) return { coefficient: 0n, exponent: preferred };
  const shift = Math.max(
    0,
    PRECISION + 3 + digitCount(b.coefficient) - digitCount(a.coefficient),
  );
  const dividend = a.coefficient * 10n ** BigInt(shift);
  let coefficient = dividend / b.coefficient;
  let exponent = preferred - shift;
  if (dividend % b.coefficient !== 0n) {
    // One more digit says that the quotient goes on, so that it is no tie.
    const sign = a.coefficient < 0n === b.coefficient < 0n ? 1n : -1n;
    return {
      coefficient: coefficient * 10n + sign,
      exponent: exponent - 1,
    };
  }
  while (exponent < preferred && coefficient % 10n === 0n) {
    coefficient /= 10n;
    exponent += 1;
  }
  return { coefficient, exponent };
}

function remainder(a: Scaled, b: Scaled): Scaled {
  if (b.coefficient === 0n) throw new DataFault('/ by zero');
  const exponent = Math.min(a.exponent, b.exponent);
  const shiftA = a.exponent - exponent;
  const shiftB = b.exponent - exponent;
  if (Math.max(shiftA, shiftB) > 10_000) {
    throw new DataFault('the operands of % are too far apart');
  }
  return {
    coefficient:
      (a.coefficient * 10n ** BigInt(shiftA)) %
      (b.coefficient * 10n ** BigInt(shiftB)),
    exponent,
  };
}

function isInteger(value: Numeric): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

function toFloat(value: Numeric): number {
  if (value instanceof IonFloat) return value.value;
  return value instanceof Decimal ? value.numberValue() : Number(value);
}

/**
 * Two ints give an int (division cuts off the fraction), an int and a float a
 * float, and a decimal makes the result one.
 */
export function calculate(
  operator: ArithmeticOperator,
  a: Numeric,
  b: Numeric,
): Numeric {
  if (isInteger(a) && isInteger(b)) return calculateIntegers(operator, a, b);
  checkDigits(a);
  checkDigits(b);
  const isDecimal = a instanceof Decimal || b instanceof Decimal;
  if (!isDecimal || !isFinite(a) || !isFinite(b)) {
    return new IonFloat(calculateFloats(operator, toFloat(a), toFloat(b)));
  }
  const x = scaled(a);
  const y = scaled(b);
  switch (operator) {
    case '+':
      return decimal(roundDigits(add(x, y)));
    case '-':
      return decimal(
        roundDigits(add(x, { ...y, coefficient: -y.coefficient })),
      );
    case '*':
      return decimal(
        roundDigits({
          coefficient: x.coefficient * y.coefficient,
          exponent: x.exponent + y.exponent,
        }),
      );
    case '/':
      return decimal(roundDigits(divide(x, y)));
    case '%':
      return decimal(roundDigits(remainder(x, y)));
  }
}

function isFinite(value: Numeric): boolean {
  return !(value instanceof IonFloat) || Number.isFinite(value.value);
}

function calculateIntegers(
  operator: ArithmeticOperator,
  a: number | bigint,
  b: number | bigint,
): number | bigint {
  if (typeof a === 'number' && typeof b === 'number') {
    const result = calculateNumbers(operator, a, b);
    // `+ 0` makes a -0 a 0.
    if (Number.isSafeInteger(result)) return result + 0;
  }
  checkDigits(a);
  checkDigits(b);
  const x = BigInt(a);
  const y = BigInt(b);
  if (y === 0n && (operator === '/' || operator === '%')) {
    throw new DataFault('/ by zero');
  }
  switch (operator) {
    case '+':
      return integer(x + y);
    case '-':
      return integer(x - y);
    case '*':
      return integer(x * y);
    case '/':
      return integer(x / y);
    case '%':
      return integer(x % y);
  }
}

function calculateNumbers(
  operator: ArithmeticOperator,
  a: number,
  b: number,
): number {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return Math.trunc(a / b);
    case '%':
      return a % b;
  }
}

function calculateFloats(
  operator: ArithmeticOperator,
  a: number,
  b: number,
): number {
  return operator === '/' ? a / b : calculateNumbers(operator, a, b);
}

/** The number with the other sign. */
export function negate(value: Numeric): Numeric {
  checkDigits(value);
  if (value instanceof IonFloat) return new IonFloat(-value.value);
  if (value instanceof Decimal) {
    return new Decimal(
      value.getCoefficient(),
      value.getExponent(),
      !value.isNegative(),
    );
  }
  return typeof value === 'number' ? 0 - value : integer(-value);
}

/** Order of two numbers by value, whatever their types. NaN comes first, and equals itself. */
export function compareNumbers(a: Numeric, b: Numeric): number {
  if (isInteger(a) && isInteger(b)) return a < b ? -1 : a > b ? 1 : 0;
  const x = specialRank(a);
  const y = specialRank(b);
  if (x !== 0 || y !== 0) return x - y;
  return compareScaled(scaled(a), scaled(b));
}

/** -2 for NaN, -1 and 1 for the infinities, 0 for every other number. */
function specialRank(value: Numeric): number {
  if (!(value instanceof IonFloat)) return 0;
  if (Number.isNaN(value.value)) return -2;
  return Number.isFinite(value.value) ? 0 : Math.sign(value.value);
}

function compareScaled(a: Scaled, b: Scaled): number {
  const signA = a.coefficient === 0n ? 0 : a.coefficient < 0n ? -1 : 1;
  const signB = b.coefficient === 0n ? 0 : b.coefficient < 0n ? -1 : 1;
  if (signA !== signB || signA === 0) return signA - signB;
  if (a.exponent === b.exponent) {
    return a.coefficient < b.coefficient
      ? -1
      : a.coefficient > b.coefficient
        ? 1
        : 0;
  }
  const apart = compareRoughly(a, b);
  if (apart !== 0) return apart * signA;
  checkComparable(a.coefficient);
  checkComparable(b.coefficient);
  // The place of the first digit decides, unless it is the same: so an
  // exponent of a billion costs nothing.
  const lengthA = digitCount(a.coefficient);
  const lengthB = digitCount(b.coefficient);
  const place = lengthA + a.exponent - (lengthB + b.exponent);
  if (place !== 0) return place < 0 ? -signA : signA;
  const difference =
    a.coefficient * 10n ** BigInt(Math.max(0, lengthB - lengthA)) -
    b.coefficient * 10n ** BigInt(Math.max(0, lengthA - lengthB));
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

const DIGITS_PER_BIT = Math.log10(2);

/** Which of two numbers is larger without its sign, if that is plain from how long they are; else 0. */
function compareRoughly(a: Scaled, b: Scaled): number {
  const difference =
    (bitsOf(a.coefficient) - bitsOf(b.coefficient)) * DIGITS_PER_BIT +
    (a.exponent - b.exponent);
  // A count of bits is up to 64 too large for a small number.
  return Math.abs(difference) > 64 ? Math.sign(difference) : 0;
}

/** @throws PartiqlError `PARTIQL_LIMIT` in a statement, if its digits cannot be written out in good time. */
function checkComparable(int: bigint): void {
  if (isCounting() && hasMoreDigits(int, MOST_KEY_DIGITS)) {
    throw new PartiqlError(
      'PARTIQL_LIMIT',
      `A number of more than ${MOST_KEY_DIGITS} digits cannot be grouped, looked up, or compared with one of another scale`,
    );
  }
}

/** A text that two numbers share iff they are equal. */
export function numberKey(value: Numeric): string {
  if (value instanceof IonFloat && !Number.isFinite(value.value)) {
    return `${value.value}`;
  }
  // A small int needs no way through a bigint.
  const small = typeof value === 'number';
  const { coefficient, exponent } = small
    ? { coefficient: value, exponent: 0 }
    : scaled(value);
  if (!coefficient) return '0';
  if (typeof coefficient === 'bigint') checkComparable(coefficient);
  const digits = coefficient.toString();
  let end = digits.length;
  while (digits.charCodeAt(end - 1) === 0x30) end -= 1;
  return `${digits.slice(0, end)}e${exponent + digits.length - end}`;
}

/** The number without its fraction. */
export function truncate(value: Numeric): number | bigint {
  if (isInteger(value)) return value;
  checkDigits(value);
  if (value instanceof IonFloat) {
    if (!Number.isFinite(value.value)) {
      throw new DataFault('Int overflow or underflow');
    }
    return integer(BigInt(Math.trunc(value.value)));
  }
  const { coefficient, exponent } = scaled(value);
  if (coefficient === 0n) return 0;
  if (exponent > 19) throw new DataFault('Int overflow or underflow');
  if (exponent >= 0) return integer(coefficient * 10n ** BigInt(exponent));
  if (-exponent > digitCount(coefficient)) return 0;
  return integer(coefficient / 10n ** BigInt(-exponent));
}

/** The int next to the number; of two, the even one. */
export function rounded(value: Numeric): number | bigint {
  if (isInteger(value) || !isFinite(value)) return truncate(value);
  const number = scaled(value);
  const places = -number.exponent;
  if (places <= 0) return truncate(value);
  // What is less than a tenth is nothing.
  if (places > digitCount(number.coefficient) + 1) return 0;
  return truncate(decimal(dropDigits(number, places)));
}

/** Plain decimal text, without an exponent unless there would be very many zeros. */
export function decimalText(value: Decimal): string {
  checkDigits(value);
  const { coefficient, exponent } = scaled(value);
  if (exponent === 0) return coefficient.toString();
  const negative = coefficient < 0n;
  const digits = (negative ? -coefficient : coefficient).toString();
  const sign = negative ? '-' : '';
  if (exponent < 0 && exponent > -100) {
    const padded = digits.padStart(1 - exponent, '0');
    return `${sign}${padded.slice(0, exponent)}.${padded.slice(exponent)}`;
  }
  if (exponent > 0 && exponent < 100)
    return sign + digits + '0'.repeat(exponent);
  return `${sign}${digits}E${exponent > 0 ? '+' : ''}${exponent}`;
}
