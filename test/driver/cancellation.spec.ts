import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  CommitOutcomeUnknownError,
  TransactionTimeoutError,
} from '../../lib/driver/index.js';
import { OccConflictException } from '../../lib/session/exceptions.js';
import type { CommandName } from '../../lib/session/endpoint.js';
import { FaultEndpoint } from '../../lib/testing/fault-endpoint.js';
import { FakeService } from './fake-service.js';
import { driverOf, errorOf, Gate, turns } from './support.js';

const reason = new Error('enough');

/** A service that holds one kind of command until the gate opens, whether or not its caller still waits. */
function holding(command: CommandName, pages = [[1], [2]]) {
  const gate = new Gate();
  let held = true;
  const service = new FakeService({
    respond: () => pages,
    latency: (name) => (held && name === command ? gate.opened : undefined),
  });
  return {
    service,
    release: () => {
      held = false;
      gate.open();
    },
  };
}

describe('an AbortSignal', () => {
  it('case 34, C33: aborted before the call: nothing is sent', async () => {
    const service = new FakeService();
    const driver = driverOf(service);
    expect(
      await errorOf(
        driver.executeLambda(() => 1, { signal: AbortSignal.abort(reason) }),
      ),
    ).toBe(reason);
    expect(
      await errorOf(driver.getSession({ signal: AbortSignal.abort(reason) })),
    ).toBe(reason);
    expect(service.log).toEqual([]);
    expect(driver.pool.inUse).toBe(0);
  });

  it('case 34: while waiting for the pool', async () => {
    const driver = driverOf(new FakeService(), { poolLimit: 1 });
    const session = await driver.getSession();
    const controller = new AbortController();
    const failing = errorOf(
      driver.executeLambda(() => 1, { signal: controller.signal }),
    );
    await turns();
    expect(driver.pool.waiting).toBe(1);
    controller.abort(reason);
    expect(await failing).toBe(reason);
    expect(driver.pool.waiting).toBe(0);
    await session.close();
    expect(await driver.executeLambda(() => 2)).toBe(2);
  });

  for (const command of [
    'StartSession',
    'StartTransaction',
    'ExecuteStatement',
    'FetchPage',
  ] as const) {
    it(`case 34, N15, B44: during ${command}: the caller is free at once, and what was begun is cleaned up`, async () => {
      const { service, release } = holding(command);
      const driver = driverOf(service, { poolLimit: 1 });
      const controller = new AbortController();
      const failing = errorOf(
        driver.executeLambda((txn) => txn.execute('SELECT 1'), {
          signal: controller.signal,
        }),
      );
      await turns();
      expect(service.commands.at(-1)).toBe(command);
      controller.abort(reason);
      await turns();
      release();
      expect(await failing).toBe(reason);
      await turns();
      expect(service.openTransactions).toBe(0);
      expect(service.breaches).toEqual([]);
      expect(driver.pool.inUse).toBe(0);
      expect(await driver.executeLambda(() => 'next')).toBe('next');
      await driver.close();
      expect(service.sessions.size).toBe(0);
    });
  }

  it('case 34, C14: during the commit: the outcome is unknown', async () => {
    const { service, release } = holding('CommitTransaction');
    const driver = driverOf(service);
    const controller = new AbortController();
    const failing = errorOf(
      driver.executeLambda((txn) => txn.transactionId, {
        signal: controller.signal,
        retry: { on: ['commit-unknown'] },
      }),
    );
    await turns();
    controller.abort(reason);
    await turns();
    release();
    const error = await failing;
    expect(error).toBeInstanceOf(CommitOutcomeUnknownError);
    expect((error as Error).cause).toBe(reason);
    expect(service.committed).toHaveLength(1);
    expect(service.breaches).toEqual([]);
  });

  it('case 34: during the sleep before a retry', async () => {
    const faults = new FaultEndpoint(new FakeService(), [
      {
        command: 'CommitTransaction',
        error: () => new OccConflictException('OCC'),
      },
    ]);
    const driver = driverOf(faults, { retry: { backoff: () => 1_000_000 } });
    const controller = new AbortController();
    const failing = errorOf(
      driver.executeLambda(() => 1, { signal: controller.signal }),
    );
    await turns();
    controller.abort(reason);
    expect(await failing).toBe(reason);
    expect(driver.pool.inUse).toBe(0);
  });

  it('case 34: while the lambda waits for something else: it is left behind, and its executor refuses', async () => {
    const service = new FakeService();
    const driver = driverOf(service);
    const controller = new AbortController();
    const gate = new Gate();
    let late: unknown;
    const failing = errorOf(
      driver.executeLambda(
        async (txn) => {
          await gate.opened;
          late = await errorOf(txn.execute('INSERT INTO t ?', 1));
          throw new Error('nobody hears this');
        },
        { signal: controller.signal },
      ),
    );
    await turns();
    controller.abort(reason);
    expect(await failing).toBe(reason);
    gate.open();
    await turns();
    expect(late).toMatchObject({ code: 'QLDB_TRANSACTION_CLOSED' });
    expect(service.count('ExecuteStatement')).toBe(0);
    expect(service.openTransactions).toBe(0);
  });

  it('the executor’s signal tells the lambda; a signal shared by many calls warns of no leak', async () => {
    const warnings: unknown[] = [];
    const onWarning = (warning: unknown): void => void warnings.push(warning);
    process.on('warning', onWarning);
    const driver = driverOf(new FakeService());
    const controller = new AbortController();
    const failing = Array.from({ length: 40 }, () =>
      errorOf(
        driver.executeLambda(
          (txn) =>
            Promise.all(
              Array.from({ length: 20 }, () => txn.execute('SELECT 1')),
            ).then(
              () =>
                new Promise((_, reject) =>
                  txn.signal.addEventListener('abort', () =>
                    reject(txn.signal.reason as Error),
                  ),
                ),
            ),
          {
            signal: controller.signal,
          },
        ),
      ),
    );
    await turns(20);
    controller.abort(reason);
    for (const error of await Promise.all(failing)) expect(error).toBe(reason);
    await turns();
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
  });

  it('a manual transaction follows its signal', async () => {
    const service = new FakeService();
    const driver = driverOf(service);
    await using session = await driver.getSession();
    const controller = new AbortController();
    const transaction = await session.startTransaction({
      signal: controller.signal,
    });
    controller.abort(reason);
    expect(await errorOf(transaction.execute('x'))).toBe(reason);
    expect(await errorOf(transaction.commit())).toBe(reason);
    expect(service.openTransactions).toBe(0);
    expect(service.committed).toEqual([]);
  });
});

