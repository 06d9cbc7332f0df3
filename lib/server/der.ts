// DER, the encoding that certificates are written in (ITU-T X.690): every value
// is a tag, a length and its contents.
import { isIPv4 } from 'node:net';

/** A value with a tag; a structure holds the values that it is made of. */
export function value(tag: number, ...contents: Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([
    Uint8Array.of(tag, ...length(content.length)),
    content,
  ]);
}

export const sequence = (...items: Uint8Array[]) => value(0x30, ...items);
export const set = (...items: Uint8Array[]) => value(0x31, ...items);
export const boolean = (is: boolean) =>
  value(0x01, Uint8Array.of(is ? 0xff : 0));
/** An integer that is not negative: its first bit is not set. */
export const integer = (bytes: Uint8Array) => value(0x02, bytes);
export const octets = (bytes: Uint8Array) => value(0x04, bytes);
/** Bits; `unused` of the last byte do not count. */
export const bits = (bytes: Uint8Array, unused = 0) =>
  value(0x03, Uint8Array.of(unused), bytes);
export const utf8 = (text: string) => value(0x0c, Buffer.from(text));
/** A structure of the context's own, such as `[3]`. */
export const context = (number: number, ...items: Uint8Array[]) =>
  value(0xa0 | number, ...items);
/** A plain value whose tag the context gives, such as `[2] IMPLICIT`. */
export const implicit = (number: number, bytes: Uint8Array) =>
  value(0x80 | number, bytes);

/** An object identifier, such as `2.5.29.17`. */
export function objectId(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  return value(
    0x06,
    Buffer.from([first * 40 + second, ...rest].flatMap(septets)),
  );
}

/** A time to the second. X.509 has two forms; from 2050 on it is the longer one. */
export function time(date: Date): Buffer {
  const text = date.toISOString().replace(/[-:T]|\.\d+/g, '');
  return date.getUTCFullYear() < 2050
    ? value(0x17, Buffer.from(text.slice(2)))
    : value(0x18, Buffer.from(text));
}

/** An IP address as its 4 or 16 bytes. */
export function ipBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  // As a URL writes it: hexadecimal groups, one run of zeros left out.
  const { hostname } = new URL(`http://[${address}]`);
  const [head = '', tail] = hostname.slice(1, -1).split('::');
  const groups = (text = '') => (text === '' ? [] : text.split(':'));
  const [before, after] = [groups(head), groups(tail)];
  const zeros = Array<string>(8 - before.length - after.length).fill('0');
  return Buffer.from(
    [...before, ...zeros, ...after]
      .map((group) => group.padStart(4, '0'))
      .join(''),
    'hex',
  );
}

/** A length: itself below 128, else the count of its bytes and the bytes. */
function length(size: number): number[] {
  if (size < 0x80) return [size];
  const bytes: number[] = [];
  for (let rest = size; rest > 0; rest >>>= 8) bytes.unshift(rest & 0xff);
  return [0x80 | bytes.length, ...bytes];
}

/** A number in groups of seven bits; all but the last are marked. */
function septets(number: number): number[] {
  const groups = [number & 0x7f];
  for (let rest = number >>> 7; rest > 0; rest >>>= 7)
    groups.unshift(0x80 | (rest & 0x7f));
  return groups;
}
