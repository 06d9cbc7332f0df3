import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  DriverClosedError,
  DriverOptionsError,
  TransactionClosedError,
} from '../../lib/driver/index.js';
import {
  OccConflictException,
  QldbSessionException,
} from '../../lib/session/exceptions.js';
import { FaultEndpoint } from '../../lib/testing/fault-endpoint.js';
import { FakeService } from './fake-service.js';
import { driverOf, errorOf, Gate, turns } from './support.js';

describe('close()', () => {
  it('S14, S27, S33: afterwards everything is refused, and nothing is sent', async () => {
    const service = new FakeService();
    const driver = driverOf(service);
    expect(driver.isClosed).toBe(false);
    await driver.close();
    expect(driver.isClosed).toBe(true);
    for (const call of [
      () => driver.executeLambda(() => 1),
      () => driver.executeStatement('x'),
      () => driver.getSession(),
      () => driver.listTables(),
    ]) {
      expect(await errorOf(call())).toBeInstanceOf(DriverClosedError);
    }
    expect(service.log).toEqual([]);
  });

  it('case 31, S29, C34, B6: idempotent and concurrent; every session that was started gets its end', async () => {
    const service = new FakeService({ latency: () => turns(1) });
    const driver = driverOf(service);
    await Promise.all(
      Array.from({ length: 5 }, () => driver.executeLambda(() => turns(2))),
    );
    await Promise.all([driver.close(), driver.close(), driver.close()]);
    await driver.close();
    expect(service.count('EndSession')).toBe(5);
    expect(service.sessions.size).toBe(0);
  });

  it('S12, C34: await using closes the driver', async () => {
    const service = new FakeService();
    {
      await using driver = driverOf(service);
      await driver.executeLambda(() => 1);
    }
    expect(service.sessions.size).toBe(0);
  });

  it('case 31, S31, C36: waiters are refused at once', async () => {
    const driver = driverOf(new FakeService(), { poolLimit: 1 });
    const gate = new Gate();
    const running = driver.executeLambda(() => gate.opened);
    await turns();
    const waiting = [
      errorOf(driver.executeLambda(() => 1)),
      errorOf(driver.getSession()),
    ];
    await turns();
    const closing = driver.close();
    for (const error of await Promise.all(waiting))
      expect(error).toBeInstanceOf(DriverClosedError);
    gate.open();
    await running;
    await closing;
  });

  it('case 31, S30, C35, B71: what is under way may come to its end, and its session is ended then', async () => {
    const service = new FakeService();
    const driver = driverOf(service);
    const gate = new Gate();
    const running = driver.executeLambda(async (txn) => {
      await gate.opened;
      return txn.execute('SELECT ?', 1);
    });
    await turns();
    let closed = false;
    const closing = driver.close().then(() => (closed = true));
    await turns();
    expect(closed).toBe(false);
    gate.open();
    expect(await running).toEqual([1]);
    await closing;
    expect(service.sessions.size).toBe(0);
    expect(service.committed).toHaveLength(1);
  });

  it('case 31: after the grace time it is aborted', async () => {
    const service = new FakeService();
    const driver = driverOf(service);
    let late: unknown;
    const running = driver.executeLambda(async (txn) => {
      await txn.execute('INSERT INTO t ?', 1);
      await new Promise((resolve) =>
        txn.signal.addEventListener('abort', resolve),
      );
      late = await errorOf(txn.execute('INSERT INTO t ?', 2));
    });
    const session = await driver.getSession();
    const transaction = await session.startTransaction();
    await turns();
    const failing = errorOf(running);
    await driver.close({ graceTime: 0 });
    expect(await failing).toBeInstanceOf(DriverClosedError);
    await turns();
    expect(late).toBeDefined();
    expect(await errorOf(transaction.execute('x'))).toBeInstanceOf(
      TransactionClosedError,
    );
    expect(await errorOf(session.executeLambda(() => 1))).toMatchObject({
      code: 'QLDB_SESSION_CLOSED',
    });
    expect(service.sessions.size).toBe(0);
    expect(service.committed).toEqual([]);
    expect(driver.pool).toMatchObject({ inUse: 0, idle: 0 });
  });

  it('case 31: a lambda on a session of one’s own is aborted, too', async () => {
    const service = new FakeService();
    const driver = driverOf(service);
    const session = await driver.getSession();
    const failing = errorOf(
      session.executeLambda(() => new Promise(() => undefined)),
    );
    await turns();
    await driver.close({ graceTime: 0 });
    expect(await failing).toBeInstanceOf(DriverClosedError);
    expect(service.sessions.size).toBe(0);
  });

  for (const [name, rule] of [
    [
      'refused',
      { error: () => new QldbSessionException('no', { httpStatusCode: 500 }) },
    ],
    ['lost', { disconnect: true }],
  ] as const) {
    it(`case 31, S32: an EndSession that is ${name} does not keep the others from their end`, async () => {
      const service = new FakeService({ latency: () => turns(1) });
      const faults = new FaultEndpoint(service, [
        { command: 'EndSession', skip: 1, times: 2, ...rule },
      ]);
      const warnings: string[] = [];
      const driver = driverOf(faults, {
        logger: { warn: (message) => void warnings.push(message) },
      });
      await Promise.all(
        Array.from({ length: 5 }, () => driver.executeLambda(() => turns(2))),
      );
      await driver.close();
      expect(service.sessions.size).toBe(2);
      expect(warnings).toHaveLength(2);
      expect(
        faults.commands.filter(({ command }) => command === 'EndSession'),
      ).toHaveLength(5);
    });
  }

  it('case 31, B7: a retry that sleeps is woken, and the lambda is not run again', async () => {
    const faults = new FaultEndpoint(new FakeService(), [
      {
        command: 'CommitTransaction',
        times: Infinity,
        error: () => new OccConflictException('OCC'),
      },
    ]);
    const driver = driverOf(faults, { retry: { backoff: () => 1_000_000 } });
    let runs = 0;
    const failing = errorOf(driver.executeLambda(() => ++runs));
    await turns();
    await driver.close();
    const error = await failing;
    expect(error).toBeInstanceOf(DriverClosedError);
    expect((error as Error).cause).toBeInstanceOf(OccConflictException);
    expect(runs).toBe(1);
  });

  it('B7: a lambda that fails while the driver closes is not run again', async () => {
    const faults = new FaultEndpoint(new FakeService(), [
      {
        command: 'CommitTransaction',
        times: Infinity,
        error: () => new OccConflictException('OCC'),
      },
    ]);
    const driver = driverOf(faults);
    const gate = new Gate();
    let runs = 0;
    const failing = errorOf(
      driver.executeLambda(() => {
        runs++;
        return gate.opened;
      }),
    );
    await turns();
    const closing = driver.close();
    gate.open();
    expect(await failing).toBeInstanceOf(OccConflictException);
    await closing;
    expect(runs).toBe(1);
  });

  it('case 32: a session that arrives late is ended, not pooled', async () => {
    const gate = new Gate();
    const service = new FakeService({
      latency: (command) =>
        command === 'StartSession' ? gate.opened : undefined,
    });
    const driver = driverOf(service);
    const failing = [
      errorOf(driver.executeLambda(() => 1)),
      errorOf(driver.getSession()),
    ];
    await turns();
    let closed = false;
    const closing = driver.close({ graceTime: 0 }).then(() => (closed = true));
    await turns();
    gate.open();
    for (const error of await Promise.all(failing))
      expect(error).toBeInstanceOf(DriverClosedError);
    await closing;
    expect(closed).toBe(true);
    expect(service.sessionsStarted).toBe(2);
    expect(service.sessions.size).toBe(0);
    expect(driver.pool.idle).toBe(0);
  });

  it('case 32: nobody is given a session that arrives while the driver waits for others', async () => {
    const gate = new Gate();
    const service = new FakeService({ latency: () => gate.opened });
    const driver = driverOf(service);
    const failing = errorOf(driver.getSession());
    await turns();
    const closing = driver.close();
    gate.open();
    expect(await failing).toBeInstanceOf(DriverClosedError);
    await closing;
    expect(service.sessionsStarted).toBe(1);
    expect(service.sessions.size).toBe(0);
  });

  it('a grace time that is none is refused', async () => {
    const driver = driverOf(new FakeService());
    for (const graceTime of [-1, Number.NaN, Infinity]) {
      expect(await errorOf(driver.close({ graceTime }))).toBeInstanceOf(
        DriverOptionsError,
      );
    }
    expect(await driver.executeLambda(() => 1)).toBe(1);
  });

  it('an endpoint that was given is left open', async () => {
    let closed = 0;
    const service = new FakeService();
    const driver = driverOf({
      sendCommand: (request) => service.sendCommand(request),
      close: () => (closed++, Promise.resolve()),
    });
    await driver.executeLambda(() => 1);
    await driver.close();
    expect(closed).toBe(0);
  });

  describe('when an endpoint hangs', () => {
    afterEach(() => void vi.useRealTimers());

    it('close() comes to its end nevertheless', async () => {
      vi.useFakeTimers({
        toFake: ['setTimeout', 'clearTimeout', 'performance'],
      });
      const faults = new FaultEndpoint(new FakeService());
      const driver = driverOf(faults, { cleanupTimeout: 1_000 });
      await driver.executeLambda(() => 1);
      faults.inject({ times: Infinity, hang: true });
      const failing = errorOf(
        driver.executeLambda((txn) => txn.execute('SELECT 1')),
      );
      await turns();
      const closing = driver.close({ graceTime: 100 });
      await vi.advanceTimersByTimeAsync(10_000);
      await closing;
      expect(await failing).toBeInstanceOf(DriverClosedError);
    });
  });
});

describe('a process', () => {
  it('case 41: is kept alive by no timer of a driver that was closed, nor of one that was forgotten', async () => {
    const timers = (): number =>
      process.getActiveResourcesInfo().filter((name) => name === 'Timeout')
        .length;
    const before = timers();
    const forgotten = driverOf(new FakeService());
    await forgotten.executeLambda((txn) => txn.execute('SELECT ?', 1));
    const closed = driverOf(new FakeService());
    await closed.executeLambda((txn) => txn.execute('SELECT ?', 1));
    await closed.close();
    expect(forgotten.pool.idle).toBe(1);
    expect(timers()).toBe(before);
    // The count does see a timer that keeps a process alive.
    const timer = setTimeout(() => undefined, 1_000_000);
    expect(timers()).toBe(before + 1);
    clearTimeout(timer);
  });
});
