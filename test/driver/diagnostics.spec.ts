import {
  subscribe,
  tracingChannel,
  unsubscribe,
} from 'node:diagnostics_channel';
import { describe, expect, it } from 'vitest';
import { channels } from '../../lib/driver/diagnostics.js';
import { type DriverLogger, QldbDriverError } from '../../lib/driver/index.js';
import {
  BadRequestException,
  OccConflictException,
} from '../../lib/session/exceptions.js';
import { FaultEndpoint } from '../../lib/testing/fault-endpoint.js';
import { FakeService } from './fake-service.js';
import { driverOf, errorOf, turns } from './support.js';

describe('the logger', () => {
  it('case 39, B31, B63, N21, S68: no level says a token, a statement, a parameter or a row; no error does, either', async () => {
    const lines: string[] = [];
    const log = (message: string): void => void lines.push(message);
    const logger: DriverLogger = {
      debug: log,
      info: log,
      warn: log,
      error: log,
    };
    const service = new FakeService({
      respond: (statement) => {
        if (statement.includes('wrong'))
          throw new BadRequestException('SECRET is wrong');
        return [['SECRET row']];
      },
    });
    const faults = new FaultEndpoint(service, [
      {
        command: 'CommitTransaction',
        error: () => new OccConflictException('SECRET'),
      },
      { command: 'EndSession', disconnect: true },
      { command: 'AbortTransaction', disconnect: true },
    ]);
    const driver = driverOf(faults, { logger });
    const errors: unknown[] = [];
    await driver.executeLambda((txn) =>
      txn.execute('SELECT SECRET ?', 'SECRET'),
    );
    service.expireSessions();
    await driver.executeLambda((txn) =>
      txn.execute('SELECT SECRET ?', 'SECRET'),
    );
    errors.push(
      await errorOf(
        driver.executeLambda((txn) =>
          txn.execute('SELECT SECRET', 'SECRET', () => 'SECRET'),
        ),
      ),
    );
    errors.push(
      await errorOf(
        driver.executeLambda((txn) =>
          txn.execute('SELECT SECRET ?', () => 'SECRET'),
        ),
      ),
    );
    errors.push(await errorOf(driver.executeLambda((txn) => txn.abort())));
    await errorOf(driver.executeLambda((txn) => txn.execute('wrong')));
    await driver.close();
    errors.push(await errorOf(driver.getSession()));
    expect(lines.length).toBeGreaterThan(5);
    const text = lines.join('\n');
    expect(text).not.toMatch(/SECRET|secret-token|SELECT/);
    for (const error of errors) {
      expect(error).toBeInstanceOf(QldbDriverError);
      expect((error as Error).message).not.toMatch(/SECRET|secret-token/);
    }
  });

  it('case 39: a driver without a logger is silent, and one whose methods are missing works', async () => {
    for (const logger of [undefined, {}, { warn: () => undefined }]) {
      const driver = driverOf(new FakeService(), logger && { logger });
      expect(await driver.executeLambda(() => 1)).toBe(1);
      await driver.close();
    }
  });
});

describe('diagnostics channels', () => {
  it('transactions, statements, pages, rows and retries are told', async () => {
    const seen: [string, Record<string, unknown>][] = [];
    const on = (name: string) => (message: unknown) =>
      void seen.push([name, { ...(message as object) }]);
    const plain = { page: on('page'), row: on('row'), retry: on('retry') };
    for (const [name, listener] of Object.entries(plain))
      subscribe(`nestjs-qldb:${name}`, listener);
    const transactions = {
      start: on('transaction start'),
      asyncEnd: on('transaction end'),
      error: on('transaction error'),
    };
    const statements = {
      start: on('statement start'),
      asyncEnd: on('statement end'),
    };
    tracingChannel('nestjs-qldb:transaction').subscribe(transactions as never);
    tracingChannel('nestjs-qldb:statement').subscribe(statements as never);
    try {
      const failure = new OccConflictException('OCC');
      const service = new FakeService({ respond: () => [[1], [2]] });
      const faults = new FaultEndpoint(service, [
        { command: 'StartTransaction', error: failure },
      ]);
      const driver = driverOf(faults);
      const id = await driver.executeLambda(async (txn) => {
        await txn.execute('SELECT ?', 'SECRET');
        return txn.transactionId;
      });
      expect(seen.map(([name]) => name)).toEqual([
        'transaction start',
        'transaction error',
        'transaction end',
        'retry',
        'transaction start',
        'statement start',
        'statement end',
        'page',
        'row',
        'page',
        'row',
        'transaction end',
      ]);
      expect(seen[1]?.[1]).toMatchObject({ attempt: 0, error: failure });
      expect(seen[3]?.[1]).toMatchObject({
        ledgerName: 'test-ledger',
        attempt: 1,
        kind: 'occ-conflict',
        error: failure,
        delay: 0,
      });
      const statement = {
        ledgerName: 'test-ledger',
        transactionId: id,
        statement: 'SELECT ?',
        parameterCount: 1,
      };
      const firstPage = {
        transactionId: id,
        rows: 1,
        consumedIOs: { readIOs: 2, writeIOs: 1 },
        processingTime: { processingTimeMilliseconds: 3 },
      };
      expect(seen[5]?.[1]).toEqual(statement);
      // Not what Node would put beside it: the reply, with its rows and token.
      expect(seen[6]?.[1]).toEqual({ ...statement, firstPage });
      expect(seen[7]?.[1]).toEqual(firstPage);
      expect(seen[8]?.[1]).toEqual({ transactionId: id, row: 0 });
      expect(seen.at(-1)?.[1]).toMatchObject({
        ledgerName: 'test-ledger',
        attempt: 1,
        transactionId: id,
        consumedIOs: { readIOs: 8, writeIOs: 11 },
      });
      expect(seen.at(-1)?.[1].result).toBeUndefined();
      expect(JSON.stringify(seen)).not.toMatch(/SECRET|secret-token/);
    } finally {
      for (const [name, listener] of Object.entries(plain))
        unsubscribe(`nestjs-qldb:${name}`, listener);
      tracingChannel('nestjs-qldb:transaction').unsubscribe(
        transactions as never,
      );
      tracingChannel('nestjs-qldb:statement').unsubscribe(statements as never);
    }
  });

  it('a listener that throws harms nobody', async () => {
    const caught: unknown[] = [];
    const onUncaught = (error: unknown): void => void caught.push(error);
    // Node reports it to the process, later; the caller does not see it.
    const before = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', onUncaught);
    const fail = (): void => {
      throw new Error('listener');
    };
    subscribe('nestjs-qldb:row', fail);
    try {
      expect(
        await driverOf(new FakeService()).executeLambda((txn) =>
          txn.execute('SELECT ?', 1),
        ),
      ).toEqual([1]);
      await turns();
    } finally {
      unsubscribe('nestjs-qldb:row', fail);
      process.removeListener('uncaughtException', onUncaught);
      for (const listener of before) process.on('uncaughtException', listener);
    }
    expect(caught).toHaveLength(1);
    expect(channels.row.hasSubscribers).toBe(false);
  });
});
