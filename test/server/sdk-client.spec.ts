import {
  BadRequestException,
  CapacityExceededException,
  InvalidSessionException,
  LimitExceededException,
  OccConflictException,
  QLDBSessionClient,
  QLDBSessionServiceException,
  RateExceededException,
  SendCommandCommand,
  type SendCommandCommandInput,
} from '@aws-sdk/client-qldb-session';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createQldbServer, type QldbServer } from '../../lib/server/index.js';
import * as ours from '../../lib/session/exceptions.js';
import { CREDENTIALS } from './raw-client.js';
import { ScriptedEndpoint } from './scripted-endpoint.js';

const ION = Uint8Array.of(0xe0, 1, 0, 0xea, 0x21, 7);
const TransactionId = 'A'.repeat(22);

let vehicles: ScriptedEndpoint;
let orders: ScriptedEndpoint;
let failures: unknown[];
let server: QldbServer;
const clients: QLDBSessionClient[] = [];

beforeEach(async () => {
  vehicles = new ScriptedEndpoint('vehicles');
  orders = new ScriptedEndpoint('orders');
  failures = [];
  server = await createQldbServer({
    ledgers: { vehicles, orders },
    credentials: [
      CREDENTIALS,
      { accessKeyId: 'AKIDOTHER', secretAccessKey: 'other' },
      {
        accessKeyId: 'ASIATEMP',
        secretAccessKey: 'temporary',
        sessionToken: 'the+token/of=it',
      },
    ],
    onError: (error) => failures.push(error),
  });
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await server.close();
});

function connect(credentials: object = CREDENTIALS, region = 'eu-central-1') {
  const client = new QLDBSessionClient({
    endpoint: server.url,
    region,
    credentials: credentials as typeof CREDENTIALS,
    maxAttempts: 1,
  });
  clients.push(client);
  return (input: SendCommandCommandInput) =>
    client.send(new SendCommandCommand(input));
}

/** Opens a session, and sends its commands. */
async function session(ledgerName = 'vehicles', send = connect()) {
  const { StartSession } = await send({
    StartSession: { LedgerName: ledgerName },
  });
  const SessionToken = StartSession?.SessionToken;
  return {
    SessionToken,
    send: (input: SendCommandCommandInput) => send({ SessionToken, ...input }),
  };
}

