// PartiQL over in-memory Ion documents, beside a loop written by hand over the
// same bytes, and beside sql.js (SQLite, JSON text) and alasql (objects) where
// they can say the same.
import { createRequire } from 'node:module';
import { decodeIon } from '../dist/ion/decode.js';
import { toIonBinary } from '../dist/ion/index.js';
import { openLedger } from '../dist/ledger/index.js';
import { PooledQldbDriver } from '../dist/index.js';
import { parse } from '../dist/partiql/language/parser/index.js';
import { planStatement } from '../dist/partiql/plan/statement.js';
import { compile } from '../dist/partiql/statement.js';

const require = createRequire(import.meta.url);
const alasql = require('alasql');

export const title =
  'the language, beside a loop by hand, sql.js 1 and alasql 4';

const ROWS = 100_000;
const SIDE = 10_000;
const BATCH = 1000;
const RUNS = 5;

const document = (n) => ({
  id: n,
  k: (n * 7919) % 1000,
  name: `Owner ${(n * 31) % 5000}`,
  make: ['Audi', 'Tesla', 'Ford', 'Honda', 'Mercedes'][n % 5],
  price: 1000 + ((n * 104_729) % 90_000),
  address: { city: `City ${n % 100}`, street: `${n} Main Street` },
});

/** Statements of QLDB's tutorial. */
const TUTORIAL = [
  "SELECT * FROM Vehicle AS v WHERE v.VIN = '1N4AL11D75C109151'",
  "INSERT INTO Person VALUE {'FirstName': 'Raul', 'LastName': 'Lewis', 'DOB': `1963-08-19T`, 'GovId': 'LEWISR261LL', 'GovIdType': 'Driver License', 'Address': '1719 University Street, Seattle, WA, 98109'}",
  'SELECT v.VIN, v.Make, v.Model, v.Year, r.Owners FROM VehicleRegistration AS r INNER JOIN Vehicle AS v ON r.VIN = v.VIN WHERE r.Owners.PrimaryOwner.PersonId = ?',
  "UPDATE VehicleRegistration AS r SET r.Owners.PrimaryOwner.PersonId = '294jJ3YUoH1IEEm8GSabOs' WHERE r.VIN = '1N4AL11D75C109151'",
  "FROM VehicleRegistration AS v WHERE v.VIN = '1N4AL11D75C109151' INSERT INTO v.Owners.SecondaryOwners VALUE {'PersonId': 'abc123'}",
  "SELECT * FROM history(VehicleRegistration, `2000T`, `2021T`) AS h WHERE h.metadata.id = '3Qv67yjXEwB9SjmvkuG6Cp'",
  "DELETE FROM DriversLicense AS d WHERE d.LicenseNumber = 'LEWISR261LL'",
  'CREATE INDEX ON VehicleRegistration (LicensePlateNumber)',
];

/** A catalog over arrays of Ion binaries; each row is decoded no further than it is looked at. */
function catalogOf(tables) {
  const version = {};
  const relationOf = (name, documents) => ({
    name,
    indexes: [],
    *scan() {
      for (let start = 0; start < documents.length; start += BATCH) {
        const batch = [];
        const end = Math.min(start + BATCH, documents.length);
        for (let n = start; n < end; n++)
          batch.push({ id: '', value: decodeIon(documents[n]) });
        yield batch;
      }
    },
    lookup: () => [],
    byId: () => [],
  });
  return {
    version,
    relation: ([name, ...more]) =>
      more.length === 0 && name in tables
        ? relationOf(name, tables[name])
        : undefined,
    history: (name) =>
      name in tables ? relationOf(name, tables[name]) : undefined,
  };
}

function rowsOf(catalog, text, parameters = []) {
  const rows = [];
  const flow = compile(text).execute({
    catalog,
    parameters,
    transactionId: 'bench',
    now: () => {
      throw new Error('no time');
    },
  });
  for (;;) {
    const batch = flow.next();
    if (batch === undefined) return rows;
    for (const row of batch) rows.push(row);
  }
}

/** Milliseconds of the best of some runs, one of each in turn, so that a slow moment hits all. */
function best(...calls) {
  const least = calls.map(() => Infinity);
  for (let run = 0; run < RUNS; run++)
    for (const [n, call] of calls.entries()) {
      const start = performance.now();
      call();
      least[n] = Math.min(least[n], performance.now() - start);
    }
  return least;
}

function same(name, ...counts) {
  if (counts.some((count) => count !== counts[0]))
    throw new Error(`${name}: ${counts.join(' and ')} rows`);
}

