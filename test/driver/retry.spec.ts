import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  type BackoffStrategy,
  CommitMismatchError,
  CommitOutcomeUnknownError,
  DEFAULT_RETRY_KINDS,
  equalJitterBackoff,
  fullJitterPowerBackoff,
  IllegalStateError,
  InvalidBackoffError,
  LambdaAbortedError,
  type RetryContext,
} from '../../lib/driver/index.js';
import type { CommandName } from '../../lib/session/endpoint.js';
import {
  BadRequestException,
  CapacityExceededException,
  InvalidSessionException,
  LimitExceededException,
  OccConflictException,
  QldbSessionException,
  RateExceededException,
} from '../../lib/session/exceptions.js';
import {
  FaultEndpoint,
  type FaultRule,
} from '../../lib/testing/fault-endpoint.js';
import { FakeService, type FakeServiceOptions } from './fake-service.js';
import { driverOf, errorOf, Gate, turns } from './support.js';

function setUp(
  rules: FaultRule[],
  options: Parameters<typeof driverOf>[1] = {},
  serviceOptions: FakeServiceOptions = {},
) {
  const service = new FakeService(serviceOptions);
  const faults = new FaultEndpoint(service, rules);
  const driver = driverOf(faults, { poolLimit: 2, timeout: 0, ...options });
  const runs: string[] = [];
  /** A lambda that needs every command. */
  const run = (call?: Parameters<typeof driver.executeLambda>[1]) =>
    driver.executeLambda(async (txn) => {
      runs.push(txn.transactionId);
      return txn.execute<number>('SELECT ?', 7);
    }, call);
  return { service, faults, driver, runs, run };
}

function occ(): OccConflictException {
  return new OccConflictException(
    'Optimistic concurrency control (OCC) failure',
  );
}

function sessionLost(): InvalidSessionException {
  return new InvalidSessionException('No such session');
}

describe('number of attempts', () => {
  it('case 11, S42, S44, S45: four conflicts, then success: five runs, four notices in order', async () => {
    const { driver, run, runs } = setUp([
      { command: 'CommitTransaction', times: 4, error: occ },
    ]);
    const attempts: number[] = [];
    expect(
      await run({ onRetry: (attempt) => void attempts.push(attempt) }),
    ).toEqual([7]);
    expect(runs).toHaveLength(5);
    expect(new Set(runs).size).toBe(5);
    expect(attempts).toEqual([1, 2, 3, 4]);
    expect(driver.pool.inUse).toBe(0);
  });

  it("case 11, S80: five conflicts: the service's own error comes out", async () => {
    const last = occ();
    const { run, runs } = setUp([
      { command: 'CommitTransaction', times: 4, error: occ },
      { command: 'CommitTransaction', error: last },
    ]);
    const attempts: number[] = [];
    expect(
      await errorOf(run({ onRetry: (attempt) => void attempts.push(attempt) })),
    ).toBe(last);
    expect(runs).toHaveLength(5);
    expect(attempts).toEqual([1, 2, 3, 4]);
  });

  it('S45: order of a retry: failed command, notice, delay, next transaction', async () => {
    const events: string[] = [];
    const service = new FakeService({
      latency: (command) => void events.push(command),
    });
    const faults = new FaultEndpoint(service, [
      { command: 'ExecuteStatement', error: sessionLost },
    ]);
    const backoff: BackoffStrategy = () => void events.push('backoff');
    const driver = driverOf(faults, { retry: { backoff } });
    await driver.executeLambda((txn) => txn.execute('SELECT 1'), {
      onRetry: () => void events.push('notice'),
    });
    expect(events).toEqual([
      'StartSession',
      'StartTransaction',
      'EndSession',
      'backoff',
      'notice',
      'StartSession',
      'StartTransaction',
      'ExecuteStatement',
      'CommitTransaction',
    ]);
  });

  for (const limit of [0, 1, 4]) {
    for (const command of [
      'StartTransaction',
      'ExecuteStatement',
      'FetchPage',
      'CommitTransaction',
    ] as const) {
      it(`case 9, S43, B22: a lost session at every ${command} with limit ${limit}`, async () => {
        const { service, driver, faults } = setUp(
          [{ command, times: Infinity, error: sessionLost }],
          { retryLimit: limit },
          { respond: () => [[1], [2]] },
        );
        let runs = 0;
        const error = await errorOf(
          driver.executeLambda(async (txn) => {
            runs++;
            await txn.execute('SELECT 1');
          }),
        );
        expect(error).toBeInstanceOf(InvalidSessionException);
        expect(runs).toBe(command === 'StartTransaction' ? 0 : limit + 1);
        // A new session for each attempt: a lost one is not used again.
        expect(service.sessionsStarted).toBe(limit + 1);
        expect(driver.pool).toMatchObject({ inUse: 0, idle: 0 });
        faults.clear();
        await driver.executeLambda(() => 1);
      });
    }
  }
});

