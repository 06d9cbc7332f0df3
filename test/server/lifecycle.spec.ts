import { afterEach, describe, expect, it } from 'vitest';
import {
  createQldbServer,
  type QldbServer,
  QldbServerError,
  type QldbServerOptions,
} from '../../lib/server/index.js';
import { QldbSessionException } from '../../lib/session/index.js';
import { CREDENTIALS, exchange, RawClient, signed } from './raw-client.js';
import { gate, ScriptedEndpoint } from './scripted-endpoint.js';

const START = '{"StartSession":{"LedgerName":"vehicles"}}';
const servers: QldbServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function serve(options: Partial<QldbServerOptions> = {}) {
  const vehicles = new ScriptedEndpoint();
  const server = await createQldbServer({
    ledgers: { vehicles },
    credentials: [CREDENTIALS],
    gracePeriod: 100,
    ...options,
  });
  servers.push(server);
  const post = async (body: object, date = new Date()) =>
    exchange(server.url, signed({ body: JSON.stringify(body), date }));
  const start = async (date?: Date) => {
    const { json } = await post(
      { StartSession: { LedgerName: 'vehicles' } },
      date,
    );
    return (json as { StartSession: { SessionToken: string } }).StartSession
      .SessionToken;
  };
  return { server, vehicles, post, start };
}

describe('a server', () => {
  it('listens on loopback, on a free port, unless it is told otherwise', async () => {
    const { server } = await serve();
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d+$/);
  });

  it('writes an IPv6 address as a URL needs it', async () => {
    const server = await createQldbServer({
      ledgers: {},
      credentials: [CREDENTIALS],
      host: '::1',
    }).catch((error: Error) => error);
    // A machine without IPv6 cannot show this; it shows the error instead.
    if (server instanceof Error)
      return expect(server).toBeInstanceOf(QldbServerError);
    expect(server.url).toMatch(/^http:\/\/\[::1\]:\d+$/);
    await server.close();
  });

  it('says that a port is taken', async () => {
    const { server } = await serve();
    const error = await serve({ port: Number(new URL(server.url).port) }).catch(
      (e: Error) => e,
    );
    expect(error).toMatchObject({
      name: 'QldbServerError',
      code: 'QLDB_SERVER_LISTEN',
      message: expect.stringContaining('EADDRINUSE'),
    });
  });

  it('does not start without credentials', async () => {
    const incomplete = { accessKeyId: 'app', secretAccessKey: '' };
    await expect(serve({ credentials: [incomplete] })).rejects.toMatchObject({
      code: 'QLDB_SERVER_OPTIONS',
    });
    await expect(serve({ credentials: [] })).rejects.toMatchObject({
      code: 'QLDB_SERVER_OPTIONS',
    });
  });

  it('serves a ledger that is added while it runs', async () => {
    const ledgers = new Map<string, ScriptedEndpoint>();
    const { post } = await serve({ ledgers });
    const status = async () =>
      (await post({ StartSession: { LedgerName: 'vehicles' } })).status;
    expect(await status()).toBe(400);
    ledgers.set('vehicles', new ScriptedEndpoint());
    expect(await status()).toBe(200);
  });

  it('survives an endpoint whose failure cannot be written, at the cost of one connection', async () => {
    const { vehicles, post, start } = await serve();
    const SessionToken = await start();
    class Odd extends QldbSessionException {}
    vehicles.reply(new Odd('odd', { httpStatusCode: 7 }));
    await expect(post({ SessionToken, StartTransaction: {} })).rejects.toThrow(
      'Closed after 0 bytes',
    );
    expect(await start()).toBeTypeOf('string');
  });
});

