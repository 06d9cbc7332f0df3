import { X509Certificate } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { domainToASCII } from 'node:url';
import { type MadeCertificate, makeCertificate } from './make-certificate.js';
import { QldbServerError } from './server-errors.js';
import { readTls } from './tls.js';

const DAY = 86_400_000;
/** A certificate that ends sooner is made anew: the next start may be weeks away. */
const RENEW_BEFORE = 30 * DAY;
/** How clients on the same machine reach a server. */
const LOCAL_HOSTS = ['localhost', '127.0.0.1', '::1'];

/** Options of {@link selfSignedTls}. */
export interface SelfSignedTlsOptions {
  /** Folder to keep the certificate and its key in. Made if there is none. */
  readonly folder: string;
  /** Names and IP addresses that clients use, besides `localhost`, `127.0.0.1` and `::1`. */
  readonly hosts?: readonly string[];
  /** Milliseconds since the epoch. Default: the system's clock. */
  readonly now?: () => number;
}

/** A certificate of one's own making, as `createQldbServer` takes it, and what clients have to trust. */
export interface SelfSignedTls {
  readonly cert: string;
  readonly key: string;
  /** The certificate that clients have to trust, in PEM. It holds no secret. */
  readonly ca: string;
  /** The file that it is in, for `NODE_EXTRA_CA_CERTS` or `AWS_CA_BUNDLE`. */
  readonly caFile: string;
}

/**
 * TLS without a certificate authority: makes a key and a certificate, and keeps
 * them in a folder, so that who trusts them does so after a restart too. They
 * are made anew when the certificate has less than 30 days to go (it is made for
 * 825), or does not name all of `hosts`.
 *
 * The folder then holds `server.pem`, the certificate with its key, for its
 * owner only (0600), and `ca.pem`, which clients need.
 *
 * @example
 * const tls = await selfSignedTls({ folder: '.qldb/.tls', hosts: ['ledgers.example'] });
 * const server = await createQldbServer({ ledgers, credentials, host: '0.0.0.0', tls });
 * // NODE_EXTRA_CA_CERTS=.qldb/.tls/ca.pem node application.js
 *
 * @throws QldbServerError `QLDB_SERVER_TLS` when the folder cannot be used, or a host not be named
 */
export async function selfSignedTls({
  folder,
  hosts = [],
  now = Date.now,
}: SelfSignedTlsOptions): Promise<SelfSignedTls> {
  const wanted = [...new Set([...LOCAL_HOSTS, ...hosts])];
  const file = join(folder, 'server.pem');
  const caFile = join(folder, 'ca.pem');
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    let made = partsOf(await textOf(file));
    if (!made || !isGood(made, wanted, now())) {
      made = makeCertificate(wanted, now());
      // One file, so that certificate and key belong together whatever happens.
      await replaceFile(file, made.key + made.cert, 0o600);
    }
    if ((await textOf(caFile)) !== made.ca)
      await replaceFile(caFile, made.ca, 0o644);
    return { ...made, caFile };
  } catch (error) {
    if (error instanceof QldbServerError) throw error;
    throw new QldbServerError(
      'QLDB_SERVER_TLS',
      `A certificate cannot be kept in ${folder}: ${(error as Error).message}. Give a folder that can be written.`,
      { cause: error },
    );
  }
}

/** What `server.pem` holds: the key, the certificate, and the one that vouches for it. */
function partsOf(text: string): MadeCertificate | undefined {
  const [key, cert, ca, ...more] =
    text.match(/-----BEGIN ([A-Z ]+)-----\n[^-]+-----END \1-----\n/g) ?? [];
  if (!key || !cert || !ca || more.length > 0) return undefined;
  return { key, cert: cert + ca, ca };
}

function isGood(
  made: MadeCertificate,
  hosts: readonly string[],
  now: number,
): boolean {
  try {
    readTls(made);
    const cert = new X509Certificate(made.cert);
    const ca = new X509Certificate(made.ca);
    return (
      cert.verify(ca.publicKey) &&
      now > Date.parse(cert.validFrom) &&
      now < Date.parse(cert.validTo) - RENEW_BEFORE &&
      hosts.every((host) =>
        isIP(host) ? cert.checkIP(host) : cert.checkHost(domainToASCII(host)),
      )
    );
  } catch {
    // Not what was written here; it is made anew.
    return false;
  }
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

/** Puts a file in place whole: who reads sees the former one or the new one. */
async function replaceFile(
  file: string,
  text: string,
  mode: number,
): Promise<void> {
  const beside = `${file}.new-${process.pid}`;
  await rm(beside, { force: true });
  await writeFile(beside, text, { mode, flag: 'wx', flush: true });
  await rename(beside, file);
}
