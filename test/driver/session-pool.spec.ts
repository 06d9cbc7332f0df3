import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  NestedTransactionError,
  SessionPoolEmptyError,
} from '../../lib/driver/index.js';
import { Permits } from '../../lib/driver/permits.js';
import {
  BadRequestException,
  CapacityExceededException,
  InvalidSessionException,
} from '../../lib/session/exceptions.js';
import { FaultEndpoint } from '../../lib/testing/fault-endpoint.js';
import { FakeService } from './fake-service.js';
import { driverOf, errorOf, Gate, turns } from './support.js';

describe('places in the pool', () => {
  it('case 1, S15, S17, S25, B4: more calls than places all finish, in the order of their arrival, and never more transactions than places', async () => {
    const service = new FakeService({ latency: () => turns(1) });
    const driver = driverOf(service, { poolLimit: 3 });
    const finished: number[] = [];
    await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        driver.executeLambda(async (txn) => {
          finished.push(i);
          await txn.execute('SELECT ?', i);
        }),
      ),
    );
    expect(finished).toEqual(Array.from({ length: 20 }, (_, i) => i));
    expect(service.maxOpenTransactions).toBe(3);
    expect(service.sessionsStarted).toBe(3);
    expect(driver.pool).toEqual({ limit: 3, inUse: 0, idle: 3, waiting: 0 });
  });

  describe('with a clock of their own', () => {
    beforeEach(
      () =>
        void vi.useFakeTimers({
          toFake: ['setTimeout', 'clearTimeout', 'performance'],
        }),
    );
    afterEach(() => void vi.useRealTimers());

    it('case 2, S16: whoever waits gives up after exactly the timeout, and the place goes to the next', async () => {
      const driver = driverOf(new FakeService(), {
        poolLimit: 1,
        timeout: 1_000,
      });
      const session = await driver.getSession();
      let early: unknown;
      let late: unknown;
      const first = driver
        .executeLambda(() => 1)
        .catch((error: unknown) => (early = error));
      await vi.advanceTimersByTimeAsync(500);
      const second = driver
        .executeLambda(() => 'second')
        .then((value) => (late = value));
      await vi.advanceTimersByTimeAsync(499);
      expect(early).toBeUndefined();
      await vi.advanceTimersByTimeAsync(1);
      await first;
      expect(early).toBeInstanceOf(SessionPoolEmptyError);
      expect((early as Error).message).toContain('1000 ms');
      expect(driver.pool.waiting).toBe(1);
      await session.close();
      await second;
      expect(late).toBe('second');
      expect(driver.pool).toMatchObject({ inUse: 0, waiting: 0 });
    });

    it('case 8, B32: a session that is too old is not used again, and is ended', async () => {
      const service = new FakeService();
      const driver = driverOf(service, { maxSessionAge: 60_000 });
      await driver.executeLambda(() => 1);
      await vi.advanceTimersByTimeAsync(59_000);
      await driver.executeLambda(() => 1);
      expect(service.sessionsStarted).toBe(1);
      expect(driver.pool.idle).toBe(1);
      await vi.advanceTimersByTimeAsync(2_000);
      expect(driver.pool.idle).toBe(0);
      expect(service.count('EndSession')).toBe(1);
      await driver.executeLambda(() => 1);
      expect(service.sessionsStarted).toBe(2);
    });

    it('case 8: a session that grew old while in use is ended when it comes back', async () => {
      const service = new FakeService();
      const driver = driverOf(service, {
        maxSessionAge: 60_000,
        transactionTimeout: 0,
      });
      await driver.executeLambda(async () => {
        await vi.advanceTimersByTimeAsync(61_000);
      });
      await vi.advanceTimersByTimeAsync(1);
      expect(driver.pool.idle).toBe(0);
      expect(service.sessions.size).toBe(0);
    });
  });

  it('case 3, S15: with timeout 0 nobody waits', async () => {
    const driver = driverOf(new FakeService(), { poolLimit: 1, timeout: 0 });
    const session = await driver.getSession();
    expect(await errorOf(driver.executeLambda(() => 1))).toBeInstanceOf(
      SessionPoolEmptyError,
    );
    await session.close();
    expect(await driver.executeLambda(() => 1)).toBe(1);
  });

  it('S18: sessions are used oldest first', async () => {
    const service = new FakeService();
    const driver = driverOf(service);
    const sessions = [await driver.getSession(), await driver.getSession()];
    const tokens = sessions.map((session) => session.sessionToken);
    for (const session of sessions) await session.close();
    const again = await driver.getSession();
    expect(again.sessionToken).toBe(tokens[0]);
    await again.close();
  });

  it('S18, S19, S20: with probeSessions each reuse is preceded by an abort, and the dead are dropped', async () => {
    const service = new FakeService();
    const driver = driverOf(service, { probeSessions: true });
    const sessions = await Promise.all([
      driver.getSession(),
      driver.getSession(),
      driver.getSession(),
    ]);
    for (const session of sessions) await session.close();
    service.expireSessions();
    service.log.length = 0;
    await driver.executeLambda(() => 1);
    expect(service.commands).toEqual([
      ...Array.from({ length: 3 }, () => [
        'AbortTransaction',
        'EndSession',
      ]).flat(),
      'StartSession',
      'StartTransaction',
      'CommitTransaction',
    ]);
    service.log.length = 0;
    await driver.executeLambda(() => 1);
    expect(service.commands).toEqual([
      'AbortTransaction',
      'StartTransaction',
      'CommitTransaction',
    ]);
  });

  it('S22: a network error during the probe does not reach the caller', async () => {
    const faults = new FaultEndpoint(new FakeService());
    const driver = driverOf(faults, { probeSessions: true });
    await driver.executeLambda(() => 1);
    faults.inject({ command: 'AbortTransaction', disconnect: true });
    expect(await driver.executeLambda(() => 2)).toBe(2);
  });

  it('N7: without it a reused session costs nothing', async () => {
    const service = new FakeService();
    const driver = driverOf(service);
    await driver.executeLambda(() => 1);
    await driver.executeLambda(() => 1);
    expect(service.commands).toEqual([
      'StartSession',
      'StartTransaction',
      'CommitTransaction',
      'StartTransaction',
      'CommitTransaction',
    ]);
  });
});

