import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { dom as ionDom } from 'ion-js';
import { firstValueFrom, lastValueFrom, take, toArray } from 'rxjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { decodeIon } from '../../lib/ion/decode.js';
import { toIonBinary } from '../../lib/ion/native.js';
import { parseIonText } from '../../lib/ion/text.js';
import { encodeIon } from '../../lib/ion/encode.js';
import {
  type Cursor,
  type PooledQldbDriverOptions,
  ResultClosedError,
  ResultConsumedError,
  type TransactionExecutor,
} from '../../lib/driver/index.js';
import { BadRequestException } from '../../lib/session/exceptions.js';
import { FaultEndpoint } from '../../lib/testing/fault-endpoint.js';
import { type FakePages, FakeService, RawRow } from './fake-service.js';
import { driverOf, errorOf, Gate, turns } from './support.js';

async function collect<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

/** Runs a reader on a result of these pages, on a stream and on a read-ahead cursor. */
async function eachWay(
  pages: FakePages,
  read: (
    cursor: Cursor<number>,
    txn: TransactionExecutor,
    service: FakeService,
  ) => Promise<void>,
  options: Partial<PooledQldbDriverOptions> = {},
): Promise<void> {
  for (const readAhead of [0, 2, 5]) {
    const service = new FakeService({ respond: () => pages });
    await driverOf(service, { ...options, readAhead }).executeLambda(
      async (txn) => {
        await read(
          await txn.executeStatement<number>('SELECT 1'),
          txn,
          service,
        );
      },
    );
    expect(service.breaches).toEqual([]);
    expect(service.committed).toHaveLength(1);
  }
}

const onePerPage = (count: number): number[][] =>
  Array.from({ length: count }, (_, row) => [row]);

describe('pages', () => {
  const shapes: readonly [string, FakePages, number[]][] = [
    ['no page at all', [], []],
    ['one empty page', [[]], []],
    ['a page without Values', [undefined], []],
    ['an empty first page', [[], [1, 2]], [1, 2]],
    ['empty pages in the middle', [[1], [], undefined, [], [2]], [1, 2]],
    ['an empty last page', [[1, 2], []], [1, 2]],
    ['a last page without Values', [[1], undefined], [1]],
    ['only empty pages', [[], [], undefined, []], []],
  ];
  for (const [name, pages, rows] of shapes) {
    it(`case 28, S67, B12, B74: ${name}`, async () => {
      await eachWay(pages, async (cursor) =>
        expect(await collect(cursor)).toEqual(rows),
      );
      await eachWay(pages, async (cursor) =>
        expect(await cursor.toArray()).toEqual(rows),
      );
      await eachWay(pages, async (_, txn) =>
        expect(await txn.execute('SELECT 1')).toEqual(rows),
      );
    });
  }

  it('case 28: 10,000 pages of one row, and 10,000 empty ones', async () => {
    const many = onePerPage(10_000);
    await eachWay(many, async (cursor) =>
      expect(await collect(cursor)).toHaveLength(10_000),
    );
    await eachWay([...many.map(() => []), [7]], async (cursor) =>
      expect(await cursor.toArray()).toEqual([7]),
    );
  });

  it('S66: a stream fetches a page when the one before is used up', async () => {
    const service = new FakeService({ respond: () => [[1, 2], [3], [4]] });
    await driverOf(service).executeLambda(async (txn) => {
      const cursor = await txn.executeStatement('SELECT 1');
      const fetched: number[] = [];
      for await (const row of cursor)
        fetched.push(row as number, service.count('FetchPage'));
      expect(fetched).toEqual([1, 0, 2, 0, 3, 1, 4, 2]);
    });
  });

  it('N19: calls of next() that do not wait for each other get each row once', async () => {
    await eachWay([[1], [], [2, 3], [4]], async (cursor) => {
      const rows = cursor[Symbol.asyncIterator]();
      const results = await Promise.all(
        Array.from({ length: 6 }, () => rows.next()),
      );
      expect(results.map(({ value }) => value)).toEqual([
        1,
        2,
        3,
        4,
        undefined,
        undefined,
      ]);
    });
  });
});

