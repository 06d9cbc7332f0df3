import { execFile, execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createQldbServer,
  type QldbServer,
  selfSignedTls,
} from '../../lib/server/index.js';
import { makeCertificate } from '../../lib/server/make-certificate.js';
import { serving } from '../cli/support.js';
import { CREDENTIALS } from './raw-client.js';

const DAY = 86_400_000;
const run = promisify(execFile);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qldb-tls-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const isThere = (program: string, ...args: string[]) => {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};
const mode = (file: string) => statSync(file).mode & 0o777;

describe('a certificate that is made', () => {
  const hosts = [
    'localhost',
    '127.0.0.1',
    '::1',
    'fe80::a:0:0:1',
    'Bücher.example',
  ];
  const names = ['localhost', 'xn--bcher-kva.example'];
  const addresses = ['127.0.0.1', '::1', 'fe80::a:0:0:1'];

  it('names its hosts and no others', () => {
    const cert = new X509Certificate(makeCertificate(hosts).cert);
    for (const name of names) expect(cert.checkHost(name)).toBe(name);
    for (const address of addresses)
      expect(cert.checkIP(address)).toBe(address);
    expect(cert.checkHost('bucher.example')).toBeUndefined();
    expect(cert.checkIP('127.0.0.2')).toBeUndefined();
  });

  it('is vouched for by an authority of its own, and is none itself', () => {
    const [one, two] = [makeCertificate(hosts), makeCertificate(hosts)];
    const cert = new X509Certificate(one.cert);
    const ca = new X509Certificate(one.ca);
    expect([cert.ca, ca.ca]).toEqual([false, true]);
    expect(cert.checkIssued(ca)).toBe(true);
    expect(cert.verify(ca.publicKey)).toBe(true);
    expect(ca.verify(ca.publicKey)).toBe(true);
    // The server's key signs for nobody, itself included.
    expect(cert.verify(cert.publicKey)).toBe(false);
    const foreign = new X509Certificate(two.ca);
    expect(cert.checkIssued(foreign)).toBe(false);
    expect(foreign.serialNumber).not.toBe(ca.serialNumber);
  });

  it('begins a day ago, for clocks that are behind, and lasts 825 days', () => {
    const now = Date.parse('2026-05-04T03:02:01Z');
    const { cert, ca } = makeCertificate(hosts, now);
    for (const pem of [cert, ca]) {
      const { validFrom, validTo } = new X509Certificate(pem);
      expect(Date.parse(validFrom)).toBe(now - DAY);
      expect(Date.parse(validTo)).toBe(now + 825 * DAY);
    }
    const late = makeCertificate(hosts, Date.parse('2050-06-01T00:00:00Z'));
    expect(new X509Certificate(late.cert).validFrom).toContain('2050');
  });

  it.each([
    '',
    'a b',
    '*.example',
    'a..b',
    'x\0y',
    '10.0.0.0/8',
    '127.1',
    'a%2eb',
  ])('cannot name %j', (host) => {
    expect(() => makeCertificate([host])).toThrow(
      expect.objectContaining({ code: 'QLDB_SERVER_TLS' }),
    );
  });

  it.skipIf(!isThere('openssl', 'version'))(
    'holds for OpenSSL at its strictest',
    async () => {
      const { cert, ca } = makeCertificate(hosts);
      writeFileSync(join(folder, 'cert.pem'), cert);
      writeFileSync(join(folder, 'ca.pem'), ca);
      const openssl = async (args: string) =>
        (await run('openssl', args.split(' '), { cwd: folder })).stdout;
      expect(
        await openssl(
          'verify -x509_strict -purpose sslserver -verify_hostname localhost -CAfile ca.pem cert.pem',
        ),
      ).toBe('cert.pem: OK\n');
      await expect(
        openssl('verify -verify_ip 127.0.0.2 -CAfile ca.pem cert.pem'),
      ).rejects.toThrow('IP address mismatch');
      const text = await openssl('x509 -in cert.pem -noout -text');
      expect(text).toContain('Version: 3 (0x2)');
      expect(text).toMatch(/Key Usage: critical\s+Digital Signature\n/);
      expect(text).toMatch(/Extended Key Usage: \s+TLS Web Server/);
      expect(text).toContain(
        'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, IP Address:FE80:0:0:0:A:0:0:1, DNS:xn--bcher-kva.example',
      );
      expect(await openssl('x509 -in ca.pem -noout -text')).toMatch(
        /Basic Constraints: critical\s+CA:TRUE, pathlen:0\n\s+X509v3 Key Usage: critical\s+Certificate Sign\n/,
      );
    },
  );
});