describe('permits when sessions cannot be started', () => {
  for (let failures = 1; failures <= 6; failures++) {
    it(`case 4, S21, B1, N11: StartSession fails ${failures} times, then works`, async () => {
      const faults = new FaultEndpoint(new FakeService(), [
        {
          command: 'StartSession',
          times: failures,
          error: () => new CapacityExceededException('Capacity exceeded'),
        },
      ]);
      const driver = driverOf(faults, { poolLimit: 2, timeout: 0 });
      const error = await errorOf(driver.executeLambda(() => 1));
      if (failures > 4) expect(error).toBeInstanceOf(CapacityExceededException);
      else expect(error).toBeUndefined();
      expect(driver.pool.inUse).toBe(0);
      await errorOf(driver.executeLambda(() => 1));
      expect(
        await Promise.all([
          driver.executeLambda(() => turns()),
          driver.executeLambda(() => turns()),
        ]),
      ).toHaveLength(2);
      expect(driver.pool).toEqual({ limit: 2, inUse: 0, idle: 2, waiting: 0 });
    });

    it(`case 5, B2, B3, B68: a dead session, then ${failures} failures of StartSession`, async () => {
      const service = new FakeService();
      const faults = new FaultEndpoint(service);
      const driver = driverOf(faults, { poolLimit: 1, timeout: 0 });
      for (let round = 0; round < 3; round++) {
        await errorOf(driver.executeLambda(() => 1));
        await errorOf(driver.executeLambda(() => 1));
        service.expireSessions();
        faults.inject({
          command: 'StartSession',
          times: failures,
          disconnect: true,
        });
        await errorOf(driver.executeLambda(() => 1));
        expect(driver.pool.inUse).toBe(0);
        expect(driver.pool.idle).toBeLessThanOrEqual(1);
        faults.clear();
      }
      service.maxOpenTransactions = 0;
      const gate = new Gate();
      const running = driver.executeLambda(() => gate.opened);
      await turns();
      expect(await errorOf(driver.executeLambda(() => 1))).toBeInstanceOf(
        SessionPoolEmptyError,
      );
      gate.open();
      await running;
      expect(service.maxOpenTransactions).toBe(1);
    });
  }

  it('B2, B3: expiries never widen the pool', async () => {
    const service = new FakeService({ latency: () => turns(1) });
    const driver = driverOf(service, { poolLimit: 1 });
    for (let round = 0; round < 3; round++) {
      await driver.executeLambda(() => 1);
      service.expireSessions();
    }
    await Promise.all(
      Array.from({ length: 6 }, () => driver.executeLambda(() => turns(2))),
    );
    expect(service.maxOpenTransactions).toBe(1);
    expect(driver.pool.limit).toBe(1);
  });

  it('case 7, N7, N8: all pooled sessions expire under full load: every call succeeds, the lambda runs once each', async () => {
    const service = new FakeService({ latency: () => turns(1) });
    const driver = driverOf(service, { poolLimit: 8, retryLimit: 0 });
    await Promise.all(
      Array.from({ length: 8 }, () => driver.executeLambda(() => turns(2))),
    );
    expect(driver.pool.idle).toBe(8);
    service.expireSessions();
    service.maxOpenTransactions = 0;
    let runs = 0;
    await Promise.all(
      Array.from({ length: 40 }, () =>
        driver.executeLambda(async (txn) => {
          runs++;
          await txn.execute('SELECT ?', 1);
        }),
      ),
    );
    expect(runs).toBe(40);
    expect(service.maxOpenTransactions).toBeLessThanOrEqual(8);
    expect(service.sessionsStarted).toBe(16);
  });
});