describe('the AWS SDK against the server', () => {
  it('runs a transaction, blobs and statistics unchanged both ways', async () => {
    const page = {
      Values: [{ IonBinary: ION }, { IonText: '{a: "é"}' }],
      NextPageToken: 'next+page/1=',
    };
    const ConsumedIOs = { ReadIOs: 12, WriteIOs: 3 };
    const TimingInformation = { ProcessingTimeMilliseconds: 41 };
    const CommitDigest = Uint8Array.from({ length: 32 }, (_, n) => 255 - n);
    const { send } = await session();
    vehicles.reply(
      { StartTransaction: { TransactionId, TimingInformation } },
      { ExecuteStatement: { FirstPage: page, ConsumedIOs, TimingInformation } },
      { FetchPage: { Page: { Values: [] }, ConsumedIOs, TimingInformation } },
      {
        CommitTransaction: {
          TransactionId,
          CommitDigest,
          ConsumedIOs,
          TimingInformation,
        },
      },
    );

    expect((await send({ StartTransaction: {} })).StartTransaction).toEqual({
      TransactionId,
      TimingInformation,
    });
    const statement = {
      TransactionId,
      Statement: 'SELECT * FROM "Véhicule" WHERE a = ? AND b = \'\\"\'',
      Parameters: [{ IonBinary: ION }, { IonText: 'x' }],
    };
    const executed = await send({ ExecuteStatement: statement });
    expect(executed.ExecuteStatement).toEqual({
      FirstPage: page,
      ConsumedIOs,
      TimingInformation,
    });
    expect(executed.$metadata.requestId).toMatch(/^[0-9A-Za-z]{22}$/);
    const fetch = { TransactionId, NextPageToken: 'next+page/1=' };
    expect((await send({ FetchPage: fetch })).FetchPage).toEqual({
      Page: { Values: [] },
      ConsumedIOs,
      TimingInformation,
    });
    expect(
      (await send({ CommitTransaction: { TransactionId, CommitDigest } }))
        .CommitTransaction,
    ).toEqual({ TransactionId, CommitDigest, ConsumedIOs, TimingInformation });

    const SessionToken = 'vehicles-0';
    expect(vehicles.requests.slice(1)).toEqual([
      { SessionToken, StartTransaction: {} },
      { SessionToken, ExecuteStatement: statement },
      { SessionToken, FetchPage: fetch },
      { SessionToken, CommitTransaction: { TransactionId, CommitDigest } },
    ]);
  });

  it('hands blobs on as plain byte arrays', async () => {
    const { send } = await session();
    vehicles.reply({ ExecuteStatement: { FirstPage: { Values: [] } } });
    await send({
      ExecuteStatement: {
        TransactionId,
        Statement: 'x',
        Parameters: [{ IonBinary: ION }],
      },
    });
    const [holder] =
      vehicles.requests.at(-1)?.ExecuteStatement?.Parameters ?? [];
    expect(holder?.IonBinary?.constructor).toBe(Uint8Array);
  });

  it('reaches the ledger that StartSession names', async () => {
    const send = connect();
    const [a, b] = [
      await session('vehicles', send),
      await session('orders', send),
    ];
    await a.send({ StartTransaction: {} });
    await b.send({ AbortTransaction: {} });
    expect(vehicles.requests.map((r) => r.SessionToken)).toEqual([
      undefined,
      'vehicles-0',
    ]);
    expect(orders.requests.map((r) => Object.keys(r).at(-1))).toEqual([
      'StartSession',
      'AbortTransaction',
    ]);
  });

  it('refuses a ledger that it does not serve, however it is called', async () => {
    for (const LedgerName of ['nowhere', '__proto__', 'constructor'])
      await expect(
        connect()({ StartSession: { LedgerName } }),
      ).rejects.toBeInstanceOf(BadRequestException);
    expect(server.sessions).toBe(0);
  });

  it.each([
    [BadRequestException, ours.BadRequestException, 400],
    [InvalidSessionException, ours.InvalidSessionException, 400],
    [OccConflictException, ours.OccConflictException, 400],
    [LimitExceededException, ours.LimitExceededException, 400],
    [RateExceededException, ours.RateExceededException, 400],
    [CapacityExceededException, ours.CapacityExceededException, 503],
  ] as const)('tells a %o as such', async (type, Thrown, status) => {
    const { send } = await session();
    vehicles.reply(new Thrown('what it says'));
    const error = await send({ StartTransaction: {} }).catch((e) => e);
    expect(error).toBeInstanceOf(type);
    expect(error).toMatchObject({
      name: Thrown.name,
      message: 'what it says',
      $metadata: {
        httpStatusCode: status,
        requestId: expect.stringMatching(/^[0-9A-Za-z]{22}$/),
      },
    });
    expect(failures).toEqual([]);
  });

  it("sends QLDB's code, and the class stays what it is", async () => {
    const { send } = await session();
    vehicles.reply(
      new ours.BadRequestException('exists already', { qldbCode: '412' }),
    );
    const error = await send({ StartTransaction: {} }).catch((e) => e);
    expect(error).toBeInstanceOf(BadRequestException);
    expect(error).toMatchObject({ Code: '412', message: 'exists already' });
  });

  it('tells nothing of any other failure, except to whoever runs the server', async () => {
    const { send } = await session();
    const cause = new Error('disk of /var/secret is full');
    vehicles.reply(cause);
    const error = await send({ StartTransaction: {} }).catch((e) => e);
    expect(error).toBeInstanceOf(QLDBSessionServiceException);
    expect(error).toMatchObject({
      name: 'InternalServerException',
      $metadata: { httpStatusCode: 500 },
    });
    expect(JSON.stringify(error) + error.message).not.toContain('secret');
    expect(failures).toEqual([cause]);
  });

  it('answers no command and two commands with BadRequest', async () => {
    const { send } = await session();
    await expect(send({})).rejects.toBeInstanceOf(BadRequestException);
    await expect(
      send({ StartTransaction: {}, AbortTransaction: {} }),
    ).rejects.toBeInstanceOf(BadRequestException);
    expect(vehicles.requests).toHaveLength(1);
  });

  it('answers from four sessions at once, each with its own result', async () => {
    const send = connect();
    const open = await Promise.all(
      Array.from({ length: 4 }, () => session('vehicles', send)),
    );
    vehicles.reply(
      ...Array.from(
        { length: 100 },
        () => async (request: { SessionToken?: string }) => {
          await new Promise(setImmediate);
          return {
            FetchPage: {
              Page: { Values: [{ IonText: request.SessionToken }] },
            },
          };
        },
      ),
    );
    const results = await Promise.all(
      Array.from({ length: 100 }, (_, n) =>
        open[n % 4]?.send({ FetchPage: { TransactionId, NextPageToken: 'x' } }),
      ),
    );
    expect(
      results.map((r) => r?.FetchPage?.Page?.Values?.[0]?.IonText),
    ).toEqual(Array.from({ length: 100 }, (_, n) => `vehicles-${n % 4}`));
  });
});