describe('a certificate that is kept', () => {
  const at = () => join(folder, 'tls');

  it('is the same at the next start', async () => {
    const first = await selfSignedTls({ folder: at(), hosts: ['a.example'] });
    expect(first.caFile).toBe(join(at(), 'ca.pem'));
    expect(readFileSync(first.caFile, 'utf8')).toBe(first.ca);
    expect(first.ca).not.toContain('PRIVATE');
    for (const hosts of [['a.example'], ['A.example', 'localhost'], []])
      expect(await selfSignedTls({ folder: at(), hosts })).toEqual(first);
  });

  it('can be read by its owner alone', async () => {
    await selfSignedTls({ folder: at() });
    expect(readdirSync(at()).toSorted()).toEqual(['ca.pem', 'server.pem']);
    expect(mode(join(at(), 'server.pem'))).toBe(0o600);
    expect(mode(at())).toBe(0o700);
  });

  it('is made anew for a host that it does not name', async () => {
    const first = await selfSignedTls({ folder: at() });
    const second = await selfSignedTls({ folder: at(), hosts: ['10.0.0.1'] });
    expect(second.ca).not.toBe(first.ca);
    expect(readFileSync(second.caFile, 'utf8')).toBe(second.ca);
    expect(new X509Certificate(second.cert).checkIP('10.0.0.1')).toBeDefined();
  });

  it('is made anew 30 days before its end, and when the clock was wrong', async () => {
    const start = Date.parse('2026-01-01T00:00:00Z');
    const on = (day: number) =>
      selfSignedTls({ folder: at(), now: () => start + day * DAY });
    const first = await on(0);
    expect(await on(794)).toEqual(first);
    const second = await on(796);
    expect(second.cert).not.toBe(first.cert);
    expect(await on(796)).toEqual(second);
    expect((await on(700)).cert).not.toBe(second.cert);
  });

  it.each([
    ['is empty', () => ''],
    ['is cut short', (text: string) => text.slice(0, -40)],
    ['is nonsense', () => 'nonsense'],
    [
      'has the key of another',
      (text: string) => {
        const { key } = makeCertificate(['localhost']);
        return key + text.slice(text.indexOf('-----BEGIN CERTIFICATE'));
      },
    ],
    [
      'has the authority of another',
      (text: string) =>
        text.slice(0, text.lastIndexOf('-----BEGIN CERTIFICATE')) +
        makeCertificate(['localhost']).ca,
    ],
  ])('is made anew when its file %s', async (_, damage) => {
    const first = await selfSignedTls({ folder: at() });
    const file = join(at(), 'server.pem');
    writeFileSync(file, damage(readFileSync(file, 'utf8')));
    const second = await selfSignedTls({ folder: at() });
    expect(second.cert).not.toBe(first.cert);
    expect(await selfSignedTls({ folder: at() })).toEqual(second);
    expect(mode(file)).toBe(0o600);
  });

  it('gives back what clients need when that file is lost', async () => {
    const first = await selfSignedTls({ folder: at() });
    rmSync(first.caFile);
    expect(await selfSignedTls({ folder: at() })).toEqual(first);
    expect(readFileSync(first.caFile, 'utf8')).toBe(first.ca);
  });

  it('says when it cannot be kept', async () => {
    writeFileSync(at(), 'a file');
    await expect(selfSignedTls({ folder: at() })).rejects.toMatchObject({
      code: 'QLDB_SERVER_TLS',
      message: expect.stringContaining('EEXIST'),
    });
    rmSync(at());
    mkdirSync(join(at(), 'server.pem'), { recursive: true });
    await expect(selfSignedTls({ folder: at() })).rejects.toMatchObject({
      code: 'QLDB_SERVER_TLS',
    });
  });
});

describe('other programs', () => {
  let server: QldbServer;
  let caFile: string;
  beforeEach(async () => {
    const tls = await selfSignedTls({ folder });
    ({ caFile } = tls);
    server = await createQldbServer({
      ledgers: {},
      credentials: [CREDENTIALS],
      gracePeriod: 50,
      tls,
    });
  });
  afterEach(() => server.close());

  it.each(['127.0.0.1', 'localhost'])(
    'in Node trust it at %s by NODE_EXTRA_CA_CERTS, and not without',
    async (host) => {
      const url = server.url.replace('127.0.0.1', host);
      const fetching = (env: NodeJS.ProcessEnv) =>
        run(
          process.execPath,
          [
            '-e',
            `fetch(${JSON.stringify(url)}).then(({ status }) => console.log(status), ({ cause }) => console.log(cause.code))`,
          ],
          { env: { PATH: process.env['PATH'], ...env } },
        );
      expect((await fetching({ NODE_EXTRA_CA_CERTS: caFile })).stdout).toBe(
        '403\n',
      );
      expect((await fetching({})).stdout).toBe('SELF_SIGNED_CERT_IN_CHAIN\n');
    },
  );

  it.skipIf(!isThere('python3', '-c', 'import ssl'))(
    'in Python trust it by its file, at the strictest',
    async () => {
      const script = `
import ssl, sys, urllib.request, urllib.error
context = ssl.create_default_context(cafile=sys.argv[1])
context.verify_flags |= ssl.VERIFY_X509_STRICT
try:
  urllib.request.urlopen(sys.argv[2], context=context)
except urllib.error.HTTPError as error:
  print(error.code)
try:
  urllib.request.urlopen(sys.argv[2])
except urllib.error.URLError as error:
  print(error.reason.verify_message)
`;
      const { stdout } = await run('python3', [
        '-c',
        script,
        caFile,
        server.url,
      ]);
      expect(stdout).toMatch(
        /^403\nself.signed certificate in certificate chain\n$/,
      );
    },
  );
});

