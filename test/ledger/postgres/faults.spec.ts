import { type ChildProcess, fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PooledQldbDriver } from '../../../lib/driver/index.js';
import { type Ledger, openLedger } from '../../../lib/ledger/index.js';
import { Random } from '../../contract/random.js';
import { CutProxy, type Direction } from '../../store/cut-proxy.js';
import { hasPostgres, PostgresServer } from '../../store/postgres-server.js';

const ROUNDS = Number(process.env['PROVE_ROUNDS'] ?? 3);
const SEED = Number(process.env['PROVE_SEED'] ?? 1);
const HOURS = 24 * 3_600_000;

interface Told {
  readonly acknowledged?: string;
  readonly failed?: string;
  readonly name?: string;
}

/** Processes that insert, and what they were told. */
class Writers {
  readonly acknowledged = new Set<string>();
  /** Of whose commit nobody knows. */
  readonly unknown = new Set<string>();
  readonly others: string[] = [];
  readonly processes: ChildProcess[] = [];
  #started = 0;

  constructor(
    private readonly url: string,
    private readonly schema: string,
  ) {}

  async start(): Promise<ChildProcess> {
    const file = fileURLToPath(
      new URL('./writer-process.mjs', import.meta.url),
    );
    const child = fork(
      file,
      [this.url, this.schema, `w${this.#started++}`, '4'],
      { execArgv: [] },
    );
    this.processes.push(child);
    child.on('message', ({ acknowledged, failed, name }: Told) => {
      if (acknowledged !== undefined) this.acknowledged.add(acknowledged);
      if (failed === undefined) return;
      this.unknown.add(failed);
      if (name !== 'CommitOutcomeUnknownError') this.others.push(String(name));
    });
    await new Promise((resolve) => child.once('message', resolve));
    return child;
  }

  async kill(child: ChildProcess): Promise<void> {
    const gone = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGKILL');
    await gone;
    this.processes.splice(this.processes.indexOf(child), 1);
  }

  async end(): Promise<void> {
    while (this.processes.length > 0) await this.kill(this.processes[0]);
  }
}

/** The keys in the ledger, and how often each is there. */
async function keysOf(ledger: Ledger): Promise<Map<string, number>> {
  const driver = new PooledQldbDriver({
    ledgerName: ledger.name,
    endpoint: ledger.sessions,
  });
  const keys = new Map<string, number>();
  const result = await driver.executeLambda((txn) =>
    txn.execute('SELECT VALUE t.k FROM T AS t'),
  );
  for (const key of Array.from(result as Iterable<string>))
    keys.set(key, (keys.get(key) ?? 0) + 1);
  await driver.close();
  return keys;
}

