// A ledger in PostgreSQL beside what AWS told its users to move to: a `jsonb`
// table with a trigger that writes an audit row, autocommit, on the same server
// with the same number of connections.
import { fork } from 'node:child_process';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { PooledQldbDriver } from '../dist/index.js';
import { openLedger } from '../dist/ledger/index.js';
import { document, vin } from './ledger.mjs';
import { startPostgres } from './postgres-server.mjs';

export const title =
  'a ledger in PostgreSQL, beside a jsonb table with an audit trigger';

const CONNECTIONS = 10;
const SECONDS = 3;
const DOCUMENTS = 10_000;
const GROWN = Number(process.env['BENCH_DOCUMENTS'] ?? 100_000);
const random = (limit) => Math.floor(Math.random() * limit);
const json = (n) => JSON.stringify(document(n));

const PEER = `
  CREATE TABLE vehicle (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, doc jsonb NOT NULL);
  CREATE INDEX ON vehicle ((doc->>'VIN'));
  CREATE TABLE vehicle_audit (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(),
    by text NOT NULL DEFAULT current_user, op text NOT NULL, row_id bigint NOT NULL, old jsonb, new jsonb);
  CREATE FUNCTION vehicle_audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO vehicle_audit (op, row_id, old, new) VALUES (TG_OP, coalesce(NEW.id, OLD.id), to_jsonb(OLD.doc), to_jsonb(NEW.doc));
    RETURN NEW; END $$;
  CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON vehicle FOR EACH ROW EXECUTE FUNCTION vehicle_audit();`;

/** Latencies of one operation that callers repeat, in milliseconds, sorted; and how many a second. */
async function measure(callers, seconds, operation) {
  const latencies = [];
  const begin = performance.now();
  const end = begin + 1000 * seconds;
  await Promise.all(
    Array.from({ length: callers }, async () => {
      for (let at = performance.now(); at < end;) {
        await operation();
        const now = performance.now();
        latencies.push(now - at);
        at = now;
      }
    }),
  );
  latencies.sort((a, b) => a - b);
  return {
    rate: (1000 * latencies.length) / (performance.now() - begin),
    p50: latencies[latencies.length >> 1],
    p99: latencies[Math.floor(0.99 * latencies.length)],
  };
}

export async function openOurs(url) {
  const ledger = await openLedger({
    name: 'bench',
    store: { url, maxConnections: CONNECTIONS },
  });
  const driver = new PooledQldbDriver({
    ledgerName: 'bench',
    endpoint: ledger.sessions,
    poolLimit: 64,
  });
  let next = 1e9 * Math.random();
  return {
    driver,
    ledger,
    read: (documents) =>
      driver.executeLambda((txn) =>
        txn.execute(
          'SELECT * FROM Vehicle WHERE VIN = ?',
          vin(random(documents)),
        ),
      ),
    insert: () =>
      driver.executeLambda((txn) =>
        txn.execute('INSERT INTO Vehicle ?', document(Math.floor(next++))),
      ),
    async close() {
      await driver.close();
      await ledger.close();
    },
  };
}

export function openPeer(url) {
  const pool = new pg.Pool({ connectionString: url, max: CONNECTIONS });
  let next = 1e9 * Math.random();
  return {
    pool,
    read: (documents) =>
      pool.query({
        name: 'read',
        text: `SELECT id, doc FROM vehicle WHERE doc->>'VIN' = $1`,
        values: [vin(random(documents))],
      }),
    insert: () =>
      pool.query({
        name: 'insert',
        text: 'INSERT INTO vehicle (doc) VALUES ($1) RETURNING id',
        values: [json(Math.floor(next++))],
      }),
    close: () => pool.end(),
  };
}

async function fill(ours, peer, from, to) {
  for (let n = from; n < to; n += 500) {
    const some = Array.from({ length: 500 }, (_, i) => n + i);
    await ours.driver.executeLambda((txn) =>
      txn.execute('INSERT INTO Vehicle ?', some.map(document)),
    );
    await peer.pool.query(
      'INSERT INTO vehicle (doc) SELECT * FROM unnest($1::jsonb[])',
      [some.map(json)],
    );
  }
}

