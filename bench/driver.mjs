// The pooled driver beside the official Node driver, through the AWS SDK, against
// one server and one ledger: transactions a second, the client's processor time
// for each, and a stream of 100,000 rows.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { PooledQldbDriver } from '../dist/index.js';
import { throughput } from './table.mjs';

const require = createRequire(import.meta.url);
const official = require('amazon-qldb-driver-nodejs');

export const title =
  'over HTTP through the AWS SDK, beside amazon-qldb-driver-nodejs 3.1.0';

const SECONDS = 6;
/** With one caller it takes some thousand transactions until both drivers and the server are compiled. */
const WARM_UP_SECONDS = 5;
const DOCUMENTS = 5_000;
const ROWS = 100_000;
const PEER = 'official';
const vin = (n) => `VIN${String(n).padStart(14, '0')}`;
/** About 300 bytes of Ion. */
const document = (n) => ({
  VIN: vin(n),
  LicensePlateNumber: `CA${n}`,
  State: 'WA',
  City: 'Seattle',
  PendingPenaltyTicketAmount: 90.25,
  ValidFromDate: '2017-08-21T00:00:00.000Z',
  ValidToDate: '2020-05-11T00:00:00.000Z',
  Remarks: 'Replacement plates were issued after the first pair was lost.',
  Owners: {
    PrimaryOwner: { PersonId: '294jJ3YUoH1IEEm8GSabOs' },
    SecondaryOwners: [{ PersonId: '5Ufgdlnj06gF5CWcOIu64s' }],
  },
});
const random = (limit) => Math.floor(Math.random() * limit);

export async function run() {
  const server = spawn(
    process.execPath,
    [new URL('driver-server.mjs', import.meta.url).pathname],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const endpoint = await new Promise((resolve, reject) => {
    server.stdout.once('data', (line) => resolve(String(line).trim()));
    server.once('exit', () => reject(new Error('the server ended')));
  });
  const config = {
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
  };
  const ours = new PooledQldbDriver({
    ledgerName: 'bench',
    endpoint,
    region: config.region,
    credentials: config.credentials,
    poolLimit: 50,
    readAhead: 4,
  });
  const theirs = new official.QldbDriver('bench', config, {}, 50);
  try {
    await seed(ours);
    const rows = [];
    for (const callers of [1, 32]) {
      const read = 'SELECT * FROM Vehicle WHERE VIN = ?';
      await compare(rows, `SELECT, ${callers} callers`, callers, {
        ours: () =>
          ours.executeLambda((txn) =>
            txn.execute(read, vin(random(DOCUMENTS))),
          ),
        theirs: () =>
          theirs.executeLambda(async (txn) =>
            (await txn.execute(read, vin(random(DOCUMENTS)))).getResultList(),
          ),
      });
      let next = DOCUMENTS * callers * 100;
      const insert = 'INSERT INTO Vehicle ?';
      await compare(rows, `INSERT, ${callers} callers`, callers, {
        ours: () =>
          ours.executeLambda((txn) => txn.execute(insert, document(next++))),
        theirs: () =>
          theirs.executeLambda((txn) => txn.execute(insert, document(next++))),
      });
    }
    rows.push(...(await stream(ours, theirs)));
    return rows;
  } finally {
    await ours.close();
    theirs.close();
    server.stdin.end();
    await new Promise((resolve) => server.once('exit', resolve));
  }
}

async function seed(driver) {
  await driver.executeLambda(async (txn) => {
    await txn.execute('CREATE TABLE Vehicle');
    await txn.execute('CREATE INDEX ON Vehicle (VIN)');
    await txn.execute('CREATE TABLE Row');
  });
  for (let n = 0; n < DOCUMENTS; n += 200)
    await driver.executeLambda((txn) =>
      txn.execute(
        'INSERT INTO Vehicle ?',
        Array.from({ length: 200 }, (_, i) => document(n + i)),
      ),
    );
  for (let n = 0; n < ROWS; n += 500)
    await driver.executeLambda((txn) =>
      txn.execute(
        'INSERT INTO Row ?',
        Array.from({ length: 500 }, (_, i) => document(n + i)),
      ),
    );
}

/** Ours and theirs in turns, so that both meet the same machine. */
async function compare(rows, name, callers, { ours, theirs }) {
  await throughput(callers, WARM_UP_SECONDS, ours);
  await throughput(callers, WARM_UP_SECONDS, theirs);
  const sums = { ours: [0, 0], theirs: [0, 0] };
  const rounds = 6;
  for (let round = 0; round < rounds; round++)
    for (const [who, operation] of Object.entries({ ours, theirs })) {
      const before = process.cpuUsage();
      const rate = await throughput(callers, SECONDS / rounds, operation);
      const { user, system } = process.cpuUsage(before);
      sums[who][0] += rate / rounds;
      sums[who][1] += (user + system) / (rate * SECONDS);
    }
  rows.push(
    {
      name,
      ours: sums.ours[0],
      peer: sums.theirs[0],
      unit: 'tx/s',
      peerName: PEER,
    },
    {
      name: `${name}, client CPU`,
      ours: sums.ours[1],
      peer: sums.theirs[1],
      unit: 'µs/tx',
      peerName: PEER,
      lessIsBetter: true,
    },
  );
}

async function stream(ours, theirs) {
  const statement = 'SELECT * FROM Row';
  const mine = await measured((seen) =>
    ours.executeLambda(async (txn) => {
      for await (const row of await txn.executeStatement(statement)) seen(row);
    }),
  );
  const peer = await measured((seen) =>
    theirs.executeLambda(async (txn) => {
      for await (const row of await txn.executeAndStreamResults(statement))
        seen(row);
    }),
  );
  const row = (name, key, unit, lessIsBetter) => ({
    name: `stream of ${ROWS.toLocaleString('en')} rows${name}`,
    ours: mine[key],
    peer: peer[key],
    unit,
    peerName: PEER,
    lessIsBetter,
  });
  return [
    row('', 'rate', 'rows/s', false),
    row(', largest heap growth', 'heap', 'MB', true),
    row(', longest stall', 'stall', 'ms', true),
  ];
}

async function measured(read) {
  let count = 0;
  let peak = 0;
  globalThis.gc?.();
  const base = process.memoryUsage().heapUsed;
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const started = performance.now();
  await read(() => {
    if (++count % 1000 === 0)
      peak = Math.max(peak, process.memoryUsage().heapUsed - base);
  });
  const seconds = (performance.now() - started) / 1000;
  delay.disable();
  if (count !== ROWS) throw new Error(`${count} rows came`);
  return {
    rate: count / seconds,
    heap: peak / 1e6,
    stall: delay.max / 1e6 - 5,
  };
}
