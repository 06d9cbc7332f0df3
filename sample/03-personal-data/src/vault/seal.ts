import {
  createCipheriv,
  createDecipheriv,
  type KeyObject,
  randomBytes,
} from 'node:crypto';

/** Where a sealed text belongs. Moved to another place, it does not open. */
export interface Place {
  readonly table: string;
  readonly personId: string;
  readonly field: string;
}

// What is in a ledger stays: a later format needs another first byte.
const FORMAT = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Encrypts with AES-256-GCM: format, nonce, tag, then the text. */
export function seal(text: string, key: KeyObject, place: Place): Uint8Array {
  // Random, and new each time: under one key, no nonce may come twice.
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, {
    authTagLength: TAG_BYTES,
  }).setAAD(bytesOf(place));
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([
    Uint8Array.of(FORMAT),
    nonce,
    cipher.getAuthTag(),
    sealed,
  ]);
}

/** @throws Error when it was altered, or sealed with another key or for another place */
export function unseal(
  bytes: Uint8Array,
  key: KeyObject,
  place: Place,
): string {
  const [format] = bytes;
  if (format !== FORMAT || bytes.length < 1 + NONCE_BYTES + TAG_BYTES)
    throw new Error(`${place.table}.${place.field} is not sealed.`);
  const nonceEnd = 1 + NONCE_BYTES;
  const tagEnd = nonceEnd + TAG_BYTES;
  const decipher = createDecipheriv(
    'aes-256-gcm',
    key,
    bytes.subarray(1, nonceEnd),
    { authTagLength: TAG_BYTES },
  )
    .setAAD(bytesOf(place))
    .setAuthTag(bytes.subarray(nonceEnd, tagEnd));
  return Buffer.concat([
    decipher.update(bytes.subarray(tagEnd)),
    decipher.final(),
  ]).toString('utf8');
}

/** As JSON, so that no two places look the same. */
function bytesOf({ table, personId, field }: Place): Buffer {
  return Buffer.from(JSON.stringify([table, personId, field]));
}
