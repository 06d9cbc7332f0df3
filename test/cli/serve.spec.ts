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
import { runCli, serving } from './support.js';

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

describe('nestjs-qldb serve', () => {
  it.each([
    ['a port that is none', '--ledger a --port 65536', KEYS],
    ['a port that is no number', '--ledger a --port 8e1', KEYS],
    ['an unknown option', '--ledger a --lodger b', KEYS],
    ['an option without a value', '--ledger', KEYS],
    ['a limit that is none', '--ledger a --max-transaction-bytes 0', KEYS],
    ['half of what TLS needs', '--ledger a --tls-key k', KEYS],
    [
      'two certificates',
      '--ledger a --tls-self-signed --tls-cert c --tls-key k',
      KEYS,
    ],
    [
      'a host of a certificate that is not made',
      '--ledger a --tls-host b',
      KEYS,
    ],
    ['stray words', '--ledger a b', KEYS],
  ])('refuses %s', async (_, args, environment) => {
    await expect(
      runCli(['serve', ...args.split(' ').filter((word) => word !== '')], {
        environment,
      }),
    ).rejects.toMatchObject({
      code: 'QLDB_COMMAND',
      message: expect.stringContaining('--help') as string,
    });
  });

  it('refuses half a pair of keys', async () => {
    await expect(
      runCli(['serve', '--ledger', 'a'], {
        environment: { AWS_ACCESS_KEY_ID: 'x' },
      }),
    ).rejects.toMatchObject({ code: 'QLDB_SERVER_OPTIONS' });
  });

  const common = ['--store', 'memory:', '--port', '0'];
  const exported = (text: string, name: string) =>
    new RegExp(`export ${name}=(\\S+)`).exec(text)?.[1] ?? '';

  it('opens the ledgers and says how to reach them, with new keys each time', async () => {
    const secrets = new Set<string>();
    for (const _ of [1, 2])
      await serving(
        [...common, '--ledger', 'a', '--ledger=b', '--ledger', 'a'],
        {},
        async (text) => {
          const secret = exported(text, 'AWS_SECRET_ACCESS_KEY');
          expect(secret).toMatch(/^[\w-]{40}$/);
          secrets.add(secret);
          const sdk = client(
            exported(text, 'AWS_ENDPOINT_URL_QLDB_SESSION'),
            exported(text, 'AWS_ACCESS_KEY_ID'),
            secret,
          );
          for (const name of ['a', 'b'])
            await expect(sdk.send(start(name))).resolves.toHaveProperty(
              'StartSession.SessionToken',
            );
          await expect(sdk.send(start('c'))).rejects.toMatchObject({
            name: 'BadRequestException',
          });
          sdk.destroy();
        },
      );
    expect(secrets.size).toBe(2);
  });

  it('heeds the region and the limits', async () => {
    await serving(
      [...common, '--ledger', 'a', '--region', 'eu-west-1'],
      KEYS,
      async (text) => {
        const sdk = client(
          exported(text, 'AWS_ENDPOINT_URL_QLDB_SESSION'),
          'AKID',
          's3cret',
        );
        await expect(sdk.send(start('a'))).rejects.toThrow();
        sdk.destroy();
      },
    );
  });

  it('prints no secret that it was given', async () => {
    const printed = await serving([...common, '--ledger', 'a'], KEYS, () =>
      Promise.resolve(),
    );
    expect(printed).toContain('AKID');
    expect(printed).not.toContain('s3cret');
    expect(printed).toMatch(/Closing\.$/);
  });

  it('closes the ledgers that it opened when one cannot be', async () => {
    await expect(
      runCli(['serve', ...common, '--ledger', 'a', '--ledger', '-'], {
        environment: KEYS,
      }),
    ).rejects.toMatchObject({ code: 'QLDB_LEDGER_NAME' });
  });
});

const SCRIPT = fileURLToPath(
  new URL('../../dist/cli/main.js', import.meta.url),
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
    const child = spawn(process.execPath, [SCRIPT, 'serve', ...args], {
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

  it('says what is wrong with its options, without a stack, and ends with status 2', async () => {
    const { ended, output } = run(['--port', 'x']);
    expect(await ended).toBe(2);
    expect(output()).toBe(
      '--port takes a number from 0 to 65535. --help tells more.\n',
    );
  });
});