describe('time limits', () => {
  beforeEach(
    () =>
      void vi.useFakeTimers({
        toFake: ['setTimeout', 'clearTimeout', 'performance'],
      }),
  );
  afterEach(() => void vi.useRealTimers());

  it('B44: transactionTimeout ends an attempt by name; it is not retried', async () => {
    const service = new FakeService();
    const driver = driverOf(service, { transactionTimeout: 1_000 });
    let runs = 0;
    const failing = errorOf(
      driver.executeLambda(() => {
        runs++;
        return new Promise(() => undefined);
      }),
    );
    await vi.advanceTimersByTimeAsync(999);
    expect(service.openTransactions).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(await failing).toBeInstanceOf(TransactionTimeoutError);
    expect(runs).toBe(1);
    expect(service.openTransactions).toBe(0);
    expect(driver.pool).toMatchObject({ inUse: 0, idle: 1 });
  });

  it('B44: an endpoint that never answers holds nobody for longer', async () => {
    for (const command of [
      'StartSession',
      'StartTransaction',
      'ExecuteStatement',
      'CommitTransaction',
    ] as const) {
      const faults = new FaultEndpoint(new FakeService(), [
        { command, hang: true, times: Infinity },
      ]);
      const driver = driverOf(faults, {
        transactionTimeout: 1_000,
        poolLimit: 1,
      });
      const failing = errorOf(
        driver.executeLambda((txn) => txn.execute('SELECT 1')),
      );
      await vi.advanceTimersByTimeAsync(1_000);
      const error = await failing;
      expect(error).toBeInstanceOf(
        command === 'CommitTransaction'
          ? CommitOutcomeUnknownError
          : TransactionTimeoutError,
      );
      faults.clear();
      expect(await driver.executeLambda(() => 'next')).toBe('next');
    }
  });

  it('N15: cleaning up has a limit of its own; a session that does not answer is given up', async () => {
    const never = new Gate();
    let hang = false;
    const service = new FakeService({
      latency: (command) =>
        hang && command !== 'StartSession' ? never.opened : undefined,
    });
    const driver = driverOf(service, {
      transactionTimeout: 1_000,
      cleanupTimeout: 500,
      poolLimit: 1,
    });
    const failing = errorOf(
      driver.executeLambda((txn) => {
        hang = true;
        return txn.execute('SELECT 1');
      }),
    );
    await vi.advanceTimersByTimeAsync(1_499);
    expect(driver.pool.inUse).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(await failing).toBeInstanceOf(TransactionTimeoutError);
    expect(driver.pool).toMatchObject({ inUse: 0, idle: 0 });
    hang = false;
    expect(await driver.executeLambda(() => 'next')).toBe('next');
    expect(service.breaches).toEqual([]);
  });

  it('transactionTimeout 0 sets no limit, for a call as well', async () => {
    const driver = driverOf(new FakeService(), { transactionTimeout: 10 });
    const gate = new Gate();
    const running = driver.executeLambda(() => gate.opened.then(() => 'done'), {
      transactionTimeout: 0,
    });
    await vi.advanceTimersByTimeAsync(1_000_000);
    gate.open();
    expect(await running).toBe('done');
  });
});
