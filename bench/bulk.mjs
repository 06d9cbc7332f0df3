// Documents written in bulk, and the longest time that others wait meanwhile.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PooledQldbDriver } from '../dist/index.js';
import { openLedger } from '../dist/ledger/index.js';
import { document } from './ledger.mjs';

export const title = 'documents written in bulk into a table with an index';

const DOCUMENTS = 40_000;

export async function run() {
  const rows = [];
  for (const each of [1, 100, 1_000, 10_000]) {
    const folder = await mkdtemp(join(tmpdir(), 'qldb-bulk-'));
    const ledger = await openLedger({ name: 'bulk', store: `file:${folder}` });
    const driver = new PooledQldbDriver({
      ledgerName: 'bulk',
      endpoint: ledger.sessions,
    });
    await driver.executeLambda(async (txn) => {
      await txn.execute('CREATE TABLE Vehicle');
      await txn.execute('CREATE INDEX ON Vehicle (VIN)');
    });
    const total = each === 1 ? DOCUMENTS / 20 : DOCUMENTS;
    const watch = watchTurns();
    const started = performance.now();
    for (let n = 0; n < total; n += each)
      await driver.executeLambda(async (txn) => {
        const page = Math.min(each, 1_000);
        for (let from = n; from < n + each; from += page)
          await txn.execute(
            'INSERT INTO Vehicle ?',
            Array.from({ length: page }, (_, i) => document(from + i)),
          );
      });
    const seconds = (performance.now() - started) / 1000;
    const longest = watch.stop();
    rows.push(
      {
        name: `${each.toLocaleString('en')} a commit`,
        ours: total / seconds,
        unit: 'documents/s',
      },
      { name: '  longest turn', ours: longest, unit: 'ms' },
    );
    await driver.close();
    await ledger.close();
    await rm(folder, { recursive: true, force: true });
  }
  return rows;
}

/** The longest time between two turns of the event loop, in milliseconds. */
function watchTurns() {
  let longest = 0;
  let last = performance.now();
  let isOn = true;
  const look = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (isOn) setImmediate(look);
  };
  setImmediate(look);
  return {
    stop() {
      isOn = false;
      return longest;
    },
  };
}
