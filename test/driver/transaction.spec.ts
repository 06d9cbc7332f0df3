import { describe, expect, it } from 'vitest';
import {
  BufferedCursor,
  type Cursor,
  LambdaAbortedError,
  ParameterCountError,
  ParameterError,
  QldbSession,
  ResultClosedError,
  ResultTooLargeError,
  RowUnreadableError,
  TransactionClosedError,
  type TransactionExecutor,
  TransactionOpenError,
  UnawaitedStatementError,
} from '../../lib/driver/index.js';
import { countParameters } from '../../lib/driver/parameters.js';
import {
  BadRequestException,
  InvalidSessionException,
} from '../../lib/session/exceptions.js';
import { FaultEndpoint } from '../../lib/testing/fault-endpoint.js';
import { FakeService, RawRow } from './fake-service.js';
import { driverOf, errorOf, Gate, turns } from './support.js';

const pages = (count: number) =>
  Array.from({ length: count }, (_, page) => [page * 2, page * 2 + 1]);

describe('a lambda', () => {
  it('S39, S51, N13: begins, runs with a transaction id, commits; its result comes out', async () => {
    const service = new FakeService();
    const driver = driverOf(service);
    const id = await driver.executeLambda(async (txn) => {
      await txn.execute('INSERT INTO t ?', { a: 1 });
      return txn.transactionId;
    });
    expect(service.committed).toMatchObject([
      { id, statements: ['INSERT INTO t ?'] },
    ]);
  });

  it('S26, S37: executeStatement of the driver is one transaction, its rows are kept', async () => {
    const service = new FakeService({ respond: () => pages(3) });
    const driver = driverOf(service);
    const rows = await driver.executeStatement<number>('SELECT 1');
    expect(rows).toBeInstanceOf(BufferedCursor);
    expect([...rows]).toEqual([0, 1, 2, 3, 4, 5]);
    expect(service.commands).toEqual([
      'StartSession',
      'StartTransaction',
      'ExecuteStatement',
      'FetchPage',
      'FetchPage',
      'CommitTransaction',
    ]);
  });

  it('case 24, S39, S40, B13, C27: a cursor that is returned is kept; one inside something is closed', async () => {
    const service = new FakeService({ respond: () => pages(3) });
    for (const readAhead of [0, 2]) {
      const driver = driverOf(service, { readAhead });
      const direct = await driver.executeLambda((txn) =>
        txn.executeStatement<number>('SELECT 1'),
      );
      expect(direct).toBeInstanceOf(BufferedCursor);
      expect(await direct.toArray()).toEqual([0, 1, 2, 3, 4, 5]);
      expect(await direct.toArray()).toHaveLength(6);
      const [inArray] = await driver.executeLambda(async (txn) => [
        await txn.executeStatement('SELECT 1'),
      ]);
      const { inObject } = await driver.executeLambda(async (txn) => ({
        inObject: await txn.executeStatement('SELECT 1'),
      }));
      const requests = service.log.length;
      expect(await errorOf(inArray.toArray())).toBeInstanceOf(
        ResultClosedError,
      );
      expect(await errorOf(inObject.toArray())).toBeInstanceOf(
        ResultClosedError,
      );
      expect(service.log).toHaveLength(requests);
      await driver.close();
    }
    expect(service.breaches).toEqual([]);
  });

  it('case 24: a cursor of a manual transaction ends with it', async () => {
    const service = new FakeService({ respond: () => pages(2) });
    await using session = await driverOf(service).getSession();
    const transaction = await session.startTransaction();
    const cursor = await transaction.executeStatement('SELECT 1');
    await transaction.commit();
    expect(await errorOf(cursor.toArray())).toBeInstanceOf(ResultClosedError);
    expect(service.count('FetchPage')).toBe(0);
  });
});

