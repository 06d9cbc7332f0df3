import { lastValueFrom, take, toArray } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PooledQldbDriver } from '../../lib/driver/index.js';
import {
  LedgerNotHereError,
  PropagationError,
  Qldb,
  QldbOptionsError,
  TransactionEndedError,
} from '../../lib/nest/index.js';
import { RETRY } from './app.js';
import { ScriptedEndpoint } from './scripted-endpoint.js';

const S = 'SELECT * FROM T';

describe('Qldb', () => {
  let endpoint: ScriptedEndpoint;
  let driver: PooledQldbDriver;
  let qldb: Qldb;
  const log = () => endpoint.take();

  beforeEach(() => {
    endpoint = new ScriptedEndpoint();
    endpoint.pages.set(S, [[1, 2], [], [3], [4, 5]]);
    driver = new PooledQldbDriver({ ledgerName: 't', endpoint, retry: RETRY });
    qldb = new Qldb(driver);
  });
  afterEach(() => driver.close());

  it('execute() is a transaction of its own', async () => {
    await expect(qldb.execute<number>(S)).resolves.toEqual([1, 2, 3, 4, 5]);
    expect(log()).toEqual([
      'begin 1',
      `1: ${S}`,
      '1: page',
      '1: page',
      '1: page',
      'commit 1',
    ]);
  });

  it('everything inside executeLambda() joins it', async () => {
    await qldb.executeLambda(async (txn) => {
      await txn.execute('a');
      await qldb.execute('b');
      await qldb.executeLambda((same) => same.execute('c'));
      await lastValueFrom(qldb.stream(S).pipe(toArray()));
      await qldb.listTables();
    });
    const lines = log();
    expect(lines[0]).toBe('begin 1');
    expect(lines.at(-1)).toBe('commit 1');
    expect(lines.filter((line) => line.startsWith('begin'))).toHaveLength(1);
  });

  it('the driver stands beside it', async () => {
    await qldb.executeLambda(() =>
      driver.executeLambda((txn) => txn.execute('x')),
    );
    expect(log()).toEqual([
      'begin 1',
      'begin 2',
      '2: x',
      'commit 2',
      'commit 1',
    ]);
  });

  it('executeLambda() refuses options that a join would ignore', async () => {
    const nested = qldb.executeLambda(() =>
      qldb.executeLambda(() => 1, { retry: 9 }),
    );
    await expect(nested).rejects.toThrow(PropagationError);
  });

  it('two ledgers never join each other', async () => {
    const other = new Qldb(driver);
    await qldb.executeLambda(() => other.execute('o'));
    expect(log()).toEqual([
      'begin 1',
      'begin 2',
      '2: o',
      'commit 2',
      'commit 1',
    ]);
  });

  it('has no ledger behind an endpoint', () => {
    expect(() => qldb.ledger).toThrow(LedgerNotHereError);
  });

  describe('stream() as an Observable', () => {
    it('is cold, in order, and complete after the commit', async () => {
      const rows = qldb.stream<number>(S);
      expect(log()).toEqual([]);
      const seen: unknown[] = [];
      await new Promise<void>((resolve, reject) =>
        rows.subscribe({
          next: (row) => seen.push(row),
          complete: () => resolve(void seen.push(endpoint.log.at(-1))),
          error: reject,
        }),
      );
      expect(seen).toEqual([1, 2, 3, 4, 5, 'commit 1']);
      await lastValueFrom(rows);
      expect(log().filter((line) => line.startsWith('begin'))).toEqual([
        'begin 1',
        'begin 2',
      ]);
    });

    it('aborts when it is unsubscribed', async () => {
      const rows = await lastValueFrom(qldb.stream(S).pipe(take(1), toArray()));
      expect(rows).toEqual([1]);
      await driver.close();
      expect(log()).toEqual(['begin 1', `1: ${S}`, 'abort 1']);
    });

    it('runs again after a conflict only if no row has left', async () => {
      endpoint.conflicts = 1;
      await expect(lastValueFrom(qldb.stream(S))).rejects.toThrow('Optimistic');
      expect(log().at(-1)).toBe('conflict 1');
      endpoint.conflicts = 1;
      const none = qldb.stream('SELECT nothing').pipe(toArray());
      await expect(lastValueFrom(none)).resolves.toEqual([]);
      expect(log().at(-1)).toBe('commit 3');
    });

    it("delivery: 'committed' holds the rows, and retries", async () => {
      endpoint.conflicts = 1;
      const seen: unknown[] = [];
      const rows = qldb.stream({ statement: S, delivery: 'committed' });
      await lastValueFrom(rows).finally(() => undefined);
      endpoint.conflicts = 99;
      await new Promise<void>((resolve) =>
        rows.subscribe({
          next: (row) => seen.push(row),
          error: () => resolve(),
        }),
      );
      expect(seen).toEqual([]);
      expect(log()).toContain('commit 2');
    });

    it("consistency: 'snapshot' ends without a commit", async () => {
      endpoint.conflicts = 99;
      const rows = qldb.stream({ statement: S, consistency: 'snapshot' });
      await expect(lastValueFrom(rows.pipe(toArray()))).resolves.toEqual([
        1, 2, 3, 4, 5,
      ]);
      expect(log().at(-1)).toBe('abort 1');
    });

    it('hands parameters on', async () => {
      const rows = qldb.stream('SELECT ?', 1);
      await lastValueFrom(rows.pipe(toArray()));
      const wrong = qldb.stream({ statement: 'SELECT ?', parameters: [] });
      await expect(lastValueFrom(wrong)).rejects.toMatchObject({
        code: 'QLDB_PARAMETER_COUNT',
      });
    });

    it('refuses what cannot be had', () => {
      expect(() =>
        qldb.stream({
          statement: S,
          consistency: 'snapshot',
          delivery: 'committed',
        }),
      ).toThrow(QldbOptionsError);
      expect(() =>
        qldb.stream({ statement: S, delivery: 'later' as 'committed' }),
      ).toThrow(/'immediate' or 'committed'/);
    });
  });

  describe('stream() in for await', () => {
    it('reads at the pace of its reader', async () => {
      const seen: unknown[] = [];
      for await (const row of qldb.stream<number>(S)) {
        seen.push([row, endpoint.log.filter((l) => l.endsWith('page')).length]);
      }
      // Three pages after the first; none is fetched before it is needed.
      expect(seen).toEqual([
        [1, 0],
        [2, 0],
        [3, 2],
        [4, 3],
        [5, 3],
      ]);
      expect(log().at(-1)).toBe('commit 1');
    });

    it('has aborted by the time a loop is left', async () => {
      for await (const row of qldb.stream<number>(S)) if (row === 2) break;
      expect(log()).toEqual(['begin 1', `1: ${S}`, 'abort 1']);
    });

    it('throws what the reading threw', async () => {
      endpoint.conflicts = 9;
      const read = async () => {
        for await (const _ of qldb.stream(S));
      };
      await expect(read()).rejects.toThrow('Optimistic');
    });

    it('can be left before it is begun', async () => {
      const iterator = qldb.stream(S)[Symbol.asyncIterator]();
      await iterator.return();
      expect(log()).toEqual([]);
    });
  });

  describe('stream() inside a transaction', () => {
    it('joins, and leaving it early does not end the transaction', async () => {
      await qldb.executeLambda(async () => {
        for await (const row of qldb.stream<number>(S)) if (row === 1) break;
        await qldb.execute('after');
      });
      expect(log()).toEqual(['begin 1', `1: ${S}`, '1: after', 'commit 1']);
    });

    it('is refused once that has ended, wherever it is read', async () => {
      const rows = await qldb.executeLambda(() => ({ late: qldb.stream(S) }));
      await expect(lastValueFrom(rows.late)).rejects.toThrow(
        TransactionEndedError,
      );
    });

    it('refuses an end of its own', async () => {
      const run = qldb.executeLambda(() =>
        lastValueFrom(qldb.stream({ statement: S, consistency: 'snapshot' })),
      );
      await expect(run).rejects.toThrow(QldbOptionsError);
    });
  });
});
