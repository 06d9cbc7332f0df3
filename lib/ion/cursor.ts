import { isUtf8 } from 'node:buffer';
import { Decimal, TimestampPrecision } from 'ion-js';
import { IonBinaryError } from './errors.js';
import {
  daysInMonth,
  MAX_FRACTION_DIGITS,
  type TimestampParts,
} from './timestamp.js';

/** Type codes: the high four bits of a type descriptor. */
export const T_NULL = 0;
export const T_BOOL = 1;
export const T_POSITIVE_INT = 2;
export const T_NEGATIVE_INT = 3;
export const T_FLOAT = 4;
export const T_DECIMAL = 5;
export const T_TIMESTAMP = 6;
export const T_SYMBOL = 7;
export const T_STRING = 8;
export const T_CLOB = 9;
export const T_BLOB = 10;
export const T_LIST = 11;
export const T_SEXP = 12;
export const T_STRUCT = 13;
export const T_ANNOTATION = 14;

/** Low four bits of the descriptor of a null. */
export const L_NULL = 15;

/**
 * How deep values may stand in one another, on the way in and out. Ion sets no
 * limit; ours keeps every walk far from the end of the stack.
 */
export const MAX_DEPTH = 1000;

/** A VarUInt above this does not fit a safe integer once it is shifted by seven bits. */
const MAX_BEFORE_SHIFT = 2 ** 46 - 1;
/** A decimal's exponent fits 32 bits, as in the other Ion libraries. */
export const MAX_EXPONENT = 2 ** 31 - 1;

const ignore = () => undefined;

/**
 * A position in Ion binary, with the readers of the binary form's parts. Every
 * length is checked against the end of its container before it is used.
 *
 * After {@link head}, `type`, `low` and `valueEnd` describe the value whose
 * content begins at `pos`; whoever called it leaves `pos` at `valueEnd`.
 */
export class Cursor {
  pos: number;
  type = T_NULL;
  /** Low four bits of the descriptor. */
  low = 0;
  /** Where the descriptor stands. */
  headStart = 0;
  valueEnd = 0;
  #view: DataView | undefined;
  #buffer: Buffer | undefined;

  constructor(
    readonly bytes: Uint8Array,
    pos = 0,
  ) {
    this.pos = pos;
  }

  fail(problem: string, offset = this.pos): never {
    throw new IonBinaryError(problem, offset);
  }

  tooDeep(): never {
    return this.fail(`values stand more than ${MAX_DEPTH} deep in one another`);
  }

  /** Reads a type descriptor and its length. */
  head(limit: number): void {
    const start = this.pos;
    if (start >= limit) this.fail('a value is missing');
    const descriptor = this.bytes[start];
    this.pos = start + 1;
    this.headStart = start;
    const type = (this.type = descriptor >> 4);
    const low = (this.low = descriptor & 15);
    let length = low;
    if (low >= 14) {
      if (low === 14) {
        if (type === T_BOOL) this.fail('a bool has no length', start);
        length = this.varUInt(limit);
      } else {
        if (type === T_ANNOTATION) this.fail('an annotation is no null', start);
        length = 0;
      }
    } else if (type === T_BOOL) {
      if (low > 1) this.fail('a bool is neither true nor false', start);
      length = 0;
    } else if (type === T_STRUCT && low === 1) {
      length = this.varUInt(limit);
      if (length === 0) this.fail('an ordered struct is empty', start);
    }
    if (type === 15) this.fail('type code 15 is reserved', start);
    if (length > limit - this.pos) {
      this.fail('a value is longer than what holds it', start);
    }
    this.valueEnd = this.pos + length;
  }

  /** Like {@link head}, but passes over annotations. */
  bareHead(limit: number): void {
    this.head(limit);
    if (this.type === T_ANNOTATION) this.annotations(this.valueEnd, ignore);
  }

  /** Whether the value after {@link head} is padding, which is no value at all. */
  get isPadding(): boolean {
    return this.type === T_NULL && this.low !== L_NULL;
  }

  /** An unsigned integer in groups of seven bits; at most 2^53 - 1. */
  varUInt(limit: number): number {
    let pos = this.pos;
    let value = 0;
    for (;;) {
      if (pos >= limit) this.fail('a length or an ID is cut off', pos);
      const byte = this.bytes[pos++];
      if (byte >= 0x80) {
        this.pos = pos;
        return value * 128 + (byte & 0x7f);
      }
      value = value * 128 + byte;
      if (value > MAX_BEFORE_SHIFT) this.fail('a number is too large', pos);
    }
  }

