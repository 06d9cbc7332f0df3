import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PooledQldbDriver } from '../../lib/driver/index.js';
import { type Ledger, openLedger } from '../../lib/ledger/index.js';

const DOCUMENTS = 20_000;
/** So many turns, at least, the work is spread over. */
const TURNS = 2;

/** How often others had their turn while something ran. */
async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let isRunning = true;
  const count = () => {
    turns++;
    if (isRunning) setImmediate(count);
  };
  setImmediate(count);
  await work();
  isRunning = false;
  return turns;
}

describe.each(['memory:', 'file:'])('large work on %s', (kind) => {
  let folder: string;
  let ledger: Ledger;
  let driver: PooledQldbDriver;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'qldb-turns-'));
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
    await driver.executeStatement("INSERT INTO T {'id': -1, 'n': 0}");
  });
  afterAll(async () => {
    await driver.close();
    await ledger.close();
    await rm(folder, { recursive: true, force: true });
  });

  it.each<[string, () => Promise<unknown>]>([
    [
      'a commit of many documents',
      () =>
        driver.executeLambda(async (txn) => {
          for (let first = 0; first < DOCUMENTS; first += 500)
            await txn.execute(
              'INSERT INTO T ?',
              Array.from({ length: 500 }, (_, n) => ({
                id: first + n,
                n: n % 7,
              })),
            );
        }),
    ],
    ['a scan', () => driver.executeStatement('SELECT n FROM T WHERE n = 8')],
    ['a sort', () => driver.executeStatement('SELECT id FROM T ORDER BY n')],
    [
      'groups',
      () =>
        driver.executeStatement('SELECT id, COUNT(*) AS c FROM T GROUP BY id'),
    ],
    ['an update', () => driver.executeStatement('UPDATE T SET n = 8')],
    ['an index', () => driver.executeStatement('CREATE INDEX ON T (n)')],
    ['verification', () => ledger.verify()],
    ['a deletion', () => driver.executeStatement('DELETE FROM T')],
  ])('%s leaves turns to others', async (_, work) => {
    expect(await turnsDuring(work)).toBeGreaterThanOrEqual(TURNS);
  });

  it('lets small transactions through meanwhile', async () => {
    let done = 0;
    let isRunning = true;
    const small = (async () => {
      while (isRunning) {
        await driver.executeStatement('SELECT * FROM T WHERE id = ?', -1);
        done++;
      }
    })();
    await driver.executeLambda(async (txn) => {
      for (let first = 0; first < DOCUMENTS; first += 500)
        await txn.execute(
          'INSERT INTO T ?',
          Array.from({ length: 500 }, (_, n) => ({ id: first + n, n })),
        );
    });
    isRunning = false;
    await small;
    expect(done).toBeGreaterThanOrEqual(TURNS);
  });
});