describe('reading ahead', () => {
  for (const readAhead of [2, 3, 5]) {
    it(`case 25, S71, S72: ${readAhead} pages with nobody reading, then one for each that is used up`, async () => {
      const service = new FakeService({ respond: () => onePerPage(1000) });
      await driverOf(service, { readAhead }).executeLambda(async (txn) => {
        const cursor = await txn.executeStatement<number>('SELECT 1');
        await turns();
        expect(service.count('FetchPage')).toBe(readAhead);
        const rows = cursor[Symbol.asyncIterator]();
        await rows.next();
        await turns();
        expect(service.count('FetchPage')).toBe(readAhead);
        for (let used = 1; used < 40; used++) {
          await rows.next();
          await turns(2);
          expect(service.count('FetchPage')).toBe(readAhead + used);
        }
        await cursor.close();
      });
    });
  }

  it('case 25: a slow reader of 1,000 pages never makes more than readAhead + 1 wait', async () => {
    const service = new FakeService({ respond: () => onePerPage(1000) });
    await driverOf(service, { readAhead: 4 }).executeLambda(async (txn) => {
      let read = 0;
      for await (const row of await txn.executeStatement<number>('SELECT 1')) {
        expect(row).toBe(read++);
        if (read % 100 === 0) await turns();
        expect(service.count('FetchPage') - read).toBeLessThanOrEqual(4);
      }
      expect(read).toBe(1000);
    });
  });

  for (const [name, rule] of [
    ['refused', { error: () => new BadRequestException('no such page') }],
    ['lost', { disconnect: true }],
  ] as const) {
    it(`case 26, S75, S76, B70: the third page is ${name}: the rows before it come first, then the error`, async () => {
      for (const readAhead of [0, 2, 5]) {
        const service = new FakeService({
          respond: () => [[1, 2], [3], [4], [5], [6]],
        });
        const faults = new FaultEndpoint(service, [
          { command: 'FetchPage', skip: 2, times: Infinity, ...rule },
        ]);
        const seen: number[] = [];
        const error = await errorOf(
          driverOf(faults, { readAhead }).executeLambda(
            async (txn) => {
              const cursor = await txn.executeStatement<number>('SELECT 1');
              await turns();
              for await (const row of cursor) seen.push(row);
            },
            { retry: 0 },
          ),
        );
        expect(error).toMatchObject(
          'disconnect' in rule
            ? { code: 'ECONNRESET' }
            : { code: 'QLDB_BAD_REQUEST' },
        );
        expect(seen).toEqual([1, 2, 3, 4]);
        expect(service.openTransactions).toBe(0);
      }
    });
  }

  it('B9: execute() rejects when a page fails, and the process lives on', async () => {
    const faults = new FaultEndpoint(
      new FakeService({ respond: () => onePerPage(5) }),
      [
        {
          command: 'FetchPage',
          skip: 1,
          error: () => new BadRequestException('no'),
        },
      ],
    );
    const driver = driverOf(faults);
    expect(
      await errorOf(driver.executeLambda((txn) => txn.execute('SELECT 1'))),
    ).toBeInstanceOf(BadRequestException);
    expect(driver.pool.inUse).toBe(0);
  });

  it('a reader that comes after the failure is told that the result is closed', async () => {
    const faults = new FaultEndpoint(
      new FakeService({ respond: () => onePerPage(5) }),
      [{ command: 'FetchPage', error: () => new BadRequestException('no') }],
    );
    await driverOf(faults).executeLambda(async (txn) => {
      const rows = (await txn.executeStatement('SELECT 1'))[
        Symbol.asyncIterator
      ]();
      await rows.next();
      expect(await errorOf(rows.next())).toBeInstanceOf(BadRequestException);
      expect(await errorOf(rows.next())).toBeInstanceOf(ResultClosedError);
    });
  });

  it('case 27, S73, S74: the end waits for the page that is on its way; none follows', async () => {
    for (const end of ['commit', 'abort', 'close'] as const) {
      const gate = new Gate();
      let held = false;
      const service = new FakeService({
        respond: () => onePerPage(100),
        latency: (command) =>
          held && command === 'FetchPage' ? gate.opened : undefined,
      });
      await using session = await driverOf(service, {
        readAhead: 3,
      }).getSession();
      const transaction = await session.startTransaction();
      const first = await transaction.executeStatement('SELECT 1');
      await turns();
      held = true;
      // This page is on its way, and that of the first cursor waits for its turn.
      await transaction.executeStatement('SELECT 2');
      const rows = first[Symbol.asyncIterator]();
      await rows.next();
      await rows.next();
      const fetched = service.count('FetchPage');
      expect(service.commands.at(-1)).toBe('FetchPage');
      const ending = transaction[end]();
      await turns();
      expect(service.commands.at(-1)).toBe('FetchPage');
      gate.open();
      await ending;
      await turns();
      expect(service.count('FetchPage')).toBe(fetched);
      expect(service.breaches).toEqual([]);
    }
  });

  it('case 27: a reader that waits when the transaction ends is told', async () => {
    const gate = new Gate();
    const service = new FakeService({
      respond: () => onePerPage(9),
      latency: (command) => (command === 'FetchPage' ? gate.opened : undefined),
    });
    for (const readAhead of [0, 2]) {
      await using session = await driverOf(service, { readAhead }).getSession();
      const transaction = await session.startTransaction();
      const rows = (await transaction.executeStatement('SELECT 1'))[
        Symbol.asyncIterator
      ]();
      await rows.next();
      const waiting = errorOf(rows.next());
      const ending = transaction.abort();
      gate.open();
      await ending;
      expect(await waiting).toBeInstanceOf(ResultClosedError);
    }
  });

  it('closing a cursor stops it, and the transaction goes on', async () => {
    const service = new FakeService({ respond: () => onePerPage(100) });
    await driverOf(service, { readAhead: 3 }).executeLambda(async (txn) => {
      const cursor = await txn.executeStatement('SELECT 1');
      await cursor.close();
      await cursor.close();
      await txn.execute('SELECT 2');
    });
    expect(service.count('FetchPage')).toBeLessThanOrEqual(1 + 99);
    expect(service.breaches).toEqual([]);
  });
});

