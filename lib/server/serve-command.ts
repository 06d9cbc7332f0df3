import { randomBytes } from 'node:crypto';
import { inspect, parseArgs } from 'node:util';
import type { Ledger } from '../ledger/ledger.js';
import type { LedgerLimits } from '../ledger/limits.js';
import { openLedger } from '../ledger/open-ledger.js';
import { createQldbServer } from './qldb-server.js';
import {
  clientUrl,
  loadServeTls,
  type ServeTls,
  trustLines,
} from './serve-tls.js';
import { QldbServerError } from './server-errors.js';
import type { QldbServer } from './server-options.js';
import type { ServerCredentials } from './signature.js';

export const USAGE = `Serves ledgers over HTTP, to any QLDB driver.

  qldb-server --ledger NAME [--ledger NAME ...] [options]

  --ledger NAME   a ledger to serve; made if there is none
  --store STORE   where the ledgers are: file:FOLDER or memory: (default: file:.qldb)
  --port PORT     port to listen on; 0 for a free one (default: 8182)
  --host ADDRESS  address to listen on (default: 127.0.0.1)
  --tls-cert FILE, --tls-key FILE
                  serve HTTPS with a certificate and its key, both in PEM
  --tls-self-signed
                  serve HTTPS with a certificate that is made here, and kept
                  beside the ledgers; clients are told to trust it
  --tls-host NAME a further name or address for it; may be repeated
  --allow-plain-http
                  serve plain HTTP beyond this machine, where something else encrypts
  --region NAME   the one region that requests may be signed for (default: any)
  --max-transaction-documents N
                  documents that a transaction may write (default: 100000)
  --max-transaction-bytes N
                  bytes that a transaction may hold (default: 67108864)
  --help          this text

Clients sign with the AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY that this
command finds in its environment; else with a pair made for this run.`;

/** What the command was told to do. */
export interface ServeCommand {
  readonly ledgers: readonly string[];
  readonly store: string;
  readonly host: string;
  readonly port: number;
  readonly region?: string;
  readonly tls: ServeTls;
  readonly allowPlainHttp: boolean;
  /** Bounds of the ledgers. */
  readonly limits: Partial<LedgerLimits>;
  readonly credentials: ServerCredentials;
  /** The credentials were made for this run: whoever started it has to be told them. */
  readonly generated: boolean;
}

/**
 * Reads the command line; `undefined` when it asks for help.
 *
 * @throws QldbServerError `QLDB_SERVER_OPTIONS`
 */
export function parseServeCommand(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): ServeCommand | undefined {
  const options = readOptions(args);
  if (options.help) return undefined;
  if (options.ledger.length === 0)
    throw optionError('Name a ledger to serve: --ledger NAME.');
  const port = Number(options.port);
  if (!/^\d+$/.test(options.port) || port > 65_535)
    throw optionError('--port takes a number from 0 to 65535.');
  const limits = limitsOf(options);
  const found = credentialsOf(environment);
  return {
    ledgers: [...new Set(options.ledger)],
    store: options.store,
    host: options.host,
    port,
    region: options.region,
    tls: tlsOf(options),
    allowPlainHttp: options['allow-plain-http'],
    limits,
    credentials: found ?? generateCredentials(),
    generated: !found,
  };
}

