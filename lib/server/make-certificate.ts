import {
  createHash,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import * as der from './der.js';
import { QldbServerError } from './server-errors.js';

const DAY = 86_400_000;
const VALID_DAYS = 825;
/** ecdsa-with-SHA256. It takes no parameters. */
const SIGNATURE = der.sequence(der.objectId('1.2.840.10045.4.3.2'));
/** Bits of keyUsage, with how many of the byte's bits do not count. */
const DIGITAL_SIGNATURE = der.bits(Uint8Array.of(0x80), 7);
const SIGN_CERTIFICATES = der.bits(Uint8Array.of(0x04), 2);
const SERVER_AUTH = der.objectId('1.3.6.1.5.5.7.3.1');

/** What a server needs to speak TLS, and its clients to trust it. All in PEM. */
export interface MadeCertificate {
  /** The server's certificate, and the one that vouches for it. */
  readonly cert: string;
  readonly key: string;
  /** What clients have to trust. It holds no secret. */
  readonly ca: string;
}

/**
 * Makes a key and a certificate for some hosts (names or IP addresses).
 *
 * The certificate is signed by an authority that is made for it alone, and whose
 * key is forgotten at once. Clients trust the authority; but nobody, not even
 * who has stolen the server's key, can make them trust a certificate for another
 * host. One certificate that vouches for itself, as `openssl req -x509` makes
 * it, would be a key to all that its clients talk to.
 *
 * @throws QldbServerError `QLDB_SERVER_TLS` for a host that a certificate cannot name
 */
export function makeCertificate(
  hosts: readonly string[],
  now = Date.now(),
): MadeCertificate {
  const names = der.sequence(...hosts.map(generalName));
  const authority = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const server = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  // A name of its own: who trusts two of them must not mix them up.
  const issuer = commonName(
    `nestjs-qldb authority ${randomBytes(6).toString('hex')}`,
  );
  const authorityId = keyId(authority.publicKey);
  const issue = (
    subject: Buffer,
    publicKey: KeyObject,
    extensions: readonly Buffer[],
  ) =>
    signCertificate(
      [
        SIGNATURE,
        issuer,
        // A client's clock may be a little behind.
        der.sequence(
          der.time(new Date(now - DAY)),
          der.time(new Date(now + VALID_DAYS * DAY)),
        ),
        subject,
        publicKey.export({ type: 'spki', format: 'der' }),
        der.context(3, der.sequence(...extensions)),
      ],
      authority.privateKey,
    );

  const ca = issue(issuer, authority.publicKey, [
    // An authority; what it signs may not be one.
    extension(
      '2.5.29.19',
      der.sequence(der.boolean(true), der.integer(Uint8Array.of(0))),
      true,
    ),
    extension('2.5.29.15', SIGN_CERTIFICATES, true),
    extension('2.5.29.14', der.octets(authorityId)),
  ]);
  const cert = issue(commonName('nestjs-qldb server'), server.publicKey, [
    extension('2.5.29.19', der.sequence(), true),
    extension('2.5.29.15', DIGITAL_SIGNATURE, true),
    extension('2.5.29.37', der.sequence(SERVER_AUTH)),
    extension('2.5.29.17', names),
    extension('2.5.29.14', der.octets(keyId(server.publicKey))),
    extension('2.5.29.35', der.sequence(der.implicit(0, authorityId))),
  ]);
  return {
    cert: cert + ca,
    key: server.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    ca,
  };
}

/** RFC 5280, 4.1: what is signed, how, and the signature. */
function signCertificate(fields: readonly Buffer[], key: KeyObject): string {
  // 16 bytes, the first bit not set and the second one set.
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  const version3 = der.context(0, der.integer(Uint8Array.of(2)));
  const content = der.sequence(version3, der.integer(serial), ...fields);
  const signature = der.bits(sign('sha256', content, key));
  return pem(der.sequence(content, SIGNATURE, signature));
}

function extension(id: string, content: Buffer, critical = false): Buffer {
  return der.sequence(
    der.objectId(id),
    ...(critical ? [der.boolean(true)] : []),
    der.octets(content),
  );
}

/** A name with a single part, the common name. */
function commonName(text: string): Buffer {
  return der.sequence(
    der.set(der.sequence(der.objectId('2.5.4.3'), der.utf8(text))),
  );
}

/** RFC 5280, 4.2.1.6: a host, as the subjectAltName has it. */
function generalName(host: string): Buffer {
  if (isIP(host)) return der.implicit(7, der.ipBytes(host));
  const name = domainToASCII(host);
  const isName =
    /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(name) &&
    name.length <= 253 &&
    // What a URL takes for an address is none to TLS, and part of a URL is no host.
    !isIP(name) &&
    !/[/?#%\\]/.test(host);
  if (!isName)
    throw new QldbServerError(
      'QLDB_SERVER_TLS',
      `A certificate cannot name the host ${JSON.stringify(host.slice(0, 80))}. Give names such as ledgers.example, or IP addresses.`,
    );
  return der.implicit(2, Buffer.from(name));
}

/** Any digest of the key will do, as long as it is 20 bytes (RFC 7093). */
function keyId(key: KeyObject): Buffer {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest()
    .subarray(0, 20);
}

function pem(content: Buffer): string {
  const lines = content.toString('base64').replace(/.{1,64}/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}-----END CERTIFICATE-----\n`;
}
