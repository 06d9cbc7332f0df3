import type { LedgerPorts } from './ports.js';

const ALPHABET =
  '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** Base62 digits of an unsigned 64-bit number. */
const DIGITS = 11;

/**
 * A new id for a document, transaction, table, index or strand, as QLDB wrote
 * them: two unsigned 64-bit halves of 11 Base62 digits each.
 *
 * The first half carries the second of its making in bits 14 to 47, as most of
 * QLDB's ids do; the rest is random.
 */
export function uniqueId({ now, random }: LedgerPorts): string {
  const bytes = Buffer.from(random(16));
  const noise = bytes.readBigUInt64BE(0);
  const seconds = BigInt(Math.floor(now() / 1000));
  const first = (noise & 0xff00_0000_0000_3fffn) | (seconds << 14n);
  return base62(first) + base62(bytes.readBigUInt64BE(8));
}

/** True for 22 characters that are two 64-bit halves. */
export function isUniqueId(text: string): boolean {
  return (
    /^[0-9A-Za-z]{22}$/.test(text) &&
    text.slice(0, DIGITS) <= LARGEST &&
    text.slice(DIGITS) <= LARGEST
  );
}

function base62(value: bigint): string {
  // Two halves of at most 5 and 6 digits fit in a number, which divides faster than a bigint.
  const split = 62n ** 6n;
  return digits(Number(value / split), 5) + digits(Number(value % split), 6);
}

function digits(value: number, count: number): string {
  let text = '';
  for (let rest = value; text.length < count; rest = Math.floor(rest / 62))
    text = ALPHABET[rest % 62] + text;
  return text;
}

const LARGEST = base62(0xffff_ffff_ffff_ffffn);
