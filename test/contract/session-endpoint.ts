import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Ledger, LedgerLimits } from '../../lib/ledger/index.js';
import type { SessionEndpoint } from '../../lib/session/index.js';
import { PAGE_ROWS, type Proof, proveSerializable } from './re-execution.js';
import { execute, RawSession, transact, values } from './raw-session.js';

export interface OpenedEndpoint {
  readonly endpoint: SessionEndpoint;
  /** The ledger behind it. */
  readonly ledger: Ledger;
  close(): Promise<void>;
}

const failure = (name: string, message?: RegExp | string, Code?: string) =>
  expect.objectContaining({
    name,
    ...(message && {
      message:
        typeof message === 'string'
          ? message
          : (expect.stringMatching(message) as string),
    }),
    ...(Code && { Code }),
  }) as Error;
const CONFLICT = failure('OccConflictException');

/**
 * What every endpoint of a ledger does, in this process or over HTTP. `open`
 * makes an empty ledger named `test` with the given limits.
 *
 * With `PROVE_TRANSACTIONS=100000` the proof by re-execution takes so many, and
 * with `PROVE_SEED` it begins with that seed.
 */
export function describeSessionEndpoint(
  name: string,
  open: (limits: Partial<LedgerLimits>) => Promise<OpenedEndpoint>,
  { proved = 1_500 } = {},
): void {
  const transactions = Number(process.env['PROVE_TRANSACTIONS'] ?? proved);
  // Short histories: what went wrong is found in the log of one.
  const each = Math.min(transactions, 500);

  it(`session endpoint contract: ${name}: ${transactions} transactions at random read the same when they are run again, one after the other`, async () => {
    const seed = Number(process.env['PROVE_SEED'] ?? 1);
    const proofs: Proof[] = [];
    for (let n = 0; n < Math.ceil(transactions / each); n++) {
      const opened = await open({ pageRows: PAGE_ROWS });
      try {
        proofs.push(
          await proveSerializable({
            ...opened,
            seed: seed + n,
            transactions: each,
          }),
        );
      } finally {
        await opened.close();
      }
    }
    const sum = (of: keyof Proof) =>
      proofs.reduce((total, proof) => total + proof[of], 0);
    console.log(
      `${name}: seeds ${seed} to ${seed + proofs.length - 1}, ${sum('statements')} statements; ` +
        `${sum('committed')} committed (${sum('readOnly')} read only), ${sum('conflicts')} conflicts, ${sum('aborted')} aborted; no anomaly`,
    );
    // Otherwise nothing was put to the test.
    expect(sum('readOnly')).toBeGreaterThan(0);
    expect(sum('conflicts')).toBeGreaterThan(0);
    expect(sum('committed')).toBeGreaterThan(transactions / 4);
  }, 3_600_000);

  describe(`session endpoint contract: ${name}`, () => {
    let opened: OpenedEndpoint;
    let endpoint: SessionEndpoint;
    let a: RawSession;
    let b: RawSession;
    beforeEach(async () => {
      opened = await open({ transactionTimeout: 30_000 });
      ({ endpoint } = opened);
      a = await RawSession.start(endpoint);
      b = await RawSession.start(endpoint);
    });
    afterEach(() => opened.close());

    /** A table with an index on VIN and one document per given VIN. */
    const vehicles = async (...vins: string[]) => {
      await transact(endpoint, async (session) => {
        await session.execute('CREATE TABLE Vehicle');
        await session.execute('CREATE INDEX ON Vehicle (VIN)');
        for (const VIN of vins)
          await session.execute('INSERT INTO Vehicle ?', {
            VIN,
            Mileage: 2011,
          });
      });
    };

    describe('sessions', () => {
      it('begin with a ledger that is there', async () => {
        await expect(RawSession.start(endpoint, 'other')).rejects.toThrow(
          failure('BadRequestException'),
        );
      });

      it('are known by their token, until they end', async () => {
        await a.end();
        await expect(a.begin()).rejects.toThrow(
          failure('InvalidSessionException', 'No such session'),
        );
        await expect(
          (async () =>
            endpoint.sendCommand({
              SessionToken: 'AAAA',
              StartTransaction: {},
            }))(),
        ).rejects.toThrow(failure('InvalidSessionException'));
      });

      it('have one transaction at a time', async () => {
        await a.begin();
        await expect(a.begin()).rejects.toThrow(
          failure('BadRequestException', 'Transaction already open'),
        );
        await a.abort();
        await a.abort();
        await a.begin();
      });

      it('refuse commands outside a transaction, or for another one', async () => {
        const outside = failure('BadRequestException', 'No open transaction');
        a.transactionId = 'X'.repeat(22);
        await expect(a.execute('SELECT * FROM Vehicle')).rejects.toThrow(
          outside,
        );
        await a.begin();
        const { transactionId } = a;
        a.transactionId = (await b.begin()).transactionId;
        await expect(a.commit()).rejects.toThrow(outside);
        a.transactionId = transactionId;
        await a.commit();
        await expect(a.commit()).rejects.toThrow(outside);
      });

      it('run the commands that arrive together one after the other', async () => {
        await vehicles();
        await a.begin();
        const inserts = Array.from({ length: 20 }, (_, n) =>
          a.execute('INSERT INTO Vehicle ?', { VIN: String(n) }),
        );
        const results = await Promise.all(inserts);
        await a.commit();
        expect(
          new Set(results.flat().map((row) => JSON.stringify(row))).size,
        ).toBe(20);
        expect(await execute(endpoint, 'SELECT COUNT(*) FROM Vehicle')).toEqual(
          [{ _1: 20 }],
        );
      });

      it('refuse a request without a command, or with two', async () => {
        await expect(a.send({})).rejects.toThrow(
          failure('BadRequestException'),
        );
        await expect(
          a.send({ StartTransaction: {}, EndSession: {} }),
        ).rejects.toThrow(failure('BadRequestException'));
        await a.begin();
      });
    });

    describe('transactions', () => {
      it('see their own writes, and are seen by others when they have committed', async () => {
        await vehicles('v1');
        await a.begin();
        await a.execute('INSERT INTO Vehicle ?', { VIN: 'v2', Mileage: 2020 });
        await a.execute("UPDATE Vehicle SET Mileage = 2012 WHERE VIN = 'v1'");
        const select =
          'SELECT VALUE v.Mileage FROM Vehicle AS v WHERE v.VIN = ?';
        expect(await a.execute(select, 'v2')).toEqual([2020]);
        expect(await a.execute(select, 'v1')).toEqual([2012]);

        await b.begin();
        expect(await b.execute(select, 'v2')).toEqual([]);
        expect(await b.execute(select, 'v1')).toEqual([2011]);
        await b.abort();
        await a.commit();
        await b.begin();
        expect(await b.execute(select, 'v2')).toEqual([2020]);
        expect(await b.execute(select, 'v1')).toEqual([2012]);
      });

      it('refuse a document that is nested too deep for a block', async () => {
        await vehicles();
        let deep: unknown = 1;
        for (let n = 0; n < 998; n++) deep = [deep];
        await a.begin();
        await expect(
          (async () => {
            await a.execute('INSERT INTO Vehicle ?', { VIN: 'v1', deep });
            await a.commit();
          })(),
        ).rejects.toThrow(failure('BadRequestException'));
        expect(await execute(endpoint, 'SELECT * FROM Vehicle')).toEqual([]);
      });

      it('leave nothing behind when they are aborted, or their session ends', async () => {
        await vehicles();
        await a.begin();
        await a.execute("INSERT INTO Vehicle VALUE {'VIN': 'v1'}");
        await a.abort();
        await a.begin();
        await a.execute("INSERT INTO Vehicle VALUE {'VIN': 'v2'}");
        await a.end();
        expect(await execute(endpoint, 'SELECT * FROM Vehicle')).toEqual([]);
      });

      it('commit only under the digest of what they ran', async () => {
        await vehicles();
        await a.begin();
        await a.execute("INSERT INTO Vehicle VALUE {'VIN': 'v1'}");
        await expect(a.commit(randomBytes(32))).rejects.toThrow(
          failure('BadRequestException', "Digests don't match"),
        );
        expect(await execute(endpoint, 'SELECT * FROM Vehicle')).toEqual([]);
      });

      it('go on after a statement that failed, which left nothing', async () => {
        await vehicles('v1', 'v2');
        await a.begin();
        await a.execute('INSERT INTO Vehicle ?', { VIN: 'v3' });
        await expect(
          a.execute("INSERT INTO Vehicle << {'VIN': 'v4'}, 5 >>"),
        ).rejects.toThrow(failure('BadRequestException'));
        await expect(a.execute('SELECT')).rejects.toThrow(
          failure('BadRequestException', /line 1, column/),
        );
        await a.commit();
        expect(
          (
            await execute<string>(endpoint, 'SELECT VALUE VIN FROM Vehicle')
          ).toSorted(),
        ).toEqual(['v1', 'v2', 'v3']);
      });

      it('end when their time is up', async () => {
        const short = await open({ transactionTimeout: 50 });
        try {
          const session = await (
            await RawSession.start(short.endpoint)
          ).begin();
          await new Promise((resolve) => setTimeout(resolve, 80));
          await expect(session.execute('CREATE TABLE T')).rejects.toThrow(
            failure(
              'InvalidSessionException',
              new RegExp(`^Transaction ${session.transactionId} has expired$`),
            ),
          );
          await expect(session.begin()).rejects.toThrow(
            failure('InvalidSessionException'),
          );
        } finally {
          await short.close();
        }
      });
    });

    it('a statement that takes too long leaves room for others, and ends with its transaction', async () => {
      const short = await open({ transactionTimeout: 300 });
      try {
        const session = await (await RawSession.start(short.endpoint)).begin();
        const list = `[${Array.from({ length: 60 }, (_, n) => n).join(', ')}]`;
        const sources = ['a', 'b', 'c', 'd', 'e'].map(
          (name) => `${list} AS ${name}`,
        );
        let turns = 0;
        const timer = setInterval(() => turns++, 5);
        await expect(
          session.execute(`SELECT COUNT(*) FROM ${sources.join(', ')}`),
        ).rejects.toThrow(
          failure('InvalidSessionException', /^Transaction \S+ has expired$/),
        );
        clearInterval(timer);
        expect(turns).toBeGreaterThan(3);
      } finally {
        await short.close();
      }
    });

    describe('conflicts', () => {
      it('fail a transaction whose document another one changed', async () => {
        await vehicles('v1', 'v2');
        await a.begin();
        await b.begin();
        const update = 'UPDATE Vehicle SET Mileage = 1 WHERE VIN = ?';
        await a.execute(update, 'v1');
        await b.execute(update, 'v1');
        await a.commit();
        await expect(b.commit()).rejects.toThrow(CONFLICT);
        // The session lives on, and the next attempt succeeds.
        await b.begin();
        await b.execute(update, 'v1');
        await b.commit();
      });

      it('leave alone those that touch other documents by their keys', async () => {
        await vehicles('v1', 'v2');
        await a.begin();
        await b.begin();
        const update = 'UPDATE Vehicle SET Mileage = 1 WHERE VIN = ?';
        await a.execute(update, 'v1');
        await b.execute(update, 'v2');
        await a.commit();
        await b.commit();
      });

      it('fail a transaction that only read, too', async () => {
        await vehicles('v1');
        await a.begin();
        await a.execute('SELECT * FROM Vehicle WHERE VIN = ?', 'v1');
        await execute(
          endpoint,
          "UPDATE Vehicle SET Mileage = 1 WHERE VIN = 'v1'",
        );
        await expect(a.commit()).rejects.toThrow(CONFLICT);
      });

      it('fail a scan when anything in the table changed', async () => {
        await vehicles('v1');
        await a.begin();
        await a.execute('SELECT * FROM Vehicle WHERE Mileage = 1900');
        await execute(endpoint, "INSERT INTO Vehicle VALUE {'VIN': 'v9'}");
        await expect(a.commit()).rejects.toThrow(CONFLICT);
      });

      it('fail a transaction that named a table which was dropped, though it came to no row of it', async () => {
        await vehicles('v1');
        await execute(endpoint, 'CREATE TABLE Owner');
        const join =
          "SELECT v.VIN FROM Vehicle AS v, Owner AS o WHERE v.VIN = 'none'";
        // The second time its plan is known.
        await execute(endpoint, join);
        for (const session of [a, b]) {
          await session.begin();
          expect(await session.execute(join)).toEqual([]);
        }
        await a.commit();
        await execute(endpoint, 'DROP TABLE Owner');
        await expect(b.commit()).rejects.toThrow(CONFLICT);
      });

      it('fail the second of two that looked for a key, found nothing and inserted it', async () => {
        await vehicles();
        const insertIfAbsent = async (session: RawSession, VIN: string) => {
          const found = await session.execute(
            'SELECT * FROM Vehicle WHERE VIN = ?',
            VIN,
          );
          expect(found).toEqual([]);
          await session.execute('INSERT INTO Vehicle ?', { VIN });
        };
        const c = await RawSession.start(endpoint);
        await Promise.all([a.begin(), b.begin(), c.begin()]);
        await insertIfAbsent(a, 'same');
        await insertIfAbsent(b, 'same');
        await insertIfAbsent(c, 'other');
        await a.commit();
        await expect(b.commit()).rejects.toThrow(CONFLICT);
        await c.commit();
      });

      it('do not arise between inserts that read nothing', async () => {
        await vehicles();
        await a.begin();
        await b.begin();
        await a.execute("INSERT INTO Vehicle VALUE {'VIN': 'same'}");
        await b.execute("INSERT INTO Vehicle VALUE {'VIN': 'same'}");
        await a.commit();
        await b.commit();
        expect(
          await execute(endpoint, "SELECT * FROM Vehicle WHERE VIN = 'same'"),
        ).toHaveLength(2);
      });

      it('arise between commits that arrive together', async () => {
        await vehicles('v1');
        const sessions = await Promise.all(
          Array.from({ length: 10 }, async () =>
            (await RawSession.start(endpoint)).begin(),
          ),
        );
        for (const session of sessions)
          await session.execute(
            "UPDATE Vehicle SET Mileage = Mileage + 1 WHERE VIN = 'v1'",
          );
        const commits = await Promise.allSettled(
          sessions.map((session) => session.commit()),
        );
        expect(
          commits.filter(({ status }) => status === 'fulfilled'),
        ).toHaveLength(1);
        expect(
          await execute(endpoint, 'SELECT VALUE Mileage FROM Vehicle'),
        ).toEqual([2012]);
      });

      it('arise between two that create one table', async () => {
        await a.begin();
        await b.begin();
        await a.execute('CREATE TABLE Person');
        await b.execute('CREATE TABLE Person');
        await a.commit();
        await expect(b.commit()).rejects.toThrow(CONFLICT);
      });

      it('arise when a table is dropped, or gets an index, under a writer', async () => {
        await vehicles('v1');
        await a.begin();
        await a.execute(
          "INSERT INTO Vehicle VALUE {'VIN': 'v2', 'Mileage': 1}",
        );
        await execute(endpoint, 'CREATE INDEX ON Vehicle (Mileage)');
        await expect(a.commit()).rejects.toThrow(CONFLICT);
        await a.begin();
        await a.execute(
          "INSERT INTO Vehicle VALUE {'VIN': 'v2', 'Mileage': 1}",
        );
        await execute(endpoint, 'DROP TABLE Vehicle');
        await expect(a.commit()).rejects.toThrow(CONFLICT);
      });
    });

    describe('results', () => {
      it('come in pages, each asked for once', async () => {
        await execute(endpoint, 'CREATE TABLE T');
        await transact(endpoint, (session) =>
          session.execute(
            'INSERT INTO T ?',
            Array.from({ length: 450 }, (_, n) => ({ n })),
          ),
        );
        await a.begin();
        const first = await a.page('SELECT VALUE n FROM T');
        expect(first.Values).toHaveLength(200);
        const second = await a.next(first);
        expect(second.Values).toHaveLength(200);
        await expect(a.next(first)).rejects.toThrow(
          failure('BadRequestException'),
        );
        const third = await a.next(second);
        expect(third.Values).toHaveLength(50);
        expect(third.NextPageToken).toBeUndefined();
        const numbers = [first, second, third].flatMap(values) as number[];
        expect(numbers.toSorted((x, y) => x - y)).toEqual(
          Array.from({ length: 450 }, (_, n) => n),
        );
      });

      it('stay as they were when the transaction writes while they are read', async () => {
        await execute(endpoint, 'CREATE TABLE T');
        await execute(
          endpoint,
          'INSERT INTO T ?',
          Array.from({ length: 450 }, (_, n) => ({ n })),
        );
        await a.begin();
        await a.execute("INSERT INTO T VALUE {'n': 450}");
        let page = await a.page('SELECT VALUE n FROM T');
        const numbers = values(page) as number[];
        await a.execute('UPDATE T SET n = n + 1000');
        await a.execute("INSERT INTO T VALUE {'n': 5000}");
        while (page.NextPageToken !== undefined) {
          page = await a.next(page);
          numbers.push(...(values(page) as number[]));
        }
        expect(numbers.toSorted((x, y) => x - y)).toEqual(
          Array.from({ length: 451 }, (_, n) => n),
        );
        expect(
          await a.execute('SELECT COUNT(*) AS c FROM T WHERE n >= 1000'),
        ).toEqual([{ c: 452 }]);
      });

      it('count what was read, and the time', async () => {
        await vehicles('v1', 'v2', 'v3');
        await a.begin();
        const read = async (statement: string) => {
          const { ExecuteStatement } = await a.send({
            ExecuteStatement: {
              TransactionId: a.transactionId,
              Statement: statement,
            },
          });
          expect(
            ExecuteStatement?.TimingInformation?.ProcessingTimeMilliseconds,
          ).toBeGreaterThanOrEqual(0);
          return ExecuteStatement?.ConsumedIOs?.ReadIOs;
        };
        expect(await read('SELECT * FROM Vehicle')).toBe(3);
        expect(await read("SELECT * FROM Vehicle WHERE VIN = 'v2'")).toBe(1);
      });
    });

    describe('tables and indexes', () => {
      it('are told apart by name and id, and listed', async () => {
        await vehicles();
        await expect(execute(endpoint, 'CREATE TABLE Vehicle')).rejects.toThrow(
          failure(
            'BadRequestException',
            'Table with name: USER.Vehicle already exists',
            '412',
          ),
        );
        await expect(
          execute(endpoint, 'DELETE FROM NonExistentTable'),
        ).rejects.toThrow(
          failure(
            'BadRequestException',
            /^Semantic Error: at line 1, column 13: No such variable named 'NonExistentTable'; No such variable named 'NonExistentTable'/,
            '432',
          ),
        );
        expect(
          await execute(
            endpoint,
            'SELECT name, status, indexes FROM information_schema.user_tables',
          ),
        ).toEqual([
          {
            name: 'Vehicle',
            status: 'ACTIVE',
            indexes: [
              {
                indexId: expect.stringMatching(/^[0-9A-Za-z]{22}$/) as string,
                expr: '[VIN]',
                status: 'ONLINE',
              },
            ],
          },
        ]);
      });

      it('find by a new index what was there before it', async () => {
        await execute(endpoint, 'CREATE TABLE T');
        await execute(
          endpoint,
          'INSERT INTO T ?',
          Array.from({ length: 300 }, (_, n) => ({ n, even: n % 2 === 0 })),
        );
        await transact(endpoint, async (session) => {
          await session.execute('CREATE INDEX ON T (n)');
          await session.execute("INSERT INTO T VALUE {'n': 300}");
          await session.execute('UPDATE T SET even = 7 WHERE n = 5');
          await session.execute('UPDATE T SET n = 1007 WHERE n = 7');
        });
        const find = (n: unknown) =>
          execute(endpoint, 'SELECT VALUE n FROM T WHERE n = ?', n);
        await a.begin();
        const reply = await a.send({
          ExecuteStatement: {
            TransactionId: a.transactionId,
            Statement: 'SELECT * FROM T WHERE n = 5',
          },
        });
        expect(reply.ExecuteStatement?.ConsumedIOs?.ReadIOs).toBe(1);
        for (const n of [0, 5, 299, 300, 1007])
          expect(await find(n)).toEqual([n]);
        expect(await find(7)).toEqual([]);
        expect(await find(-1)).toEqual([]);
      });

      it('can be dropped and brought back', async () => {
        await vehicles('v1');
        const [{ tableId }] = (await execute(
          endpoint,
          'DROP TABLE Vehicle',
        )) as [{ tableId: string }];
        await expect(
          execute(endpoint, 'SELECT * FROM Vehicle'),
        ).rejects.toThrow(failure('BadRequestException'));
        expect(
          await execute(endpoint, `SELECT * FROM history('${tableId}')`),
        ).toHaveLength(1);
        await execute(endpoint, `UNDROP TABLE "${tableId}"`);
        expect(
          await execute(endpoint, "SELECT * FROM Vehicle WHERE VIN = 'v1'"),
        ).toHaveLength(1);
        const [index] = (await execute(
          endpoint,
          'SELECT VALUE indexes[0] FROM information_schema.user_tables',
        )) as [{ indexId: string }];
        await execute(
          endpoint,
          `DROP INDEX "${index.indexId}" ON Vehicle WITH (purge = true)`,
        );
        expect(
          await execute(endpoint, "SELECT * FROM Vehicle WHERE VIN = 'v1'"),
        ).toHaveLength(1);
      });
    });

    describe('history', () => {
      type Committed = {
        data?: { Mileage: number };
        metadata: { id: string; version: number; txId: string; txTime: Date };
        blockAddress: { sequenceNo: number };
        hash: Uint8Array;
      };

      it('has every revision of a document, and the committed view the last', async () => {
        await vehicles('v1');
        for (const year of [1, 2])
          await execute(
            endpoint,
            "UPDATE Vehicle SET Mileage = ? WHERE VIN = 'v1'",
            year,
          );
        const [current] = await execute<Committed>(
          endpoint,
          "SELECT * FROM _ql_committed_Vehicle AS r WHERE r.data.VIN = 'v1'",
        );
        expect(current).toMatchObject({
          data: { VIN: 'v1', Mileage: 2 },
          metadata: { version: 2 },
        });
        expect(current.hash).toHaveLength(32);
        await execute(endpoint, "DELETE FROM Vehicle WHERE VIN = 'v1'");

        const revisions = await execute<Committed>(
          endpoint,
          'SELECT * FROM history(Vehicle) AS h WHERE h.metadata.id = ?',
          current.metadata.id,
        );
        expect(
          revisions.map(({ data, metadata }) => [
            metadata.version,
            data?.Mileage,
          ]),
        ).toEqual([
          [0, 2011],
          [1, 1],
          [2, 2],
          [3, undefined],
        ]);
        expect(revisions.at(-1)).not.toHaveProperty('data');
        const blocks = revisions.map(
          ({ blockAddress }) => blockAddress.sequenceNo,
        );
        expect(blocks).toEqual(blocks.toSorted((x, y) => x - y));
        expect(
          await execute(endpoint, 'SELECT * FROM _ql_committed_Vehicle'),
        ).toEqual([]);
      });

      it('is cut to the revisions that were current in an interval', async () => {
        await vehicles('v1');
        const pause = () => new Promise((resolve) => setTimeout(resolve, 5));
        for (const year of [1, 2, 3]) {
          await pause();
          await execute(endpoint, 'UPDATE Vehicle SET Mileage = ?', year);
        }
        await pause();
        const all = await execute<Committed>(
          endpoint,
          'SELECT * FROM history(Vehicle)',
        );
        const versions = async (from: Date, to?: Date) => {
          const times = [from, ...(to ? [to] : [])].map(
            (time) => `\`${time.toISOString()}\``,
          );
          const found = await execute<Committed>(
            endpoint,
            `SELECT * FROM history(Vehicle, ${times.join(', ')})`,
          );
          return found.map(({ metadata }) => metadata.version);
        };
        const time = (version: number, offset = 0) =>
          new Date(all[version].metadata.txTime.getTime() + offset);
        expect(await versions(time(1, 1), time(2, 1))).toEqual([1, 2]);
        expect(await versions(time(0, -1000), time(0, -1))).toEqual([]);
        expect(await versions(time(3))).toEqual([2, 3]);
        await expect(versions(time(3), time(1))).rejects.toThrow(
          failure('BadRequestException'),
        );
      });

      it('gives one revision per document and transaction', async () => {
        await vehicles();
        await transact(endpoint, async (session) => {
          await session.execute("INSERT INTO Vehicle VALUE {'VIN': 'v1'}");
          await session.execute(
            "UPDATE Vehicle SET Mileage = 1 WHERE VIN = 'v1'",
          );
          await session.execute("INSERT INTO Vehicle VALUE {'VIN': 'v2'}");
          await session.execute("DELETE FROM Vehicle WHERE VIN = 'v2'");
        });
        const revisions = await execute<Committed>(
          endpoint,
          'SELECT * FROM history(Vehicle)',
        );
        expect(revisions).toHaveLength(1);
        expect(revisions[0]).toMatchObject({
          data: { VIN: 'v1', Mileage: 1 },
          metadata: { version: 0 },
        });
      });
    });
  });
}