  /** A signed integer in groups of seven bits; -0 is kept. */
  varInt(limit: number): number {
    if (this.pos >= limit) this.fail('a signed number is cut off');
    const first = this.bytes[this.pos++];
    let magnitude = first & 0x3f;
    let byte = first;
    while (byte < 0x80) {
      if (this.pos >= limit) this.fail('a signed number is cut off');
      byte = this.bytes[this.pos++];
      if (magnitude > MAX_BEFORE_SHIFT) this.fail('a number is too large');
      magnitude = magnitude * 128 + (byte & 0x7f);
    }
    return first & 0x40 ? -magnitude : magnitude;
  }

  /** An unsigned big-endian integer from `start` to `end`. */
  magnitude(start: number, end: number): number | bigint {
    if (end - start <= 6) {
      let value = 0;
      for (let i = start; i < end; i++) {
        value = value * 256 + this.bytes[i];
      }
      return value;
    }
    const value = BigInt(`0x${this.buffer.toString('hex', start, end)}`);
    return value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
  }

  /** The int after its {@link head}: a number if it is a safe integer. */
  int(): number | bigint {
    const start = this.pos;
    const value = this.magnitude(start, this.valueEnd);
    if (this.type === T_POSITIVE_INT) return value;
    if (value === 0) this.fail('an int is minus zero', start);
    return -value;
  }

  /** The float after its {@link head}. */
  float(): number {
    switch (this.valueEnd - this.pos) {
      case 0:
        return 0;
      case 4:
        return this.#dataView.getFloat32(this.pos);
      case 8:
        return this.#dataView.getFloat64(this.pos);
      default:
        return this.fail('a float has neither 0, 4 nor 8 bytes');
    }
  }

  get #dataView(): DataView {
    const { buffer, byteOffset, byteLength } = this.bytes;
    return (this.#view ??= new DataView(buffer, byteOffset, byteLength));
  }

  /** The decimal after its {@link head}. */
  decimal(): Decimal {
    const end = this.valueEnd;
    if (this.pos === end) return new Decimal(0, 0);
    const exponent = this.exponent(end);
    const negative = this.negative(end);
    const magnitude = this.signedMagnitude(end);
    return typeof magnitude === 'number'
      ? new Decimal(negative ? -magnitude : magnitude, exponent)
      : new Decimal(negative ? -magnitude : magnitude, exponent, negative);
  }

  /** The exponent of a decimal. */
  exponent(limit: number): number {
    const start = this.pos;
    const exponent = this.varInt(limit);
    if (Math.abs(exponent) > MAX_EXPONENT) {
      this.fail('an exponent is too large', start);
    }
    return exponent + 0; // -0 is 0
  }

  /** Whether the sign-and-magnitude integer from here to `end` has its sign bit set. */
  negative(end: number): boolean {
    return this.pos < end && this.bytes[this.pos] >= 0x80;
  }

  /** The magnitude of the sign-and-magnitude integer from here to `end`. */
  signedMagnitude(end: number): number | bigint {
    const start = this.pos;
    if (start === end) return 0;
    const first = this.bytes[start] & 0x7f;
    const length = end - start;
    if (length <= 6) {
      let value = first;
      for (let i = start + 1; i < end; i++) {
        value = value * 256 + this.bytes[i];
      }
      return value;
    }
    const value =
      (BigInt(first) << BigInt(8 * (length - 1))) +
      BigInt(this.magnitude(start + 1, end));
    return value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
  }

  /** The timestamp after its {@link head}, checked. */
  timestamp(): TimestampParts {
    const start = this.pos;
    const end = this.valueEnd;
    if (start === end) this.fail('a timestamp has no year');
    const offset = this.varInt(end);
    const t: TimestampParts = {
      offset,
      year: this.#part(end, 1, 9999, 'year'),
      month: 1,
      day: 1,
      hour: 0,
      minute: 0,
      second: 0,
      exponent: 0,
      coefficient: 0,
      precision: TimestampPrecision.YEAR,
    };
    if (this.pos < end) {
      t.month = this.#part(end, 1, 12, 'month');
      t.precision = TimestampPrecision.MONTH;
    }
    if (this.pos < end) {
      t.day = this.#part(end, 1, daysInMonth(t.year, t.month), 'day');
      t.precision = TimestampPrecision.DAY;
    }
    if (this.pos < end) {
      t.hour = this.#part(end, 0, 23, 'hour');
      t.minute = this.#part(end, 0, 59, 'minute');
      t.precision = TimestampPrecision.HOUR_AND_MINUTE;
    }
    if (this.pos < end) {
      t.second = this.#part(end, 0, 59, 'second');
      t.precision = TimestampPrecision.SECONDS;
    }
    if (this.pos < end) this.#fraction(t, end);
    if (t.precision < TimestampPrecision.HOUR_AND_MINUTE) t.offset = -0;
    this.#checkLocalYear(t, start);
    return t;
  }