describe('kinds of failure', () => {
  const everywhere: readonly CommandName[] = [
    'StartSession',
    'StartTransaction',
    'ExecuteStatement',
    'CommitTransaction',
  ];
  const table: readonly [
    string,
    () => unknown,
    Partial<Record<CommandName, false>>,
  ][] = [
    ['OccConflict', occ, {}],
    ['InvalidSession', sessionLost, {}],
    ['RateExceeded', () => new RateExceededException('Rate exceeded'), {}],
    [
      'LimitExceeded',
      () => new LimitExceededException('Exceeded the session limit of 3000'),
      {},
    ],
    [
      'CapacityExceeded',
      () => new CapacityExceededException('Capacity exceeded'),
      { CommitTransaction: false },
    ],
    [
      '500',
      () => new QldbSessionException('x', { httpStatusCode: 500 }),
      { CommitTransaction: false },
    ],
    [
      '502',
      () => new QldbSessionException('x', { httpStatusCode: 502 }),
      { CommitTransaction: false },
    ],
    [
      '503',
      () => new QldbSessionException('x', { httpStatusCode: 503 }),
      { CommitTransaction: false },
    ],
    [
      '504',
      () => new QldbSessionException('x', { httpStatusCode: 504 }),
      { CommitTransaction: false },
    ],
    ['429', () => new QldbSessionException('x', { httpStatusCode: 429 }), {}],
    [
      'ECONNRESET',
      () => Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }),
      { CommitTransaction: false },
    ],
    [
      'TimeoutError',
      () => Object.assign(new Error('timed out'), { name: 'TimeoutError' }),
      { CommitTransaction: false },
    ],
    ['a thrown text', () => 'out of order', { CommitTransaction: false }],
  ];
  for (const [name, error, not] of table) {
    for (const command of everywhere) {
      const retried = not[command] ?? true;
      it(`case 15, S48, N11, N12, B18, B19, B21: ${name} at ${command} is ${retried ? '' : 'not '}retried`, async () => {
        const { run, runs, driver, service } = setUp([{ command, error }]);
        const thrown = await errorOf(run());
        if (retried) {
          expect(thrown).toBeUndefined();
          expect(service.committed).toHaveLength(1);
        } else {
          expect(thrown).toBeInstanceOf(CommitOutcomeUnknownError);
          expect(runs).toHaveLength(1);
        }
        expect(driver.pool.inUse).toBe(0);
        expect(service.openTransactions).toBe(0);
      });
    }
  }

  for (const [name, error] of [
    ['BadRequest', () => new BadRequestException('No such ledger')],
    [
      'AccessDenied',
      () => new QldbSessionException('denied', { httpStatusCode: 403 }),
    ],
  ] as const) {
    for (const command of everywhere) {
      it(`case 15, S48, B20: ${name} at ${command} is not retried, and comes out as it is`, async () => {
        const given = error();
        const { run, runs, faults, driver, service } = setUp([
          { command, times: Infinity, error: given },
        ]);
        expect(await errorOf(run())).toBe(given);
        expect(runs.length).toBeLessThanOrEqual(1);
        expect(
          faults.commands.filter((entry) => entry.command === command),
        ).toHaveLength(1);
        await driver.close();
        expect(service.sessions.size).toBe(0);
      });
    }
  }

  for (const command of [
    'ExecuteStatement',
    'FetchPage',
    'CommitTransaction',
  ] as const) {
    it(`case 10, S49, N9: an expired transaction at ${command} is not run again unless asked for`, async () => {
      const error = (): InvalidSessionException =>
        new InvalidSessionException('Transaction T1 has expired');
      const { driver, service } = setUp(
        [{ command, times: 2, error }],
        {},
        { respond: () => [[1], [2]] },
      );
      let runs = 0;
      const lambda = (txn: { execute(text: string): Promise<unknown[]> }) => {
        runs++;
        return txn.execute('SELECT 1');
      };
      expect(await errorOf(driver.executeLambda(lambda))).toBeInstanceOf(
        InvalidSessionException,
      );
      expect(runs).toBe(1);
      expect(service.openTransactions).toBe(0);
      expect(
        await driver.executeLambda(lambda, {
          retry: { on: ['transaction-expired'] },
        }),
      ).toEqual([1, 2]);
      expect(runs).toBe(3);
    });
  }

  it('S48, N1: what is retried can be chosen', async () => {
    const { run, runs } = setUp([{ command: 'CommitTransaction', error: occ }]);
    expect(await errorOf(run({ retry: { on: ['transport'] } }))).toBeInstanceOf(
      OccConflictException,
    );
    expect(runs).toHaveLength(1);
  });

  it('N1: a call overrides the policy, as a number too', async () => {
    const { run, runs } = setUp([
      { command: 'CommitTransaction', times: Infinity, error: occ },
    ]);
    await errorOf(run({ retry: 1 }));
    expect(runs).toHaveLength(2);
    await errorOf(run({ retry: { limit: 2 } }));
    expect(runs).toHaveLength(5);
  });

  it('N25, C43: a failure is recognised inside an error of the user', async () => {
    const { driver } = setUp([{ command: 'ExecuteStatement', error: occ }]);
    let runs = 0;
    await driver.executeLambda(async (txn) => {
      runs++;
      try {
        await txn.execute('SELECT 1');
      } catch (cause) {
        throw new Error('could not read', { cause });
      }
    });
    expect(runs).toBe(2);
  });
});

