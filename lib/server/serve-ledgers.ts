import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { shownPlace } from '../ledger/index.js';
import type { LedgerLimits } from '../ledger/limits.js';
import { LedgerDirectory } from './control-plane/ledger-directory.js';
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
  /** Made if there are none. Without names, all that the store has. */
  readonly ledgers: readonly string[] | undefined;
  readonly store: string;
  /** Where `ExportJournalToS3` writes: a folder, or `s3:`. */
  readonly exports?: string | undefined;
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
  let clearTls = () => Promise.resolve();
  let server: QldbServer;
  let caFile: string | undefined;
  const directory = await LedgerDirectory.open({
    store: command.store,
    ledgers: command.ledgers,
    limits: command.limits,
    onFailure: ({ message }) => print(message),
  });
  const closeAll = async (): Promise<void> => {
    await directory.close();
    await clearTls();
  };
  try {
    const loaded = await loadServeTls(command.tls, command);
    ({ clear: clearTls, caFile } = loaded);
    server = await createQldbServer({
      ledgers: directory,
      exports: command.exports,
      credentials: [command.credentials],
      host: command.host,
      port: command.port,
      region: command.region,
      tls: loaded.tls,
      allowPlainHttp: command.allowPlainHttp,
      onError: (error, id) =>
        print(`Request or export ${id} failed: ${inspect(error)}`),
    });
  } catch (error) {
    await closeAll();
    throw error;
  }
  print(introduction(command, directory.names, server.url, caFile));
  return {
    url: server.url,
    async close() {
      await server.close();
      await closeAll();
    },
  };
}

function introduction(
  { store, region, tls, credentials, generated }: ServeCommand,
  ledgers: readonly string[],
  url: string,
  caFile: string | undefined,
): string {
  const { accessKeyId, secretAccessKey } = credentials;
  return [
    `Serving ${ledgers.join(', ') || 'no ledger yet'} (${shownPlace(store)}) at ${url}`,
    '',
    'A client reaches it with',
    '',
    `  export AWS_ENDPOINT_URL_QLDB_SESSION=${clientUrl(url, tls.hosts)}`,
    `  export AWS_ENDPOINT_URL_QLDB=${clientUrl(url, tls.hosts)}`,
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
