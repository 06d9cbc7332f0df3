import { execFile } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { Agent } from 'node:https';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { promisify } from 'node:util';
import {
  QLDBSessionClient,
  SendCommandCommand,
} from '@aws-sdk/client-qldb-session';
import { afterEach, describe, expect, it } from 'vitest';
import { PooledQldbDriver } from '../../lib/driver/index.js';
import { openLedger } from '../../lib/ledger/index.js';
import {
  createQldbServer,
  type QldbServer,
  type QldbServerOptions,
} from '../../lib/server/index.js';
import { makeCertificate } from '../../lib/server/make-certificate.js';
import { CREDENTIALS, exchange, signed } from './raw-client.js';
import { gate, ScriptedEndpoint } from './scripted-endpoint.js';

const START = { StartSession: { LedgerName: 'vehicles' } };
const certificate = makeCertificate(['localhost', '127.0.0.1', '::1']);
const other = makeCertificate(['localhost', '127.0.0.1', '::1']);
const run = promisify(execFile);

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

async function serve(options: Partial<QldbServerOptions> = {}) {
  const vehicles = new ScriptedEndpoint();
  const server = await createQldbServer({
    ledgers: { vehicles },
    credentials: [CREDENTIALS],
    gracePeriod: 50,
    tls: certificate,
    ...options,
  });
  undo.push(() => server.close());
  return { server, vehicles };
}

/** A client as AWS's guide makes it: the agent is one for HTTPS. */
function sdkClient({ url }: QldbServer, ca: string | undefined) {
  const client = new QLDBSessionClient({
    endpoint: url,
    region: 'eu-central-1',
    credentials: CREDENTIALS,
    maxAttempts: 1,
    requestHandler: { httpsAgent: new Agent({ keepAlive: true, ca }) },
  });
  undo.push(() => client.destroy());
  return client;
}

const startSession = (client: QLDBSessionClient) =>
  client.send(new SendCommandCommand(START));

function tcp({ url }: QldbServer): Socket {
  const socket = connectTcp(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => {});
  undo.push(() => socket.destroy());
  return socket;
}

const connected = (socket: Socket) =>
  new Promise((resolve) => socket.once('connect', resolve));
const closed = (socket: Socket) =>
  new Promise((resolve) => {
    socket.resume().once('close', resolve);
  });

/** The version that a handshake agrees on. */
function handshake({ url }: QldbServer, options: ConnectionOptions) {
  return new Promise<string | null>((resolve, reject) => {
    const socket = connectTls({
      host: '127.0.0.1',
      port: Number(new URL(url).port),
      ca: certificate.ca,
      ...options,
    });
    undo.push(() => socket.destroy());
    socket.once('secureConnect', () => resolve(socket.getProtocol()));
    socket.once('error', reject);
  });
}