describe('a commit whose outcome is unknown', () => {
  const faults: readonly [string, FaultRule][] = [
    ['a lost reply', { command: 'CommitTransaction', loseReply: true }],
    [
      'HTTP 500',
      {
        command: 'CommitTransaction',
        error: () => new QldbSessionException('x', { httpStatusCode: 500 }),
      },
    ],
  ];
  for (const [name, rule] of faults) {
    it(`case 14, B21, C14: ${name}: the lambda is not run again, and the error names the transaction`, async () => {
      const { run, runs, service, driver } = setUp([rule]);
      const error = await errorOf(run());
      expect(error).toBeInstanceOf(CommitOutcomeUnknownError);
      expect(error).toMatchObject({
        code: 'QLDB_COMMIT_OUTCOME_UNKNOWN',
        transactionId: runs[0],
        cause: expect.any(Error) as Error,
      });
      expect(runs).toHaveLength(1);
      expect(service.committed).toHaveLength(rule.loseReply ? 1 : 0);
      expect(service.openTransactions).toBe(0);
      expect(driver.pool.inUse).toBe(0);
    });

    it(`case 14: ${name}: whoever asks for it gets a retry`, async () => {
      const { run, runs } = setUp([rule]);
      expect(
        await run({
          retry: { on: [...DEFAULT_RETRY_KINDS, 'commit-unknown'] },
        }),
      ).toEqual([7]);
      expect(runs).toHaveLength(2);
    });
  }

  for (const [name, reply] of [
    ['digest', { TransactionId: 'own', CommitDigest: new Uint8Array(32) }],
    [
      'transaction id',
      { TransactionId: 'T999999999999999999999', CommitDigest: 'own' },
    ],
    ['everything', undefined],
  ] as const) {
    it(`case 19, S59, S61, B35, N28: a reply with the wrong ${name} is an IllegalStateError; no retry, no abort, the session is given up`, async () => {
      const service = new FakeService();
      let runs = 0;
      const driver = driverOf({
        async sendCommand(request) {
          const result = await service.sendCommand(request);
          const commit = result.CommitTransaction;
          if (!commit) return result;
          return {
            CommitTransaction: reply && {
              TransactionId:
                reply.TransactionId === 'own'
                  ? commit.TransactionId
                  : reply.TransactionId,
              CommitDigest:
                reply.CommitDigest === 'own'
                  ? commit.CommitDigest
                  : reply.CommitDigest,
            },
          };
        },
      });
      const error = await errorOf(driver.executeLambda(() => ++runs));
      expect(error).toBeInstanceOf(CommitMismatchError);
      expect(error).toBeInstanceOf(IllegalStateError);
      expect(runs).toBe(1);
      await turns();
      expect(service.commands).toEqual([
        'StartSession',
        'StartTransaction',
        'CommitTransaction',
        'EndSession',
      ]);
      expect(driver.pool.idle).toBe(0);
    });
  }
});

