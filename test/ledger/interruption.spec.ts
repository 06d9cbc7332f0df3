import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PooledQldbDriver } from '../../lib/driver/index.js';
import { type Ledger, openLedger } from '../../lib/ledger/index.js';
import { createQldbServer, type QldbServer } from '../../lib/server/index.js';
import type {
  SendCommandRequest,
  SendCommandResult,
  SessionEndpoint,
} from '../../lib/session/index.js';

const LIST = `[${Array.from({ length: 100 }, (_, n) => n).join(', ')}]`;
/** It would go on for hours. */
const ENDLESS = `SELECT COUNT(*) FROM ${Array.from('abcdefgh', (name) => `${LIST} AS ${name}`).join(', ')}`;

const nextTurns = async () => {
  for (let n = 0; n < 5; n++)
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
};

let ledger: Ledger;

beforeEach(async () => {
  ledger = await openLedger({
    name: 'l',
    store: 'memory:',
    limits: { transactionTimeout: 600_000 },
  });
});
afterEach(() => ledger.close());

async function send(
  request: SendCommandRequest,
  signal?: AbortSignal,
): Promise<SendCommandResult> {
  return ledger.sessions.sendCommand(request, { signal });
}

/** A session with a statement that runs, and what becomes of it. */
async function busySession(signal?: AbortSignal) {
  const { StartSession } = await send({ StartSession: { LedgerName: 'l' } });
  const SessionToken = StartSession?.SessionToken ?? '';
  const begun = await send({ SessionToken, StartTransaction: {} });
  const TransactionId = begun.StartTransaction?.TransactionId ?? '';
  const statement = send(
    { SessionToken, ExecuteStatement: { TransactionId, Statement: ENDLESS } },
    signal,
  ).then(
    () => 'rows',
    (error: Error) => `${error.name}: ${error.message}`,
  );
  await nextTurns();
  return { SessionToken, TransactionId, statement };
}

describe('a statement that runs', () => {
  it('ends when its transaction is aborted; the session goes on', async () => {
    const { SessionToken, statement } = await busySession();
    const reply = await send({ SessionToken, AbortTransaction: {} });
    expect(reply.AbortTransaction).toBeDefined();
    expect(await statement).toMatch(/^BadRequestException: .* was aborted/);
    const begun = await send({ SessionToken, StartTransaction: {} });
    const TransactionId = begun.StartTransaction?.TransactionId;
    const { ExecuteStatement } = await send({
      SessionToken,
      ExecuteStatement: {
        TransactionId,
        Statement: `SELECT VALUE a FROM ${LIST} AS a, ${LIST} AS b LIMIT 1 OFFSET 9000`,
      },
    });
    expect(ExecuteStatement?.FirstPage?.Values).toHaveLength(1);
  });

  it('ends with its session', async () => {
    const { SessionToken, statement } = await busySession();
    await send({ SessionToken, EndSession: {} });
    expect(await statement).toMatch(/^InvalidSessionException: .* session/);
  });

  it('ends with the ledger', async () => {
    const { statement } = await busySession();
    await ledger.close();
    expect(await statement).toMatch(/^InvalidSessionException: /);
  });

  it('ends when whoever sent it gives it up; the transaction stays open', async () => {
    const caller = new AbortController();
    const { SessionToken, TransactionId, statement } = await busySession(
      caller.signal,
    );
    caller.abort();
    expect(await statement).toMatch(/^BadRequestException: .* waits for it/);
    const { ExecuteStatement } = await send({
      SessionToken,
      ExecuteStatement: {
        TransactionId,
        Statement: `SELECT VALUE a FROM ${LIST} AS a, ${LIST} AS b`,
      },
    });
    expect(ExecuteStatement?.FirstPage?.Values).toHaveLength(200);
  });

  it('does not end before a commit that was sent behind it', async () => {
    const { SessionToken, TransactionId, statement } = await busySession();
    const commit = send({
      SessionToken,
      CommitTransaction: { TransactionId, CommitDigest: undefined },
    }).then(
      () => 'committed',
      (error: Error) => error.name,
    );
    const abort = send({ SessionToken, AbortTransaction: {} });
    let isOver = false;
    void statement.then(() => (isOver = true));
    await nextTurns();
    expect(isOver).toBe(false);
    await ledger.close();
    await abort.catch(() => undefined);
    // Its session is gone, and the transaction with it.
    expect(await commit).toBe('BadRequestException');
  });
});

describe.each(['in process', 'over HTTP'] as const)('a driver, %s', (where) => {
  let server: QldbServer | undefined;
  let driver: PooledQldbDriver;
  /** What became of the statements, where they ran. */
  let statements: Promise<unknown>[];
  let begun: () => void;
  let running: Promise<void>;

  beforeEach(async () => {
    statements = [];
    running = new Promise((resolve) => {
      begun = resolve;
    });
    const endpoint: SessionEndpoint = {
      ...(where === 'in process' && { inProcess: true }),
      sendCommand(request, options) {
        const reply = ledger.sessions.sendCommand(request, options);
        if (request.ExecuteStatement) {
          statements.push(
            Promise.resolve(reply).then(
              () => 'rows',
              (error: Error) => error.name,
            ),
          );
          setImmediate(begun);
        }
        return reply;
      },
    };
    const credentials = { accessKeyId: 'test', secretAccessKey: 'secret' };
    if (where === 'over HTTP')
      server = await createQldbServer({
        ledgers: { l: endpoint },
        credentials: [credentials],
      });
    driver = new PooledQldbDriver({
      ledgerName: 'l',
      retryLimit: 0,
      ...(server
        ? { endpoint: server.url, region: 'us-east-1', credentials }
        : { endpoint }),
    });
  });
  afterEach(async () => {
    await driver.close();
    await server?.close();
    server = undefined;
  });

  it('ends a statement with its signal', async () => {
    const caller = new AbortController();
    const work = driver.executeLambda((txn) => txn.execute(ENDLESS), {
      signal: caller.signal,
    });
    await running;
    caller.abort(new Error('enough'));
    await expect(work).rejects.toThrow();
    expect(await statements[0]).not.toBe('rows');
    expect(
      await driver.executeLambda((txn) => txn.execute('[1]')),
    ).toHaveLength(1);
  });

  it('ends a statement when its time is over', async () => {
    await expect(
      driver.executeLambda((txn) => txn.execute(ENDLESS), {
        transactionTimeout: 300,
      }),
    ).rejects.toThrow();
    expect(await statements[0]).not.toBe('rows');
  });

  it('ends a statement of a transaction that is aborted', async () => {
    await using session = await driver.getSession();
    const transaction = await session.startTransaction();
    const statement = transaction.execute(ENDLESS).catch(() => 'failed');
    await running;
    await transaction.abort();
    expect(await statement).toBe('failed');
    expect(await statements[0]).not.toBe('rows');
    await using next = await session.startTransaction();
    expect(await next.execute('[1]')).toHaveLength(1);
  });

  it('ends a statement when the driver is closed', async () => {
    const work = driver
      .executeLambda((txn) => txn.execute(ENDLESS))
      .catch(() => 'failed');
    await running;
    await driver.close({ graceTime: 10 });
    expect(await work).toBe('failed');
    expect(await statements[0]).not.toBe('rows');
  });
});
