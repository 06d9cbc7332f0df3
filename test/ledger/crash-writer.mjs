// Commits as fast as it can, and says what was acknowledged, until it is killed.
import { writeSync } from 'node:fs';
import { PooledQldbDriver } from '../../dist/index.js';
import { openLedger } from '../../dist/ledger/index.js';

const [folder, round, callers] = process.argv.slice(2);
const ledger = await openLedger({ name: 'test', store: `file:${folder}` });
const driver = new PooledQldbDriver({
  ledgerName: 'test',
  endpoint: ledger.sessions,
});
if ((await driver.listTables()).length === 0)
  await driver.executeLambda(async (txn) => {
    await txn.execute('CREATE TABLE T');
    await txn.execute('CREATE INDEX ON T (id)');
  });
writeSync(1, 'ready\n');

let n = 0;
await Promise.all(
  Array.from({ length: Number(callers) }, async () => {
    for (;;) {
      const id = `${round}:${n++}`;
      await driver.executeLambda(async (txn) => {
        await txn.execute('INSERT INTO T ?', { id, part: 1 });
        await txn.execute('INSERT INTO T ?', { id, part: 2 });
      });
      // Straight to the pipe: nothing acknowledged is lost in a buffer.
      writeSync(1, `${id}\n`);
    }
  }),
);