describe('errors of the user', () => {
  const frozen = Object.freeze(new Error('frozen'));
  const foreign = Object.assign(new Error('S3 is down'), {
    name: 'InternalError',
    $fault: 'server',
    $metadata: { httpStatusCode: 500 },
  });
  const bare = Object.assign(new Error('no metadata'), {
    name: 'OccConflictException',
    $fault: 'client',
  });
  const circular = new Error('circular');
  circular.cause = circular;
  const thrown: readonly [string, unknown][] = [
    ['an Error', new Error('mine')],
    ['undefined', undefined],
    ['a frozen error', frozen],
    ["another service's error with status 500", foreign],
    ['an error without $metadata', bare],
    ['a conflict that no ledger reported', occ()],
    ['an error that causes itself', circular],
    ['a text', 'mine'],
    ['null', null],
  ];
  for (const [name, value] of thrown) {
    it(`case 16, S50, S27, N10, B16, B17, B71, B73: ${name}: one run, abort sent, the same value comes out`, async () => {
      const { driver, service } = setUp([]);
      let runs = 0;
      const caught = await driver
        .executeLambda(async (txn) => {
          runs++;
          await txn.execute('SELECT 1');
          throw value;
        })
        .then(
          () => 'fulfilled',
          (error: unknown) => ({ error }),
        );
      expect(caught).toEqual({ error: value });
      expect((caught as { error: unknown }).error).toBe(value);
      expect(runs).toBe(1);
      expect(service.commands.slice(-1)).toEqual(['AbortTransaction']);
      expect(service.openTransactions).toBe(0);
      expect(await driver.executeLambda(() => 'next')).toBe('next');
      expect(service.sessionsStarted).toBe(1);
    });
  }

  it('B73: a lambda that throws without a promise', async () => {
    const { driver, service } = setUp([]);
    expect(
      await errorOf(
        driver.executeLambda((): number => {
          throw new RangeError('at once');
        }),
      ),
    ).toBeInstanceOf(RangeError);
    expect(service.commands).toContain('AbortTransaction');
    expect(driver.pool.inUse).toBe(0);
  });

  it('B16: a failure of another transaction, thrown on, is not this one’s', async () => {
    const { driver } = setUp([{ command: 'CommitTransaction', error: occ }]);
    let outer = 0;
    const error = await errorOf(
      driver.executeLambda(() => {
        outer++;
        return driver.executeLambda(() => 1, { retry: 0 });
      }),
    );
    expect(error).toBeInstanceOf(OccConflictException);
    expect(outer).toBe(1);
  });

  it('case 17, B71: an abort that fails: the session is given up and ended, and the first error wins', async () => {
    const { driver, service } = setUp([
      { command: 'AbortTransaction', disconnect: true },
    ]);
    const mine = new Error('mine');
    expect(
      await errorOf(
        driver.executeLambda(() => {
          throw mine;
        }),
      ),
    ).toBe(mine);
    expect(driver.pool).toMatchObject({ inUse: 0, idle: 0 });
    await turns();
    expect(service.sessions.size).toBe(0);
  });

  it('case 15: an abort that fails after a network error: the session is given up', async () => {
    const { run, driver, service } = setUp([
      { command: 'ExecuteStatement', disconnect: true },
      { command: 'AbortTransaction', disconnect: true },
    ]);
    expect(await run()).toEqual([7]);
    await turns();
    expect(service.sessionsStarted).toBe(2);
    expect(service.sessions.size).toBe(1);
    expect(driver.pool.idle).toBe(1);
  });

  it('S41, S55, B72: abort() of the lambda comes out, and is never retried', async () => {
    const { driver, service } = setUp([]);
    let runs = 0;
    const error = await errorOf(
      driver.executeLambda(async (txn) => {
        runs++;
        await txn.execute('SELECT 1');
        txn.abort();
      }),
    );
    expect(error).toBeInstanceOf(LambdaAbortedError);
    expect(runs).toBe(1);
    expect(service.commands.slice(-1)).toEqual(['AbortTransaction']);
    expect(service.committed).toEqual([]);
  });
});

