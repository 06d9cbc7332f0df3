import { QLDBSessionClient } from '@aws-sdk/client-qldb-session';
import { describe, expect, it } from 'vitest';
import {
  DriverOptionsError,
  PooledQldbDriver,
  type PooledQldbDriverOptions,
} from '../../lib/driver/index.js';
import { FakeService } from './fake-service.js';
import { driverOf, errorOf } from './support.js';

/** Options as JavaScript could pass them. */
function make(options: unknown): PooledQldbDriver {
  return new PooledQldbDriver(options as PooledQldbDriverOptions);
}

function problemsOf(options: unknown): readonly string[] {
  try {
    make(options);
    return [];
  } catch (error) {
    if (!(error instanceof DriverOptionsError)) throw error;
    return error.problems;
  }
}

const base = { ledgerName: 'l', endpoint: new FakeService() };

describe('options of a driver', () => {
  it('S1, S11: defaults', () => {
    const driver = make(base);
    expect(driver.ledgerName).toBe('l');
    expect(driver.retryLimit).toBe(4);
    expect(driver.readAhead).toBe(0);
    expect(driver.pool).toEqual({ limit: 50, inUse: 0, idle: 0, waiting: 0 });
  });

  it('S10: making a driver sends nothing', async () => {
    const service = new FakeService();
    const driver = driverOf(service);
    expect(service.log).toEqual([]);
    await driver.close();
    expect(service.log).toEqual([]);
  });

  const wrong = [Number.NaN, 1.5, '3', Infinity, null, -1, {}, true];
  for (const name of [
    'retryLimit',
    'readAhead',
    'poolLimit',
    'maxBufferedRows',
  ]) {
    for (const value of wrong) {
      it(`case 3, S2, S3, S4, B26: ${name} ${JSON.stringify(value) ?? value} is refused by name`, () => {
        expect(problemsOf({ ...base, [name]: value })).toEqual([
          expect.stringContaining(name),
        ]);
      });
    }
    it(`case 3, S2, S4: ${name} 0 and 2 are fine`, () => {
      expect(problemsOf({ ...base, [name]: 0 })).toEqual([]);
      expect(problemsOf({ ...base, [name]: 2 })).toEqual([]);
    });
  }

  for (const name of [
    'timeout',
    'maxSessionAge',
    'transactionTimeout',
    'cleanupTimeout',
  ]) {
    for (const value of [Number.NaN, '3', Infinity, null, -1, 2 ** 31]) {
      it(`case 3, S4: ${name} ${JSON.stringify(value) ?? value} is refused by name`, () => {
        expect(problemsOf({ ...base, [name]: value })).toEqual([
          expect.stringContaining(name),
        ]);
      });
    }
    it(`case 3, S4: ${name} 0 (but for cleanupTimeout) and 1.5 are fine`, () => {
      expect(problemsOf({ ...base, [name]: 0 })).toHaveLength(
        // A clean-up without a limit could hang for ever.
        name === 'cleanupTimeout' ? 1 : 0,
      );
      expect(problemsOf({ ...base, [name]: 1.5 })).toEqual([]);
    });
  }

  it('S3: readAhead 1 is refused', () => {
    expect(problemsOf({ ...base, readAhead: 1 })).toHaveLength(1);
  });

  for (const ledgerName of [undefined, '', null, 7]) {
    it(`S13: ledgerName ${String(ledgerName)} is refused`, () => {
      expect(problemsOf({ ...base, ledgerName })).toEqual([
        expect.stringContaining('ledgerName'),
      ]);
    });
  }

  it('S6, B45: everything that is wrong is named at once, before anything is made', () => {
    expect(
      problemsOf({
        retryLimit: -1,
        timeout: 'soon',
        poolLimt: 3,
        logger: 'loud',
      }),
    ).toEqual([
      expect.stringContaining('poolLimt is not an option'),
      expect.stringContaining('ledgerName'),
      expect.stringContaining('retryLimit'),
      expect.stringContaining('timeout'),
      expect.stringContaining('logger'),
    ]);
  });

  it('S6: no options at all', () => {
    expect(problemsOf(undefined)).toHaveLength(1);
    expect(problemsOf(null)).toHaveLength(1);
  });

  it('S5: poolLimit 0 is the maximum of the endpoint, and more than that is refused with both numbers', () => {
    const endpoint = new FakeService({ maxConcurrency: 7 });
    expect(make({ ...base, endpoint }).pool.limit).toBe(7);
    expect(make({ ...base, endpoint, poolLimit: 7 }).pool.limit).toBe(7);
    expect(problemsOf({ ...base, endpoint, poolLimit: 8 })).toEqual([
      expect.stringMatching(/8.*7/),
    ]);
  });

  it('B24: the default limit is finite', () => {
    const driver = make({ ledgerName: 'l', region: 'eu-central-1' });
    expect(driver.pool.limit).toBe(50);
  });

  it('B25, N24: the client that the driver makes has a socket for each session', () => {
    const driver = make({ ledgerName: 'l', region: 'x', poolLimit: 400 });
    expect(driver.pool.limit).toBe(400);
  });

  for (const endpoint of ['ftp://x', 'no url', 5, {}, null, () => 0]) {
    it(`S7: endpoint ${JSON.stringify(endpoint) ?? 'function'} is refused`, () => {
      expect(problemsOf({ ledgerName: 'l', endpoint })).toEqual([
        expect.stringContaining('endpoint'),
      ]);
    });
  }

  it('S9: region or credentials beside a ready client are refused rather than ignored', () => {
    const client = new QLDBSessionClient({ region: 'eu-central-1' });
    expect(problemsOf({ ledgerName: 'l', endpoint: client })).toEqual([]);
    expect(
      problemsOf({ ledgerName: 'l', endpoint: client, region: 'x' }),
    ).toHaveLength(1);
    client.destroy();
  });

  it('B27, N1: a plain retry policy is accepted, and checked early', () => {
    expect(problemsOf({ ...base, retry: { limit: 3 } })).toEqual([]);
    expect(make({ ...base, retry: { limit: 3 } }).retryLimit).toBe(3);
    expect(problemsOf({ ...base, retry: { limit: Number.NaN } })).toHaveLength(
      1,
    );
    expect(problemsOf({ ...base, retry: { backoff: 5 } })).toHaveLength(1);
    expect(problemsOf({ ...base, retry: { on: ['rain'] } })).toHaveLength(1);
    expect(problemsOf({ ...base, retry: { getRetryLimit: 1 } })).toHaveLength(
      1,
    );
    expect(
      problemsOf({ ...base, retry: { limit: 1 }, retryLimit: 1 }),
    ).toHaveLength(1);
  });

  it('case 38, B23, B69: options frozen to the bottom serve two drivers and stay as they are', async () => {
    const options = Object.freeze({
      ledgerName: 'l',
      region: 'eu-central-1',
      credentials: Object.freeze({ accessKeyId: 'a', secretAccessKey: 'b' }),
      clientConfig: Object.freeze({ customUserAgent: 'mine', maxAttempts: 7 }),
      retry: Object.freeze({ on: Object.freeze(['transport'] as const) }),
    });
    const before = structuredClone(options);
    for (const driver of [make(options), make(options)]) {
      expect(driver.retryLimit).toBe(4);
      await driver.close();
    }
    expect(options).toEqual(before);
  });
});

describe('options of a call', () => {
  it('B27: are checked before anything is sent', async () => {
    const service = new FakeService();
    const driver = driverOf(service);
    for (const options of [
      { retry: -1 },
      { retry: { limit: 1.5 } },
      { onRetry: 1 },
      { readAhead: 1 },
      { values: 'json' },
      { transactionTimeout: -1 },
      { signal: {} },
      { retries: 2 },
      null,
    ]) {
      const error = await errorOf(
        driver.executeLambda(() => 1, options as never),
      );
      expect(error).toBeInstanceOf(DriverOptionsError);
    }
    expect(
      await errorOf(driver.executeLambda(undefined as never)),
    ).toBeInstanceOf(DriverOptionsError);
    expect(service.log).toEqual([]);
    expect(driver.pool.inUse).toBe(0);
  });

  it('B72: a missing lambda loses no permit', async () => {
    const driver = driverOf(new FakeService(), { poolLimit: 1 });
    await errorOf(driver.executeLambda(null as never));
    expect(await driver.executeLambda(() => 'next')).toBe('next');
  });
});