describe('a server with a certificate', () => {
  it('serves the AWS SDK with an https.Agent', async () => {
    const { server } = await serve();
    expect(server.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    await expect(
      startSession(sdkClient(server, certificate.ca)),
    ).resolves.toHaveProperty('StartSession.SessionToken');
  });

  it('serves the pooled driver', async () => {
    const ledger = await openLedger({ name: 'vehicles', store: 'memory:' });
    undo.push(() => ledger.close());
    const { server } = await serve({ ledgers: { vehicles: ledger.sessions } });
    const driver = new PooledQldbDriver({
      ledgerName: 'vehicles',
      endpoint: server.url,
      region: 'eu-central-1',
      credentials: CREDENTIALS,
      clientConfig: {
        requestHandler: { httpsAgent: { ca: certificate.ca } },
      },
    });
    undo.push(() => driver.close());
    await driver.executeLambda(async (tx) => {
      await tx.execute('CREATE TABLE Vehicle');
      await tx.execute('INSERT INTO Vehicle ?', { vin: 'A' });
    });
    const vehicles = await driver.executeLambda((tx) =>
      tx.execute('SELECT vin FROM Vehicle'),
    );
    expect(vehicles).toEqual([{ vin: 'A' }]);
  });

  it('is named by its name, which the certificate is made for', async () => {
    const { server } = await serve({ host: 'localhost' });
    expect(server.url).toMatch(/^https:\/\/localhost:\d+$/);
    await startSession(sdkClient(server, certificate.ca));
  });

  it('is not trusted by who trusts another one', async () => {
    const { server, vehicles } = await serve();
    for (const ca of [other.ca, undefined])
      await expect(startSession(sdkClient(server, ca))).rejects.toThrow(
        /unable to verify|self-signed certificate/,
      );
    expect(vehicles.requests).toEqual([]);
    await startSession(sdkClient(server, certificate.ca));
  });

  it('speaks TLS 1.3 and 1.2, and nothing older', async () => {
    const { server } = await serve();
    expect(await handshake(server, {})).toBe('TLSv1.3');
    expect(await handshake(server, { maxVersion: 'TLSv1.2' })).toBe('TLSv1.2');
    // The client would: it is the server that refuses.
    const old = { ciphers: 'ALL:@SECLEVEL=0', minVersion: 'TLSv1' } as const;
    expect(await handshake(server, old)).toBe('TLSv1.3');
    await expect(
      handshake(server, { ...old, maxVersion: 'TLSv1.1' }),
    ).rejects.toMatchObject({ code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION' });
  });

  it('answers nothing in plain HTTP', async () => {
    const { server, vehicles } = await serve();
    const request = signed({ body: JSON.stringify(START) });
    await expect(exchange(server.url, request)).rejects.toThrow('Closed after');
    expect(vehicles.requests).toEqual([]);
    await startSession(sdkClient(server, certificate.ca));
  });
});

describe('a handshake that is never completed', () => {
  it('is given up, and holds nobody up meanwhile', async () => {
    const { server } = await serve({ requestTimeout: 300 });
    const silent = tcp(server);
    const talking = tcp(server);
    // The head of a ClientHello of 512 bytes, and no more.
    talking.write(Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc));
    await Promise.all([connected(silent), connected(talking)]);
    await startSession(sdkClient(server, certificate.ca));
    await Promise.all([closed(silent), closed(talking)]);
    await startSession(sdkClient(server, certificate.ca));
  });

  it('counts as a connection', async () => {
    const { server } = await serve({ maxConnections: 1 });
    const silent = tcp(server);
    await connected(silent);
    await closed(tcp(server));
    silent.destroy();
    await expect
      .poll(() => startSession(sdkClient(server, certificate.ca)))
      .toHaveProperty('StartSession');
  });

  it('does not keep a server from closing', async () => {
    const { server } = await serve();
    const silent = tcp(server);
    await connected(silent);
    const gone = closed(silent);
    await server.close();
    await gone;
  });
});

describe('closing, with TLS', () => {
  it('finishes what runs, and ends idle connections', async () => {
    const { server, vehicles } = await serve({ gracePeriod: 60_000 });
    const idle = sdkClient(server, certificate.ca);
    await startSession(idle);
    const [begun, go] = [gate(), gate()];
    vehicles.reply(async () => {
      begun.open();
      await go.passed;
      return { StartSession: { SessionToken: 'late' } };
    });
    const answer = startSession(sdkClient(server, certificate.ca));
    await begun.passed;
    const closing = server.close();
    go.open();
    await expect(answer).resolves.toHaveProperty('StartSession');
    await closing;
    await expect(startSession(idle)).rejects.toThrow(
      /ECONNREFUSED|ECONNRESET|socket hang up/,
    );
  });
});

describe('a certificate or a key', () => {
  const { privateKey: foreign } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
  });
  const pem = { type: 'pkcs8', format: 'pem' } as const;
  const passphrase = 'open sesame';
  const encrypted = createPrivateKey(certificate.key).export({
    ...pem,
    cipher: 'aes-256-cbc',
    passphrase,
  }) as string;
  const { cert, key } = certificate;

  it.each([
    ['is encrypted', encrypted, passphrase],
    ['comes as bytes', Buffer.from(key), undefined],
  ])('works when it %s', async (_, given, passphrase) => {
    const { server } = await serve({
      tls: { cert: Buffer.from(cert), key: given, passphrase },
    });
    await startSession(sdkClient(server, certificate.ca));
  });

  it.each([
    ['a certificate that is none', { cert: 'nonsense', key }, 'in PEM'],
    ['a certificate that is empty', { cert: '', key }, 'in PEM'],
    ['a key for a certificate', { cert: key, key }, 'in PEM'],
    ['a key that is none', { cert, key: `${key.slice(0, 90)}…` }, 'in PEM'],
    ['a certificate for a key', { cert, key: cert }, 'in PEM'],
    ['no key', { cert, key: undefined as unknown as string }, 'in PEM'],
    [
      'a key of another certificate',
      { cert, key: foreign.export(pem) as string },
      'does not belong',
    ],
    ['a passphrase that is missing', { cert, key: encrypted }, 'passphrase'],
    [
      'a passphrase that is wrong',
      { cert, key: encrypted, passphrase: 'Sesame' },
      'passphrase',
    ],
    [
      'a chain with nonsense in it',
      { cert: `${cert}-----BEGIN CERTIFICATE-----\nAAAA\n`, key },
      'refused by OpenSSL',
    ],
  ])('%s is refused, and not shown', async (_, tls, message) => {
    const error = await serve({ tls }).catch((e: Error) => e);
    expect(error).toMatchObject({
      name: 'QldbServerError',
      code: 'QLDB_SERVER_TLS',
      message: expect.stringContaining(message),
    });
    const shown = JSON.stringify([error, (error as Error).stack]);
    for (const line of String(tls.key).split('\n').slice(1, -2))
      expect(shown).not.toContain(line);
    expect(shown).not.toContain('esame');
    expect(error).not.toHaveProperty('cause');
  });
});

