/** An exact number, in lowest terms; the denominator is positive. */
export interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

export function fraction(numerator: bigint, denominator = 1n): Fraction {
  if (denominator < 0n) return fraction(-numerator, -denominator);
  const divisor = greatestCommon(absolute(numerator), denominator);
  return {
    numerator: numerator / divisor,
    denominator: denominator / divisor,
  };
}

function absolute(value: bigint): bigint {
  return value < 0n ? -value : value;
}

function greatestCommon(a: bigint, b: bigint): bigint {
  return b === 0n ? a : greatestCommon(b, a % b);
}

/** Of a text such as `-12.5e-3`. */
export function fractionOf(digits: string): Fraction {
  const match = /^(-?\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/.exec(digits);
  if (match === null) throw new RangeError('this is no number');
  const [, whole = '', decimals = '', exponent = '0'] = match;
  const power = Number(exponent) - decimals.length;
  const coefficient = BigInt(whole + decimals);
  return power < 0
    ? fraction(coefficient, 10n ** BigInt(-power))
    : fraction(coefficient * 10n ** BigInt(power));
}

export function compareFractions(a: Fraction, b: Fraction): number {
  const left = a.numerator * b.denominator;
  const right = b.numerator * a.denominator;
  return left < right ? -1 : left > right ? 1 : 0;
}

export function add(a: Fraction, b: Fraction): Fraction {
  return fraction(
    a.numerator * b.denominator + b.numerator * a.denominator,
    a.denominator * b.denominator,
  );
}

export function negate(a: Fraction): Fraction {
  return { numerator: -a.numerator, denominator: a.denominator };
}

export function multiply(a: Fraction, b: Fraction): Fraction {
  return fraction(a.numerator * b.numerator, a.denominator * b.denominator);
}

export function divide(a: Fraction, b: Fraction): Fraction {
  return fraction(a.numerator * b.denominator, a.denominator * b.numerator);
}

/** Towards zero. */
export function truncate(a: Fraction): Fraction {
  return fraction(a.numerator / a.denominator);
}

export function toNumber(a: Fraction): number {
  return Number(a.numerator) / Number(a.denominator);
}

/** To so many significant digits, half to even. */
export function rounded(a: Fraction, digits = 38): Fraction {
  if (a.numerator === 0n) return a;
  const size = absolute(a.numerator);
  // 10^place is the unit of the last digit that stays.
  let place = `${size / a.denominator}`.length - digits;
  if (size < a.denominator) {
    place = 1 - digits;
    let scaled = size * 10n;
    while (scaled < a.denominator) {
      scaled *= 10n;
      place -= 1;
    }
    place -= 1;
  }
  const unit =
    place < 0
      ? fraction(1n, 10n ** BigInt(-place))
      : fraction(10n ** BigInt(place));
  const { numerator, denominator } = divide(
    { numerator: size, denominator: a.denominator },
    unit,
  );
  let whole = numerator / denominator;
  const twice = (numerator % denominator) * 2n;
  if (twice > denominator || (twice === denominator && whole % 2n === 1n)) {
    whole += 1n;
  }
  return multiply(fraction(a.numerator < 0n ? -whole : whole), unit);
}