  #part(limit: number, min: number, max: number, name: string): number {
    const start = this.pos;
    const value = this.varUInt(limit);
    if (value < min || value > max) {
      this.fail(`the ${name} of a timestamp is out of range`, start);
    }
    return value;
  }

  #fraction(t: TimestampParts, end: number): void {
    const start = this.pos;
    const exponent = this.varInt(end);
    const negative = this.negative(end);
    const coefficient = this.signedMagnitude(end);
    const isZero = coefficient === 0;
    // Zero with an exponent of 0 or more says nothing about the fraction.
    if (exponent >= 0 && isZero) return;
    if (exponent >= 0 || (negative && !isZero)) {
      this.fail('the fraction of a second is not between 0 and 1', start);
    }
    if (exponent < -MAX_FRACTION_DIGITS) {
      this.fail(
        `the fraction of a second has more than ${MAX_FRACTION_DIGITS} digits`,
        start,
      );
    }
    const tooLarge =
      exponent > -16 && typeof coefficient === 'number'
        ? coefficient >= 10 ** -exponent
        : BigInt(coefficient) >= 10n ** BigInt(-exponent);
    if (tooLarge) {
      this.fail('the fraction of a second is not between 0 and 1', start);
    }
    t.exponent = exponent;
    t.coefficient = coefficient;
  }

  /** Local time, too, lies within the years 1 to 9999. */
  #checkLocalYear(t: TimestampParts, start: number): void {
    if (Math.abs(t.offset) >= 1440) {
      this.fail('the offset of a timestamp is a day or more', start);
    }
    if (t.offset === 0) return;
    const minutes = t.hour * 60 + t.minute + t.offset;
    const before = t.year === 1 && t.month === 1 && t.day === 1;
    const after = t.year === 9999 && t.month === 12 && t.day === 31;
    if ((before && minutes < 0) || (after && minutes >= 1440)) {
      this.fail('the local year of a timestamp is out of range', start);
    }
  }

  /**
   * Reads the annotations of the wrapper whose {@link head} is read and which
   * ends at `end`, and then the head of the value inside.
   */
  annotations(end: number, each: (sid: number, offset: number) => void): void {
    const start = this.pos;
    const length = this.varUInt(end);
    const last = this.pos + length;
    if (length === 0) this.fail('an annotation wrapper has no annotation');
    if (last >= end) this.fail('an annotation wrapper has no value', start);
    while (this.pos < last) {
      const offset = this.pos;
      each(this.varUInt(last), offset);
    }
    this.head(end);
    if (this.type === T_ANNOTATION || this.isPadding) {
      this.fail('an annotation wrapper holds no value', last);
    }
    if (this.valueEnd !== end) {
      this.fail('an annotation wrapper is longer than its value', start);
    }
  }

  /** The bytes from `start` to `end`, not copied. */
  view(start: number, end: number): Uint8Array {
    const { buffer, byteOffset } = this.bytes;
    return new Uint8Array(buffer, byteOffset + start, end - start);
  }

  /** UTF-8 from `start` to `end`. */
  utf8(start: number, end: number): string {
    const text = this.buffer.toString('utf8', start, end);
    // Node puts U+FFFD where the bytes are wrong; it may also just stand there.
    if (text.includes('\uFFFD') && !isUtf8(this.view(start, end))) {
      this.fail('a string is not UTF-8', start);
    }
    return text;
  }

  /** The bytes as a `Buffer`, which can do more. */
  get buffer(): Buffer {
    if (this.#buffer === undefined) {
      const { bytes } = this;
      this.#buffer = Buffer.isBuffer(bytes)
        ? bytes
        : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    return this.#buffer;
  }
}
