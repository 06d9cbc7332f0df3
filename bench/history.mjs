// The history of one document, beside the number of rows that it returns.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PooledQldbDriver } from '../dist/index.js';
import { openLedger } from '../dist/ledger/index.js';
import { document } from './ledger.mjs';

export const title =
  'history of one document of 10,000 revisions, among 20,000 others';

const REVISIONS = 10_000;

export async function run() {
  const folder = await mkdtemp(join(tmpdir(), 'qldb-history-'));
  const ledger = await openLedger({ name: 'history', store: `file:${folder}` });
  const driver = new PooledQldbDriver({
    ledgerName: 'history',
    endpoint: ledger.sessions,
  });
  try {
    await driver.executeStatement('CREATE TABLE Vehicle');
    for (let n = 0; n < 20_000; n += 500)
      await driver.executeLambda((txn) =>
        txn.execute(
          'INSERT INTO Vehicle ?',
          Array.from({ length: 500 }, (_, i) => document(n + i)),
        ),
      );
    const [{ documentId }] = await driver.executeStatement(
      'INSERT INTO Vehicle ?',
      document(1_000_000),
    );
    let middle;
    for (let n = 1; n < REVISIONS; n++) {
      await driver.executeStatement(
        'UPDATE Vehicle AS v BY id SET v.Make = ? WHERE id = ?',
        n,
        documentId,
      );
      if (n === REVISIONS / 2) middle = new Date();
    }
    const rows = [];
    const add = async (name, statement, ...parameters) => {
      let found = 0;
      const started = performance.now();
      for (let n = 0; n < 5; n++) {
        const result = await driver.executeStatement(statement, ...parameters);
        found = result.length;
      }
      const time = (performance.now() - started) / 5;
      rows.push({ name: `${name}, ${found} rows`, ours: time, unit: 'ms' });
      return { time, found };
    };
    const id = 'WHERE h.metadata.id = ?';
    await add(
      'all of one id',
      `SELECT * FROM history(Vehicle) AS h ${id}`,
      documentId,
    );
    const later = new Date(middle.getTime() + 20);
    await add(
      'of one id, 20 ms of it',
      `SELECT * FROM history(Vehicle, ?, ?) AS h ${id}`,
      middle,
      later,
      documentId,
    );
    const [other] = await driver.executeStatement(
      'SELECT VALUE id FROM Vehicle AS v BY id WHERE v.VIN = ?',
      document(77).VIN,
    );
    await add(
      'of another id',
      `SELECT * FROM history(Vehicle) AS h ${id}`,
      other,
    );
    await add(
      'of the table, 20 ms of it',
      'SELECT * FROM history(Vehicle, ?, ?) AS h WHERE h.data.Type = 0',
      middle,
      later,
    );
    return rows;
  } finally {
    await driver.close();
    await ledger.close();
    await rm(folder, { recursive: true, force: true });
  }
}
