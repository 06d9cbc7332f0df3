import type { Command } from 'commander';
import { serveCredentials, serveLedgers } from '../../server/serve-ledgers.js';
import { CommandError } from '../command-error.js';
import type { CommandContext } from '../context.js';
import { DEFAULT_STORE, withExamples } from '../ledger-options.js';
import { collect, numberOf } from '../values.js';

interface ServeOptions {
  readonly ledger?: readonly string[];
  readonly store: string;
  readonly exports?: string;
  readonly port: number;
  readonly host: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsSelfSigned?: boolean;
  readonly tlsHost?: readonly string[];
  readonly allowPlainHttp?: boolean;
  readonly region?: string;
  readonly maxTransactionDocuments?: number;
  readonly maxTransactionBytes?: number;
}

export function addServe(program: Command, context: CommandContext): void {
  withExamples(
    program
      .command('serve')
      .description('serve ledgers over HTTP or HTTPS, to any QLDB driver')
      .option(
        '--ledger <name>',
        'a ledger to serve; made if there is none; may be repeated (default: all that the store has)',
        collect,
      )
      .option(
        '--store <store>',
        'where the ledgers are: file:<folder>, postgres://… or memory:',
        DEFAULT_STORE,
      )
      .option(
        '--exports <place>',
        'where ExportJournalToS3 writes: a folder, in which buckets are folders, or s3:',
      )
      .option(
        '--port <port>',
        'port to listen on; 0 for a free one',
        numberOf('--port', 0, 65_535),
        8182,
      )
      .option('--host <address>', 'address to listen on', '127.0.0.1')
      .option('--tls-cert <file>', 'serve HTTPS with this certificate, in PEM')
      .option('--tls-key <file>', 'and its key')
      .option(
        '--tls-self-signed',
        'serve HTTPS with a certificate that is made here, and kept beside the ledgers; clients are told to trust it',
      )
      .option(
        '--tls-host <name>',
        'a further name or address for it; may be repeated',
        collect,
      )
      .option(
        '--allow-plain-http',
        'serve plain HTTP beyond this machine, where something else encrypts',
      )
      .option(
        '--region <name>',
        'the one region that requests may be signed for (default: any)',
      )
      .option(
        '--max-transaction-documents <n>',
        'documents that a transaction may write (default: 100000)',
        numberOf('--max-transaction-documents', 1, 1e15),
      )
      .option(
        '--max-transaction-bytes <n>',
        'bytes that a transaction may hold (default: 67108864)',
        numberOf('--max-transaction-bytes', 1, 1e15),
      )
      .addHelpText(
        'after',
        '\nClients sign with the AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY that this\ncommand finds in its environment; else with a pair made for this run.',
      ),
    'nestjs-qldb serve --ledger vehicles',
    'nestjs-qldb serve --ledger vehicles --ledger accounts --tls-self-signed --host 0.0.0.0',
  ).action(async (options: ServeOptions) => {
    const { print, signal } = context;
    const served = await serveLedgers(
      {
        ...options,
        ledgers: options.ledger,
        tls: tlsOf(options),
        allowPlainHttp: options.allowPlainHttp ?? false,
        limits: {
          maxTransactionDocuments: options.maxTransactionDocuments,
          maxTransactionBytes: options.maxTransactionBytes,
        },
        ...serveCredentials(context.environment),
      },
      print,
    );
    if (!signal.aborted)
      await new Promise<void>((stop) => {
        signal.addEventListener('abort', () => stop(), { once: true });
      });
    print('Closing.');
    await served.close();
  });
}

function tlsOf({ tlsCert, tlsKey, tlsSelfSigned, tlsHost }: ServeOptions) {
  if ((tlsCert === undefined) !== (tlsKey === undefined))
    throw new CommandError('--tls-cert and --tls-key belong together.');
  if (tlsSelfSigned && tlsCert !== undefined)
    throw new CommandError(
      'Give --tls-cert and --tls-key, or --tls-self-signed.',
    );
  if (tlsHost && !tlsSelfSigned)
    throw new CommandError('--tls-host goes with --tls-self-signed.');
  return {
    certFile: tlsCert,
    keyFile: tlsKey,
    selfSigned: tlsSelfSigned ?? false,
    hosts: tlsHost ?? [],
  };
}
