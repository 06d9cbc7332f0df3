// What a ledger costs when it has grown: each figure at 10³, 10⁵ and 10⁶
// documents beside that at 10³; and the scans of the largest. `GROWTH=100000`
// stops there.
import { readdir, stat } from 'node:fs/promises';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PooledQldbDriver } from '../dist/index.js';
import { decodeIon } from '../dist/ion/decode.js';
import { toIonBinary } from '../dist/ion/index.js';
import { openLedger } from '../dist/ledger/index.js';
import { LmdbStore } from '../dist/store/lmdb/lmdb-store.js';
import { document, vin } from './ledger.mjs';

export const title = 'figures of a ledger that grows, beside those at 10³';

const LARGEST = Number(process.env.GROWTH ?? 1_000_000);
const SIZES = [1_000, 100_000, 1_000_000].filter((size) => size <= LARGEST);
const SAMPLES = 400;

export async function run() {
  const folder = await mkdtemp(join(tmpdir(), 'qldb-growth-'));
  const rows = [];
  const first = new Map();
  /** @param ours - the figure of this size, in `unit` */
  const add = (name, size, ours, unit) => {
    const peer = first.get(name);
    if (peer === undefined) first.set(name, ours);
    rows.push({
      name: `${name}, ${size.toLocaleString('en')}`,
      ours,
      unit,
      ...(peer === undefined
        ? {}
        : { peer, peerName: '1,000', lessIsBetter: true }),
    });
  };
  let made = 0;
  const open = async () => {
    const ledger = await openLedger({
      name: 'growth',
      store: `file:${folder}`,
    });
    const driver = new PooledQldbDriver({
      ledgerName: 'growth',
      endpoint: ledger.sessions,
    });
    return { ledger, driver };
  };
  let { ledger, driver } = await open();
  await driver.executeLambda(async (txn) => {
    await txn.execute('CREATE TABLE Vehicle');
    await txn.execute('CREATE INDEX ON Vehicle (VIN)');
  });
  try {
    for (const size of SIZES) {
      for (; made < size; made += 500)
        await driver.executeLambda((txn) =>
          txn.execute(
            'INSERT INTO Vehicle ?',
            Array.from({ length: 500 }, (_, n) => document(made + n)),
          ),
        );
      // As a process finds it that has just begun.
      await driver.close();
      await ledger.close();
      const started = performance.now();
      ({ ledger, driver } = await open());
      add('opening', size, performance.now() - started, 'ms');

      const anyVin = () => vin(Math.floor(Math.random() * size));
      const read = () =>
        driver.executeLambda((txn) =>
          txn.execute('SELECT * FROM Vehicle WHERE VIN = ?', anyVin()),
        );
      let next = 10 * LARGEST + size;
      const insert = () =>
        driver.executeLambda((txn) =>
          txn.execute('INSERT INTO Vehicle ?', document(next++)),
        );
      const committed = await Promise.all(
        Array.from({ length: SAMPLES }, async () => {
          const [row] = await driver.executeStatement(
            'SELECT blockAddress, metadata.id FROM _ql_committed_Vehicle AS v WHERE v.data.VIN = ?',
            anyVin(),
          );
          return row;
        }),
      );
      let turn = 0;
      const proof = () => {
        const { blockAddress, id } = committed[turn++ % SAMPLES];
        const { digestTipAddress } = ledger.getDigest();
        return ledger.getRevision(blockAddress, id, digestTipAddress);
      };
      // What runs first, or after other work, is compiled while it runs: that is
      // no part of growth.
      for (let n = 0; n < 3_000; n++) {
        await read();
        if (n % 3 === 0) await insert();
        if (n % 10 === 0) await proof();
      }
      add('indexed read, p50', size, await median(read), 'µs');
      add('durable insert, p50', size, await median(insert), 'µs');
      add('digest, p50', size, await median(() => ledger.getDigest()), 'µs');
      add('proof, p50', size, await median(proof), 'µs');
    }
    await driver.close();
    await ledger.close();
    rows.push(...(await scans(folder, made, open)));
    return rows;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Microseconds. */
async function median(operation) {
  const times = [];
  for (let n = 0; n < 3 * SAMPLES; n++) {
    const started = performance.now();
    await operation();
    if (n >= SAMPLES) times.push(performance.now() - started);
  }
  return 1000 * times.toSorted((a, b) => a - b)[times.length >> 1];
}

async function scans(folder, documents, open) {
  const path = join(folder, 'growth');
  const bytes = await sizeOf(path);
  const given = Array.from(
    { length: 1000 },
    (_, n) => toIonBinary(document(n)).length,
  ).reduce((sum, length) => sum + length, 0);
  const { ledger, driver } = await open();
  const [{ tableId }] = await driver.executeStatement(
    "SELECT tableId FROM information_schema.user_tables WHERE name = 'Vehicle'",
  );
  const count = await best(() =>
    driver.executeStatement('SELECT COUNT(*) FROM Vehicle'),
  );
  const filter = await best(() =>
    driver.executeStatement("SELECT * FROM Vehicle WHERE Color = 'Blue'"),
  );
  const tip = ledger.getDigest().digestTipAddress.sequenceNo;
  await driver.close();
  await ledger.close();
  // The same bytes, read and compared by hand.
  const store = await LmdbStore.open(path);
  const byHand = await best(async () => {
    const snapshot = store.snapshot(tip);
    let found = 0;
    for await (const batch of snapshot.scan(tableId))
      for (const { data } of batch)
        if (decodeIon(data).get('Color') === 'Blue') found++;
    snapshot.close();
    return found;
  });
  await store.close();
  return [
    {
      name: 'bytes on disk for a byte of document',
      ours: bytes / documents / (given / 1000),
      unit: 'B',
    },
    {
      name: 'COUNT(*)',
      ours: (documents / count) * 1000,
      unit: 'documents/s',
    },
    {
      name: 'filter on a field without index',
      ours: (documents / filter) * 1000,
      peer: (documents / byHand) * 1000,
      peerName: 'loop by hand',
      unit: 'documents/s',
    },
  ];
}

async function best(operation) {
  let shortest = Infinity;
  for (let n = 0; n < 3; n++) {
    const started = performance.now();
    await operation();
    shortest = Math.min(shortest, performance.now() - started);
  }
  return shortest;
}

async function sizeOf(folder) {
  const names = await readdir(folder);
  const sizes = await Promise.all(
    names.map(async (name) => (await stat(join(folder, name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
