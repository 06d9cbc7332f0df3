import { Logger } from '@nestjs/common';
import { HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { Test } from '@nestjs/testing';
import pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { PooledQldbDriver } from '../../../lib/driver/index.js';
import { parseIonText } from '../../../lib/ion/index.js';
import {
  type Ledger,
  openLedger,
  storeHome,
} from '../../../lib/ledger/index.js';
import {
  getQldbToken,
  type Qldb,
  QldbModule,
} from '../../../lib/nest/index.js';
import { QldbHealthIndicator } from '../../../lib/terminus/index.js';
import { LedgerDirectory } from '../../../lib/server/index.js';
import {
  type PostgresStoreOptions,
  postgresSettings,
} from '../../../lib/store/postgres/postgres-options.js';
import { PostgresStore } from '../../../lib/store/postgres/postgres-store.js';
import { MIGRATIONS } from '../../../lib/store/postgres/schema.js';
import { hasPostgres, PostgresServer } from '../../store/postgres-server.js';

describe.runIf(hasPostgres('operation of a ledger on PostgreSQL'))(
  'a ledger on PostgreSQL',
  () => {
    let server: PostgresServer;
    let schemas = 0;
    beforeAll(async () => {
      server = await PostgresServer.start();
    }, 60_000);
    afterAll(() => server.remove());

    interface Opened {
      readonly ledger: Ledger;
      readonly driver: PooledQldbDriver;
      readonly schema: string;
      readonly run: (text: string, ...values: unknown[]) => Promise<unknown[]>;
      readonly close: () => Promise<void>;
    }
    async function open(
      options: PostgresStoreOptions = {},
      name = 'test',
    ): Promise<Opened> {
      const schema = options.schema ?? `ledgers_${++schemas}`;
      const ledger = await openLedger({
        name,
        store: {
          ...(options.pool ? {} : { url: server.url }),
          ...options,
          schema,
        },
      });
      const driver = new PooledQldbDriver({
        ledgerName: name,
        endpoint: ledger.sessions,
      });
      return {
        ledger,
        driver,
        schema,
        run: (text, ...values) =>
          driver.executeLambda(async (txn) => [
            ...(await txn.execute(text, ...values)),
          ]),
        close: async () => {
          await driver.close();
          await ledger.close();
        },
      };
    }

    it('shows documents and their history to plain SQL, and takes redacted ones away', async () => {
      const { ledger, run, schema, close } = await open();
      await run('CREATE TABLE Vehicle');
      await run('CREATE INDEX ON Vehicle (VIN)');
      const document = parseIonText(
        '{VIN: "1N4", Price: 442.30, Big: 1d20000, Small: 12345678901234567890, Text: "a\\0b", At: 2019-04-17T, Tags: [a, null.int], F: 1e0}',
      );
      const [inserted] = (await run('INSERT INTO Vehicle ?', document)) as [
        { documentId: string },
      ];
      await run('INSERT INTO Vehicle ?', { VIN: 'gone' });
      await run("UPDATE Vehicle SET Price = 1 WHERE VIN = '1N4'");
      await run("DELETE FROM Vehicle WHERE VIN = 'gone'");
      await sleep(200);

      const views = `"${schema}_test"`;
      expect(
        await server.sql(
          `SELECT id, version, data->>'VIN' AS vin, (data->'Price')::numeric AS price FROM ${views}."Vehicle"`,
        ),
      ).toEqual([
        { id: inserted.documentId, version: 1, vin: '1N4', price: '1' },
      ]);
      const history = await server.sql<{ data: object | null; tx_time: Date }>(
        `SELECT data, tx_time FROM ${views}."Vehicle_history" WHERE id = '${inserted.documentId}' ORDER BY version`,
      );
      expect(history).toHaveLength(2);
      expect(history[0].tx_time.getTime()).toBeGreaterThan(1.7e12);
      const [{ text }] = await server.sql<{ text: string }>(
        `SELECT data::text AS text FROM ${views}."Vehicle_history" WHERE id = '${inserted.documentId}' AND version = 0`,
      );
      expect(text).toContain('"Price": 442.30');
      expect(text).toContain('"Small": 12345678901234567890');
      expect(text).toContain('"Big": "1E+20000"');
      expect(text).toContain('"Text": "a\uFFFDb"');
      expect(text).toContain('"Tags": ["a", null]');
      await ledger.verify();

      const [{ blockAddress }] = (await run(
        `SELECT h.blockAddress FROM history(Vehicle) AS h WHERE h.metadata.id = ? AND h.metadata.version = 0`,
        inserted.documentId,
      )) as [{ blockAddress: unknown }];
      const [{ tableId }] = (await run(
        "SELECT tableId FROM information_schema.user_tables WHERE name = 'Vehicle'",
      )) as [{ tableId: string }];
      await run(
        'EXEC REDACT_REVISION ?, ?, ?',
        blockAddress,
        tableId,
        inserted.documentId,
      );
      expect(
        await server.sql(
          `SELECT version, data IS NULL AS is_gone FROM ${views}."Vehicle_history" WHERE id = '${inserted.documentId}' ORDER BY version`,
        ),
      ).toEqual([
        { version: 0, is_gone: true },
        { version: 1, is_gone: false },
      ]);
      const dump = await server.sql(
        `SELECT 1 FROM ${schema}.blocks WHERE position('442'::bytea IN block) > 0 OR position('\\x31323334353637'::bytea IN block) > 0`,
      );
      expect(dump).toEqual([]);
      await ledger.verify();

      await run('DROP TABLE Vehicle');
      await sleep(200);
      await expect(
        server.sql(`SELECT * FROM ${views}."Vehicle"`),
      ).rejects.toThrow('does not exist');
      await close();
    });

    it('is verified against what somebody changed with SQL', async () => {
      const { ledger, run, schema, close } = await open();
      await run('CREATE TABLE T');
      await run('CREATE INDEX ON T (k)');
      await run('INSERT INTO T ?', { k: 1, amount: 10 });
      await run('UPDATE T SET amount = 11 WHERE k = 1');
      await ledger.verify();
      const user = `table_id NOT LIKE '000000%'`;
      const tampered: Record<string, string> = {
        'a jsonb copy': `UPDATE ${schema}.documents SET json = jsonb_set(json, '{amount}', '1000') WHERE ${user}`,
        'a jsonb copy of history': `UPDATE ${schema}.superseded SET json = '{}' WHERE ${user}`,
        'a time': `UPDATE ${schema}.documents SET tx_time = tx_time + 1 WHERE ${user}`,
        'a document': `DELETE FROM ${schema}.superseded WHERE ${user}`,
        'an entry': `DELETE FROM ${schema}.entries`,
        'a block': `UPDATE ${schema}.blocks SET block = overlay(block PLACING '\\x00' FROM 200) WHERE sequence_no = 3`,
        'a hash': `UPDATE ${schema}.blocks SET merkle_nodes = overlay(merkle_nodes PLACING '\\x00'::bytea FROM 3) WHERE sequence_no = 3`,
      };
      for (const [what, sql] of Object.entries(tampered)) {
        await server.sql(
          ['documents', 'superseded', 'entries', 'blocks']
            .map(
              (t) => `CREATE TABLE ${schema}.kept_${t} AS TABLE ${schema}.${t}`,
            )
            .join(';'),
        );
        await server.sql(sql);
        await expect(ledger.verify(), what).rejects.toMatchObject({
          code: expect.stringMatching(/QLDB_\w+/) as string,
        });
        await server.sql(
          ['documents', 'superseded', 'entries', 'blocks']
            .map(
              (t) =>
                `DELETE FROM ${schema}.${t}; INSERT INTO ${schema}.${t} TABLE ${schema}.kept_${t}; DROP TABLE ${schema}.kept_${t}`,
            )
            .join(';'),
        );
      }
      await ledger.verify();
      await close();
    });

    it('keeps what is longer than a column in parts, and redacts them', async () => {
      const { ledger, run, schema, close } = await open();
      await run('CREATE TABLE T');
      const long = 'x'.repeat(2_500_000);
      const [{ documentId }] = (await run('INSERT INTO T ?', { long })) as [
        { documentId: string },
      ];
      const [{ largest }] = await server.sql<{ largest: number }>(
        `SELECT greatest(max(length(block)), (SELECT max(length(bytes)) FROM ${schema}.parts), (SELECT max(length(data)) FROM ${schema}.documents)) AS largest FROM ${schema}.blocks`,
      );
      expect(largest).toBeLessThanOrEqual(900 << 10);
      expect(await run('SELECT VALUE CHAR_LENGTH(t.long) FROM T AS t')).toEqual(
        [2_500_000],
      );
      await ledger.verify();
      await run('UPDATE T SET long = 1');
      const [{ blockAddress }] = (await run(
        'SELECT h.blockAddress FROM history(T) AS h WHERE h.metadata.version = 0',
      )) as [{ blockAddress: unknown }];
      const [{ tableId }] = (await run(
        'SELECT tableId FROM information_schema.user_tables',
      )) as [{ tableId: string }];
      await run(
        'EXEC REDACT_REVISION ?, ?, ?',
        blockAddress,
        tableId,
        documentId,
      );
      expect(await server.sql(`SELECT 1 FROM ${schema}.parts`)).toEqual([]);
      await ledger.verify();
      await close();
    });

    it('refuses a transaction that is larger than the database takes, and groups smaller ones', async () => {
      const { ledger, run, close } = await open({ maxRows: 50 });
      await run('CREATE TABLE T');
      await expect(
        run(
          'INSERT INTO T ?',
          Array.from({ length: 60 }, (_, n) => ({ n })),
        ),
      ).rejects.toMatchObject({
        message: expect.stringContaining('maxRows') as string,
      });
      await Promise.all(
        Array.from({ length: 200 }, (_, n) => run('INSERT INTO T ?', { n })),
      );
      expect(await run('SELECT COUNT(*) AS n FROM T')).toEqual([{ n: 200 }]);
      await ledger.verify();
      await close();
    });

    it('builds indexes while processes take turns, on a pool of two connections', async () => {
      const pool = new pg.Pool({ connectionString: server.url, max: 2 });
      const one = await open({ pool });
      const other = await open({ schema: one.schema });
      await one.run('CREATE TABLE T');
      // Whoever changes what the others write meets conflicts.
      const insist = async (by: Opened, text: string) => {
        for (;;)
          try {
            return await by.run(text);
          } catch (error) {
            if ((error as Error).name !== 'OccConflictException') throw error;
          }
      };
      let isDone = false;
      let count = 0;
      const change = async (run: Opened['run']) => {
        const n = count++;
        const [{ documentId }] = (await run('INSERT INTO T ?', {
          n,
          k: 1,
        })) as [{ documentId: string }];
        if (n % 3 === 0)
          await run('DELETE FROM T AS t BY id WHERE id = ?', documentId);
        if (n % 3 === 1)
          await run(
            'UPDATE T AS t BY id SET t.k = 2, t.x = 1 WHERE id = ?',
            documentId,
          );
      };
      const writing = [one, other].map(async ({ run }) => {
        while (!isDone)
          await change(run).catch((error: Error) => {
            if (error.name !== 'OccConflictException') throw error;
          });
      });
      for (const field of ['n', 'k', 'x']) {
        await insist(one, `CREATE INDEX ON T (${field})`);
        await sleep(200);
      }
      isDone = true;
      await Promise.all(writing);
      await one.ledger.refresh();
      for (let n = 0; n < 50; n++) {
        const [{ open: left }] = await server.sql<{ open: string }>(
          `SELECT count(*) AS open FROM ${one.schema}.unbuilt`,
        );
        if (left === '0') break;
        await sleep(100);
      }
      await one.ledger.verify();
      await one.close();
      await other.close();
      await pool.end();
      await expect(
        open({ pool: new pg.Pool({ connectionString: server.url, max: 1 }) }),
      ).rejects.toThrow('two connections');
    }, 60_000);

    it("uses an application's own pool, and leaves it open", async () => {
      const pool = new pg.Pool({ connectionString: server.url, max: 3 });
      const { run, close, schema } = await open({ pool });
      await run('CREATE TABLE T');
      await Promise.all(
        Array.from({ length: 20 }, (_, n) => run('INSERT INTO T ?', { n })),
      );
      expect(await run('SELECT COUNT(*) AS n FROM T')).toEqual([{ n: 20 }]);
      // An index on what is there takes the writing connection as well.
      await run('CREATE INDEX ON T (n)');
      expect(await run('SELECT VALUE t.n FROM T AS t WHERE t.n = 3')).toEqual([
        3,
      ]);
      await close();
      expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
      await pool.end();
      // Without prepared statements, too.
      const again = await open({ schema, prepare: false });
      expect(await again.run('SELECT COUNT(*) AS n FROM T')).toEqual([
        { n: 20 },
      ]);
      await again.close();
    });

    it('needs no more rights than to make a schema, and none of these once it is made', async () => {
      await server.sql('CREATE ROLE app LOGIN');
      await server.sql('CREATE DATABASE app OWNER app');
      const url = server.urlOf('app').replace('postgres@', 'app@');
      const { run, close } = await open({ url, schema: 'qldb' });
      await run('CREATE TABLE T');
      await run('INSERT INTO T ?', { n: 1 });
      await close();
      await server.sql(
        'REVOKE CREATE ON DATABASE app FROM app; ALTER DATABASE app OWNER TO postgres',
        'app',
      );
      const again = await open({ url, schema: 'qldb' });
      await again.run('INSERT INTO T ?', { n: 2 });
      expect(await again.run('SELECT COUNT(*) AS n FROM T')).toEqual([
        { n: 2 },
      ]);
      await again.ledger.verify();
      await again.close();
    });

    it('is made by several processes at once', async () => {
      const schema = `ledgers_${++schemas}`;
      const all = await Promise.all(
        Array.from({ length: 6 }, () => open({ schema })),
      );
      const strands = new Set(all.map(({ ledger }) => ledger.strandId));
      expect(strands.size).toBe(1);
      await all[0].run('CREATE TABLE T');
      await Promise.all(all.map(({ run }, n) => run('INSERT INTO T ?', { n })));
      expect(await all[3].run('SELECT COUNT(*) AS n FROM T')).toEqual([
        { n: 6 },
      ]);
      await all[0].ledger.refresh();
      await all[0].ledger.verify();
      await Promise.all(all.map(({ close }) => close()));
    });

    it('goes on beside a newer form of the tables that allows it, and stops beside one that does not', async () => {
      const schema = `ledgers_${++schemas}`;
      const old = await open({ schema });
      await old.run('CREATE TABLE T');
      const settings = postgresSettings({ url: server.url, schema });
      const second = {
        version: 2,
        least: 1,
        statements: (s: string) => [
          `ALTER TABLE ${s}.blocks ADD COLUMN IF NOT EXISTS note text`,
        ],
      };
      const newer = await PostgresStore.open(settings, 'test', [
        ...MIGRATIONS,
        second,
      ]);
      await old.run('INSERT INTO T ?', { n: 1 });
      expect(await old.run('SELECT COUNT(*) AS n FROM T')).toEqual([{ n: 1 }]);
      expect((await newer.head())?.sequenceNo).toBe(2);
      await newer.close();
      const other = await open({ schema });
      await other.run('INSERT INTO T ?', { n: 2 });
      await other.close();

      const third = {
        version: 3,
        least: 3,
        statements: (s: string) => [
          `UPDATE ${s}.ledgers SET generation = generation + 1`,
        ],
      };
      await (
        await PostgresStore.open(settings, 'test', [
          ...MIGRATIONS,
          second,
          third,
        ])
      ).close();
      await expect(open({ schema })).rejects.toMatchObject({
        code: 'QLDB_STORE_FORMAT',
        message: expect.stringContaining('form 3') as string,
      });
      await expect(
        old.driver.executeLambda(
          (txn) => txn.execute('INSERT INTO T ?', { n: 3 }),
          { retry: 0 },
        ),
      ).rejects.toMatchObject({ code: 'QLDB_NOT_COMMITTED' });
      await old.close();
    });

    it('notices that the database has lost what it had acknowledged', async () => {
      const { ledger, run, schema, driver, close } = await open();
      await run('CREATE TABLE T');
      await run('INSERT INTO T ?', { n: 1 });
      await server.sql(
        `DELETE FROM ${schema}.blocks WHERE sequence_no = 2; DELETE FROM ${schema}.documents WHERE sequence_no = 2`,
      );
      await expect(
        driver.executeLambda((txn) => txn.execute('SELECT * FROM T'), {
          retry: 0,
        }),
      ).rejects.toThrow();
      expect(ledger.failure).toMatchObject({ code: 'QLDB_STORE_LOST' });
      await close();
    });

    it('is refused by name where options are wrong, and tells no password', async () => {
      const secret = 'sw0rdfish';
      for (const [store, told] of [
        [
          { url: `postgres://a:${secret}@127.0.0.1:1/x`, maxConnections: 1 },
          'maxConnections',
        ],
        [{ url: 'mysql://x' }, 'store.url'],
        [{ schema: 'a;b' }, 'store.schema'],
        [
          { colour: 'red' } as PostgresStoreOptions,
          'store.colour is not an option',
        ],
        [`postgres://a:${secret}@127.0.0.1:1/x?schema=1x`, 'store.schema'],
      ] as const)
        await expect(openLedger({ name: 'test', store })).rejects.toMatchObject(
          {
            code: 'QLDB_STORE_OPTIONS',
            message: expect.stringContaining(told) as string,
          },
        );
      const error = await openLedger({
        name: 'test',
        store: {
          url: `postgres://a:${secret}@127.0.0.1:1/x`,
          answerTimeout: 50,
        },
      }).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'QLDB_STORE_UNREACHABLE' });
      const { inspect } = await import('node:util');
      expect(inspect(error, { depth: 9 })).not.toContain(secret);
      expect((error as Error).message).toContain('postgres://127.0.0.1:1/x');
      const refused = await openLedger({
        name: 'test',
        store: server.urlOf('nowhere'),
      }).catch((thrown: unknown) => thrown);
      expect(refused).toMatchObject({
        message: expect.stringContaining('"nowhere" does not exist') as string,
      });
    });

    it('starts an application before its database, and says so', async () => {
      const late = await PostgresServer.start();
      await late.down('fast');
      const warned = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
      try {
        const starting = Test.createTestingModule({
          imports: [
            QldbModule.forRoot({
              ledgerName: 'test',
              store: { url: late.url, answerTimeout: 3_000 },
              retryDelay: 100,
            }),
            TerminusModule.forRoot({ logger: false }),
          ],
          providers: [QldbHealthIndicator],
        })
          .compile()
          .then((module) => module.init());
        await sleep(3_500);
        await late.up();
        const app = await starting;
        expect(warned.mock.calls.flat().join()).toMatch(
          /cannot be opened: The database postgres:\/\/127\.0\.0\.1:\d+\/postgres did not answer/,
        );
        const qldb = app.get<Qldb>(getQldbToken());
        await qldb.execute('CREATE TABLE T');

        // And goes on when it comes back.
        await late.down('immediate');
        const waiting = qldb
          .execute('SELECT * FROM T')
          .catch((error: unknown) => error);
        await sleep(100);
        expect(qldb.ledger.trouble).toContain('does not answer');
        const health = await app
          .get(HealthCheckService)
          .check([
            async () =>
              (await app.resolve(QldbHealthIndicator)).pingCheck('ledger', {
                timeout: 300,
              }),
          ])
          .catch((error: { getResponse(): object }) => error.getResponse());
        expect(health).toMatchObject({
          status: 'error',
          details: {
            ledger: {
              status: 'down',
              message: expect.stringMatching(
                /^The database postgres:.* does not answer/,
              ) as string,
            },
          },
        });
        await late.up();
        await waiting;
        expect(await qldb.execute('SELECT * FROM T')).toEqual([]);
        expect(qldb.ledger.trouble).toBeUndefined();
        await app.close();
      } finally {
        warned.mockRestore();
        await late.remove();
      }
    }, 60_000);

    it('has what a server knows of its ledgers beside them', async () => {
      const store = { url: server.url, schema: `ledgers_${++schemas}` };
      const directory = await LedgerDirectory.open({ store });
      expect(directory.names).toEqual([]);
      await directory.create('one', {
        permissionsMode: 'STANDARD',
        deletionProtection: false,
        tags: { a: 'b' },
      });
      await directory.create('two', {
        permissionsMode: 'ALLOW_ALL',
        deletionProtection: true,
        tags: {},
      });
      await directory.close();

      const again = await LedgerDirectory.open({ store });
      expect(again.names).toEqual(['one', 'two']);
      expect(again.get('one')?.settings).toMatchObject({ tags: { a: 'b' } });
      await again.delete('one');
      expect(again.names).toEqual(['two']);
      await again.close();
      expect(await (await storeHome(store)).names()).toEqual(['two']);
    });

    it('removes a ledger, and leaves its neighbours', async () => {
      const one = await open({}, 'one');
      const two = await open({ schema: one.schema }, 'two');
      for (const { run } of [one, two]) {
        await run('CREATE TABLE T');
        await run('INSERT INTO T ?', { n: 1 });
      }
      const home = await storeHome({ url: server.url, schema: one.schema });
      expect(await home.names()).toEqual(['one', 'two']);
      await one.close();
      await home.remove('one');
      expect(await home.names()).toEqual(['two']);
      const [{ ledgers }] = await server.sql<{ ledgers: string }>(
        `SELECT count(DISTINCT ledger) AS ledgers FROM ${one.schema}.blocks`,
      );
      expect(ledgers).toBe('1');
      await two.ledger.verify();
      await two.close();
    });
  },
);