describe('a transaction that must not be committed', () => {
  it('case 18, S56, B36: abort() that the lambda catches', async () => {
    const service = new FakeService();
    const driver = driverOf(service);
    const error = await errorOf(
      driver.executeLambda(async (txn) => {
        await txn.execute('INSERT INTO t ?', 1);
        try {
          txn.abort();
        } catch {
          // Swallowed.
        }
        expect(await errorOf(txn.execute('INSERT INTO t ?', 2))).toBeInstanceOf(
          LambdaAbortedError,
        );
      }),
    );
    expect(error).toBeInstanceOf(LambdaAbortedError);
    expect(service.committed).toEqual([]);
    expect(service.count('ExecuteStatement')).toBe(1);
    expect(service.commands.slice(-1)).toEqual(['AbortTransaction']);
  });

  it('case 18, B36: a lost session that the lambda catches is still what the call fails with, and is retried', async () => {
    const service = new FakeService();
    const faults = new FaultEndpoint(service, [
      {
        command: 'ExecuteStatement',
        error: () => new InvalidSessionException('No such session'),
      },
    ]);
    let runs = 0;
    await driverOf(faults).executeLambda(async (txn) => {
      runs++;
      await txn.execute('INSERT INTO t ?', 1).catch(() => 'swallowed');
    });
    expect(runs).toBe(2);
    expect(service.committed).toHaveLength(1);
    expect(service.committed[0]?.statements).toHaveLength(1);
  });

  it('case 18, S63: a refused statement that the lambda catches: the transaction goes on and commits', async () => {
    const service = new FakeService({
      respond: (statement) => {
        if (statement.includes('wrong'))
          throw new BadRequestException('Semantic Error');
        return [[]];
      },
    });
    await driverOf(service).executeLambda(async (txn) => {
      await txn.execute('INSERT INTO t ?', 1);
      expect(await errorOf(txn.execute('SELECT wrong'))).toBeInstanceOf(
        BadRequestException,
      );
      await txn.execute('INSERT INTO t ?', 2);
    });
    expect(service.committed[0]?.statements).toEqual([
      'INSERT INTO t ?',
      'SELECT wrong',
      'INSERT INTO t ?',
    ]);
  });

  it('case 18, S63: with a ledger that does not count refused statements the commit is refused, and nothing is half done', async () => {
    const service = new FakeService({
      countsRefusedStatements: false,
      respond: (statement) => {
        if (statement.includes('wrong'))
          throw new BadRequestException('Semantic Error');
        return [[]];
      },
    });
    const error = await errorOf(
      driverOf(service).executeLambda(async (txn) => {
        await txn.execute('SELECT wrong').catch(() => 'swallowed');
      }),
    );
    expect(error).toBeInstanceOf(BadRequestException);
    expect(service.committed).toEqual([]);
    expect(service.openTransactions).toBe(0);
  });

  it('case 22, B14: a statement that is not awaited', async () => {
    const service = new FakeService({
      latency: () => turns(1),
      respond: () => pages(3),
    });
    const driver = driverOf(service);
    for (const use of [
      (txn: TransactionExecutor) => void txn.execute('SELECT 1'),
      (txn: TransactionExecutor) => void txn.executeStatement('SELECT 1'),
      async (txn: TransactionExecutor) =>
        void (await txn.executeStatement('SELECT 1')).toArray(),
      async (txn: TransactionExecutor) =>
        void (async (cursor) => {
          // oxlint-disable-next-line no-empty -- reads, and nobody waits for it
          for await (const _ of cursor) {
          }
        })(await txn.executeStatement('SELECT 1')).catch(() => 'its own'),
    ]) {
      const error = await errorOf(driver.executeLambda(use));
      expect(error).toBeInstanceOf(UnawaitedStatementError);
      expect(service.commands.slice(-1)).toEqual(['AbortTransaction']);
      expect(service.openTransactions).toBe(0);
    }
    expect(service.breaches).toEqual([]);
    expect(service.committed).toEqual([]);
    const sent = service.log.length;
    await turns(10);
    expect(service.log).toHaveLength(sent);
  });

  it('case 29, B10: a row that is no Ion: the reader is told, nothing is skipped, nothing is committed', async () => {
    const bad = new RawRow(Uint8Array.of(0xe0, 1, 0, 0xea, 0x8e, 0x90));
    const service = new FakeService({
      respond: () => [
        [1, bad, 3],
        [4, 5],
      ],
    });
    for (const readAhead of [0, 2]) {
      const driver = driverOf(service, { readAhead });
      const seen: unknown[] = [];
      const error = await errorOf(
        driver.executeLambda(async (txn) => {
          const cursor = await txn.executeStatement('SELECT 1');
          try {
            for await (const row of cursor) seen.push(row);
          } catch (unreadable) {
            expect(unreadable).toMatchObject({ row: 1 });
            expect(await errorOf(cursor.toArray())).toBeInstanceOf(
              ResultClosedError,
            );
          }
        }),
      );
      expect(error).toBeInstanceOf(RowUnreadableError);
      expect(seen).toEqual([1]);
      expect(service.committed).toEqual([]);
      expect(service.openTransactions).toBe(0);
      expect(
        await errorOf(driver.executeLambda((txn) => txn.execute('SELECT 1'))),
      ).toBeInstanceOf(RowUnreadableError);
      expect(
        await errorOf(
          driver.executeLambda((txn) => txn.executeStatement('SELECT 1')),
        ),
      ).toBeInstanceOf(RowUnreadableError);
    }
  });

  it('B28: a result that is larger than maxBufferedRows', async () => {
    const driver = driverOf(new FakeService({ respond: () => pages(3) }), {
      maxBufferedRows: 5,
    });
    expect(await errorOf(driver.executeStatement('SELECT 1'))).toBeInstanceOf(
      ResultTooLargeError,
    );
    const rows: unknown[] = [];
    await driver.executeLambda(async (txn) => {
      for await (const row of await txn.executeStatement('SELECT 1'))
        rows.push(row);
    });
    expect(rows).toHaveLength(6);
    expect(
      await driverOf(new FakeService({ respond: () => pages(3) }), {
        maxBufferedRows: 6,
      }).executeStatement('x'),
    ).toHaveLength(6);
  });
});

