import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
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
 * The credentials of an environment, or a pair made for this run.
 *
 * @throws QldbServerError `QLDB_SERVER_OPTIONS` when there is half a pair
 */
export function serveCredentials(
  environment: NodeJS.ProcessEnv,
): Pick<ServeCommand, 'credentials' | 'generated'> {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = environment;
  if (!accessKeyId && !secretAccessKey)
    return { credentials: generateCredentials(), generated: true };
  if (!accessKeyId || !secretAccessKey)
    throw new QldbServerError(
      'QLDB_SERVER_OPTIONS',
      'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong together: set both, or neither.',
    );
  return {
    credentials: { accessKeyId, secretAccessKey, sessionToken },
    generated: false,
  };
}

function generateCredentials(): ServerCredentials {
  return {
    accessKeyId: `LOCAL${randomBytes(8).toString('hex').toUpperCase()}`,
    secretAccessKey: randomBytes(30).toString('base64url'),
  };
}

/** Opens the ledgers, serves them, and prints how to reach them. */
export async function serveLedgers(
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