export async function run() {
  const objects = Array.from({ length: ROWS }, (_, n) => document(n));
  const binaries = objects.map(toIonBinary);
  const side = binaries.slice(0, SIDE);
  const catalog = catalogOf({ Car: binaries, A: side, B: side });
  const sqlite = await sqliteOf(objects);
  alasql('CREATE DATABASE bench; USE bench');
  for (const [name, data] of Object.entries({
    Car: objects,
    A: objects.slice(0, SIDE),
    B: objects.slice(0, SIDE),
  })) {
    alasql(`CREATE TABLE ${name}`);
    alasql.tables[name].data = data;
  }
  return [
    ...(await tutorial()),
    ...filter(binaries, catalog, sqlite),
    ...queries(catalog, sqlite),
    ...ordered(catalog, sqlite),
    ...(await ledger(objects)),
  ];
}

const milliseconds = (name, ours, peer, peerName) => ({
  name,
  ours,
  peer,
  unit: 'ms',
  peerName,
  lessIsBetter: true,
});

// ---- Parse and plan ----------------------------------------------------------------

async function tutorial() {
  const tables = ['Vehicle', 'Person', 'VehicleRegistration', 'DriversLicense'];
  const catalog = catalogOf(Object.fromEntries(tables.map((t) => [t, []])));
  const writable = {
    ...catalog,
    relation: (path) => {
      const relation = catalog.relation(path);
      return relation && { ...relation, write: {} };
    },
  };
  const TIMES = 300;
  const repeat = (call) => () => {
    for (let n = 0; n < TIMES; n++) for (const text of TUTORIAL) call(text);
  };
  const per = TIMES * TUTORIAL.length;
  const [parsing, planning] = best(
    repeat((text) => parse(text)),
    repeat((text) => planStatement(text, parse(text).statement, writable)),
  );
  // What of it is SQL; it keeps parsed texts, so each is a new one.
  const sql = [TUTORIAL[0], TUTORIAL[2], TUTORIAL[6]].map((text) =>
    text
      .replaceAll('.PrimaryOwner.PersonId', '')
      .replace('AS d ', '')
      .replace('d.L', 'L'),
  );
  let fresh = 0;
  const [shared, peer] = best(
    () => {
      for (let n = 0; n < TIMES; n++) for (const text of sql) parse(text);
    },
    () => {
      for (let n = 0; n < TIMES; n++)
        for (const text of sql) alasql.parse(`${text} AND ${++fresh} = 0`);
    },
  );
  const perShared = TIMES * sql.length;
  return [
    {
      name: 'parse a tutorial statement',
      ours: (parsing * 1000) / per,
      unit: 'µs',
    },
    { name: 'parse and plan one', ours: (planning * 1000) / per, unit: 'µs' },
    {
      name: 'parse those that are SQL',
      ours: (shared * 1000) / perShared,
      peer: (peer * 1000) / perShared,
      unit: 'µs',
      peerName: 'alasql',
      lessIsBetter: true,
    },
  ];
}

// ---- Queries -----------------------------------------------------------------------

function filter(binaries, catalog, sqlite) {
  const text = 'SELECT * FROM Car AS c WHERE c.k = 7';
  const byHand = () => {
    const found = [];
    for (const bytes of binaries) {
      const struct = decodeIon(bytes);
      if (struct.get('k') === 7) found.push(struct);
    }
    return found;
  };
  const ours = () => rowsOf(catalog, text);
  const inSqlite = () =>
    sqlite("SELECT doc FROM Car WHERE json_extract(doc, '$.k') = 7");
  const inAlasql = () => alasql('SELECT * FROM Car AS c WHERE c.k = 7');
  same(
    text,
    byHand().length,
    ours().length,
    inSqlite().length,
    inAlasql().length,
  );
  const [a, b, c, d] = best(ours, byHand, inSqlite, inAlasql);
  const name = 'filter 100,000 on one field';
  return [
    milliseconds(name, a, b, 'by hand'),
    milliseconds(name, a, c, 'sql.js'),
    milliseconds(name, a, d, 'alasql'),
  ];
}

