// How long the event loop is held by the largest work that a ledger does, and
// how a second caller fares meanwhile: `npm run prove:calm`.
//
//   node scripts/stalls.mjs [--documents 1000000] [--folder <folder>]
//                           [--stores file,memory] [--only commit,sort]
//
// The ledger of a million documents is kept in the folder, for the next run.
//
// `held` is the longest time between two setImmediate callbacks; `of it CPU` what
// this process computed in that time (where it is much less, the machine was
// busy with others), and `of it GC` the pauses of the garbage collector.
// `delay` is the maximum of monitorEventLoopDelay less its own resolution.
import { fork } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { PooledQldbDriver } from '../dist/index.js';
import { openLedger } from '../dist/ledger/index.js';

const { values: options } = parseArgs({
  options: {
    documents: { type: 'string', default: '1000000' },
    folder: { type: 'string', default: join(tmpdir(), 'qldb-stalls') },
    stores: { type: 'string', default: 'file,memory' },
    only: { type: 'string', default: '' },
    // What a child process is told.
    scenarios: { type: 'string' },
  },
});

const GOAL = 50;
const MANY = 100_000;
const DOCUMENTS = Number(options.documents);
const document = (n) => ({
  VIN: `VIN${String(n).padStart(9, '0')}`,
  Year: 1990 + (n % 35),
  Make: `Make ${n % 100}`,
  Color: n % 2 ? 'White' : 'Black',
  Number: (n * 7919) % 1_000_003,
});
const documents = (from, count) =>
  Array.from({ length: count }, (_, i) => document(from + i));

/** One transaction each; `prepare` is not measured. */
const WRITES = {
  'commit, pages of 1,000': {
    run: (txn) => insertPages(txn),
  },
  'commit, one list of 100,000': {
    run: (txn) => txn.execute('INSERT INTO Many ?', documents(0, MANY)),
  },
  'update of 100,000': {
    prepare: (driver) => driver.executeLambda(insertPages),
    run: (txn) => drain(txn, 'UPDATE Many SET Color = ?', 'Red'),
  },
  'delete of 100,000': {
    prepare: (driver) => driver.executeLambda(insertPages),
    run: (txn) => drain(txn, 'DELETE FROM Many'),
  },
  'history of 100,000': {
    prepare: (driver) => driver.executeLambda(insertPages),
    run: (txn) => drain(txn, 'SELECT * FROM history(Many)'),
  },
};

const READS = {
  idle: { run: () => sleep(3_000) },
  'COUNT(*)': { run: (txn) => drain(txn, 'SELECT COUNT(*) FROM Big') },
  filter: { run: (txn) => drain(txn, 'SELECT * FROM Big WHERE Number = 77') },
  'sort, LIMIT 10': {
    run: (txn) =>
      drain(txn, 'SELECT * FROM Big AS b ORDER BY b.Number LIMIT 10'),
  },
  'sort, first page of all': {
    run: (txn) => firstOf(txn, 'SELECT b.VIN FROM Big AS b ORDER BY b.Number'),
  },
  'group by 100 keys': {
    run: (txn) =>
      drain(txn, 'SELECT Make, COUNT(*) AS n FROM Big GROUP BY Make'),
  },
  'group by every document': {
    run: (txn) =>
      firstOf(txn, 'SELECT VIN, COUNT(*) AS n FROM Big GROUP BY VIN'),
  },
  distinct: {
    run: (txn) => firstOf(txn, 'SELECT DISTINCT b.Number FROM Big AS b'),
  },
  'join of 100,000 by index': {
    run: (txn) =>
      drain(
        txn,
        'SELECT COUNT(*) FROM Big AS a, Small AS s WHERE s.Make = a.Make AND a.Number < 100000',
      ),
  },
  'cursor over 100,000': {
    run: (txn) => drain(txn, 'SELECT * FROM Big LIMIT 100000'),
  },
  'history, 100,000 rows': {
    run: (txn) => drain(txn, 'SELECT * FROM history(Big)', MANY),
  },
  'index build': {
    outside: async (driver) => {
      await driver.executeLambda((txn) =>
        txn.execute('CREATE INDEX ON Big (VIN)'),
      );
      while (!(await isOnline(driver))) await sleep(50);
    },
    after: async (driver) => {
      const [table] = await userTable(driver);
      const index = table.indexes.find(({ expr }) => expr === '[VIN]');
      await driver.executeLambda((txn) =>
        txn.execute(`DROP INDEX "${index.indexId}" ON Big WITH (purge = true)`),
      );
    },
  },
};