describe('a permit', () => {
  it('S23, B2, B68: released twice counts once', async () => {
    const permits = new Permits(2, 0);
    const [first] = [await permits.acquire(), await permits.acquire()];
    permits.release(first);
    permits.release(first);
    expect(permits.held).toBe(1);
    await permits.acquire();
    expect(await errorOf((async () => permits.acquire())())).toBeInstanceOf(
      SessionPoolEmptyError,
    );
  });
});

describe('a stale session', () => {
  it('B22, N7: is replaced without a retry, also with retryLimit 0, and the lambda runs once', async () => {
    const service = new FakeService();
    const driver = driverOf(service, { retryLimit: 0 });
    await driver.executeLambda(() => 1);
    service.expireSessions();
    let runs = 0;
    const retries: number[] = [];
    await driver.executeLambda(() => ++runs, {
      onRetry: (attempt) => void retries.push(attempt),
    });
    expect(runs).toBe(1);
    expect(retries).toEqual([]);
  });

  it('F8: is recognised although the service calls its token a bad request', async () => {
    const faults = new FaultEndpoint(new FakeService());
    const driver = driverOf(faults, { retryLimit: 0 });
    await driver.executeLambda(() => 1);
    faults.inject({
      command: 'StartTransaction',
      error: () =>
        new BadRequestException('The parameter SessionToken is not valid'),
    });
    expect(await driver.executeLambda(() => 2)).toBe(2);
  });

  it('B17: that has a transaction open is not used', async () => {
    const service = new FakeService();
    const driver = driverOf(service, { retryLimit: 0 });
    const session = await driver.getSession();
    const token = session.sessionToken;
    await session.close();
    await service.sendCommand({ SessionToken: token, StartTransaction: {} });
    expect(await driver.executeLambda(() => 2)).toBe(2);
    await driver.close();
    expect(service.sessions.size).toBe(0);
  });

  it('a new session that is refused is not replaced again', async () => {
    const service = new FakeService();
    const faults = new FaultEndpoint(service, [
      {
        command: 'StartTransaction',
        times: 2,
        error: () => new InvalidSessionException('No such session'),
      },
    ]);
    const driver = driverOf(faults, { retryLimit: 0 });
    expect(await errorOf(driver.executeLambda(() => 1))).toBeInstanceOf(
      InvalidSessionException,
    );
    expect(service.sessionsStarted).toBe(1);
    expect(driver.pool.idle).toBe(0);
  });
});

