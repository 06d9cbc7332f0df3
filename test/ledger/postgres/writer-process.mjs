// A process that inserts documents until it is killed, and tells of each that
// was acknowledged. `node writer-process.mjs URL SCHEMA NAME CALLERS`
import { PooledQldbDriver } from '../../../dist/index.js';
import { openLedger } from '../../../dist/ledger.js';

const [url, schema, name, callers] = process.argv.slice(2);
const ledger = await openLedger({
  name: 'test',
  store: { url, schema, maxConnections: 4 },
});
const driver = new PooledQldbDriver({
  ledgerName: 'test',
  endpoint: ledger.sessions,
});
let next = 0;
async function insert() {
  for (;;) {
    const key = `${name}-${next++}`;
    try {
      await driver.executeLambda((txn) =>
        txn.execute('INSERT INTO T ?', { k: key }),
      );
      process.send({ acknowledged: key });
    } catch (error) {
      process.send({ failed: key, name: error.name });
    }
  }
}
for (let n = 0; n < Number(callers); n++) void insert();
process.on('disconnect', () => process.exit());
