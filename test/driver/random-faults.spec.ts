import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  PooledQldbDriver,
  QldbDriverError,
  type TransactionExecutor,
} from '../../lib/driver/index.js';
import type { CommandName } from '../../lib/session/endpoint.js';
import {
  BadRequestException,
  CapacityExceededException,
  InvalidSessionException,
  QldbSessionException,
  RateExceededException,
} from '../../lib/session/exceptions.js';
import {
  FaultEndpoint,
  type FaultRule,
} from '../../lib/testing/fault-endpoint.js';
import { FakeService } from './fake-service.js';
import { Gate, seeded, turns } from './support.js';

const SCRIPTS = Number(process.env['QLDB_FAULT_SCRIPTS'] ?? 2_000);

const commands: readonly CommandName[] = [
  'StartSession',
  'StartTransaction',
  'ExecuteStatement',
  'FetchPage',
  'CommitTransaction',
  'AbortTransaction',
];

const errors: readonly (() => unknown)[] = [
  () => new InvalidSessionException('No such session'),
  () => new InvalidSessionException('Transaction T1 has expired'),
  () => new RateExceededException('Rate exceeded'),
  () => new CapacityExceededException('Capacity exceeded'),
  () => new QldbSessionException('x', { httpStatusCode: 500 }),
  () => new BadRequestException('no'),
  () => Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }),
  () => 'not an error',
];

/** A world that is the same for the same seed: how the service fails, what the callers do. */
async function runScript(seed: number): Promise<void> {
  const random = seeded(seed);
  const below = (n: number): number => Math.floor(random() * n);
  const pick = <T>(items: readonly T[]): T => items[below(items.length)];
  const chance = (p: number): boolean => random() < p;

  const service = new FakeService({
    respond: (statement) => {
      if (statement === 'REFUSED')
        throw new BadRequestException('Semantic Error');
      return Array.from({ length: 1 + below(4) }, () =>
        chance(0.2) ? undefined : Array.from({ length: below(3) }, (_, i) => i),
      );
    },
    latency: () => (chance(0.5) ? turns(1 + below(2)) : undefined),
  });
  const rules = Array.from({ length: below(8) }, (): FaultRule => {
    const fault = below(3);
    return {
      command: pick(commands),
      skip: below(6),
      times: 1 + below(3),
      ...(fault === 0
        ? { error: pick(errors) }
        : fault === 1
          ? { disconnect: true }
          : { loseReply: true }),
    };
  });
  const faults = new FaultEndpoint(service, rules);
  const poolLimit = 1 + below(3);
  const driver = new PooledQldbDriver({
    ledgerName: 'l',
    endpoint: faults,
    poolLimit,
    retryLimit: below(4),
    readAhead: pick([0, 2, 3]),
    probeSessions: chance(0.2),
    retry: { backoff: () => 0 },
  });

  const acknowledged: string[] = [];
  let running = 0;
  const enter = (): void => {
    expect(++running).toBeLessThanOrEqual(poolLimit);
  };
  const lambda = async (txn: TransactionExecutor): Promise<string> => {
    enter();
    try {
      return await statements(txn);
    } finally {
      running--;
    }
  };
  const statements = async (txn: TransactionExecutor): Promise<string> => {
    for (let statement = below(4); statement > 0; statement--) {
      switch (below(7)) {
        case 0:
          await Promise.all([txn.execute('A'), txn.execute('B')]);
          break;
        case 1:
          for await (const _ of await txn.executeStatement('C')) break;
          break;
        case 2:
          await txn.execute('REFUSED').catch(() => 'swallowed');
          break;
        case 3:
          await (await txn.executeStatement('D')).toArray();
          break;
        case 4:
          if (chance(0.2)) throw new Error('user');
          break;
        case 5:
          if (chance(0.3)) await txn.execute('CONFLICT');
          else if (chance(0.2)) txn.abort();
          break;
        default:
          if (chance(0.1)) void txn.execute('FORGOTTEN');
          else await txn.executeStatement('UNREAD');
      }
    }
    return txn.transactionId;
  };
  const call = async (): Promise<void> => {
    if (chance(0.15)) {
      await using session = await driver.getSession();
      const transaction = await session.startTransaction();
      await transaction.execute('M');
      if (chance(0.5)) {
        await transaction.commit();
        acknowledged.push(transaction.transactionId);
      }
      return;
    }
    const controller = new AbortController();
    if (chance(0.1))
      void turns(below(8)).then(() => controller.abort(new Error('cancelled')));
    acknowledged.push(
      await driver.executeLambda(lambda, { signal: controller.signal }),
    );
  };
  const results = await Promise.allSettled(Array.from({ length: 6 }, call));

  // What a caller is told has happened, and happened once.
  const ids = service.committed.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of acknowledged) expect(ids).toContain(id);
  const unknown = results.filter(
    (result) =>
      result.status === 'rejected' &&
      (result.reason as QldbDriverError).code === 'QLDB_COMMIT_OUTCOME_UNKNOWN',
  );
  expect(ids.length - acknowledged.length).toBeLessThanOrEqual(unknown.length);
  expect(ids.length - acknowledged.length).toBeGreaterThanOrEqual(0);

  expect(driver.pool).toMatchObject({ limit: poolLimit, inUse: 0, waiting: 0 });
  expect(driver.pool.idle).toBeLessThanOrEqual(poolLimit);
  expect(service.breaches).toEqual([]);
  faults.clear();
  // Sessions that were given up are ended in the background.
  await turns(20);
  expect(service.openTransactions).toBe(0);

  // The whole pool can be used at once, and no more than that.
  service.maxOpenTransactions = 0;
  let arrived = 0;
  const allArrived = new Gate();
  await Promise.all(
    Array.from({ length: poolLimit + 2 }, () =>
      driver.executeLambda(() => {
        if (++arrived === poolLimit) allArrived.open();
        return allArrived.opened;
      }),
    ),
  );
  expect(service.maxOpenTransactions).toBe(poolLimit);
  await driver.close();
  expect(service.sessions.size - lostStarts(faults)).toBeLessThanOrEqual(0);
}

/** Replies to StartSession that were lost: their sessions are the service's to end. */
function lostStarts(faults: FaultEndpoint): number {
  return faults.commands.filter(
    ({ command, outcome }) => command === 'StartSession' && outcome === 'lost',
  ).length;
}

describe('random faults', () => {
  const unhandled: unknown[] = [];
  const onUnhandled = (error: unknown): void => void unhandled.push(error);
  beforeAll(() => {
    process.on('unhandledRejection', onUnhandled);
    // Nothing in a script depends on the time, so that its seed tells it all.
    vi.spyOn(performance, 'now').mockReturnValue(0);
  });
  afterAll(() => {
    process.off('unhandledRejection', onUnhandled);
    vi.restoreAllMocks();
  });

  const batch = 100;
  for (let first = 0; first < SCRIPTS; first += batch) {
    it(`case 6, S25, B1, B2, B11, B14: scripts ${first} to ${first + batch - 1}: no permit, transaction, session or commit is lost or invented`, async () => {
      for (let seed = first; seed < first + batch; seed++) {
        try {
          await runScript(seed);
        } catch (error) {
          throw new Error(`Script ${seed} failed`, { cause: error });
        }
      }
      // An unhandled rejection is told after the microtasks are through.
      await turns();
      expect(unhandled).toEqual([]);
    });
  }
});
