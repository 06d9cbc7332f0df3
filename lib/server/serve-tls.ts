import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { storeFolder } from '../ledger/index.js';
import { selfSignedTls } from './self-signed.js';
import { QldbServerError } from './server-errors.js';
import type { ServerTls } from './tls.js';

/** What a command line says about TLS. */
export interface ServeTls {
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly selfSigned: boolean;
  /** Names that clients use, for a certificate of the command's own making. */
  readonly hosts: readonly string[];
}

/** A dot: no ledger can have this name, so the folder is no ledger's. */
const TLS_FOLDER = '.tls';

/**
 * Reads the certificate that a command line asks for, or makes it.
 *
 * @returns the certificate, if one was asked for; the file that clients have to
 * trust, if it was made here; and what clears away what lasts no longer than the run
 * @throws QldbServerError `QLDB_SERVER_TLS`
 */
export async function loadServeTls(
  { certFile, keyFile, selfSigned, hosts }: ServeTls,
  { store, host }: { readonly store: string; readonly host: string },
): Promise<{
  readonly tls?: ServerTls;
  readonly caFile?: string;
  readonly clear: () => Promise<void>;
}> {
  const nothing = () => Promise.resolve();
  if (certFile !== undefined && keyFile !== undefined)
    return {
      tls: { cert: await read(certFile), key: await read(keyFile) },
      clear: nothing,
    };
  if (!selfSigned) return { clear: nothing };
  const kept = storeFolder(store);
  // Ledgers in memory leave nothing behind, and neither does their certificate.
  const folder = kept ?? (await mkdtemp(join(tmpdir(), 'nestjs-qldb-tls-')));
  const clear = kept
    ? nothing
    : () => rm(folder, { recursive: true, force: true });
  try {
    const tls = await selfSignedTls({
      folder: join(resolve(folder), TLS_FOLDER),
      hosts: [...hosts, isEveryAddress(host) ? hostname() : host],
    });
    return { tls, caFile: tls.caFile, clear };
  } catch (error) {
    await clear();
    throw error;
  }
}

/** Where clients find a server: a server that listens at every address has a name for them. */
export function clientUrl(url: string, hosts: readonly string[]): string {
  const forClients = new URL(url);
  if (isEveryAddress(forClients.hostname))
    forClients.hostname = hosts[0] ?? hostname();
  return forClients.origin;
}

/** The lines of a shell that make clients trust a certificate. */
export function trustLines(caFile: string): string[] {
  const word = /^[\w@%+=:,./-]+$/.test(caFile)
    ? caFile
    : `'${caFile.replaceAll("'", `'\\''`)}'`;
  return [
    `  export NODE_EXTRA_CA_CERTS=${word}`,
    `  export AWS_CA_BUNDLE=${word}`,
  ];
}

function isEveryAddress(host: string): boolean {
  return ['0.0.0.0', '::', '[::]'].includes(host);
}

async function read(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new QldbServerError(
      'QLDB_SERVER_TLS',
      `Cannot read ${file}: ${(cause as NodeJS.ErrnoException).code}. Give --tls-cert and --tls-key files that can be read.`,
      { cause },
    );
  }
}
