// A journal out, checked and in, in each format, beside SHA-256 of the same bytes.
import { hash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PooledQldbDriver } from '../dist/index.js';
import {
  exportJournal,
  importJournal,
  openLedger,
  verifyExport,
} from '../dist/ledger.js';
import { document } from './ledger.mjs';

export const title =
  'export, verification and import of 20,000 blocks of one document';

const BLOCKS = 20_000;
const FORMATS = ['ION_BINARY', 'ION_TEXT', 'JSON'];

export async function run() {
  const folder = await mkdtemp(join(tmpdir(), 'qldb-exports-'));
  const ledger = await openLedger({ name: 'exports', store: 'memory:' });
  const driver = new PooledQldbDriver({
    ledgerName: 'exports',
    endpoint: ledger.sessions,
  });
  try {
    await driver.executeLambda((txn) => txn.execute('CREATE TABLE Vehicle'));
    for (let n = 0; n < BLOCKS; n++)
      await driver.executeLambda((txn) =>
        txn.execute('INSERT INTO Vehicle ?', document(n)),
      );
    const rows = [];
    for (const format of FORMATS) {
      const to = join(folder, format);
      const exported = await seconds(() =>
        exportJournal(ledger, { to, format }),
      );
      const bytes = await contents(to);
      const sha = await seconds(() => hash('sha256', bytes));
      const verified = await seconds(() => verifyExport({ from: to }));
      const imported = await seconds(() =>
        importJournal({
          name: 'exports',
          store: `file:${join(folder, `ledgers-${format}`)}`,
          from: to,
        }),
      );
      for (const [name, time] of Object.entries({
        export: exported,
        verify: verified,
        import: imported,
      }))
        rows.push({
          name: `${name} ${format}`,
          ours: bytes.length / time / 1e6,
          peer: bytes.length / sha / 1e6,
          peerName: 'SHA-256 of the bytes',
          unit: 'MB/s',
        });
    }
    return rows;
  } finally {
    await driver.close();
    await ledger.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function contents(folder) {
  const entries = await readdir(folder, {
    recursive: true,
    withFileTypes: true,
  });
  return Buffer.concat(
    await Promise.all(
      entries
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => readFile(join(parentPath, name))),
    ),
  );
}

async function seconds(operation) {
  const started = performance.now();
  await operation();
  return (performance.now() - started) / 1000;
}