describe('conflicts', () => {
  it('S60, C20: after a conflict at commit no abort is sent, and the session is kept', async () => {
    const { run, service } = setUp([
      { command: 'CommitTransaction', error: occ },
    ]);
    // The fault stands in front of the service, which would have ended the transaction.
    await errorOf(run({ retry: 0 }));
    expect(service.count('AbortTransaction')).toBe(0);
  });

  it('S60: after any other refusal of a commit one abort is sent', async () => {
    const { run, service } = setUp([
      {
        command: 'CommitTransaction',
        error: () => new BadRequestException("Digests don't match"),
      },
    ]);
    await errorOf(run());
    expect(service.count('AbortTransaction')).toBe(1);
    expect(service.openTransactions).toBe(0);
  });

  it('a conflict reported by the ledger itself leaves nothing open', async () => {
    const service = new FakeService();
    const driver = driverOf(service);
    expect(
      await errorOf(driver.executeLambda((txn) => txn.execute('CONFLICT'))),
    ).toBeInstanceOf(OccConflictException);
    expect(service.sessionsStarted).toBe(1);
    expect(service.count('ExecuteStatement')).toBe(5);
  });

  it('B75: a commit that cannot be sent leaves no transaction open', async () => {
    const { EndpointConfigurationError } =
      await import('../../lib/driver/index.js');
    const { run, runs, service } = setUp([
      {
        command: 'CommitTransaction',
        error: () => new EndpointConfigurationError('no credentials'),
      },
    ]);
    expect(await errorOf(run())).toBeInstanceOf(EndpointConfigurationError);
    expect(runs).toHaveLength(1);
    expect(service.openTransactions).toBe(0);
  });
});