describe('credentials of the AWS SDK', () => {
  it('of any region are taken', async () => {
    await expect(
      session('vehicles', connect(CREDENTIALS, 'us-east-1')),
    ).resolves.toHaveProperty('SessionToken');
  });

  it('are found by a function too, which may take its time', async () => {
    const asked: string[] = [];
    const other = await createQldbServer({
      ledgers: new Map([['vehicles', vehicles]]),
      credentials: async (id) => {
        asked.push(id);
        await new Promise(setImmediate);
        return id === 'AKIDTEST' ? CREDENTIALS : undefined;
      },
    });
    const client = (credentials: typeof CREDENTIALS) =>
      new QLDBSessionClient({
        endpoint: other.url,
        region: 'x',
        credentials,
        maxAttempts: 1,
      });
    const start = new SendCommandCommand({
      StartSession: { LedgerName: 'vehicles' },
    });
    await expect(client(CREDENTIALS).send(start)).resolves.toBeDefined();
    await expect(
      client({ ...CREDENTIALS, accessKeyId: 'AKIDNOBODY' }).send(start),
    ).rejects.toMatchObject({ name: 'UnrecognizedClientException' });
    expect(asked).toEqual(['AKIDTEST', 'AKIDNOBODY']);
    await other.close();
  });

  it('that are wrong are refused with 403, and no ledger hears of them', async () => {
    const wrongSecret = connect({ ...CREDENTIALS, secretAccessKey: 'guess' });
    const unknownId = connect({ ...CREDENTIALS, accessKeyId: 'AKIDNOBODY' });
    const start = { StartSession: { LedgerName: 'vehicles' } };
    await expect(wrongSecret(start)).rejects.toMatchObject({
      name: 'InvalidSignatureException',
      $metadata: { httpStatusCode: 403 },
    });
    await expect(unknownId(start)).rejects.toMatchObject({
      name: 'UnrecognizedClientException',
      $metadata: { httpStatusCode: 403 },
    });
    expect(vehicles.requests).toEqual([]);
  });

  it('that are temporary need their security token', async () => {
    const temporary = {
      accessKeyId: 'ASIATEMP',
      secretAccessKey: 'temporary',
      sessionToken: 'the+token/of=it',
    };
    await expect(
      session('vehicles', connect(temporary)),
    ).resolves.toHaveProperty('SessionToken');
    for (const sessionToken of [undefined, 'another'])
      await expect(
        session('vehicles', connect({ ...temporary, sessionToken })),
      ).rejects.toMatchObject({ name: 'UnrecognizedClientException' });
    await expect(
      session('vehicles', connect({ ...CREDENTIALS, sessionToken: 'extra' })),
    ).rejects.toMatchObject({ name: 'UnrecognizedClientException' });
  });
});

describe('session tokens', () => {
  it("are the server's own, not the ledger's", async () => {
    const { SessionToken } = await session();
    expect(SessionToken).toMatch(/^[A-Za-z0-9+/]{64}$/);
    expect(vehicles.open).toEqual(new Set(['vehicles-0']));
    await expect(
      connect()({ SessionToken: 'vehicles-0', StartTransaction: {} }),
    ).rejects.toThrow('No such session');
  });

  it('serve nobody but the client that opened the session', async () => {
    const { SessionToken, send } = await session();
    const other = connect({
      accessKeyId: 'AKIDOTHER',
      secretAccessKey: 'other',
    });
    for (const command of [{ StartTransaction: {} }, { EndSession: {} }]) {
      const error = await other({ SessionToken, ...command }).catch((e) => e);
      expect(error).toBeInstanceOf(InvalidSessionException);
      expect(error.message).toBe('No such session');
    }
    await expect(send({ StartTransaction: {} })).resolves.toBeDefined();
  });

  it.each([
    ['one that was never given', 'A'.repeat(64), InvalidSessionException],
    ['none', undefined, BadRequestException],
    ['an ill-formed one', '{"a":1}', BadRequestException],
    ['a huge one', 'A'.repeat(2000), BadRequestException],
  ])('refuse %s', async (_, SessionToken, type) => {
    await expect(
      connect()({ SessionToken, StartTransaction: {} }),
    ).rejects.toBeInstanceOf(type);
  });

  it('end with their session', async () => {
    const { send } = await session();
    await send({ EndSession: {} });
    expect(server.sessions).toBe(0);
    expect(vehicles.open.size).toBe(0);
    await expect(send({ StartTransaction: {} })).rejects.toBeInstanceOf(
      InvalidSessionException,
    );
  });

  it('end when the ledger says that the session, or its transaction, is no more', async () => {
    const { send } = await session();
    vehicles.reply(
      new ours.InvalidSessionException(
        `Transaction ${TransactionId} has expired`,
      ),
    );
    await expect(send({ StartTransaction: {} })).rejects.toThrow('has expired');
    expect(server.sessions).toBe(0);
    expect(vehicles.open.size).toBe(0);
  });
});