describe('a cursor', () => {
  it('case 30: left by break, return or throw: closed, and the next statement works', async () => {
    await eachWay(onePerPage(9), async (cursor, txn) => {
      for await (const row of cursor) if (row === 1) break;
      expect(await errorOf(collect(cursor))).toBeInstanceOf(ResultClosedError);
      const second = await txn.executeStatement<number>('SELECT 2');
      await (async () => {
        for await (const row of second) if (row === 1) return;
      })();
      expect(await errorOf(second.toArray())).toBeInstanceOf(ResultClosedError);
      const third = await txn.executeStatement<number>('SELECT 3');
      expect(
        await errorOf(
          (async () => {
            for await (const _ of third) throw new Error('mine');
          })(),
        ),
      ).toMatchObject({ message: 'mine' });
      expect(await txn.execute('SELECT 4')).toHaveLength(9);
    });
  });

  it('S68, S69: closed with rows left: reading on is an error without a token in its text', async () => {
    await eachWay([[1, 2, 3]], async (cursor) => {
      const rows = cursor[Symbol.asyncIterator]();
      await rows.next();
      await cursor.close();
      const error = await errorOf(rows.next());
      expect(error).toBeInstanceOf(ResultClosedError);
      expect((error as Error).message).not.toContain('secret-token');
    });
  });

  it('S65, S68: the end of the transaction closes it, with rows of the page left', async () => {
    const service = new FakeService({ respond: () => [[1, 2, 3]] });
    await using session = await driverOf(service).getSession();
    const transaction = await session.startTransaction();
    const rows = (await transaction.executeStatement('SELECT 1'))[
      Symbol.asyncIterator
    ]();
    await rows.next();
    await transaction.commit();
    expect(await errorOf(rows.next())).toBeInstanceOf(ResultClosedError);
  });

  it('N19: a stream is iterated once', async () => {
    await eachWay(onePerPage(3), async (cursor) => {
      expect(await collect(cursor)).toEqual([0, 1, 2]);
      expect(await errorOf(collect(cursor))).toBeInstanceOf(
        ResultConsumedError,
      );
      expect(await errorOf(cursor.toArray())).toBeInstanceOf(
        ResultConsumedError,
      );
    });
  });

  it('S12: await using closes it', async () => {
    await eachWay(onePerPage(3), async (_, txn) => {
      let leaked: Cursor;
      {
        await using cursor = await txn.executeStatement('SELECT 1');
        leaked = cursor;
      }
      expect(await errorOf(leaked.toArray())).toBeInstanceOf(ResultClosedError);
    });
  });

  it('N4, B33: statistics of the pages fetched so far; what the ledger leaves out is no NaN', async () => {
    await eachWay(onePerPage(3), async (cursor) => {
      const all = await collect(cursor);
      expect(all).toHaveLength(3);
      expect(cursor.getConsumedIOs()).toEqual({ readIOs: 12, writeIOs: 1 });
      expect(cursor.getTimingInformation()).toEqual({
        processingTimeMilliseconds: 17,
      });
    });
    const service = new FakeService({ respond: () => onePerPage(2) });
    const partly = driverOf({
      async sendCommand(request) {
        const result = await service.sendCommand(request);
        if (result.ExecuteStatement)
          return {
            ExecuteStatement: {
              FirstPage: result.ExecuteStatement.FirstPage,
              ConsumedIOs: {},
              TimingInformation: {},
            },
          };
        if (result.FetchPage)
          return {
            FetchPage: {
              Page: result.FetchPage.Page,
              ConsumedIOs: { WriteIOs: 4 },
            },
          };
        return result;
      },
    });
    const kept = await partly.executeStatement('SELECT 1');
    expect(kept.getConsumedIOs()).toEqual({ writeIOs: 4 });
    expect(kept.getTimingInformation()).toBeUndefined();
  });

  it('S70, N18, C28: a kept result is iterated as often as you like, until it is closed', async () => {
    const kept = await driverOf(
      new FakeService({ respond: () => onePerPage(3) }),
    ).executeStatement<number>('SELECT 1');
    expect(kept.length).toBe(3);
    expect([...kept]).toEqual([0, 1, 2]);
    expect(await collect(kept)).toEqual([0, 1, 2]);
    expect(await collect(kept)).toEqual([0, 1, 2]);
    const copy = await kept.toArray();
    copy.length = 0;
    expect(await kept.toArray()).toEqual([0, 1, 2]);
    for await (const _ of kept) break;
    expect(await lastValueFrom(kept.toObservable().pipe(toArray()))).toEqual([
      0, 1, 2,
    ]);
    await kept.close();
    expect(await errorOf(kept.toArray())).toBeInstanceOf(ResultClosedError);
    expect(await errorOf(collect(kept))).toBeInstanceOf(ResultClosedError);
    expect(() => [...kept]).toThrow(ResultClosedError);
  });
});

