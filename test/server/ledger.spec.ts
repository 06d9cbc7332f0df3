import {
  BadRequestException,
  InvalidSessionException,
  OccConflictException,
  QLDBSessionClient,
  SendCommandCommand,
  type SendCommandCommandInput,
} from '@aws-sdk/client-qldb-session';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fromIonBinary, toIonBinary } from '../../lib/ion/native.js';
import { type Ledger, openLedger } from '../../lib/ledger/index.js';
import { createQldbServer, type QldbServer } from '../../lib/server/index.js';
import { CommitDigest } from '../../lib/session/index.js';
import { CREDENTIALS } from './raw-client.js';

let ledger: Ledger;
let server: QldbServer;
let client: QLDBSessionClient;

beforeEach(async () => {
  ledger = await openLedger({ name: 'vehicles', store: 'memory:' });
  server = await createQldbServer({
    ledgers: { vehicles: ledger.sessions },
    credentials: [CREDENTIALS],
  });
  client = new QLDBSessionClient({
    endpoint: server.url,
    region: 'eu-central-1',
    credentials: CREDENTIALS,
    maxAttempts: 1,
  });
});

afterEach(async () => {
  client.destroy();
  await server.close();
  await ledger.close();
});

/** A session that speaks the API by hand, as a driver would. */
async function openSession() {
  const { StartSession } = await client.send(
    new SendCommandCommand({ StartSession: { LedgerName: 'vehicles' } }),
  );
  const send = (input: SendCommandCommandInput) =>
    client.send(
      new SendCommandCommand({
        SessionToken: StartSession?.SessionToken,
        ...input,
      }),
    );
  return {
    send,
    async begin() {
      const { StartTransaction } = await send({ StartTransaction: {} });
      const TransactionId = StartTransaction?.TransactionId ?? '';
      const digest = new CommitDigest(TransactionId);
      return {
        async execute(Statement: string, ...values: unknown[]) {
          const parameters = values.map(toIonBinary);
          digest.add(Statement, parameters);
          const { ExecuteStatement } = await send({
            ExecuteStatement: {
              TransactionId,
              Statement,
              Parameters: parameters.map((IonBinary) => ({ IonBinary })),
            },
          });
          let page = ExecuteStatement?.FirstPage;
          const pages = [page?.Values ?? []];
          while (page?.NextPageToken !== undefined) {
            const { FetchPage } = await send({
              FetchPage: { TransactionId, NextPageToken: page.NextPageToken },
            });
            page = FetchPage?.Page;
            pages.push(page?.Values ?? []);
          }
          return {
            sizes: pages.map(({ length }) => length),
            rows: pages
              .flat()
              .map(({ IonBinary }) => fromIonBinary(IonBinary as Uint8Array)),
          };
        },
        commit: () =>
          send({
            CommitTransaction: { TransactionId, CommitDigest: digest.value },
          }),
      };
    },
  };
}

async function inTransaction(...statements: [string, ...unknown[]][]) {
  const transaction = await (await openSession()).begin();
  for (const [text, ...values] of statements)
    await transaction.execute(text, ...values);
  await transaction.commit();
}

describe('a ledger over HTTP', () => {
  it('keeps what a transaction wrote, and pages what another one reads', async () => {
    const cars = Array.from({ length: 450 }, (_, n) => ({ vin: `1N4-${n}` }));
    await inTransaction(['CREATE TABLE Vehicle']);
    await inTransaction(['INSERT INTO Vehicle ?', cars]);

    const transaction = await (await openSession()).begin();
    const { sizes, rows } = await transaction.execute(
      'SELECT v.vin FROM Vehicle AS v',
    );
    expect(sizes).toEqual([200, 200, 50]);
    expect(rows).toHaveLength(450);
    expect(rows).toEqual(expect.arrayContaining(cars));
    const { CommitTransaction } = await transaction.commit();
    expect(CommitTransaction?.CommitDigest).toHaveLength(32);
  });

  it('refuses a commit whose digest is not that of the statements', async () => {
    const session = await openSession();
    const { StartTransaction } = await session.send({ StartTransaction: {} });
    await expect(
      session.send({
        CommitTransaction: {
          TransactionId: StartTransaction?.TransactionId,
          CommitDigest: new Uint8Array(32),
        },
      }),
    ).rejects.toThrow("Digests don't match");
  });

  it("tells QLDB's codes", async () => {
    const transaction = await (await openSession()).begin();
    const error = await transaction
      .execute('SELECT * FROM Nowhere')
      .catch((e) => e);
    expect(error).toBeInstanceOf(BadRequestException);
    expect(error).toMatchObject({
      Code: '432',
      message: expect.stringContaining("No such variable named 'Nowhere'"),
    });
  });

  it('tells of a conflict between two clients', async () => {
    await inTransaction(
      ['CREATE TABLE Vehicle'],
      ['INSERT INTO Vehicle ?', { vin: 'a', owner: 'x' }],
    );
    const [one, two] = [await openSession(), await openSession()];
    const [first, second] = [await one.begin(), await two.begin()];
    const sell = 'UPDATE Vehicle AS v SET v.owner = ?';
    await first.execute(sell, 'y');
    await second.execute(sell, 'z');
    await first.commit();
    await expect(second.commit()).rejects.toBeInstanceOf(OccConflictException);
  });

  it('ends a transaction with its session', async () => {
    const session = await openSession();
    const transaction = await session.begin();
    await session.send({ EndSession: {} });
    await expect(transaction.commit()).rejects.toBeInstanceOf(
      InvalidSessionException,
    );
  });

  it('takes a statement that fills a transaction of 4 MB', async () => {
    await inTransaction(['CREATE TABLE Vehicle']);
    const documents = Array.from({ length: 40 }, () => ({
      photo: Buffer.alloc(100_000, 7),
    }));
    await inTransaction(['INSERT INTO Vehicle ?', documents]);
    const transaction = await (await openSession()).begin();
    const { rows } = await transaction.execute(
      'SELECT COUNT(*) AS n FROM Vehicle',
    );
    expect(rows).toHaveLength(1);
  });
});