describe('backoff and notice', () => {
  const context = (attempt: number): RetryContext => ({
    attempt,
    error: occ(),
    kind: 'occ-conflict',
  });

  it('N3, S47, C15: equal jitter: 10–20, 20–40, 40–80, 80–160 … up to 5,000 ms', () => {
    const lowest = [1, 2, 3, 4, 20].map((n) =>
      equalJitterBackoff({ random: () => 0 })(context(n)),
    );
    const highest = [1, 2, 3, 4, 20].map((n) =>
      equalJitterBackoff({ random: () => 1 })(context(n)),
    );
    expect(lowest).toEqual([10, 20, 40, 80, 2500]);
    expect(highest).toEqual([20, 40, 80, 160, 5000]);
    expect(
      equalJitterBackoff({ base: 1, cap: 3, random: () => 1 })(context(5)),
    ).toBe(3);
  });

  it('equal jitter spreads the wider, the more of them wait', async () => {
    const longest = (contention: number, attempt: number) =>
      equalJitterBackoff({ random: () => 1 })({
        ...context(attempt),
        contention,
      });
    expect([1, 2, 32].map((n) => longest(n, 1))).toEqual([20, 40, 640]);
    expect(longest(1000, 1)).toBe(5000);

    const { driver, run } = setUp(
      [{ command: 'CommitTransaction', error: occ, times: 3 }],
      { poolLimit: 4, timeout: 1000 },
    );
    const seen: (number | undefined)[] = [];
    const retry = {
      backoff: ({ contention }: RetryContext) => {
        seen.push(contention);
        return 20;
      },
    };
    await Promise.all([run({ retry }), run({ retry }), run({ retry })]);
    expect(seen).toEqual([1, 2, 3]);
    await run({ retry });
    const { run: other, driver: unavailable } = setUp([
      {
        command: 'StartTransaction',
        error: () => new CapacityExceededException('no'),
      },
    ]);
    await other({ retry });
    expect(seen.slice(3)).toEqual([undefined]);
    await Promise.all([driver.close(), unavailable.close()]);
  });

  it('S47: the strategy of the 2.x Python driver: up to 11, 101, 1001, 5001 ms', () => {
    const highest = [1, 2, 3, 4, 5].map((n) =>
      fullJitterPowerBackoff({ random: () => 1 })(context(n)),
    );
    expect(highest).toEqual([11, 101, 1001, 5001, 5001]);
    expect(fullJitterPowerBackoff({ random: () => 0 })(context(3))).toBe(0);
  });

  it('B5, case 13: whoever sleeps holds no place in the pool', async () => {
    const { driver, faults } = setUp(
      [{ command: 'CommitTransaction', error: occ }],
      { poolLimit: 1 },
    );
    const gate = new Gate();
    const sleeping = driver.executeLambda(() => 'a', {
      retry: { backoff: () => gate.opened.then(() => 0) },
    });
    await turns();
    expect(driver.pool.inUse).toBe(0);
    faults.clear();
    expect(await driver.executeLambda(() => 'b')).toBe('b');
    gate.open();
    expect(await sleeping).toBe('a');
  });

  it('N2, N17, B43, S46: strategy and listener know attempt, error, kind and transaction; the listener the delay, too', async () => {
    const failure = occ();
    const { run, runs } = setUp([
      { command: 'CommitTransaction', error: failure },
    ]);
    const seen: unknown[] = [];
    await run({
      retry: { backoff: (given) => (seen.push(given), 1) },
      onRetry: async (attempt, given) => {
        await turns(1);
        seen.push(attempt, given);
      },
    });
    const common = {
      attempt: 1,
      error: failure,
      kind: 'occ-conflict',
      transactionId: runs[0],
      contention: 1,
    };
    expect(seen).toEqual([common, 1, { ...common, delay: 1 }]);
  });

  it('N17: a listener of the driver is told, too; one of the call takes its place', async () => {
    const heard: string[] = [];
    const { run } = setUp(
      [{ command: 'CommitTransaction', times: 2, error: occ }],
      { onRetry: () => void heard.push('driver') },
    );
    await run({ retry: 1, onRetry: () => void heard.push('call') }).catch(
      () => 0,
    );
    expect(heard).toEqual(['call']);
  });

  for (const [name, value] of [
    ['NaN', Number.NaN],
    ['Infinity', Infinity],
    ['a text', '5'],
    ['longer than a timer can wait', 2 ** 31],
  ] as const) {
    it(`case 12: a strategy that returns ${name} ends the call by name`, async () => {
      const { run, driver, runs } = setUp([
        { command: 'CommitTransaction', error: occ },
      ]);
      const error = await errorOf(
        run({ retry: { backoff: () => value as number } }),
      );
      expect(error).toBeInstanceOf(InvalidBackoffError);
      expect((error as Error).cause).toBeInstanceOf(OccConflictException);
      expect(runs).toHaveLength(1);
      expect(driver.pool.inUse).toBe(0);
    });
  }

  for (const value of [-5, 0, null, undefined, Promise.resolve(0), -Infinity]) {
    it(`case 12, N2: a strategy may return ${value instanceof Promise ? 'a promise' : String(value)}`, async () => {
      const { run } = setUp([{ command: 'CommitTransaction', error: occ }]);
      expect(await run({ retry: { backoff: () => value } })).toEqual([7]);
    });
  }

  for (const [name, call] of [
    [
      'strategy',
      { retry: { backoff: () => Promise.reject(new Error('mine')) } },
    ],
    ['listener', { onRetry: () => Promise.reject(new Error('mine')) }],
    [
      'listener without a promise',
      {
        onRetry: () => {
          throw new Error('mine');
        },
      },
    ],
  ] as const) {
    it(`case 12, S46: a ${name} that fails ends the call with its error`, async () => {
      const { run, driver, runs } = setUp([
        { command: 'CommitTransaction', error: occ },
      ]);
      expect(await errorOf(run(call))).toMatchObject({ message: 'mine' });
      expect(runs).toHaveLength(1);
      expect(driver.pool.inUse).toBe(0);
    });
  }

  describe('with a clock of their own', () => {
    afterEach(() => void vi.useRealTimers());

    it('case 11, S45: the notice comes before the sleep, the sleep is as long as was said', async () => {
      vi.useFakeTimers({
        toFake: ['setTimeout', 'clearTimeout', 'performance'],
      });
      const { run, runs } = setUp([
        { command: 'CommitTransaction', error: occ },
      ]);
      const notices: number[] = [];
      const running = run({
        retry: { backoff: () => 300 },
        onRetry: (attempt) => void notices.push(attempt),
      });
      await vi.advanceTimersByTimeAsync(299);
      expect(notices).toEqual([1]);
      expect(runs).toHaveLength(1);
      await vi.advanceTimersByTimeAsync(1);
      expect(runs).toHaveLength(2);
      await running;
    });
  });
});