/** The same from several processes at once: the sum of their rates. */
async function inProcesses(count, callers, kind, url) {
  const file = fileURLToPath(new URL('postgres-process.mjs', import.meta.url));
  const children = await Promise.all(
    Array.from({ length: count }, async () => {
      const child = fork(file, [kind, url, String(callers), String(SECONDS)]);
      await new Promise((resolve) => child.once('message', resolve));
      return child;
    }),
  );
  const rates = await Promise.all(
    children.map(
      (child) =>
        new Promise((resolve) => {
          child.once('message', resolve);
          child.send('go');
        }),
    ),
  );
  for (const child of children) child.disconnect();
  return rates.reduce((sum, rate) => sum + rate, 0);
}

export async function run() {
  const server = await startPostgres();
  console.log(`PostgreSQL ${server.version}`);
  const ours = await openOurs(server.url);
  const peer = openPeer(server.url);
  const rows = [];
  try {
    await peer.pool.query(PEER);
    await ours.driver.executeLambda(async (txn) => {
      await txn.execute('CREATE TABLE Vehicle');
      await txn.execute('CREATE INDEX ON Vehicle (VIN)');
    });
    await fill(ours, peer, 0, 1000);
    const small = await measure(1, SECONDS, () => ours.read(1000));
    await fill(ours, peer, 1000, DOCUMENTS);
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    for (const callers of [1, 64]) {
      await measure(callers, 1, ours.insert);
      await measure(callers, 1, peer.insert);
      // In turns, so that both have the machine as it is.
      const [o1, p1] = [
        await measure(callers, SECONDS, ours.insert),
        await measure(callers, SECONDS, peer.insert),
      ];
      const [o2, p2] = [
        await measure(callers, SECONDS, ours.insert),
        await measure(callers, SECONDS, peer.insert),
      ];
      const row = { peerName: 'trigger' };
      if (callers === 1)
        rows.push({
          ...row,
          name: 'durable insert, 1 caller, p50',
          ours: (o1.p50 + o2.p50) / 2,
          peer: (p1.p50 + p2.p50) / 2,
          unit: 'ms',
          lessIsBetter: true,
        });
      rows.push({
        ...row,
        name: `durable insert, ${callers} callers`,
        ours: (o1.rate + o2.rate) / 2,
        peer: (p1.rate + p2.rate) / 2,
        unit: 'tx/s',
      });
      await measure(callers, 0.5, () => ours.read(DOCUMENTS));
      await measure(callers, 0.5, () => peer.read(DOCUMENTS));
      const [or, pr] = [
        await measure(callers, SECONDS, () => ours.read(DOCUMENTS)),
        await measure(callers, SECONDS, () => peer.read(DOCUMENTS)),
      ];
      rows.push({
        name: `indexed read, ${callers} callers, p50`,
        peerName: 'select',
        ours: or.p50,
        peer: pr.p50,
        unit: 'ms',
        lessIsBetter: true,
      });
    }
    rows.push({
      name: 'longest hold of the event loop',
      ours: delay.max / 1e6,
      unit: 'ms',
    });
    delay.disable();
    for (const [processes, callers] of [
      [4, 1],
      [4, 16],
    ]) {
      const [o, p] = [
        await inProcesses(processes, callers, 'ours', server.url),
        await inProcesses(processes, callers, 'peer', server.url),
      ];
      rows.push({
        name: `durable insert, ${processes} processes with ${callers} callers each`,
        ours: o,
        peer: p,
        peerName: 'trigger',
        unit: 'tx/s',
      });
    }
    await fill(ours, peer, DOCUMENTS, GROWN);
    const grown = await measure(1, SECONDS, () => ours.read(GROWN));
    rows.push({
      name: `indexed read, 1 caller, p50: ${GROWN} documents beside 1000`,
      ours: grown.p50,
      peer: small.p50,
      peerName: '1000',
      unit: 'ms',
      lessIsBetter: true,
    });
    return rows;
  } finally {
    await ours.close();
    await peer.close();
    await server.stop();
  }
}