async function insertPages(txn) {
  for (let n = 0; n < MANY; n += 1000)
    await txn.execute('INSERT INTO Many ?', documents(n, 1000));
}

/** Reads rows and keeps none. */
async function drain(txn, statement, ...parameters) {
  const most =
    typeof parameters[0] === 'number' ? parameters.shift() : Infinity;
  let rows = 0;
  const cursor = await txn.executeStatement(statement, ...parameters);
  for await (const _ of cursor) if (++rows >= most) break;
  return rows;
}

const firstOf = (txn, statement) => drain(txn, statement, 1);

async function userTable(driver) {
  const rows = await driver.executeLambda((txn) =>
    txn.execute(
      "SELECT VALUE t FROM information_schema.user_tables AS t WHERE t.name = 'Big'",
    ),
  );
  return rows.map((row) => JSON.parse(JSON.stringify(row)));
}

async function isOnline(driver) {
  const [table] = await userTable(driver);
  return table.indexes.every(({ status }) => status === 'ONLINE');
}

// ---- a child process ------------------------------------------------------------

async function measureAll(store, names) {
  const isBig = names.some((name) => name in READS);
  const folder = isBig
    ? join(options.folder, String(DOCUMENTS))
    : mkdtempSync(join(tmpdir(), 'qldb-stalls-'));
  const ledger = await openLedger({
    name: 'stalls',
    store: store === 'file' ? `file:${folder}` : 'memory:',
    limits: { transactionTimeout: 600_000 },
  });
  const driver = new PooledQldbDriver({
    ledgerName: 'stalls',
    endpoint: ledger.sessions,
    poolLimit: 4,
    transactionTimeout: 600_000,
  });
  try {
    const tables = await driver.listTables();
    if (!tables.includes('Other')) await create(driver, isBig);
    for (const name of names) {
      const scenario = WRITES[name] ?? READS[name];
      await scenario.prepare?.(driver);
      await sleep(200);
      const result = await measure(driver, () =>
        scenario.outside
          ? scenario.outside(driver)
          : driver.executeLambda((txn) => scenario.run(txn)),
      );
      process.send({ name, store, ...result });
      await scenario.after?.(driver);
    }
  } finally {
    await driver.close();
    await ledger.close();
    if (!isBig) rmSync(folder, { recursive: true, force: true });
  }
}

async function create(driver, isBig) {
  await driver.executeLambda(async (txn) => {
    for (const table of ['Other', ...(isBig ? ['Big', 'Small'] : ['Many'])])
      await txn.execute(`CREATE TABLE ${table}`);
    if (isBig) await txn.execute('CREATE INDEX ON Small (Make)');
    else await txn.execute('CREATE INDEX ON Many (VIN)');
    await txn.execute('CREATE INDEX ON Other (VIN)');
  });
  await driver.executeLambda((txn) =>
    txn.execute('INSERT INTO Other ?', documents(0, 100)),
  );
  if (!isBig) return;
  await driver.executeLambda((txn) =>
    txn.execute('INSERT INTO Small ?', documents(0, 100)),
  );
  for (let n = 0; n < DOCUMENTS; n += 2000)
    await driver.executeLambda((txn) =>
      txn.execute(
        'INSERT INTO Big ?',
        documents(n, Math.min(2000, DOCUMENTS - n)),
      ),
    );
}