function queries(catalog, sqlite) {
  const cases = [
    {
      name: 'join 10,000 × 10,000',
      ours: 'SELECT a.name, b.make FROM A AS a, B AS b WHERE a.id = b.id',
      sqlite:
        "SELECT json_extract(a.doc, '$.name'), json_extract(b.doc, '$.make') FROM A AS a, B AS b WHERE json_extract(a.doc, '$.id') = json_extract(b.doc, '$.id')",
      alasql: 'SELECT a.name, b.make FROM A AS a JOIN B AS b ON a.id = b.id',
    },
    {
      name: 'GROUP BY over 100,000, 1,000 groups',
      ours: 'SELECT c.k, COUNT(*) AS n, SUM(c.price) AS s FROM Car AS c GROUP BY c.k',
      sqlite:
        "SELECT json_extract(doc, '$.k') AS k, COUNT(*), SUM(json_extract(doc, '$.price')) FROM Car GROUP BY k",
      alasql: 'SELECT k, COUNT(*) AS n, SUM(price) AS s FROM Car GROUP BY k',
    },
  ];
  return cases.flatMap(({ name, ...texts }) => {
    const ours = () => rowsOf(catalog, texts.ours);
    const inSqlite = () => sqlite(texts.sqlite);
    const inAlasql = () => alasql(texts.alasql);
    same(name, ours().length, inSqlite().length, inAlasql().length);
    const [a, b, c] = best(ours, inSqlite, inAlasql);
    return [
      milliseconds(name, a, b, 'sql.js'),
      milliseconds(name, a, c, 'alasql'),
    ];
  });
}

function ordered(catalog, sqlite) {
  const text =
    'SELECT c.id, c.price FROM Car AS c ORDER BY c.price, c.id LIMIT 10';
  const ours = () => rowsOf(catalog, text);
  const inSqlite = () =>
    sqlite(
      "SELECT json_extract(doc, '$.id') AS id, json_extract(doc, '$.price') AS price FROM Car ORDER BY price, id LIMIT 10",
    );
  const inAlasql = () =>
    alasql('SELECT id, price FROM Car ORDER BY price, id LIMIT 10');
  same(text, ours().length, inSqlite().length, inAlasql().length);
  const [a, b, c] = best(ours, inSqlite, inAlasql);
  const name = 'ORDER BY … LIMIT 10 over 100,000';
  return [
    milliseconds(name, a, b, 'sql.js'),
    milliseconds(name, a, c, 'alasql'),
    {
      name: '  least memory that it needs',
      ours: leastMemory(catalog, text) / 1024,
      unit: 'KB',
    },
  ];
}

/** The smallest memory, of powers of two, that a statement runs with. */
function leastMemory(catalog, text) {
  for (let memory = 1024; ; memory *= 2) {
    const flow = compile(text).execute({
      catalog,
      parameters: [],
      transactionId: 'bench',
      now: () => undefined,
      memory,
    });
    try {
      while (flow.next() !== undefined);
      return memory;
    } catch (error) {
      if (error.code !== 'PARTIQL_MEMORY') throw error;
    }
  }
}

/** The same filter in an embedded ledger, a table of 20,000, beside a scan of all of it. */
async function ledger(objects) {
  const count = 20_000;
  const opened = await openLedger({ name: 'bench', store: 'memory:' });
  const driver = new PooledQldbDriver({
    ledgerName: 'bench',
    endpoint: opened.sessions,
  });
  try {
    await driver.executeLambda((txn) => txn.execute('CREATE TABLE Car'));
    for (let n = 0; n < count; n += 500)
      await driver.executeLambda((txn) =>
        txn.execute('INSERT INTO Car ?', objects.slice(n, n + 500)),
      );
    const time = async (text) => {
      let least = Infinity;
      for (let run = 0; run < RUNS; run++) {
        const start = performance.now();
        await driver.executeLambda((txn) => txn.execute(text));
        least = Math.min(least, performance.now() - start);
      }
      return least;
    };
    const all = await time('SELECT * FROM Car');
    return [
      milliseconds(
        'filter 20,000 in an embedded ledger',
        await time('SELECT * FROM Car AS c WHERE c.k = 7'),
        all,
        'SELECT *',
      ),
      milliseconds(
        'GROUP BY over 20,000 in an embedded ledger',
        await time('SELECT c.k, COUNT(*) AS n FROM Car AS c GROUP BY c.k'),
        all,
        'SELECT *',
      ),
    ];
  } finally {
    await driver.close();
    await opened.close();
  }
}

/** The documents in SQLite, as JSON text; returns what runs a query and gives its rows. */
async function sqliteOf(objects) {
  const { Database } = await require('sql.js')();
  const database = new Database();
  for (const [name, list] of Object.entries({
    Car: objects,
    A: objects.slice(0, SIDE),
    B: objects.slice(0, SIDE),
  })) {
    database.run(`CREATE TABLE ${name} (doc TEXT)`);
    database.run('BEGIN');
    const insert = database.prepare(`INSERT INTO ${name} VALUES (?)`);
    for (const each of list) insert.run([JSON.stringify(each)]);
    insert.free();
    database.run('COMMIT');
    // SQLite makes no hash of an expression: without this the join takes minutes.
    database.run(
      `CREATE INDEX ${name}Id ON ${name} (json_extract(doc, '$.id'))`,
    );
  }
  return (text) => database.exec(text)[0]?.values ?? [];
}
