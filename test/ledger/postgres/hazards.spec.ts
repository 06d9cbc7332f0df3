import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PooledQldbDriver } from '../../../lib/driver/index.js';
import {
  type Ledger,
  type LedgerLimits,
  openLedger,
  rebuildLedger,
  restoreLedger,
  storeHome,
} from '../../../lib/ledger/index.js';
import type {
  PostgresClient,
  PostgresPool,
  PostgresStoreOptions,
} from '../../../lib/store/postgres/postgres-options.js';
import { PostgresStore } from '../../../lib/store/postgres/postgres-store.js';
import { postgresSettings } from '../../../lib/store/postgres/postgres-options.js';
import { hasPostgres, PostgresServer } from '../../store/postgres-server.js';

/** A pool whose statements can be held up, before they are sent or before their answer is told. */
class HeldPool implements PostgresPool {
  before: ((text: string) => Promise<unknown> | undefined) | undefined;
  after: ((text: string) => Promise<unknown> | undefined) | undefined;
  readonly pool: pg.Pool;
  readonly #held = new WeakMap<PostgresClient, PostgresClient>();
  constructor(url: string, max = 10) {
    this.pool = new pg.Pool({ connectionString: url, max });
    this.pool.on('error', () => {});
  }
  async connect(): Promise<PostgresClient> {
    const client = (await this.pool.connect()) as unknown as PostgresClient;
    let held = this.#held.get(client);
    if (!held) this.#held.set(client, (held = this.#hold(client)));
    return held;
  }
  #hold(client: PostgresClient): PostgresClient {
    return {
      query: async (query) => {
        await this.before?.(query.text);
        const result = await client.query(query);
        await this.after?.(query.text);
        return result;
      },
      on: (event, listener) => client.on(event, listener),
      release: (destroy) => client.release(destroy),
    };
  }
}

const isAppend = (text: string) => text.includes('WITH turn AS');

/** Resolves to what came of it, or to `late`. */
const within = <T>(promise: Promise<T>, ms: number): Promise<T | 'late'> =>
  Promise.race([promise, sleep(ms).then(() => 'late' as const)]);