describe('plain HTTP', () => {
  const plain = (host: string, options: Partial<QldbServerOptions> = {}) =>
    serve({ tls: undefined, host, ...options });

  it.each(['127.0.0.1', '127.0.0.2', 'localhost', '127.1'])(
    'is served at %s',
    async (host) => {
      const { server } = await plain(host);
      expect(server.url).toMatch(/^http:\/\/(127\.0\.0\.|\[::1\])/);
    },
  );

  // The last one is a name to Node, which the system takes for 0.0.0.0.
  it.each(['0.0.0.0', '::', '192.0.2.1', '::ffff:192.0.2.1', '0'])(
    'is not served at %s, unless it is asked for',
    async (host) => {
      await expect(plain(host)).rejects.toMatchObject({
        code: 'QLDB_SERVER_PLAIN_HTTP',
        message: expect.stringContaining('allowPlainHttp'),
      });
    },
  );

  it('is served beyond this machine when it is asked for', async () => {
    const { server } = await plain('0.0.0.0', { allowPlainHttp: true });
    expect(server.url).toMatch(/^http:\/\/0\.0\.0\.0:\d+$/);
    expect((await fetch(server.url.replace('0.0.0.0', '127.0.0.1'))).ok).toBe(
      false,
    );
  });

  it('and TLS need a host that there is', async () => {
    await expect(plain('')).rejects.toMatchObject({
      code: 'QLDB_SERVER_OPTIONS',
    });
    for (const host of ['nowhere.invalid', 'no host'])
      await expect(serve({ host })).rejects.toMatchObject({
        code: 'QLDB_SERVER_LISTEN',
      });
  });

  it('is not needed beyond this machine with TLS', async () => {
    const { server } = await serve({ host: '0.0.0.0' });
    expect(server.url).toMatch(/^https:\/\/0\.0\.0\.0:\d+$/);
    const { stdout } = await run(process.execPath, [
      '-e',
      `require('node:tls').connect({ port: ${new URL(server.url).port}, ca: ${JSON.stringify(certificate.ca)}, servername: 'localhost' }, function () { console.log(this.authorized); this.end(); })`,
    ]);
    expect(stdout).toBe('true\n');
  });
});
