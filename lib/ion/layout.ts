import { TimestampPrecision } from 'ion-js';
import type { TimestampParts } from './timestamp.js';

/** Bytes in the making: the parts of the Ion binary form that have no type descriptor of their own. */
export class Layout {
  bytes: Buffer;
  pos = 0;
  #view: DataView;

  constructor(size = 1024) {
    this.bytes = Buffer.allocUnsafeSlow(size);
    this.#view = new DataView(this.bytes.buffer);
  }

  /** Begins again, with no more than `kept` bytes of space. */
  reset(kept = Infinity): void {
    this.pos = 0;
    if (this.bytes.length > kept) this.#allocate(kept);
  }

  /** Makes room for `length` more bytes. */
  reserve(length: number): void {
    const needed = this.pos + length;
    if (needed <= this.bytes.length) return;
    const { bytes } = this;
    this.#allocate(Math.max(needed, 2 * bytes.length));
    bytes.copy(this.bytes, 0, 0, this.pos);
  }

  #allocate(size: number): void {
    this.bytes = Buffer.allocUnsafeSlow(size);
    this.#view = new DataView(this.bytes.buffer);
  }

  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.pos++] = value;
  }

  /** Bytes as they are. */
  raw(bytes: Uint8Array, start = 0, end = bytes.length): void {
    const length = end - start;
    this.reserve(length);
    if (length > 32) {
      this.bytes.set(bytes.subarray(start, end), this.pos);
      this.pos += length;
      return;
    }
    // A short copy is done sooner than the call that would do it.
    const target = this.bytes;
    let { pos } = this;
    for (let i = start; i < end; i++) target[pos++] = bytes[i];
    this.pos = pos;
  }

  /** A type descriptor with the length of what follows. */
  header(type: number, length: number): void {
    if (length < 14) return this.byte((type << 4) | length);
    this.byte((type << 4) | 14);
    this.varUInt(length);
  }

  /**
   * Leaves room for a type descriptor and `room` bytes of length. When the
   * content is written, {@link close} puts the header before it. Returns where
   * the header begins.
   */
  open(room: number): number {
    const start = this.pos;
    this.reserve(1 + room);
    this.pos = start + 1 + room;
    return start;
  }

  /** Writes the header for which {@link open} left `room` at `start`; moves the content if it needs more or less. */
  close(start: number, room: number, type: number): void {
    const length = this.pos - start - 1 - room;
    const short = length < 14;
    this.#move(start + 1 + room, (short ? 0 : varUIntLength(length)) - room);
    this.bytes[start] = (type << 4) | (short ? length : 14);
    if (!short) this.#varUIntAt(start + 1, length);
  }

  /** Writes a length without a descriptor where {@link open} left no room but for the descriptor. */
  closeLength(start: number): void {
    const length = this.pos - start - 1;
    this.#move(start + 1, varUIntLength(length) - 1);
    this.#varUIntAt(start, length);
  }

  #varUIntAt(start: number, value: number): void {
    const end = this.pos;
    this.pos = start;
    this.varUInt(value);
    this.pos = end;
  }

  /** Moves everything from `start` on. */
  #move(start: number, by: number): void {
    if (by === 0) return;
    if (by > 0) this.reserve(by);
    this.bytes.copyWithin(start + by, start, this.pos);
    this.pos += by;
  }

  float64(value: number): void {
    this.reserve(8);
    // NaN has many forms; it is written in one.
    this.#view.setFloat64(this.pos, Number.isNaN(value) ? NaN : value);
    this.pos += 8;
  }

  /** An unsigned integer in groups of seven bits. */
  varUInt(value: number): void {
    this.reserve(8);
    const length = varUIntLength(value);
    let rest = value;
    for (let i = this.pos + length - 1; i >= this.pos; i--) {
      this.bytes[i] = rest & 0x7f;
      rest = rest < 128 ? 0 : Math.floor(rest / 128);
    }
    this.pos += length;
    this.bytes[this.pos - 1] = (value & 0x7f) | 0x80;
  }

  /** A signed integer in groups of seven bits; -0 is kept. */
  varInt(value: number): void {
    const negative = value < 0 || Object.is(value, -0);
    let rest = Math.abs(value);
    let length = 1;
    for (let limit = 64; rest >= limit; limit *= 128) length++;
    this.reserve(length);
    for (let i = length - 1; i > 0; i--) {
      this.bytes[this.pos + i] = rest % 128;
      rest = Math.floor(rest / 128);
    }
    this.bytes[this.pos] = negative ? rest | 0x40 : rest;
    this.pos += length;
    this.bytes[this.pos - 1] |= 0x80;
  }

  /** The bytes of a magnitude, as few as it takes; none for 0. */
  magnitude(value: number | bigint): void {
    if (typeof value === 'bigint') return this.#bigMagnitude(value);
    let length = 0;
    for (let rest = value; rest >= 1; rest = Math.floor(rest / 256)) length++;
    this.reserve(length);
    let rest = value;
    for (let i = this.pos + length - 1; i >= this.pos; i--) {
      this.bytes[i] = rest % 256;
      rest = Math.floor(rest / 256);
    }
    this.pos += length;
  }

  #bigMagnitude(value: bigint): void {
    if (value === 0n) return;
    const hex = value.toString(16);
    const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.pos);
    this.pos += bytes.length;
  }

  /** A sign-and-magnitude integer, as few bytes as it takes; none for 0, one for -0. */
  signed(magnitude: number | bigint, negative: boolean): void {
    const sign = negative ? 0x80 : 0;
    const start = this.pos;
    // A byte for the sign, which goes again if the first byte has room for it.
    this.byte(sign);
    this.magnitude(magnitude);
    if (this.pos === start + 1) {
      if (!negative) this.pos = start;
    } else if (this.bytes[start + 1] < 0x80) {
      this.bytes.copyWithin(start, start + 1, this.pos--);
      this.bytes[start] |= sign;
    }
  }

  /** The content of a timestamp. */
  timestamp(t: TimestampParts): void {
    const { precision } = t;
    this.varInt(precision < TimestampPrecision.HOUR_AND_MINUTE ? -0 : t.offset);
    this.varUInt(t.year);
    if (precision < TimestampPrecision.MONTH) return;
    this.varUInt(t.month);
    if (precision < TimestampPrecision.DAY) return;
    this.varUInt(t.day);
    if (precision < TimestampPrecision.HOUR_AND_MINUTE) return;
    this.varUInt(t.hour);
    this.varUInt(t.minute);
    if (precision < TimestampPrecision.SECONDS) return;
    this.varUInt(t.second);
    if (t.exponent === 0) return;
    this.varInt(t.exponent);
    this.signed(t.coefficient, false);
  }
}

/** How many bytes {@link Layout.varUInt} takes. */
export function varUIntLength(value: number): number {
  let length = 1;
  for (let limit = 128; value >= limit; limit *= 128) length++;
  return length;
}