describe('as an Observable', () => {
  it('gives the rows, and completes', async () => {
    await eachWay(onePerPage(5), async (cursor) => {
      expect(
        await lastValueFrom(cursor.toObservable().pipe(toArray())),
      ).toEqual([0, 1, 2, 3, 4]);
    });
  });

  it('is cold, and closes the cursor when nobody wants more', async () => {
    const service = new FakeService({ respond: () => onePerPage(50) });
    await driverOf(service).executeLambda(async (txn) => {
      const cursor = await txn.executeStatement<number>('SELECT 1');
      const rows = cursor.toObservable();
      await turns();
      expect(service.count('FetchPage')).toBe(0);
      expect(await lastValueFrom(rows.pipe(take(3), toArray()))).toEqual([
        0, 1, 2,
      ]);
      await turns();
      expect(service.count('FetchPage')).toBe(2);
      expect(await errorOf(cursor.toArray())).toBeInstanceOf(ResultClosedError);
    });
  });

  it('hands errors on', async () => {
    const faults = new FaultEndpoint(
      new FakeService({ respond: () => onePerPage(5) }),
      [
        {
          command: 'FetchPage',
          skip: 1,
          error: () => new BadRequestException('no'),
        },
      ],
    );
    await driverOf(faults).executeLambda(async (txn) => {
      const rows = (await txn.executeStatement('SELECT 1')).toObservable();
      expect(await errorOf(lastValueFrom(rows))).toBeInstanceOf(
        BadRequestException,
      );
    });
    const late = await driverOf(
      new FakeService({ respond: () => onePerPage(5) }),
    ).executeLambda(async (txn) => ({
      rows: (await txn.executeStatement('SELECT 1')).toObservable(),
    }));
    expect(await errorOf(firstValueFrom(late.rows))).toBeInstanceOf(
      ResultClosedError,
    );
  });

  it('unsubscribing while a page is on its way', async () => {
    const gate = new Gate();
    const service = new FakeService({
      respond: () => onePerPage(5),
      latency: (command) => (command === 'FetchPage' ? gate.opened : undefined),
    });
    const driver = driverOf(service);
    await driver.executeLambda(async (txn) => {
      const seen: unknown[] = [];
      const subscription = (await txn.executeStatement('SELECT 1'))
        .toObservable()
        .subscribe((row) => seen.push(row));
      await turns();
      subscription.unsubscribe();
      gate.open();
      await turns();
      expect(seen).toEqual([0]);
    });
    expect(service.committed).toHaveLength(1);
  });
});