async function measure(driver, work) {
  globalThis.gc();
  const base = memory();
  let peak = base;
  const pauses = [];
  const observer = new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries())
      pauses.push({ startTime, duration });
  });
  observer.observe({ entryTypes: ['gc'] });
  const histogram = monitorEventLoopDelay({ resolution: 1 });

  const gaps = [];
  let isRunning = true;
  let last = performance.now();
  let cpu = process.cpuUsage();
  let sampled = 0;
  const tick = () => {
    const now = performance.now();
    const spent = process.cpuUsage();
    if (now - last > 5)
      gaps.push({
        start: last,
        held: now - last,
        cpu: (spent.user + spent.system - cpu.user - cpu.system) / 1000,
      });
    if (now - sampled > 20) {
      peak = Math.max(peak, memory());
      sampled = performance.now();
    }
    last = now;
    cpu = spent;
    if (isRunning) setImmediate(tick);
  };
  setImmediate(tick);
  histogram.enable();

  const latencies = [];
  let other = 1_000_000;
  const others = (async () => {
    while (isRunning) {
      const began = performance.now();
      const vin = `VIN${String(other % 100).padStart(9, '0')}`;
      await driver.executeLambda(async (txn) => {
        await txn.execute('SELECT * FROM Other WHERE VIN = ?', vin);
        if (other++ % 4 === 0)
          await txn.execute('INSERT INTO Other ?', document(other));
      });
      latencies.push(performance.now() - began);
      await sleep(1);
    }
  })();

  const began = performance.now();
  const failure = await work().then(
    () => undefined,
    (error) => String(error),
  );
  const seconds = (performance.now() - began) / 1000;
  isRunning = false;
  await others;
  histogram.disable();
  await sleep(20);
  observer.disconnect();

  const gcWithin = ({ start, held }) =>
    pauses.reduce(
      (sum, { startTime, duration }) =>
        sum +
        Math.max(
          0,
          Math.min(startTime + duration, start + held) -
            Math.max(startTime, start),
        ),
      0,
    );
  const longest = gaps.reduce((a, b) => (b.held > a.held ? b : a), {
    start: 0,
    held: 0,
    cpu: 0,
  });
  latencies.sort((a, b) => a - b);
  return {
    failure,
    seconds,
    held: longest.held,
    cpu: longest.cpu,
    gc: gcWithin(longest),
    own: Math.max(
      0,
      ...gaps.map((gap) => Math.min(gap.held, gap.cpu) - gcWithin(gap)),
    ),
    overGoal: gaps.filter(({ held }) => held > GOAL).length,
    delay: histogram.max / 1e6 - 1,
    longestGc: Math.max(0, ...pauses.map(({ duration }) => duration)),
    others: latencies.length,
    p99: latencies[Math.floor(latencies.length * 0.99)] ?? 0,
    max: latencies.at(-1) ?? 0,
    memory: (peak - base) / 2 ** 20,
  };
}

/** Resident bytes; without those of mapped files, where the system tells. */
function memory() {
  if (!existsSync('/proc/self/status')) return process.memoryUsage.rss();
  const status = readFileSync('/proc/self/status', 'latin1');
  return Number(/RssAnon:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024;
}

// ---- all of them ----------------------------------------------------------------

async function main() {
  const only = options.only.split(',').filter(Boolean);
  const isWanted = (name) =>
    only.length === 0 || only.some((part) => name.includes(part));
  console.log(
    `Node ${process.version}, ${availableParallelism()} cores, load ${loadavg()[0].toFixed(1)}; ${DOCUMENTS} documents; times in ms, memory in MiB over what was there before\n`,
  );
  console.log(
    row('', [
      'held',
      'CPU',
      'GC',
      'own',
      'delay',
      '>50',
      'GC max',
      'p99',
      'max',
      'txs',
      'MiB',
      's',
    ]),
  );
  let isCalm = true;
  const print = (result) => {
    // What the machine or the collector took is not what the ledger held.
    isCalm &&= result.failure === undefined && result.own <= GOAL;
    console.log(
      row(`${result.store} ${result.name}`, [
        result.held,
        result.cpu,
        result.gc,
        result.own,
        result.delay,
        result.overGoal,
        result.longestGc,
        result.p99,
        result.max,
        result.others,
        result.memory,
        result.seconds.toFixed(1),
      ]),
    );
    if (result.failure) console.log(`  ${result.failure}`);
  };
  for (const store of options.stores.split(',')) {
    const reads = Object.keys(READS).filter(isWanted);
    if (reads.length > 0) await inChild(store, reads, print);
    for (const name of Object.keys(WRITES).filter(isWanted))
      await inChild(store, [name], print);
  }
  console.log(
    `\n${isCalm ? 'Nothing' : 'Something'} held the event loop longer than ${GOAL} ms by its own work.`,
  );
  process.exitCode = isCalm ? 0 : 1;
}

const row = (name, cells) =>
  name.padEnd(36) +
  cells
    .map((cell) =>
      (typeof cell === 'number' ? String(Math.round(cell)) : cell).padStart(8),
    )
    .join('');

function inChild(store, names, print) {
  const child = fork(
    fileURLToPath(import.meta.url),
    [
      '--documents',
      options.documents,
      '--folder',
      options.folder,
      '--scenarios',
      JSON.stringify({ store, names }),
    ],
    { execArgv: ['--expose-gc', '--max-old-space-size=6000'] },
  );
  child.on('message', print);
  return new Promise((resolve, reject) =>
    child.on('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`A child ended with ${code}.`)),
    ),
  );
}

if (options.scenarios) {
  const { store, names } = JSON.parse(options.scenarios);
  await measureAll(store, names);
  process.disconnect?.();
} else await main();
