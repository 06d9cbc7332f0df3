import { hash as digestOf } from 'node:crypto';
import { Cursor } from './cursor.js';
import { Datagram } from './datagram.js';
import { BinaryStruct } from './decode.js';
import { encodeIon } from './encode.js';
import type { Digest } from './hash-layout.js';
import { Hasher } from './hasher.js';
import { rememberedTexts } from './remembered-texts.js';
import { IonStruct, type IonValue } from './value.js';

/** Bytes of a SHA-256 digest. */
const DIGEST_BYTES = 32;

/** SHA-256, as the parts of Ion Hash are put together from it. */
export const sha256: Digest = (bytes) => digestOf('sha256', bytes, 'binary');
const hasher = new Hasher(sha256);

/**
 * Ion Hash of the one value in an Ion binary, by SHA-256: 32 bytes that are the
 * same for all ways to write the value down.
 *
 * The whole value is read and checked on the way.
 *
 * @throws IonBinaryError if the bytes are not valid, or hold no value or more than one.
 *
 * @example
 * ```ts
 * const hash = ionHash(toIonBinary({ VIN: '1N4AL11D75C109151' }));
 * ```
 */
export function ionHash(bytes: Uint8Array): Uint8Array {
  const { cursor, end, table } = Datagram.single(bytes);
  return toBytes(hasher.hash(cursor, end, table));
}

/** The same for a large value: the work stops now and then, for whoever runs it to let others run. */
export function* ionHashInParts(
  bytes: Uint8Array,
): Generator<undefined, Uint8Array, undefined> {
  const { cursor, end, table } = Datagram.single(bytes);
  return toBytes(yield* new Hasher(sha256).hashInParts(cursor, end, table));
}

/** Ion Hash of a value, by SHA-256; 32 bytes. A struct remembers it. */
export function hashIon(value: IonValue): Uint8Array {
  if (!(value instanceof IonStruct)) return ionHash(encodeIon(value));
  return (value.digest ??= hashStruct(value));
}

function hashStruct(struct: IonStruct): Uint8Array {
  if (!(struct instanceof BinaryStruct)) return ionHash(encodeIon(struct));
  const cursor = new Cursor(struct.bytes, struct.start);
  return toBytes(
    hasher.hashStruct(cursor, struct.end, struct.table, struct.depth),
  );
}

/** Ion Hash of a text as an Ion string. Texts that come again are remembered. */
export const statementHash: (text: string) => Uint8Array =
  rememberedTexts(hashIon);

const pair = new Uint8Array(2 * DIGEST_BYTES);

/**
 * Combines two hashes without regard to their order: SHA-256 of the smaller
 * and the greater, compared as signed bytes from the last to the first. An
 * empty hash changes nothing.
 *
 * @throws RangeError if a hash has neither 0 nor 32 bytes.
 *
 * @example
 * The hash of a revision, as it stands in the journal:
 * ```ts
 * const hash = dot(ionHash(metadata), ionHash(data));
 * ```
 */
export function dot(a: Uint8Array, b: Uint8Array): Uint8Array {
  checkDigest(a);
  checkDigest(b);
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  const inOrder = compareDigests(a, b) <= 0;
  pair.set(inOrder ? a : b);
  pair.set(inOrder ? b : a, DIGEST_BYTES);
  return toBytes(sha256(pair));
}

function compareDigests(a: Uint8Array, b: Uint8Array): number {
  for (let i = DIGEST_BYTES - 1; i >= 0; i--) {
    const difference = ((a[i] << 24) >> 24) - ((b[i] << 24) >> 24);
    if (difference !== 0) return difference;
  }
  return 0;
}

function checkDigest(digest: Uint8Array): void {
  if (digest.length !== DIGEST_BYTES && digest.length !== 0) {
    throw new RangeError(
      `A hash has 0 or ${DIGEST_BYTES} bytes, not ${digest.length}.`,
    );
  }
}

/** A digest as bytes. */
export function toBytes(digest: string): Uint8Array {
  const bytes = new Uint8Array(digest.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = digest.charCodeAt(i);
  return bytes;
}