function readOptions(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        ledger: { type: 'string', multiple: true, default: [] },
        store: { type: 'string', default: 'file:.qldb' },
        port: { type: 'string', default: '8182' },
        host: { type: 'string', default: '127.0.0.1' },
        region: { type: 'string' },
        'tls-cert': { type: 'string' },
        'tls-key': { type: 'string' },
        'tls-self-signed': { type: 'boolean', default: false },
        'tls-host': { type: 'string', multiple: true, default: [] },
        'allow-plain-http': { type: 'boolean', default: false },
        'max-transaction-documents': { type: 'string' },
        'max-transaction-bytes': { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (cause) {
    throw optionError((cause as Error).message, { cause });
  }
}

function tlsOf(options: ReturnType<typeof readOptions>): ServeTls {
  const {
    'tls-cert': certFile,
    'tls-key': keyFile,
    'tls-self-signed': selfSigned,
    'tls-host': hosts,
  } = options;
  if ((certFile === undefined) !== (keyFile === undefined))
    throw optionError('--tls-cert and --tls-key belong together.');
  if (selfSigned && certFile !== undefined)
    throw optionError('Give --tls-cert and --tls-key, or --tls-self-signed.');
  if (hosts.length > 0 && !selfSigned)
    throw optionError('--tls-host goes with --tls-self-signed.');
  return { certFile, keyFile, selfSigned, hosts };
}

function limitsOf(
  options: ReturnType<typeof readOptions>,
): Partial<LedgerLimits> {
  const numberOf = (name: 'documents' | 'bytes') => {
    const text = options[`max-transaction-${name}`];
    if (text === undefined) return undefined;
    if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
    throw optionError(`--max-transaction-${name} takes a number from 1 on.`);
  };
  return {
    maxTransactionDocuments: numberOf('documents'),
    maxTransactionBytes: numberOf('bytes'),
  };
}

function credentialsOf(
  environment: NodeJS.ProcessEnv,
): ServerCredentials | undefined {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = environment;
  if (!accessKeyId && !secretAccessKey) return undefined;
  if (!accessKeyId || !secretAccessKey)
    throw optionError(
      'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong together: set both, or neither.',
    );
  return { accessKeyId, secretAccessKey, sessionToken };
}

function generateCredentials(): ServerCredentials {
  return {
    accessKeyId: `LOCAL${randomBytes(8).toString('hex').toUpperCase()}`,
    secretAccessKey: randomBytes(30).toString('base64url'),
  };
}

function optionError(message: string, options?: ErrorOptions): QldbServerError {
  return new QldbServerError(
    'QLDB_SERVER_OPTIONS',
    `${message} --help lists the options.`,
    options,
  );
}

/** Opens the ledgers, serves them, and prints how to reach them. */
export async function runServeCommand(
  command: ServeCommand,
  print: (text: string) => void,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const opened: Ledger[] = [];
  let clearTls = () => Promise.resolve();
  const closeLedgers = async (): Promise<void> => {
    await Promise.all(opened.map((ledger) => ledger.close()));
    await clearTls();
  };
  let server: QldbServer;
  let caFile: string | undefined;
  try {
    for (const name of command.ledgers)
      opened.push(
        await openLedger({
          name,
          store: command.store,
          limits: command.limits,
          onFailure: ({ message }) => print(message),
        }),
      );
    const loaded = await loadServeTls(command.tls, command);
    ({ clear: clearTls, caFile } = loaded);
    server = await createQldbServer({
      ledgers: new Map(opened.map(({ name, sessions }) => [name, sessions])),
      credentials: [command.credentials],
      host: command.host,
      port: command.port,
      region: command.region,
      tls: loaded.tls,
      allowPlainHttp: command.allowPlainHttp,
      onError: (error, requestId) =>
        print(`Request ${requestId} failed: ${inspect(error)}`),
    });
  } catch (error) {
    await closeLedgers();
    throw error;
  }
  print(introduction(command, server.url, caFile));
  return {
    url: server.url,
    async close() {
      await server.close();
      await closeLedgers();
    },
  };
}

function introduction(
  { ledgers, store, region, tls, credentials, generated }: ServeCommand,
  url: string,
  caFile: string | undefined,
): string {
  const { accessKeyId, secretAccessKey } = credentials;
  return [
    `Serving ${ledgers.join(', ')} (${store}) at ${url}`,
    '',
    'A client reaches it with',
    '',
    `  export AWS_ENDPOINT_URL_QLDB_SESSION=${clientUrl(url, tls.hosts)}`,
    ...(caFile === undefined ? [] : trustLines(caFile)),
    `  export AWS_REGION=${region ?? 'us-east-1'}`,
    ...(generated
      ? [
          `  export AWS_ACCESS_KEY_ID=${accessKeyId}`,
          `  export AWS_SECRET_ACCESS_KEY=${secretAccessKey}`,
          '',
          'This pair of keys was made for this run, and is shown once.',
        ]
      : ['', `and the keys of ${accessKeyId}, from the environment.`]),
  ].join('\n');
}
