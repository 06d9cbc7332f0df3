import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  QLDBSessionClient,
  SendCommandCommand,
} from '@aws-sdk/client-qldb-session';
import { afterEach, describe, expect, it } from 'vitest';
import {
  parseServeCommand,
  runServeCommand,
} from '../../lib/server/serve-command.js';

const KEYS = { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 's3cret' };
const client = (
  endpoint: string,
  accessKeyId: string,
  secretAccessKey: string,
) =>
  new QLDBSessionClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 1,
  });
const start = (LedgerName: string) =>
  new SendCommandCommand({ StartSession: { LedgerName } });

describe('the command line of npm run serve', () => {
  it('has a default for everything but the ledgers', () => {
    expect(
      parseServeCommand(['--ledger', 'a', '--ledger=b', '--ledger', 'a'], KEYS),
    ).toEqual({
      ledgers: ['a', 'b'],
      store: 'file:.qldb',
      host: '127.0.0.1',
      port: 8182,
      region: undefined,
      tls: { selfSigned: false, hosts: [] },
      allowPlainHttp: false,
      limits: {},
      credentials: {
        accessKeyId: 'AKID',
        secretAccessKey: 's3cret',
        sessionToken: undefined,
      },
      generated: false,
    });
  });

  it('may say everything', () => {
    const words =
      '--ledger a --store memory: --port 0 --host ::1 --region eu-west-1 --max-transaction-documents 40 --max-transaction-bytes 4000000';
    expect(parseServeCommand(words.split(' '), KEYS)).toMatchObject({
      store: 'memory:',
      host: '::1',
      port: 0,
      region: 'eu-west-1',
      limits: {
        maxTransactionDocuments: 40,
        maxTransactionBytes: 4_000_000,
      },
    });
  });

  it('asks for help', () => {
    expect(parseServeCommand(['--help'], {})).toBeUndefined();
  });

  it.each([
    ['no ledger', [], KEYS],
    ['a port that is none', ['--ledger', 'a', '--port', '65536'], KEYS],
    ['a port that is no number', ['--ledger', 'a', '--port', '8e1'], KEYS],
    ['an unknown option', ['--ledger', 'a', '--lodger', 'b'], KEYS],
    ['an option without a value', ['--ledger'], KEYS],
    [
      'a limit that is none',
      ['--ledger', 'a', '--max-transaction-bytes', '0'],
      KEYS,
    ],
    ['half of what TLS needs', ['--ledger', 'a', '--tls-key', 'k'], KEYS],
    [
      'two certificates',
      '--ledger a --tls-self-signed --tls-cert c --tls-key k'.split(' '),
      KEYS,
    ],
    [
      'a host of a certificate that is not made',
      ['--ledger', 'a', '--tls-host', 'b'],
      KEYS,
    ],
    ['stray words', ['--ledger', 'a', 'b'], KEYS],
    ['half a pair of keys', ['--ledger', 'a'], { AWS_ACCESS_KEY_ID: 'x' }],
  ])('refuses %s', (_, args, environment) => {
    expect(() => parseServeCommand(args, environment)).toThrow(
      expect.objectContaining({
        code: 'QLDB_SERVER_OPTIONS',
        message: expect.stringContaining('--help'),
      }),
    );
  });

  it('makes keys when the environment has none, new ones each time', () => {
    const made = [1, 2].map(() => parseServeCommand(['--ledger', 'a'], {}));
    expect(made[0]?.generated).toBe(true);
    expect(made[0]?.credentials).not.toEqual(made[1]?.credentials);
    expect(made[0]?.credentials.secretAccessKey).toMatch(/^[\w-]{40}$/);
  });
});

describe('npm run serve', () => {
  const command = (args: string[], environment: NodeJS.ProcessEnv) => {
    const parsed = parseServeCommand(
      ['--store', 'memory:', '--port', '0', ...args],
      environment,
    );
    if (!parsed) throw new Error('no command');
    return parsed;
  };

  it('opens the ledgers and says how to reach them', async () => {
    const printed: string[] = [];
    const served = await runServeCommand(
      command(['--ledger', 'a', '--ledger', 'b'], {}),
      (text) => printed.push(text),
    );
    const text = printed.join('\n');
    const exported = (name: string) =>
      new RegExp(`export ${name}=(\\S+)`).exec(text)?.[1] ?? '';
    const sdk = client(
      exported('AWS_ENDPOINT_URL_QLDB_SESSION'),
      exported('AWS_ACCESS_KEY_ID'),
      exported('AWS_SECRET_ACCESS_KEY'),
    );
    for (const name of ['a', 'b'])
      await expect(sdk.send(start(name))).resolves.toHaveProperty(
        'StartSession.SessionToken',
      );
    await expect(sdk.send(start('c'))).rejects.toMatchObject({
      name: 'BadRequestException',
    });
    sdk.destroy();
    await served.close();
  });

  it('prints no secret that it was given', async () => {
    const printed: string[] = [];
    const served = await runServeCommand(
      command(['--ledger', 'a'], KEYS),
      (text) => printed.push(text),
    );
    expect(printed.join()).toContain('AKID');
    expect(printed.join()).not.toContain('s3cret');
    await served.close();
  });

  it('closes the ledgers that it opened when one cannot be', async () => {
    await expect(
      runServeCommand(
        command(['--ledger', 'a', '--ledger', '-'], KEYS),
        () => {},
      ),
    ).rejects.toMatchObject({ code: 'QLDB_LEDGER_NAME' });
  });
});

const SCRIPT = fileURLToPath(
  new URL('../../dist/server/serve.js', import.meta.url),
);

// `npm test` builds first; `vitest` alone may find nothing built.
describe.skipIf(!existsSync(SCRIPT))('the process', () => {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0))
      rmSync(folder, { recursive: true, force: true });
  });

  function run(args: string[]) {
    const folder = mkdtempSync(join(tmpdir(), 'qldb-serve-'));
    folders.push(folder);
    const child = spawn(process.execPath, [SCRIPT, ...args], {
      cwd: folder,
      env: { PATH: process.env['PATH'], ...KEYS },
    });
    let output = '';
    const read = (chunk: Buffer) => (output += chunk.toString());
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    const ended = new Promise<number | null>((resolve) => {
      child.once('close', resolve);
    });
    return { child, ended, output: () => output };
  }

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'serves until %s, then closes with status 0, however often it is told',
    async (signal) => {
      const { child, ended, output } = run(['--ledger', 'a', '--port', '0']);
      await expect
        .poll(output, { timeout: 15_000 })
        .toMatch(/^ {2}export AWS_REGION/m);
      const sdk = client(
        /http:\S+/.exec(output())?.[0] ?? '',
        'AKID',
        's3cret',
      );
      await sdk.send(start('a'));
      child.kill(signal);
      child.kill(signal);
      expect(await ended).toBe(0);
      expect(output()).toMatch(/Closing\.\n$/);
      sdk.destroy();
    },
  );

  it('says what is wrong with its options, without a stack, and ends with status 1', async () => {
    const { ended, output } = run([]);
    expect(await ended).toBe(1);
    expect(output()).toBe(
      'Name a ledger to serve: --ledger NAME. --help lists the options.\n',
    );
  });
});
