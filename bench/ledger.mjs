// An indexed read and a durable insert through executeLambda on the embedded
// ledger, beside the same done directly on its store.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PooledQldbDriver } from '../dist/index.js';
import { toIonBinary } from '../dist/ion/index.js';
import { openLedger } from '../dist/ledger/index.js';
import { LmdbStore } from '../dist/store/lmdb/lmdb-store.js';
import { throughput } from './table.mjs';

export const title =
  'transactions on the embedded ledger, beside the bare store (1 and 64 callers)';

const SECONDS = 2;
const DOCUMENTS = 10_000;
export const vin = (n) => `VIN${String(n).padStart(14, '0')}`;
export const document = (n) => ({
  VIN: vin(n),
  Type: 'Sedan',
  Year: 1990 + (n % 35),
  Make: 'Mercedes',
  Model: 'CLK 350',
  Color: 'White',
  Owner: { Name: 'Raúl Lewis', Since: new Date(1.5e12 + n) },
});
const random = (limit) => Math.floor(Math.random() * limit);

export async function run() {
  const folder = await mkdtemp(join(tmpdir(), 'qldb-bench-'));
  const ledger = await openLedger({ name: 'bench', store: `file:${folder}/l` });
  const driver = new PooledQldbDriver({
    ledgerName: 'bench',
    endpoint: ledger.sessions,
    poolLimit: 64,
  });
  const bare = await bareStore(join(folder, 's'));
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

    const rows = [];
    for (const callers of [1, 64]) {
      const read = () =>
        driver.executeLambda((txn) =>
          txn.execute(
            'SELECT * FROM Vehicle WHERE VIN = ?',
            vin(random(DOCUMENTS)),
          ),
        );
      let next = DOCUMENTS * callers;
      const insert = () =>
        driver.executeLambda((txn) =>
          txn.execute('INSERT INTO Vehicle ?', document(next++)),
        );
      await throughput(callers, 0.5, read);
      rows.push({
        name: `indexed read, ${callers} callers`,
        ours: await throughput(callers, SECONDS, read),
        peer: await throughput(callers, SECONDS, bare.read),
        unit: 'tx/s',
        peerName: 'store',
      });
      await throughput(callers, 0.5, insert);
      rows.push({
        name: `durable insert, ${callers} callers`,
        ours: await throughput(callers, SECONDS, insert),
        // Together, as the ledger does it: one write for all that wait.
        peer: await throughput(1, SECONDS, () => bare.insert(callers)),
        unit: 'tx/s',
        peerName: 'store',
      });
    }
    return rows;
  } finally {
    await driver.close();
    await ledger.close();
    await bare.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The same documents, index entries and block sizes, with no ledger above. */
async function bareStore(folder) {
  const store = await LmdbStore.open(folder);
  const tableId = 'T'.repeat(22);
  const indexId = 'I'.repeat(22);
  const block = randomBytes(900);
  const hash = randomBytes(32);
  let sequenceNo = -1;
  const commit = () => {
    const n = ++sequenceNo;
    const documentId = String(n).padStart(22, 'D');
    return {
      sequenceNo: n,
      blockHash: hash,
      block,
      blockTimestamp: Date.now(),
      merkleNodes: [{ level: 0, index: n, hash }],
      revisions: [
        {
          tableId,
          documentId,
          version: 0,
          sequenceNo: n,
          txId: documentId,
          txTime: Date.now(),
          hash,
          data: toIonBinary(document(n)),
        },
      ],
      indexEntries: [{ indexId, key: vin(n), documentId, ended: false }],
    };
  };
  const insert = async (count) => {
    const tip = sequenceNo;
    await store.append(tip, Array.from({ length: count }, commit));
    return count;
  };
  await insert(DOCUMENTS);
  const snapshot = store.snapshot(sequenceNo);
  return {
    insert,
    read: async () => {
      const key = vin(random(DOCUMENTS));
      let found = 0;
      for await (const batch of snapshot.lookup(tableId, indexId, [key]))
        found += batch.length;
      if (found !== 1) throw new Error('not found');
    },
    close: () => store.close(),
  };
}