describe('one command at a time', () => {
  it('case 20, case 21, B11, N26, C42: twenty statements at once: one after the other, and the digest has their order', async () => {
    const service = new FakeService({
      latency: () => turns(1),
      respond: () => pages(3),
    });
    await driverOf(service).executeLambda(async (txn) => {
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, i) => txn.execute(`SELECT ${i}`)),
      );
      expect(results.flat()).toHaveLength(120);
    });
    expect(service.breaches).toEqual([]);
    expect(service.committed[0]?.statements).toEqual(
      Array.from({ length: 20 }, (_, i) => `SELECT ${i}`),
    );
  });

  it('case 21, B11: a failure while siblings run: they end, then the abort follows', async () => {
    const service = new FakeService({
      latency: () => turns(2),
      respond: (statement) => {
        if (statement === 'wrong') throw new BadRequestException('no');
        return pages(4);
      },
    });
    const driver = driverOf(service);
    const error = await errorOf(
      driver.executeLambda((txn) =>
        Promise.all([
          txn.execute('a'),
          txn.execute('wrong'),
          txn.execute('c'),
          txn.execute('d'),
        ]),
      ),
    );
    expect(error).toBeInstanceOf(BadRequestException);
    // `c` was sent before the lambda knew; `d`, which waited behind it, is not.
    expect(service.log.flatMap(({ statement }) => statement ?? [])).toEqual([
      'a',
      'wrong',
      'c',
    ]);
    expect(service.breaches).toEqual([]);
    expect(service.commands.slice(-1)).toEqual(['AbortTransaction']);
    const sent = service.log.length;
    await turns(10);
    expect(service.log).toHaveLength(sent);
    expect(service.openTransactions).toBe(0);
  });

  it('case 21: leaving a loop early, then another statement', async () => {
    const service = new FakeService({
      latency: () => turns(1),
      respond: () => pages(50),
    });
    for (const readAhead of [0, 4]) {
      await driverOf(service, { readAhead }).executeLambda(async (txn) => {
        for await (const row of await txn.executeStatement('a')) {
          if (row === 1) break;
        }
        await txn.execute('b');
      });
    }
    expect(service.breaches).toEqual([]);
    expect(service.committed).toHaveLength(2);
  });
});