describe('a lambda inside a lambda', () => {
  it('case 35, B8: is refused by name if it could never get a session', async () => {
    const service = new FakeService();
    const driver = driverOf(service, { poolLimit: 1 });
    const error = await errorOf(
      driver.executeLambda(() => driver.executeLambda(() => 1)),
    );
    expect(error).toBeInstanceOf(NestedTransactionError);
    expect(driver.pool).toMatchObject({ inUse: 0, waiting: 0 });
    expect(service.openTransactions).toBe(0);
    expect(await driver.executeLambda(() => 'next')).toBe('next');
  });

  it('case 35: works while there are places', async () => {
    const driver = driverOf(new FakeService(), { poolLimit: 2 });
    expect(
      await driver.executeLambda(() => driver.executeLambda(() => 'inner')),
    ).toBe('inner');
  });

  it('case 35: waits for a place that somebody else will give back', async () => {
    const driver = driverOf(new FakeService(), { poolLimit: 2 });
    const gate = new Gate();
    const other = driver.executeLambda(() => gate.opened);
    await turns();
    const nested = driver.executeLambda(() =>
      driver.executeLambda(() => 'inner'),
    );
    await turns();
    expect(driver.pool.waiting).toBe(1);
    gate.open();
    await other;
    expect(await nested).toBe('inner');
  });

  it('case 35: of two that wait for each other one is refused, and the other goes on', async () => {
    const driver = driverOf(new FakeService(), { poolLimit: 2 });
    const nested = async (): Promise<string> => {
      await turns();
      return driver.executeLambda(() => 'inner');
    };
    const results = await Promise.allSettled([
      driver.executeLambda(nested),
      driver.executeLambda(nested),
    ]);
    expect(results.map(({ status }) => status).toSorted()).toEqual([
      'fulfilled',
      'rejected',
    ]);
    expect(
      results.find((result) => result.status === 'rejected')?.reason,
    ).toBeInstanceOf(NestedTransactionError);
    expect(driver.pool.inUse).toBe(0);
  });

  it('case 35: two inside the same lambda count its place once', async () => {
    const driver = driverOf(new FakeService(), { poolLimit: 3 });
    const gate = new Gate();
    const others = [
      driver.executeLambda(() => gate.opened),
      driver.executeLambda(() => gate.opened),
    ];
    await turns();
    const nested = driver.executeLambda(() =>
      Promise.all([
        driver.executeLambda(() => 1),
        driver.executeLambda(() => 2),
      ]),
    );
    await turns();
    expect(driver.pool.waiting).toBe(2);
    gate.open();
    await Promise.all(others);
    expect(await nested).toEqual([1, 2]);
  });

  it('case 35: that outlives the outer one waits like everybody else', async () => {
    const driver = driverOf(new FakeService(), { poolLimit: 1 });
    const gate = new Gate();
    let late: Promise<string> | undefined;
    await driver.executeLambda(() => {
      late = gate.opened.then(() => driver.executeLambda(() => 'late'));
    });
    const session = await driver.getSession();
    gate.open();
    await turns();
    expect(driver.pool.waiting).toBe(1);
    await session.close();
    expect(await late).toBe('late');
  });
});
