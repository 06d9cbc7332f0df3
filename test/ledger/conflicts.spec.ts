import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  DriverClosedError,
  PooledQldbDriver,
  type TransactionExecutor,
} from '../../lib/driver/index.js';
import { type Ledger, openLedger } from '../../lib/ledger/index.js';
import { OccConflictException } from '../../lib/session/index.js';
import { execute } from '../contract/raw-session.js';

const increment = async (transaction: TransactionExecutor) => {
  const [row] = await transaction.execute<{ n: number }>(
    "SELECT n FROM T WHERE id = 'a'",
  );
  await transaction.execute("UPDATE T SET n = ? WHERE id = 'a'", row.n + 1);
};

const times = <T>(count: number, work: (n: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, n) => work(n)));

describe.each(['memory:', 'file:'])('callers of one document, %s', (kind) => {
  let folder: string;
  let ledger: Ledger;
  let driver: PooledQldbDriver;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'qldb-conflicts-'));
    ledger = await openLedger({
      name: 'test',
      store: kind === 'file:' ? `file:${folder}` : kind,
    });
    driver = new PooledQldbDriver({
      ledgerName: 'test',
      endpoint: ledger.sessions,
    });
    await driver.executeStatement('CREATE TABLE T');
    await driver.executeStatement('CREATE INDEX ON T (id)');
    await driver.executeStatement("INSERT INTO T {'id': 'a', 'n': 0}");
  });
  afterEach(async () => {
    await driver.close();
    await ledger.close();
    await rm(folder, { recursive: true, force: true });
  });
  const count = async () => {
    const rows = await driver.executeStatement<{ n: number }>(
      "SELECT n FROM T WHERE id = 'a'",
    );
    return (await rows.toArray())[0].n;
  };

  it.each([8, 32, 64])(
    'all get through, %i at once, again and again',
    async (callers) => {
      await times(callers, async () => {
        for (let round = 0; round < 5; round++)
          await driver.executeLambda(increment);
      });
      expect(await count()).toBe(5 * callers);
      await ledger.verify();
    },
  );

  it('get through where they want several, in any order', async () => {
    const accounts = ['a', 'b', 'c', 'd'];
    for (const id of accounts.slice(1))
      await driver.executeStatement('INSERT INTO T ?', { id, n: 0 });
    await times(32, async (n) => {
      const [from, to] = [accounts[n % 4], accounts[(n * 7 + 1) % 4]];
      if (from === to) return;
      await driver.executeLambda(async (transaction) => {
        await transaction.execute('UPDATE T SET n = n - 1 WHERE id = ?', from);
        await transaction.execute('UPDATE T SET n = n + 1 WHERE id = ?', to);
      });
    });
    const sum = await driver.executeStatement('SELECT SUM(n) AS n FROM T');
    expect(await sum.toArray()).toEqual([{ n: 0 }]);
  });

  it('insert what is not there once', async () => {
    const made = await times(32, () =>
      driver.executeLambda(async (transaction) => {
        const found = await transaction.execute(
          "SELECT * FROM T WHERE id = 'new'",
        );
        if (found.length > 0) return 0;
        await transaction.execute("INSERT INTO T {'id': 'new'}");
        return 1;
      }),
    );
    expect(made.filter(Boolean)).toHaveLength(1);
  });

  it('are not in the way of those who only insert', async () => {
    let refused = 0;
    const inserting = times(8, async (n) => {
      for (let round = 0; round < 10; round++)
        await driver.executeLambda(
          (transaction) =>
            transaction.execute('INSERT INTO T ?', { id: `${n}-${round}` }),
          { onRetry: () => void refused++ },
        );
    });
    await times(32, () => driver.executeLambda(increment));
    await inserting;
    expect(refused).toBe(0);
    expect(await count()).toBe(32);
  });

  it('are told at once where nothing is to be retried', async () => {
    // All have begun, and read, before one of them writes.
    let left = 8;
    let goOn: () => void = () => {};
    const all = new Promise<void>((resolve) => (goOn = resolve));
    const ends = await times(left, () =>
      driver
        .executeLambda(
          async (txn) => {
            await txn.execute("SELECT n FROM T WHERE id = 'a'");
            if (--left === 0) goOn();
            await all;
            await increment(txn);
          },
          { retry: 0 },
        )
        .then(
          () => 'done',
          (error: unknown) => error,
        ),
    );
    const conflicts = ends.filter((end) => end !== 'done');
    expect(conflicts).toHaveLength(7);
    for (const conflict of conflicts)
      expect(conflict).toBeInstanceOf(OccConflictException);
    await driver.executeLambda(increment);
  });

  it('wait as they say, where they name a strategy', async () => {
    const delays: number[] = [];
    await times(4, () =>
      driver.executeLambda(increment, {
        retry: { limit: 20, backoff: ({ attempt }) => attempt },
        onRetry: (attempt, { delay }) => void delays.push(delay - attempt),
      }),
    );
    expect(delays.length).toBeGreaterThan(0);
    expect(new Set(delays)).toEqual(new Set([0]));
  });

  /** One that has its turn, and keeps it until told to go on. */
  const holding = async () => {
    let attempts = 0;
    let goOn: () => void = () => {};
    const gate = new Promise<void>((resolve) => (goOn = resolve));
    let hold: () => void = () => {};
    const held = new Promise<void>((resolve) => (hold = resolve));
    const ended = driver.executeLambda(async (transaction) => {
      await increment(transaction);
      if (attempts++ === 0)
        await driver.executeStatement("UPDATE T SET n = 100 WHERE id = 'a'");
      else {
        hold();
        await gate;
      }
    });
    await held;
    return { ended, goOn, attempts: () => attempts };
  };

  it('lose to nobody in their turn, and pass it on', async () => {
    const { ended, goOn, attempts } = await holding();
    const others = times(4, () => driver.executeLambda(increment));
    await sleep(20);
    expect(await count()).toBe(100);
    goOn();
    await Promise.all([ended, others]);
    expect(attempts()).toBe(2);
    expect(await count()).toBe(105);
  });

  it('compete as before with those that take no turns, and do not stop them', async () => {
    const { ended, goOn, attempts } = await holding();
    // As one over HTTP does, which nobody could tell to wait.
    await execute(ledger.sessions, "UPDATE T SET n = n + 1000 WHERE id = 'a'");
    await driver.executeLambda(increment, { retry: 0 });
    goOn();
    await ended;
    expect(attempts()).toBe(3);
    expect(await count()).toBe(1102);
  });

  it('pass their turn on if they take too long', async () => {
    const { ended, goOn } = await holding();
    await times(4, () => driver.executeLambda(increment));
    expect(await count()).toBe(104);
    goOn();
    await ended;
    expect(await count()).toBe(105);
  });

  it('leave when they are cancelled, or out of time', async () => {
    const { ended, goOn } = await holding();
    const reason = new Error('enough');
    const controller = new AbortController();
    const cancelled = driver.executeLambda(increment, {
      signal: controller.signal,
    });
    const late = driver.executeLambda(increment, { transactionTimeout: 50 });
    const third = driver.executeLambda(increment);
    void cancelled.catch(() => {});
    await expect(late).rejects.toMatchObject({
      code: 'QLDB_TRANSACTION_TIMEOUT',
    });
    controller.abort(reason);
    await expect(cancelled).rejects.toBe(reason);
    goOn();
    await Promise.all([ended, third]);
    expect(await count()).toBe(102);
    expect(driver.pool).toMatchObject({ inUse: 0, waiting: 0 });
    // Nothing is kept for anybody.
    await execute(ledger.sessions, "UPDATE T SET n = 1 WHERE id = 'a'");
  });

  it('leave when the driver closes', async () => {
    const { ended, goOn } = await holding();
    const waiting = driver.executeLambda(increment);
    await sleep(20);
    const closing = driver.close();
    await expect(waiting).rejects.toBeInstanceOf(DriverClosedError);
    goOn();
    await ended;
    await closing;
  });
});
