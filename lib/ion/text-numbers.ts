import { toTimestamp, daysInMonth, MAX_FRACTION_DIGITS } from './timestamp.js';
import { Decimal, IonFloat, type IonValue, type Timestamp } from './value.js';
import { TimestampPrecision } from 'ion-js';

/** A number, or what looks like one until its end. */
const NUMBER =
  /-?(?:0[xX][\dA-Fa-f]+(?:_[\dA-Fa-f]+)*|0[bB][01]+(?:_[01]+)*|(?:0|[1-9]\d*(?:_\d+)*)(?:\.(?:\d+(?:_\d+)*)?)?(?:[dDeE][+-]?\d+)?)/y;
const TIMESTAMP =
  /(\d{4})(?:T|-(\d\d)(?:T|-(\d\d)(?:T(?:(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:\d\d))?)?))/y;
const DATE_LENGTH = 5;
/** Exponents beyond are no numbers that anybody wrote. */
const MAX_EXPONENT_DIGITS = 15;

/** A number or timestamp in Ion text, and where it ends; undefined if none stands there. */
export function readNumber(
  text: string,
  start: number,
): { readonly value: IonValue; readonly end: number } | undefined {
  const mark = text.charCodeAt(start + 4);
  // Four digits, then T or a hyphen: no number goes on like that.
  if (mark === 0x54 || mark === 0x2d) {
    TIMESTAMP.lastIndex = start;
    const match = TIMESTAMP.exec(text);
    if (match && match[0].length >= DATE_LENGTH) {
      const value = timestampOf(match);
      return value && { value, end: TIMESTAMP.lastIndex };
    }
  }
  NUMBER.lastIndex = start;
  const digits = NUMBER.exec(text)?.[0];
  if (digits === undefined) return undefined;
  const value = numberOf(digits);
  return value === undefined
    ? undefined
    : { value, end: start + digits.length };
}

function numberOf(digits: string): IonValue | undefined {
  if (digits.length < 16 && /^-?\d+$/.test(digits)) {
    const number = Number(digits);
    return number === 0 ? 0 : number;
  }
  const plain = digits.replaceAll('_', '');
  if (/^-?0[xXbB]/.test(plain)) {
    const isNegative = plain.startsWith('-');
    const magnitude = BigInt(isNegative ? plain.slice(1) : plain);
    return intOf(isNegative ? -magnitude : magnitude);
  }
  if (/[eE]/.test(plain)) return new IonFloat(Number(plain));
  if (/[.dD]/.test(plain)) return decimalOf(plain);
  return intOf(BigInt(plain));
}

function intOf(int: bigint): number | bigint {
  const number = Number(int);
  return Number.isSafeInteger(number) ? number : int;
}

function decimalOf(plain: string): Decimal | undefined {
  const [mantissa, power = '0'] = plain.split(/[dD]/);
  if (power.replace(/^[+-]?0*/, '').length > MAX_EXPONENT_DIGITS)
    return undefined;
  const point = mantissa.indexOf('.');
  const fraction = point < 0 ? 0 : mantissa.length - point - 1;
  const coefficient = BigInt(mantissa.replace('.', ''));
  return new Decimal(
    coefficient,
    Number(power) - fraction,
    mantissa.startsWith('-'),
  );
}

function timestampOf(match: RegExpExecArray): Timestamp | undefined {
  const [, years, months, days, hours, minutes, seconds, fraction, zone] =
    match;
  const [year, month, day] = [
    Number(years),
    Number(months ?? 1),
    Number(days ?? 1),
  ];
  if (
    year < 1 ||
    month < 1 ||
    month > 12 ||
    day < 1 ||
    day > daysInMonth(year, month)
  )
    return undefined;
  const precision =
    hours !== undefined
      ? seconds === undefined
        ? TimestampPrecision.HOUR_AND_MINUTE
        : TimestampPrecision.SECONDS
      : days !== undefined
        ? TimestampPrecision.DAY
        : months !== undefined
          ? TimestampPrecision.MONTH
          : TimestampPrecision.YEAR;
  const offset = zone === undefined ? -0 : offsetOf(zone);
  const [hour, minute, second] = [
    Number(hours ?? 0),
    Number(minutes ?? 0),
    Number(seconds ?? 0),
  ];
  if (
    offset === undefined ||
    hour > 23 ||
    minute > 59 ||
    second > 59 ||
    (fraction?.length ?? 0) > MAX_FRACTION_DIGITS
  )
    return undefined;
  return toTimestamp({
    offset,
    year,
    month,
    day,
    // toTimestamp goes from UTC to local time; the text is local already.
    hour,
    minute: minute - offset,
    second,
    exponent: fraction === undefined ? 0 : -fraction.length,
    coefficient:
      fraction === undefined
        ? 0
        : fraction.length < 16
          ? Number(fraction)
          : BigInt(fraction),
    precision,
  });
}

/** Minutes east of UTC; -0 for the unknown offset, `-00:00`. */
function offsetOf(zone: string): number | undefined {
  if (zone === 'Z') return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(4))];
  if (hours > 23 || minutes > 59) return undefined;
  const offset = hours * 60 + minutes;
  return zone.startsWith('-') ? -offset : offset;
}