describe('a client that goes away', () => {
  it('while its session starts leaves no session behind', async () => {
    const { server, vehicles, post } = await serve();
    const [begun, go] = [gate(), gate()];
    vehicles.reply(async () => {
      begun.open();
      await go.passed;
      vehicles.open.add('late');
      return { StartSession: { SessionToken: 'late' } };
    });
    const client = new RawClient(server.url).send(signed({ body: START }));
    await begun.passed;
    client.end();
    await client.closed();
    // By the time of its next answer, the server has seen it too.
    await post({});
    go.open();
    await expect.poll(() => vehicles.open.size).toBe(0);
    await expect.poll(() => server.sessions).toBe(0);
    expect(vehicles.requests.at(-1)).toEqual({
      SessionToken: 'late',
      EndSession: {},
    });
  });

  it('while its keys are looked up is forgotten', async () => {
    const lookups: (() => void)[] = [];
    let slow = true;
    const { server, post } = await serve({
      // Room for one request.
      maxRequestMemory: 5000,
      credentials: async () => {
        if (slow) await new Promise<void>((found) => lookups.push(found));
        return CREDENTIALS;
      },
    });
    const client = new RawClient(server.url).send(
      signed({ body: START }).subarray(0, -1),
    );
    await expect.poll(() => lookups.length).toBe(1);
    client.end();
    slow = false;
    expect((await post({})).status).toBe(400);
    for (const found of lookups) found();
    await new Promise(setImmediate);
    expect((await post({})).status).toBe(400);
  });

  it('during a command changes nothing: the command runs, its result is dropped', async () => {
    const { server, vehicles, post, start } = await serve();
    const SessionToken = await start();
    const [begun, go] = [gate(), gate()];
    let ran = false;
    vehicles.reply(async () => {
      begun.open();
      await go.passed;
      ran = true;
      return { StartTransaction: {} };
    });
    const client = new RawClient(server.url).send(
      signed({ body: JSON.stringify({ SessionToken, StartTransaction: {} }) }),
    );
    await begun.passed;
    client.end();
    await client.closed();
    go.open();
    await expect.poll(() => ran).toBe(true);
    expect((await post({ SessionToken, AbortTransaction: {} })).status).toBe(
      200,
    );
  });

  it('for good loses its session after the idle time, when another one comes', async () => {
    let now = Date.now();
    const { server, vehicles, start, post } = await serve({
      sessionIdleTimeout: 60_000,
      ports: { now: () => now },
    });
    await start();
    const used = await start();
    now += 40_000;
    await post({ SessionToken: used, StartTransaction: {} }, new Date(now));
    now += 40_000;
    await start(new Date(now));
    expect(server.sessions).toBe(2);
    expect([...vehicles.open]).toEqual(['vehicles-1', 'vehicles-2']);
  });
});

describe('closing', () => {
  it("finishes what runs, ends the clients' sessions, and leaves the ledgers open", async () => {
    const { server, vehicles, start } = await serve({ gracePeriod: 60_000 });
    const SessionToken = await start();
    await start();
    const [begun, go] = [gate(), gate()];
    vehicles.reply(async () => {
      begun.open();
      await go.passed;
      return { StartTransaction: { TransactionId: 'done' } };
    });
    const client = new RawClient(server.url).send(
      signed({ body: JSON.stringify({ SessionToken, StartTransaction: {} }) }),
    );
    await begun.passed;
    const closing = server.close();
    expect(server.close()).toBe(closing);
    await expect(exchange(server.url, signed({ body: START }))).rejects.toThrow(
      'Closed',
    );
    expect(vehicles.open.size).toBe(2);
    go.open();
    const { status, headers, text } = await client.response();
    expect([status, headers['connection'], text]).toEqual([
      200,
      'close',
      '{"StartTransaction":{"TransactionId":"done"}}',
    ]);
    await closing;
    await client.closed();
    expect(vehicles.open.size).toBe(0);
    expect(server.sessions).toBe(0);
  });

  it('waits no longer than the grace period, for a command or for a session to end', async () => {
    const { server, vehicles, start } = await serve({ gracePeriod: 20 });
    const SessionToken = await start();
    const begun = gate();
    const never = () => {
      begun.open();
      return new Promise<never>(() => {});
    };
    vehicles.reply(never, never);
    const client = new RawClient(server.url).send(
      signed({ body: JSON.stringify({ SessionToken, StartTransaction: {} }) }),
    );
    await begun.passed;
    await server.close();
    await client.closed();
    expect(vehicles.requests.at(-1)).toHaveProperty('EndSession');
  });

  it('ends idle connections, and a session that starts meanwhile', async () => {
    const { server, vehicles } = await serve({ gracePeriod: 20 });
    const idle = new RawClient(server.url).send(signed({ body: START }));
    await idle.response();
    const [begun, go] = [gate(), gate()];
    vehicles.reply(async () => {
      begun.open();
      await go.passed;
      vehicles.open.add('late');
      return { StartSession: { SessionToken: 'late' } };
    });
    new RawClient(server.url).send(signed({ body: START }));
    await begun.passed;
    await server.close();
    await idle.closed();
    expect(vehicles.open.size).toBe(0);
    go.open();
    await expect
      .poll(() => vehicles.requests.at(-1))
      .toEqual({ SessionToken: 'late', EndSession: {} });
    expect(vehicles.open.size).toBe(0);
  });

  it('comes with the end of a block', async () => {
    let url = '';
    {
      await using server = await createQldbServer({
        ledgers: {},
        credentials: [CREDENTIALS],
      });
      url = server.url;
    }
    await expect(exchange(url, signed({ body: START }))).rejects.toThrow();
  });
});