describe.runIf(hasPostgres('faults that were found'))(
  'a ledger that processes share',
  () => {
    let server: PostgresServer;
    let schemas = 0;
    const toClose: (() => Promise<unknown>)[] = [];
    beforeAll(async () => {
      server = await PostgresServer.start();
    }, 60_000);
    afterAll(async () => {
      for (const close of toClose) await within(close(), 500);
      await server.remove();
    }, 60_000);

    interface Opened {
      readonly ledger: Ledger;
      readonly driver: PooledQldbDriver;
      readonly schema: string;
      readonly run: (text: string, ...values: unknown[]) => Promise<unknown[]>;
    }
    async function open(
      options: PostgresStoreOptions = {},
      name = 'test',
      limits: Partial<LedgerLimits> = {},
    ): Promise<Opened> {
      const schema = options.schema ?? `broken_${++schemas}`;
      const ledger = await openLedger({
        name,
        limits,
        store: {
          ...(options.pool ? {} : { url: server.url }),
          ...options,
          schema,
        },
      });
      const driver = new PooledQldbDriver({
        ledgerName: name,
        endpoint: ledger.sessions,
        poolLimit: 200,
      });
      toClose.push(() => ledger.close());
      return {
        ledger,
        driver,
        schema,
        run: (text, ...values) =>
          driver.executeLambda(async (txn) => [
            ...(await txn.execute(text, ...values)),
          ]),
      };
    }

    it('a transaction that begins while the tables of another process are read writes without its index', async () => {
      const a = await open();
      await a.run('CREATE TABLE T');
      await a.run('INSERT INTO T ?', { k: 0 });
      const pool = new HeldPool(server.url);
      const b = await open({ pool, schema: a.schema });
      await b.run('SELECT * FROM T');
      await a.run('CREATE INDEX ON T (k)');
      await sleep(300);
      let release = () => {};
      const held = new Promise<void>((resolve) => (release = resolve));
      let seen = () => {};
      const began = new Promise<void>((resolve) => (seen = resolve));
      let first = true;
      pool.before = (text) => {
        if (!first || !/SELECT index_id, table_id FROM .*unbuilt/.test(text))
          return undefined;
        first = false;
        seen();
        return held;
      };
      const refreshing = b.ledger.refresh();
      await began;
      const written = b.driver.executeLambda(async (txn) => {
        await txn.execute('SELECT * FROM T');
        await txn.execute('INSERT INTO T ?', { k: 1 });
      });
      await sleep(500);
      release();
      await written;
      await refreshing;
      await a.ledger.refresh();
      expect(await a.run('SELECT * FROM T WHERE k = 1')).toHaveLength(1);
      await a.ledger.verify();
    }, 20_000);

    it('a block of another that is read before an own append is answered sets the head back, and no write ends', async () => {
      const pool = new HeldPool(server.url);
      const a = await open({ pool });
      await a.run('CREATE TABLE T');
      const b = await open({ schema: a.schema });
      let release = () => {};
      const held = new Promise<void>((resolve) => (release = resolve));
      let first = true;
      let seen = () => {};
      const began = new Promise<void>((resolve) => (seen = resolve));
      pool.after = (text) => {
        if (!first || !isAppend(text)) return undefined;
        first = false;
        seen();
        return held;
      };
      const one = a.run('INSERT INTO T ?', { n: 1 });
      await began;
      await b.run('INSERT INTO T ?', { n: 2 });
      await a.ledger.refresh();
      release();
      await one;
      let turns = 0;
      pool.after = (text) => {
        if (text.includes('FOR UPDATE')) turns++;
        return undefined;
      };
      const told = await within(a.run('INSERT INTO T ?', { n: 3 }), 2_000);
      console.log('turns', turns);
      // ends the loop
      await b.run('INSERT INTO T ?', { n: 4 });
      expect(told).not.toBe('late');
    }, 20_000);

    it('a process that opens the ledger while another appends cannot write', async () => {
      const a = await open();
      await a.run('CREATE TABLE T');
      const pool = new HeldPool(server.url);
      let first = true;
      pool.before = (text) => {
        if (!first || !/FROM .*dropped WHERE/.test(text)) return undefined;
        first = false;
        return a.run('INSERT INTO T ?', { n: 1 });
      };
      const b = await open({ pool, schema: a.schema });
      expect(first).toBe(false);
      const told = await within(b.run('INSERT INTO T ?', { n: 2 }), 2_000);
      await a.run('INSERT INTO T ?', { n: 3 });
      expect(told).not.toBe('late');
    }, 20_000);

    it('a process that opens the ledger while another defines a table cannot read', async () => {
      const a = await open();
      await a.run('CREATE TABLE T');
      const pool = new HeldPool(server.url);
      let first = true;
      pool.before = (text) => {
        if (!first || !/FROM .*dropped WHERE/.test(text)) return undefined;
        first = false;
        return a.run('CREATE TABLE U');
      };
      const b = await open({ pool, schema: a.schema });
      expect(first).toBe(false);
      expect(await b.run('SELECT * FROM T')).toEqual([]);
    }, 20_000);

    it('a turn that finds a new index waits for itself', async () => {
      const a = await open();
      await a.run('CREATE TABLE T');
      await a.run(
        'INSERT INTO T ?',
        Array.from({ length: 20_000 }, (_, k) => ({ k })),
      );
      const b = await open({ schema: a.schema });
      await b.run('SELECT * FROM T WHERE k = 1');
      let isOver = false;
      let longest = 0;
      const write = async (by: Opened, n: number) => {
        for (let i = 0; !isOver; i++) {
          const began = performance.now();
          await by.run('INSERT INTO T ?', { k: `${n}-${i}` });
          longest = Math.max(longest, performance.now() - began);
        }
      };
      const writers = [a, b, a, b].map(write);
      await sleep(500);
      longest = 0;
      await a.run('CREATE INDEX ON T (k)');
      await sleep(3_000);
      isOver = true;
      await Promise.all(writers);
      console.log('longest write', longest);
      await a.ledger.refresh();
      await a.ledger.verify();
      expect(longest).toBeLessThan(3_000);
    }, 90_000);

    it('a write to a ledger that was replaced is acknowledged, and lost', async () => {
      const a = await open();
      await a.run('CREATE TABLE T');
      await a.run('INSERT INTO T ?', { n: 1 });
      await rebuildLedger({
        name: 'test',
        store: { url: server.url, schema: a.schema },
      });
      const told = await a
        .run('INSERT INTO T ?', { n: 2 })
        .then(() => 'acknowledged')
        .catch(() => 'refused');
      const c = await open({ schema: a.schema });
      const found = await c.run('SELECT * FROM T WHERE n = 2');
      expect({ told, found: found.length }).toEqual(
        told === 'refused'
          ? { told: 'refused', found: 0 }
          : { told: 'acknowledged', found: 1 },
      );
    }, 20_000);

    it('who still has a removed ledger open writes into another', async () => {
      const a = await open({}, 'one');
      await a.run('CREATE TABLE T');
      await a.run('INSERT INTO T ?', { n: 1 });
      const home = await storeHome({ url: server.url, schema: a.schema });
      await home.remove('one');
      const b = await open({ schema: a.schema }, 'two');
      await b.run('CREATE TABLE U');
      const told = await a
        .run('INSERT INTO T ?', { n: 2 })
        .then(() => 'acknowledged')
        .catch((e) => e.message);
      console.log(told);
      await b.ledger.refresh();
      await b.ledger.verify();
      expect(told).not.toBe('acknowledged');
    }, 20_000);

    it('removing a ledger removes the store in a schema of the name of its views', async () => {
      const schema = `broken_${++schemas}`;
      const other = await open({ schema: `${schema}_test` }, 'precious');
      await other.run('CREATE TABLE T');
      const a = await open({ schema });
      await a.run('CREATE TABLE T');
      await a.ledger.close();
      await (await storeHome({ url: server.url, schema })).remove('test');
      expect(
        await (
          await storeHome({ url: server.url, schema: `${schema}_test` })
        ).names(),
      ).toEqual(['precious']);
    }, 20_000);

    it('removing a ledger of a schema with 63 letters removes all ledgers of it', async () => {
      const schema = 's'.repeat(63);
      const one = await open({ schema }, 'one');
      const two = await open({ schema }, 'two');
      await two.run('CREATE TABLE T');
      await one.ledger.close();
      const home = await storeHome({ url: server.url, schema });
      await home.remove('one');
      expect(await home.names()).toEqual(['two']);
    }, 20_000);

    it("views that somebody made in the ledger's schema of views are left", async () => {
      const a = await open();
      await a.run('CREATE TABLE T');
      await sleep(300);
      await server.sql(
        `CREATE VIEW "${a.schema}_test".mine AS SELECT * FROM "${a.schema}_test"."T"`,
      );
      await a.run('CREATE TABLE U');
      await sleep(300);
      expect(await server.sql(`SELECT * FROM "${a.schema}_test".mine`)).toEqual(
        [],
      );
    }, 20_000);

    it('the view of a table T_history and that of the history of T are two', async () => {
      const a = await open();
      await a.run('CREATE TABLE T_history');
      await a.run('CREATE TABLE T');
      await a.run('INSERT INTO T_history ?', { of: 'T_history' });
      await a.run('INSERT INTO T ?', { of: 'T' });
      await sleep(300);
      const rows = await server.sql(
        `SELECT data->>'of' AS of FROM "${a.schema}_test"."T_history"`,
      );
      console.log(
        rows,
        await server.sql(
          `SELECT viewname FROM pg_views WHERE schemaname = '${a.schema}_test'`,
        ),
      );
      const b = await open();
      await b.run('CREATE TABLE T');
      await b.run('CREATE TABLE T_history');
      await b.run('INSERT INTO T_history ?', { of: 'T_history' });
      await b.run('INSERT INTO T ?', { of: 'T' });
      await sleep(300);
      expect(
        await server.sql(
          `SELECT data->>'of' AS of FROM "${b.schema}_test"."T_history"`,
        ),
      ).toEqual(rows);
    }, 20_000);

    it('a redacted value is nowhere in the database', async () => {
      const a = await open();
      await a.run('CREATE TABLE T');
      await a.run('CREATE INDEX ON T (ssn)');
      const [{ documentId }] = (await a.run('INSERT INTO T ?', {
        ssn: 'SECRET-123',
      })) as [{ documentId: string }];
      await a.run("UPDATE T SET ssn = 'other'");
      const [{ blockAddress }] = (await a.run(
        'SELECT h.blockAddress FROM history(T) AS h WHERE h.metadata.version = 0',
      )) as [{ blockAddress: unknown }];
      const [{ tableId }] = (await a.run(
        'SELECT tableId FROM information_schema.user_tables',
      )) as [{ tableId: string }];
      await a.run(
        'EXEC REDACT_REVISION ?, ?, ?',
        blockAddress,
        tableId,
        documentId,
      );
      const columns = await server.sql<{ t: string; c: string }>(
        `SELECT table_name AS t, column_name AS c FROM information_schema.columns WHERE table_schema = '${a.schema}'`,
      );
      const found: string[] = [];
      for (const { t, c } of columns) {
        const rows = await server.sql(
          `SELECT 1 FROM ${a.schema}.${t} WHERE position('SECRET-123' IN encode(convert_to(${c}::text, 'UTF8'), 'escape')) > 0
          OR position(encode('SECRET-123'::bytea, 'hex') IN ${c}::text) > 0`,
        );
        if (rows.length > 0) found.push(`${t}.${c}`);
      }
      expect(found).toEqual([]);
    }, 20_000);

    it('a cursor misses no document that is redacted while it is open', async () => {
      const a = await open();
      await a.run('CREATE TABLE T');
      await a.run(
        'INSERT INTO T ?',
        Array.from({ length: 1000 }, (_, n) => ({ n })),
      );
      const b = await open({ schema: a.schema }, 'test', { pageRows: 3 });
      const [{ tableId }] = (await a.run(
        'SELECT tableId FROM information_schema.user_tables',
      )) as [{ tableId: string }];
      const { sessions } = b.ledger;
      const { StartSession } = await sessions.sendCommand({
        StartSession: { LedgerName: 'test' },
      });
      const SessionToken = StartSession?.SessionToken as string;
      const { StartTransaction } = await sessions.sendCommand({
        SessionToken,
        StartTransaction: {},
      });
      const TransactionId = StartTransaction?.TransactionId as string;
      const { ExecuteStatement } = await sessions.sendCommand({
        SessionToken,
        ExecuteStatement: {
          TransactionId,
          Statement: 'SELECT VALUE t.n FROM T AS t',
        },
      });
      const all = (await a.run(
        'SELECT h.blockAddress, h.metadata.id AS id FROM _ql_committed_T AS h',
      )) as { blockAddress: unknown; id: string }[];
      const [{ id, blockAddress }] = all.toSorted((x, y) =>
        x.id < y.id ? 1 : -1,
      ) as [{ blockAddress: unknown; id: string }];
      await a.run('UPDATE T AS t BY id SET t.n = -1 WHERE id = ?', id);
      await a.run('EXEC REDACT_REVISION ?, ?, ?', blockAddress, tableId, id);
      let page = ExecuteStatement?.FirstPage;
      let seen: unknown = page?.Values?.length ?? 0;
      while (page?.NextPageToken !== undefined) {
        const { FetchPage } = await sessions.sendCommand({
          SessionToken,
          FetchPage: { TransactionId, NextPageToken: page.NextPageToken },
        });
        page = FetchPage?.Page;
        seen = (seen as number) + (page?.Values?.length ?? 0);
      }
      await Promise.resolve(
        sessions.sendCommand({
          SessionToken,
          CommitTransaction: { TransactionId },
        } as never),
      ).catch((error: Error) => {
        seen = error.name;
      });
      // Either it conflicts, or it has seen all.
      expect([1000, 'OccConflictException']).toContain(seen);
    }, 20_000);

    it('small transactions at once are not refused for being too many rows together', async () => {
      const pool = new HeldPool(server.url);
      const a = await open({ maxRows: 50, pool });
      await a.run('CREATE TABLE T');
      pool.after = (text) => (isAppend(text) ? sleep(200) : undefined);
      const all = await Promise.allSettled(
        Array.from({ length: 100 }, (_, n) => a.run('INSERT INTO T ?', { n })),
      );
      expect(
        all.filter(({ status }) => status === 'rejected').slice(0, 1),
      ).toEqual([]);
    }, 20_000);

    it('an index that is built where transactions are repeatable reads by default is whole', async () => {
      await server.sql('CREATE DATABASE rr');
      await server.sql(
        `ALTER DATABASE rr SET default_transaction_isolation = 'repeatable read'`,
      );
      const url = server.urlOf('rr');
      const [poolA, poolB] = [new HeldPool(url), new HeldPool(url)];
      const [a, b] = [
        await open({ pool: poolA, schema: 'rr' }),
        await open({ pool: poolB, schema: 'rr' }),
      ];
      await a.run('CREATE TABLE T');
      await a.run('CREATE INDEX ON T (k)');
      await a.run('INSERT INTO T ?', { k: 0, f: 'old' });
      await b.run('SELECT * FROM T WHERE k = 0');
      await sleep(200);
      const isBuild = (text: string) => text.includes('SET generation');
      let build = () => {};
      const mayBuild = new Promise<void>((resolve) => (build = resolve));
      poolA.before = (text) => (isBuild(text) ? mayBuild : undefined);
      poolB.before = (text) =>
        isBuild(text) ? Promise.reject(new Error('not here')) : undefined;
      await a.run('INSERT INTO T ?', { k: 1 });
      const made = a.run('CREATE INDEX ON T (f)');
      await sleep(100);
      await b.ledger.refresh();
      // It loses, and takes turns from then on.
      const poolC = new HeldPool(url);
      poolC.before = poolB.before;
      const c = await open({ pool: poolC, schema: 'rr' });
      await b.run('INSERT INTO T ?', { k: 6 });
      await c.run('INSERT INTO T ?', { k: 5 });
      await b.run('INSERT INTO T ?', { k: 2 });
      let inTurn = false;
      poolB.before = (text) => {
        if (text.includes('FOR UPDATE') && text.startsWith('BEGIN'))
          inTurn = true;
        if (isBuild(text)) return Promise.reject(new Error('not here'));
        if (!isAppend(text) || !inTurn) return undefined;
        build();
        return sleep(500);
      };
      await b.run("UPDATE T SET f = 'new' WHERE k = 0");
      console.log('in turn', inTurn);
      await made;
      await sleep(500);
      await a.ledger.refresh();
      await a.ledger.verify();
    }, 60_000);

    it('an import goes on where a process of the same id was killed', async () => {
      const a = await open();
      await a.run('CREATE TABLE T');
      await a.run('INSERT INTO T ?', { n: 1 });
      const chunks: Buffer[] = [];
      const { Writable } = await import('node:stream');
      await a.ledger.backup(
        new Writable({
          write(chunk: Buffer, _encoding, done) {
            chunks.push(chunk);
            done();
          },
        }),
      );
      const schema = `broken_${++schemas}`;
      const left = await PostgresStore.open(
        postgresSettings({ url: server.url, schema }),
        `test new ${process.pid}`,
      );
      await left.append(-1, [
        {
          sequenceNo: 0,
          blockHash: Buffer.alloc(32),
          block: Buffer.alloc(10),
          blockTimestamp: 1,
          merkleNodes: [{ level: 0, index: 0, hash: Buffer.alloc(32) }],
          revisions: [],
          indexEntries: [],
        },
      ]);
      await left.close();
      await restoreLedger({
        name: 'test',
        store: { url: server.url, schema },
        from: (async function* () {
          yield* chunks;
        })(),
      });
    }, 20_000);

    it('a long text beside a long number does not fail those that are written with it', async () => {
      const a = await open();
      await a.run('CREATE TABLE T');
      const { parseIonText } = await import('../../../lib/ion/index.js');
      const big = parseIonText(
        `{d: ${'1'.repeat(4100)}., s: "${'x'.repeat(15_000_000)}"}`,
      );
      await a.run('INSERT INTO T ?', big);
      expect(await a.run('SELECT COUNT(*) AS n FROM T')).toEqual([{ n: 1 }]);
    }, 60_000);

    it('closes while reads wait for a connection', async () => {
      const a = await open({ maxConnections: 2 });
      await a.run('CREATE TABLE T');
      await a.run('INSERT INTO T ?', { n: 1 });
      const reads = Array.from({ length: 64 }, () =>
        a.run('SELECT * FROM T').catch((error: Error) => error.message),
      );
      const closed = a.ledger.close();
      expect(await within(closed, 5_000)).toBeUndefined();
      const told = await within(Promise.all(reads), 3_000);
      expect(told).not.toBe('late');
    }, 30_000);
  },
);