describe('nestjs-qldb serve --tls-self-signed', () => {
  /** What an application that was written for QLDB does, in a process of its own. */
  const APPLICATION = `
import { Agent } from 'node:https';
import { QLDBSessionClient, SendCommandCommand } from '@aws-sdk/client-qldb-session';
const client = new QLDBSessionClient({
  maxAttempts: 1,
  requestHandler: { httpsAgent: new Agent({ keepAlive: true, maxSockets: 5 }) },
});
const { StartSession } = await client.send(
  new SendCommandCommand({ StartSession: { LedgerName: 'a' } }),
);
console.log(typeof StartSession.SessionToken);
client.destroy();`;

  async function served(
    args: string,
    use: (environment: NodeJS.ProcessEnv) => Promise<void>,
  ) {
    await serving(`--ledger a --port 0 ${args}`.split(' '), {}, (printed) =>
      use(
        Object.fromEntries(
          Array.from(
            printed.matchAll(/export (\S+)=(.+)/g),
            ([, name = '', value = '']) => [name, value],
          ),
        ),
      ),
    );
  }

  const application = async (env: NodeJS.ProcessEnv) =>
    (
      await run(process.execPath, ['--input-type=module', '-e', APPLICATION], {
        env: { PATH: process.env['PATH'], ...env },
      })
    ).stdout;

  it('prints all that an application needs, which still holds after a restart', async () => {
    const store = `--store file:${folder} --tls-self-signed`;
    let trusted: string | undefined;
    await served(store, async (env) => {
      trusted = env['NODE_EXTRA_CA_CERTS'];
      expect(trusted).toBe(join(folder, '.tls', 'ca.pem'));
      expect(env['AWS_CA_BUNDLE']).toBe(trusted);
      expect(env['AWS_ENDPOINT_URL_QLDB_SESSION']).toMatch(/^https:/);
      expect(await application(env)).toBe('string\n');
    });
    const before = readFileSync(trusted ?? '', 'utf8');
    await served(store, async (env) => {
      expect(readFileSync(trusted ?? '', 'utf8')).toBe(before);
      expect(await application(env)).toBe('string\n');
    });
  });

  it('leaves no certificate behind with a ledger in memory', async () => {
    let trusted = '';
    await served('--store memory: --tls-self-signed', async (env) => {
      trusted = env['NODE_EXTRA_CA_CERTS'] ?? '';
      expect(await application(env)).toBe('string\n');
    });
    expect(() => statSync(trusted)).toThrow('ENOENT');
  });

  it('tells clients of a name, where it listens at every address', async () => {
    await served(
      '--store memory: --host 0.0.0.0 --tls-self-signed --tls-host localhost',
      async (env) => {
        expect(env['AWS_ENDPOINT_URL_QLDB_SESSION']).toMatch(
          /^https:\/\/localhost:/,
        );
        expect(await application(env)).toBe('string\n');
      },
    );
  });

  it('or a certificate from files serves HTTPS as well', async () => {
    const { cert, key, ca } = makeCertificate(['127.0.0.1']);
    const file = (name: string, text: string) => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const args = `--store memory: --tls-cert ${file('cert', cert)} --tls-key ${file('key', key)}`;
    await served(args, async (env) => {
      expect(env).not.toHaveProperty('NODE_EXTRA_CA_CERTS');
      expect(
        await application({ ...env, NODE_EXTRA_CA_CERTS: file('ca', ca) }),
      ).toBe('string\n');
    });
    await expect(
      served(`${args}.missing`, () => Promise.resolve()),
    ).rejects.toMatchObject({
      code: 'QLDB_SERVER_TLS',
      message: expect.stringContaining('ENOENT'),
    });
  });
});
