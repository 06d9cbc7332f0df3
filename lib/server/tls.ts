import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { QldbServerError } from './server-errors.js';

/** A server's certificate and its private key, in PEM. */
export interface ServerTls {
  /** The certificate, followed by those that vouch for it, if there are any. */
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
  /** What the key is encrypted with, if it is. */
  readonly passphrase?: string;
}

/**
 * What Node's TLS is told. Everything that is wrong with a certificate or a key
 * is found here, before the first client comes. No message says what is in them.
 *
 * @throws QldbServerError `QLDB_SERVER_TLS`
 */
export function readTls({
  cert,
  key,
  passphrase,
}: ServerTls): SecureContextOptions {
  if (!readCertificate(cert).checkPrivateKey(readKey(key, passphrase)))
    throw tlsError(
      'The TLS key does not belong to the certificate. Give the key that the certificate was made for; with a chain, the certificate of the server comes first.',
    );
  const options = { cert, key, passphrase, minVersion: 'TLSv1.2' } as const;
  try {
    createSecureContext(options);
  } catch (error) {
    throw tlsError(
      `The TLS certificate or its key is refused by OpenSSL (${codeOf(error)}). Give a certificate with a key that is strong enough, and nothing but certificates beside it.`,
    );
  }
  return options;
}

function readCertificate(cert: string | Buffer): X509Certificate {
  try {
    return new X509Certificate(cert);
  } catch {
    throw tlsError(
      'The TLS certificate cannot be read. Give it in PEM: -----BEGIN CERTIFICATE-----, and so on.',
    );
  }
}

function readKey(key: string | Buffer, passphrase?: string): KeyObject {
  try {
    return createPrivateKey({ key, passphrase });
  } catch {
    throw tlsError(
      /ENCRYPTED/.test(key?.toString().slice(0, 200) ?? '')
        ? 'The TLS key is encrypted, and its passphrase is missing or wrong.'
        : 'The TLS key cannot be read. Give it in PEM: -----BEGIN PRIVATE KEY-----, and so on.',
    );
  }
}

/** The kind of an error of OpenSSL, which names no content. */
function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'of unknown kind';
}

function tlsError(message: string): QldbServerError {
  return new QldbServerError('QLDB_SERVER_TLS', message);
}