describe('after its end', () => {
  it('case 23, S57, B15: executor, transaction and cursor answer by themselves, also when the session works on', async () => {
    const service = new FakeService({ respond: () => pages(2) });
    const driver = driverOf(service);
    let leaked: TransactionExecutor | undefined;
    let cursor: Cursor | undefined;
    const firstId = await driver.executeLambda(async (txn) => {
      leaked = txn;
      cursor = await txn.executeStatement('SELECT 1');
      return txn.transactionId;
    });
    await driver.executeLambda(async (txn) => {
      await txn.execute('INSERT INTO t ?', 1);
      const sent = service.log.length;
      expect(await errorOf(leaked!.execute('x'))).toMatchObject({
        code: 'QLDB_TRANSACTION_CLOSED',
        transactionId: firstId,
      });
      expect(await errorOf(leaked!.executeStatement('x'))).toBeInstanceOf(
        TransactionClosedError,
      );
      expect(await errorOf(cursor!.toArray())).toBeInstanceOf(
        ResultClosedError,
      );
      expect(() => leaked!.abort()).toThrow(LambdaAbortedError);
      expect(leaked!.transactionId).toBe(firstId);
      expect(service.log).toHaveLength(sent);
    });
    expect(service.committed).toHaveLength(2);
    expect(service.breaches).toEqual([]);
  });

  it('S57, S58, S59: a manual transaction', async () => {
    const service = new FakeService();
    await using session = await driverOf(service).getSession();
    const transaction = await session.startTransaction();
    expect(transaction.isClosed).toBe(false);
    await transaction.execute('INSERT INTO t ?', 1);
    await transaction.commit();
    expect(transaction.isClosed).toBe(true);
    const sent = service.log.length;
    expect(await errorOf(transaction.commit())).toBeInstanceOf(
      TransactionClosedError,
    );
    expect(await errorOf(transaction.execute('x'))).toBeInstanceOf(
      TransactionClosedError,
    );
    await transaction.abort();
    await transaction.close();
    expect(service.log).toHaveLength(sent);
    expect(service.committed).toHaveLength(1);
  });

  it('S58: an abort that fails is told; close() only logs it', async () => {
    const service = new FakeService();
    const faults = new FaultEndpoint(service, [
      { command: 'AbortTransaction', times: 2, disconnect: true },
    ]);
    const warnings: string[] = [];
    const driver = driverOf(faults, {
      logger: { warn: (message) => void warnings.push(message) },
    });
    const one = await driver.getSession();
    const aborted = await one.startTransaction();
    expect(await errorOf(aborted.abort())).toMatchObject({
      code: 'ECONNRESET',
    });
    expect(aborted.isClosed).toBe(true);
    expect(warnings).toEqual([]);
    const closed = await one.startTransaction();
    await closed.close();
    expect(warnings).toHaveLength(1);
    await one.close();
    await driver.close();
    expect(service.sessions.size).toBe(0);
  });

  it('S12, S20, B42, C22: await using aborts what was not committed', async () => {
    const service = new FakeService();
    const driver = driverOf(service);
    {
      await using session = await driver.getSession();
      await using transaction = await session.startTransaction();
      await transaction.execute('INSERT INTO t ?', 1);
    }
    expect(service.committed).toEqual([]);
    expect(service.openTransactions).toBe(0);
    expect(driver.pool).toMatchObject({ inUse: 0, idle: 1 });
  });

  it('N5: totals of the transaction, commit included', async () => {
    const service = new FakeService();
    await using session = await driverOf(service).getSession();
    const transaction = await session.startTransaction();
    await transaction.execute('SELECT ?', 1);
    expect(transaction.getConsumedIOs()).toEqual({ readIOs: 2, writeIOs: 1 });
    await transaction.commit();
    expect(transaction.getConsumedIOs()).toEqual({ readIOs: 3, writeIOs: 11 });
    expect(transaction.getTimingInformation()).toEqual({
      processingTimeMilliseconds: 15,
    });
  });
});