describe.runIf(hasPostgres('faults of a ledger on PostgreSQL'))(
  'faults',
  () => {
    let server: PostgresServer;
    let schemas = 0;
    beforeAll(async () => {
      server = await PostgresServer.start();
    }, 60_000);
    afterAll(() => server.remove());

    async function begun(): Promise<{ ledger: Ledger; schema: string }> {
      const schema = `faults_${++schemas}`;
      const ledger = await openLedger({
        name: 'test',
        store: { url: server.url, schema },
      });
      const driver = new PooledQldbDriver({
        ledgerName: 'test',
        endpoint: ledger.sessions,
      });
      await driver.executeLambda(async (txn) => {
        await txn.execute('CREATE TABLE T');
        await txn.execute('CREATE INDEX ON T (k)');
      });
      await driver.close();
      return { ledger, schema };
    }

    async function expectWhole(
      ledger: Ledger,
      writers: Writers,
    ): Promise<void> {
      await ledger.refresh();
      await ledger.verify();
      const keys = await keysOf(ledger);
      const missing = [...writers.acknowledged].filter((key) => !keys.has(key));
      const twice = [...keys].filter(([, count]) => count > 1);
      expect({ missing, twice }).toEqual({ missing: [], twice: [] });
    }

    it(
      `${ROUNDS} times a process that writes is killed: what was acknowledged is there once`,
      async () => {
        const { ledger, schema } = await begun();
        const random = new Random(SEED);
        const writers = new Writers(server.url, schema);
        await Promise.all([writers.start(), writers.start(), writers.start()]);
        for (let round = 0; round < ROUNDS; round++) {
          await sleep(50 + random.below(300));
          await writers.kill(
            writers.processes[random.below(writers.processes.length)],
          );
          await writers.start();
        }
        await sleep(200);
        await writers.end();
        await expectWhole(ledger, writers);
        console.log(
          `kills: ${ROUNDS} rounds, seed ${SEED}: ${writers.acknowledged.size} acknowledged, 0 lost, 0 twice`,
        );
        expect(writers.acknowledged.size).toBeGreaterThan(10 * ROUNDS);
        expect(writers.others).toEqual([]);
        await ledger.close();
      },
      HOURS,
    );

    it(
      `${ROUNDS} times the server is stopped at once: what was acknowledged is there once`,
      async () => {
        const { ledger, schema } = await begun();
        const random = new Random(SEED);
        const writers = new Writers(server.url, schema);
        await Promise.all([writers.start(), writers.start()]);
        for (let round = 0; round < ROUNDS; round++) {
          await sleep(100 + random.below(300));
          await server.down('immediate');
          await sleep(random.below(200));
          await server.up();
          const before = writers.acknowledged.size;
          // They go on by themselves.
          for (let n = 0; n < 300 && writers.acknowledged.size === before; n++)
            await sleep(50);
          expect(writers.acknowledged.size).toBeGreaterThan(before);
        }
        await writers.end();
        await expectWhole(ledger, writers);
        console.log(
          `stops: ${ROUNDS} rounds, seed ${SEED}: ${writers.acknowledged.size} acknowledged, ${writers.unknown.size} unknown, 0 lost, 0 twice`,
        );
        expect(writers.others).toEqual([]);
        await ledger.close();
      },
      HOURS,
    );

    it('a commit is of unknown outcome only when the database cannot be asked in time', async () => {
      const { ledger, schema } = await begun();
      const through = async (proxy: CutProxy) => {
        const opened = await openLedger({
          name: 'test',
          store: {
            url: server.urlOf('postgres', proxy.port),
            schema,
            answerTimeout: 400,
          },
        });
        const driver = new PooledQldbDriver({
          ledgerName: 'test',
          endpoint: opened.sessions,
        });
        const insert = (k: string) =>
          driver
            .executeLambda((txn) => txn.execute('INSERT INTO T ?', { k }), {
              retry: 0,
            })
            .then(
              () => 'done',
              (error: Error) => error.name,
            );
        await insert('warm');
        return {
          insert,
          close: async () => {
            await driver.close();
            await opened.close();
          },
        };
      };
      const gone = await CutProxy.before(server.port);
      const one = await through(gone);
      await gone.close();
      expect(await one.insert('never sent')).not.toBe('done');
      await one.close();

      const cut = await CutProxy.before(server.port);
      const other = await through(cut);
      cut.cutBehind('to client', 0);
      const told = other.insert('sent');
      while (cut.cuts === 0) await sleep(1);
      await cut.close();
      expect(await told).toBe('CommitOutcomeUnknownError');
      await other.close();

      await ledger.refresh();
      await ledger.verify();
      const keys = await keysOf(ledger);
      expect(keys.get('warm')).toBe(2);
      expect(keys.has('never sent')).toBe(false);
      expect(keys.get('sent') ?? 0).toBeLessThanOrEqual(1);
      await ledger.close();
    }, 60_000);

    it(
      'a connection that is cut behind any message of a commit loses nothing, and does nothing twice',
      async () => {
        const { ledger, schema } = await begun();
        const proxy = await CutProxy.before(server.port);
        const store = {
          url: server.urlOf('postgres', proxy.port),
          schema,
          maxConnections: 2,
        };
        const through = await openLedger({ name: 'test', store });
        const other = await openLedger({
          name: 'test',
          store: { url: server.url, schema },
        });
        const [driver, otherDriver] = [through, other].map(
          (one) =>
            new PooledQldbDriver({
              ledgerName: 'test',
              endpoint: one.sessions,
            }),
        );
        const writers = new Writers('', '');
        let keys = 0;
        const insert = async (by = driver) => {
          const key = `k${keys++}`;
          await by.executeLambda((txn) =>
            txn.execute('INSERT INTO T ?', { k: key }),
          );
          writers.acknowledged.add(key);
        };
        let longest = { 'to server': 0, 'to client': 0 };
        /** What a commit may have to go through. */
        const kinds: Record<string, () => Promise<void>> = {
          alone: () => insert(),
          // Another process was first, so that this one takes a turn.
          behind: async () => {
            await insert(otherDriver);
            await insert();
          },
          update: async () => {
            await driver.executeLambda((txn) =>
              txn.execute('UPDATE T SET n = ? WHERE k = ?', keys, 'k0'),
            );
          },
        };
        await insert();
        let rounds = 0;
        for (const [kind, commit] of Object.entries(kinds)) {
          await commit();
          proxy.count();
          await commit();
          longest = { ...proxy.count() };
          for (const direction of ['to server', 'to client'] as Direction[])
            for (let n = 0; n < longest[direction]; n++) {
              proxy.cutBehind(direction, n);
              await commit();
              rounds++;
              await insert();
            }
          expect(longest['to client'], kind).toBeGreaterThan(3);
        }
        await driver.close();
        await otherDriver.close();
        await expectWhole(ledger, writers);
        console.log(
          `cuts: ${rounds} rounds, ${proxy.cuts} cuts: ${writers.acknowledged.size} acknowledged, 0 lost, 0 twice`,
        );
        expect(proxy.cuts).toBeGreaterThan(25);
        await Promise.all([through.close(), other.close(), ledger.close()]);
        await proxy.close();
      },
      HOURS,
    );
  },
);
