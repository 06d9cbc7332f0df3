// verify(), backup and restore of a ledger, beside SHA-256 of the same bytes.
import { hash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PooledQldbDriver } from '../dist/index.js';
import { openLedger, restoreLedger } from '../dist/ledger/index.js';
import { document } from './ledger.mjs';

export const title = 'verification, backup and restore of 50,000 documents';

const DOCUMENTS = 50_000;

export async function run() {
  const folder = await mkdtemp(join(tmpdir(), 'qldb-verify-'));
  const store = `file:${join(folder, 'ledgers')}`;
  const ledger = await openLedger({ name: 'verify', store });
  const driver = new PooledQldbDriver({
    ledgerName: 'verify',
    endpoint: ledger.sessions,
  });
  try {
    await driver.executeLambda(async (txn) => {
      await txn.execute('CREATE TABLE Vehicle');
      await txn.execute('CREATE INDEX ON Vehicle (VIN)');
    });
    for (let n = 0; n < DOCUMENTS; n += 500)
      await driver.executeLambda((txn) =>
        txn.execute(
          'INSERT INTO Vehicle ?',
          Array.from({ length: 500 }, (_, i) => document(n + i)),
        ),
      );
    const data = await readFile(join(folder, 'ledgers', 'verify', 'data.mdb'));
    const sha = await seconds(() => hash('sha256', data));
    const verify = await seconds(() => ledger.verify());
    const file = join(folder, 'backup.ion');
    const backup = await seconds(() => ledger.backup(createWriteStream(file)));
    const restore = await seconds(() =>
      restoreLedger({
        name: 'verify',
        store: `file:${join(folder, 'restored')}`,
        from: createReadStream(file),
      }),
    );
    const row = (name, time) => ({
      name,
      ours: data.length / time / 1e6,
      peer: data.length / sha / 1e6,
      peerName: 'SHA-256 of the file',
      unit: 'MB/s',
    });
    return [
      row('verify', verify),
      row('backup', backup),
      row('restore', restore),
      { name: 'verify', ours: DOCUMENTS / verify, unit: 'documents/s' },
    ];
  } finally {
    await driver.close();
    await ledger.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function seconds(operation) {
  const started = performance.now();
  await operation();
  return (performance.now() - started) / 1000;
}