describe('a session of one’s own', () => {
  it('S23, S34, S35, case 33: every member after close', async () => {
    const driver = driverOf(new FakeService());
    const session = await driver.getSession();
    expect(session.ledgerName).toBe('test-ledger');
    expect(session.sessionToken).toMatch(/^secret-token/);
    expect(session.sessionId).not.toContain('secret');
    await session.close();
    await session.close();
    expect(driver.pool).toMatchObject({ inUse: 0, idle: 1 });
    for (const member of ['ledgerName', 'sessionId', 'sessionToken'] as const) {
      expect(() => session[member]).toThrow(
        expect.objectContaining({ code: 'QLDB_SESSION_CLOSED' }) as Error,
      );
    }
    expect(() => session.throwIfClosed()).toThrow();
    for (const call of [
      () => session.executeLambda(() => 1),
      () => session.executeStatement('x'),
      () => session.startTransaction(),
      () => session.listTables(),
    ]) {
      expect(await errorOf(call())).toMatchObject({
        code: 'QLDB_SESSION_CLOSED',
      });
    }
  });

  it('case 33: closed while its transaction is open: aborted before it goes back', async () => {
    const gate = new Gate();
    let slow = false;
    const service = new FakeService({
      latency: (command) =>
        slow && command === 'AbortTransaction' ? gate.opened : undefined,
    });
    const driver = driverOf(service, { poolLimit: 1 });
    const session = await driver.getSession();
    await session.startTransaction();
    slow = true;
    const closing = session.close();
    await turns();
    expect(driver.pool.inUse).toBe(1);
    gate.open();
    await closing;
    expect(driver.pool).toMatchObject({ inUse: 0, idle: 1 });
    expect(service.openTransactions).toBe(0);
  });

  it('S38, S53: one transaction at a time', async () => {
    const service = new FakeService();
    await using session = await driverOf(service).getSession();
    const transaction = await session.startTransaction();
    const sent = service.log.length;
    expect(await errorOf(session.startTransaction())).toBeInstanceOf(
      TransactionOpenError,
    );
    expect(await errorOf(session.executeLambda(() => 1))).toBeInstanceOf(
      TransactionOpenError,
    );
    expect(service.log).toHaveLength(sent);
    await transaction.abort();
    const running = session.executeLambda(() => turns());
    expect(await errorOf(session.executeLambda(() => 1))).toBeInstanceOf(
      TransactionOpenError,
    );
    await running;
    expect(await session.executeLambda(() => 2)).toBe(2);
  });

  it('S36, S39, S43: runs lambdas, and becomes valid again after its session was lost', async () => {
    const service = new FakeService();
    const driver = driverOf(service, {
      retryLimit: 1,
      poolLimit: 1,
      timeout: 0,
    });
    await using session = await driver.getSession();
    const token = session.sessionToken;
    service.expireSessions();
    expect(await session.executeLambda(() => 'works')).toBe('works');
    expect(session.sessionToken).not.toBe(token);
    service.expireSessions();
    await using transaction = await session.startTransaction();
    await transaction.commit();
    let runs = 0;
    await session.executeLambda(async (txn) => {
      if (runs++ === 0) service.expireSessions();
      await txn.execute('SELECT 1');
    });
    expect(runs).toBe(2);
    expect(driver.pool.inUse).toBe(1);
  });

  it('S21: a session that cannot be started gives its place back', async () => {
    const faults = new FaultEndpoint(new FakeService(), [
      { command: 'StartSession', disconnect: true },
    ]);
    const driver = driverOf(faults, { poolLimit: 1, timeout: 0 });
    expect(await errorOf(driver.getSession())).toMatchObject({
      code: 'ECONNRESET',
    });
    expect(driver.pool.inUse).toBe(0);
    expect(await driver.getSession()).toBeInstanceOf(QldbSession);
  });

  it('S28, S52, N20, C40: table names as plain texts, from driver and session', async () => {
    const service = new FakeService({ respond: () => [['Vehicle', 'Person']] });
    const driver = driverOf(service, { values: 'binary' });
    expect(await driver.listTables()).toEqual(['Vehicle', 'Person']);
    await using session = await driver.getSession();
    expect(await session.listTables()).toEqual(['Vehicle', 'Person']);
    expect(service.log.find(({ statement }) => statement)?.statement).toBe(
      "SELECT VALUE name FROM information_schema.user_tables WHERE status = 'ACTIVE'",
    );
  });
});