describe('values', () => {
  const text = `[9007199254740993, 1.10, 2020-01-02T03:04:05.678+05:30, 2020T, {{AQID}}, ann::5, {a: 1, a: 2}, "s", sym, 1e0]`;
  const bytes = encodeIon(parseIonText(text));

  it('case 37, N17, B29, B39: rows as native values, as Ion values, or as the bytes that came', async () => {
    const service = new FakeService({ respond: () => [[new RawRow(bytes)]] });
    const driver = driverOf(service);
    const [native] = await driver.executeLambda((txn) =>
      txn.execute<unknown[]>('SELECT 1'),
    );
    expect(native?.[0]).toBe(9007199254740993n);
    const [dom] = await driver.executeLambda(
      (txn) => txn.execute<unknown[]>('SELECT 1'),
      { values: 'dom' },
    );
    expect(dom?.[6]).toBeInstanceOf(ionDom.Struct);
    const [binary] = await driver.executeLambda(
      (txn) => txn.execute<Uint8Array>('SELECT 1'),
      { values: 'binary' },
    );
    expect(Buffer.from(binary).equals(bytes)).toBe(true);
    expect(driver.retryLimit).toBe(4);
  });

  it('case 37: native values go back as what they were', async () => {
    const driver = driverOf(new FakeService());
    const [row] = await driver.executeLambda(
      (txn) => txn.execute('SELECT ?', parseIonText(text)),
      { values: 'binary' },
    );
    expect(decodeIon(row as Uint8Array)).toEqual(decodeIon(bytes));
    const [native] = await driver.executeLambda((txn) =>
      txn.execute('SELECT ?', 2n ** 80n),
    );
    expect(native).toBe(2n ** 80n);
  });

  it('IonText is read where the service sends it', async () => {
    const service = new FakeService();
    const driver = driverOf({
      async sendCommand(request) {
        const result = await service.sendCommand(request);
        return result.ExecuteStatement
          ? {
              ExecuteStatement: {
                FirstPage: { Values: [{ IonText: '{a: 1}' }] },
              },
            }
          : result;
      },
    });
    expect(
      await driver.executeLambda((txn) => txn.execute('SELECT 1')),
    ).toEqual([{ a: 1 }]);
  });

  it('rows are decoded when they are read, not before', async () => {
    const bad = new RawRow(Uint8Array.of(1));
    await eachWay([[1, bad]], async (cursor) => {
      for await (const row of cursor) {
        expect(row).toBe(1);
        break;
      }
    });
  });
});

describe('the event loop', () => {
  afterEach(() => void vi.restoreAllMocks());

  it('case 40, B28: 10,000 rows are never worked through in one go', async () => {
    const row = toIonBinary({ a: 1 });
    const rows = Array.from({ length: 10_000 }, () => new RawRow(row));
    for (const pages of [
      [rows],
      Array.from({ length: 100 }, (_, i) => rows.slice(i * 100, i * 100 + 100)),
    ]) {
      for (const read of [
        (cursor: Cursor) => cursor.toArray(),
        (cursor: Cursor) => collect(cursor),
      ]) {
        const driver = driverOf(new FakeService({ respond: () => pages }));
        // Each look at the clock finds 4 ms gone by.
        let now = 0;
        vi.spyOn(performance, 'now').mockImplementation(() => (now += 4));
        let turnsTaken = 0;
        let running = true;
        const count = (): void => {
          turnsTaken++;
          if (running) setImmediate(count);
        };
        setImmediate(count);
        await driver.executeLambda(async (txn) => {
          expect(
            await read(await txn.executeStatement('SELECT 1')),
          ).toHaveLength(10_000);
        });
        running = false;
        // It looks every 64 rows, and three looks make 10 ms.
        expect(turnsTaken).toBeGreaterThan(30);
        vi.restoreAllMocks();
      }
    }
  });

  it('case 40: streaming keeps no rows', async () => {
    let alive = 0;
    const registry = new FinalizationRegistry(() => alive--);
    const service = new FakeService({ respond: () => [[1]] });
    const row = toIonBinary({ a: 'x'.repeat(100) });
    let page = 0;
    let widest = 0;
    const driver = driverOf({
      async sendCommand(request) {
        if (request.ExecuteStatement || request.FetchPage) {
          if (request.ExecuteStatement) await service.sendCommand(request);
          const Values = Array.from({ length: 200 }, () => ({
            IonBinary: row,
          }));
          alive++;
          registry.register(Values, 0);
          const Page = {
            Values,
            ...(++page < 500 ? { NextPageToken: `p${page}` } : {}),
          };
          return request.ExecuteStatement
            ? { ExecuteStatement: { FirstPage: Page } }
            : { FetchPage: { Page } };
        }
        return service.sendCommand(request);
      },
    });
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as () => void;
    await driver.executeLambda(
      async (txn) => {
        let read = 0;
        for await (const _ of await txn.executeStatement('SELECT 1')) {
          if (++read % 20_000 === 0) {
            gc();
            await turns(3);
            widest = Math.max(widest, alive);
          }
        }
        expect(read).toBe(100_000);
      },
      { readAhead: 4 },
    );
    expect(widest).toBeGreaterThan(0);
    expect(widest).toBeLessThan(20);
  });
});
