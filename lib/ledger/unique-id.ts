import type { LedgerPorts } from './ports.js';

const ALPHABET =
  '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** All pairs of digits, by their value. */
const PAIRS = Array.from(
  { length: 62 * 62 },
  (_, n) => ALPHABET[Math.floor(n / 62)] + ALPHABET[n % 62],
);

/** 62^6, by which a half is parted into 5 and 6 digits; and 2^48 divided by it. */
const SPLIT = 62 ** 6;
const QUOTIENT = Math.floor(2 ** 48 / SPLIT);
const REMAINDER = 2 ** 48 % SPLIT;

/** Ids that one second has room for. */
const SECOND = 2 ** 14;

/**
 * Makes ids for documents, transactions, tables, indexes and strands, as QLDB
 * wrote them: two unsigned 64-bit halves of 11 Base62 digits each.
 *
 * As in most of QLDB's ids the first half is a byte, a zero byte, the second of
 * its making and 14 bits more. Here the byte is the same for all ids of one
 * maker and the bits count up, so that ids sort by the order of their making:
 * what is inserted together is stored together. The second half is random.
 */
export class UniqueIds {
  readonly #ports: LedgerPorts;
  /** The upper 16 bits of the first half. */
  readonly #maker: number;
  /** The lower 48 bits of the first half of the last id. */
  #last = -1;

  constructor(ports: LedgerPorts) {
    this.#ports = ports;
    this.#maker = ports.random(1)[0] << 8;
  }

  next(): string {
    const { now, random } = this.#ports;
    const [a, b, c, d, e, f, g, h] = random(8);
    const second = Math.floor(now() / 1000) * SECOND;
    // The first of a second begins somewhere in the lower half of its room.
    this.#last =
      second > this.#last ? second + (((a << 8) | b) & 0x1fff) : this.#last + 1;
    return (
      base62(this.#maker, this.#last) +
      base62(
        (a << 8) | b,
        ((c << 16) | (d << 8) | e) * 2 ** 24 + ((f << 16) | (g << 8) | h),
      )
    );
  }
}

/** The first 16 of some bytes, as an id. */
export function idFrom(bytes: Uint8Array): string {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, 16);
  return (
    base62(view.readUInt16BE(0), view.readUIntBE(2, 6)) +
    base62(view.readUInt16BE(8), view.readUIntBE(10, 6))
  );
}

/** True for 22 characters that are two 64-bit halves. */
export function isUniqueId(text: string): boolean {
  return (
    /^[0-9A-Za-z]{22}$/.test(text) &&
    text.slice(0, 11) <= LARGEST &&
    text.slice(11) <= LARGEST
  );
}

/** 64 bits, the upper 16 and the lower 48, as 11 digits. */
function base62(upper: number, lower: number): string {
  const rest = upper * REMAINDER + lower;
  const high = upper * QUOTIENT + Math.floor(rest / SPLIT);
  const low = rest % SPLIT;
  return (
    ALPHABET[Math.floor(high / 62 ** 4)] +
    PAIRS[Math.floor(high / 62 ** 2) % 62 ** 2] +
    PAIRS[high % 62 ** 2] +
    PAIRS[Math.floor(low / 62 ** 4)] +
    PAIRS[Math.floor(low / 62 ** 2) % 62 ** 2] +
    PAIRS[low % 62 ** 2]
  );
}

const LARGEST = base62(2 ** 16 - 1, 2 ** 48 - 1);