describe('parameters', () => {
  it('case 36, S64, B34, B37, B38: what has no Ion form is refused by place and type; no request, nothing left open', async () => {
    const service = new FakeService();
    const driver = driverOf(service);
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    for (const bad of [
      () => 'SECRET',
      Symbol('SECRET'),
      new Set(['SECRET']),
      /SECRET/,
      new Error('SECRET'),
      Promise.resolve('SECRET'),
      { deep: [{ SECRETS: new WeakMap() }] },
      circular,
      new Date(Number.NaN),
      Object.assign(Object.create(null) as object, { f: () => 'SECRET' }),
    ]) {
      const error = await errorOf(
        driver.executeLambda((txn) =>
          txn.execute('INSERT INTO t VALUE ? ?', 1, bad),
        ),
      );
      expect(error).toBeInstanceOf(ParameterError);
      expect(error).toMatchObject({ code: 'QLDB_PARAMETER', position: 2 });
      expect((error as Error).message).not.toContain('SECRET"');
      expect((error as Error).message).not.toMatch(/SECRET(?!S)/);
      expect((error as Error).message).not.toContain('secret-token');
      expect(service.openTransactions).toBe(0);
    }
    expect(service.count('ExecuteStatement')).toBe(0);
  });

  it('S64: a refused parameter leaves the digest as it was: whoever catches it may go on', async () => {
    const service = new FakeService();
    await driverOf(service).executeLambda(async (txn) => {
      await txn.execute('INSERT INTO t ?', () => 1).catch(() => 'swallowed');
      await txn.execute('INSERT INTO t ?', 1);
    });
    expect(service.committed[0]?.statements).toEqual(['INSERT INTO t ?']);
  });

  it('B40: a number of parameters other than that of the ? is refused, with what to do', async () => {
    const service = new FakeService();
    const driver = driverOf(service);
    const error = await errorOf(
      driver.executeLambda((txn) =>
        txn.execute('SELECT * FROM t WHERE a = ? AND b = ?', ['x', 'y']),
      ),
    );
    expect(error).toBeInstanceOf(ParameterCountError);
    expect(error).toMatchObject({ expected: 2, given: 1 });
    expect(service.count('ExecuteStatement')).toBe(0);
    expect(service.openTransactions).toBe(0);
  });

  it('B40: ? are counted where they are parameters', () => {
    expect(countParameters('SELECT 1')).toBe(0);
    expect(countParameters('? = ?')).toBe(2);
    expect(
      countParameters(
        `SELECT '?' , "?", 'it''s ?', "a""?" FROM t -- ?\nWHERE a = ? /* ? */ AND b = ?`,
      ),
    ).toBe(2);
    expect(countParameters('SELECT `{a: "?"}`, ?')).toBeUndefined();
    expect(countParameters("? '?")).toBe(1);
    expect(countParameters('? /* ?')).toBe(1);
    expect(countParameters('? -- ?')).toBe(1);
  });

  it('B40: counting is quick and shallow for a hostile text', () => {
    for (const piece of ["'", '"', '/*', '--', "''", '/* ', "'?"]) {
      expect(
        countParameters(`?${piece.repeat(100_000)}`),
      ).toBeGreaterThanOrEqual(1);
    }
  });

  it('S97, S81–S93, B38, B64: one encoding is hashed and sent', async () => {
    const service = new FakeService();
    const values = [
      null,
      true,
      2n ** 80n,
      5,
      -0,
      1e300,
      'text',
      Buffer.from([1, 2]),
      new Uint8Array([3]),
      [1, [2]],
      { a: { b: undefined, c: 1 } },
      new Map([['k', 1]]),
      new Date(0),
    ];
    const driver = driverOf(service);
    const rows = await driver.executeLambda(async (txn) => {
      const seen: unknown[] = [];
      for (const value of values)
        seen.push(...(await txn.execute('SELECT ?', value)));
      return seen;
    });
    expect(rows).toHaveLength(values.length);
    expect(rows.slice(0, 4)).toEqual([null, true, 2n ** 80n, 5]);
    expect(service.committed[0]?.statements).toHaveLength(values.length);
  });
});
