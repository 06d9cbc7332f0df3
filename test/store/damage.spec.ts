import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openLedger } from '../../lib/ledger/index.js';
import { Random } from '../contract/random.js';
import { execute, transact } from '../contract/raw-session.js';
import { live } from '../ledger/live.js';

/** `PROVE_CASES=3000` damages so many files; `PROVE_SEED` begins with another seed. */
const CASES = Number(process.env['PROVE_CASES'] ?? 40);
const SEED = Number(process.env['PROVE_SEED'] ?? 1);
const TOGETHER = 20;

let root: string;
let whole: Buffer;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'qldb-damage-'));
  const store = `file:${join(root, 'whole')}`;
  const ledger = await openLedger({ name: 'test', store });
  await live(ledger);
  await execute(ledger.sessions, 'CREATE TABLE Many');
  await execute(ledger.sessions, 'CREATE INDEX ON Many (n)');
  for (let n = 0; n < 20; n++)
    await transact(ledger.sessions, (session) =>
      session.execute(
        'INSERT INTO Many ?',
        Array.from({ length: 50 }, (_, i) => ({
          n: 50 * n + i,
          text: 'x'.repeat(i * 20),
        })),
      ),
    );
  await ledger.close();
  whole = readFileSync(join(root, 'whole', 'test', 'data.mdb'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** Cuts a file off, or writes over some of it. */
function damage(file: Buffer, random: Random): Buffer {
  const bytes = Buffer.from(file);
  const at = random.below(bytes.length);
  const scribble = (from: number, length: number) => {
    for (let i = from; i < Math.min(from + length, bytes.length); i++)
      bytes[i] = random.below(256);
  };
  switch (random.below(6)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      scribble(at, 1);
      return bytes;
    case 2:
      scribble(at, 64);
      return bytes;
    case 3:
      // A page, or some, as a disk loses them.
      bytes.fill(
        0,
        at & ~4095,
        Math.min((at & ~4095) + 4096 * (1 + random.below(4)), bytes.length),
      );
      return bytes;
    case 4:
      // Where pages say what they are, and where their entries begin.
      scribble((at & ~4095) + random.below(48), 1 + random.below(8));
      return bytes;
    default: {
      // One page in the place of another.
      const other = random.below(bytes.length) & ~4095;
      file.copy(bytes, at & ~4095, other, other + 4096);
      return bytes;
    }
  }
}

/** Opens damaged ledgers, and reads all there is; ends by itself, whatever it finds. */
const READER = `
  const { openLedger } = await import(${JSON.stringify(join(import.meta.dirname, '../../dist/ledger.js'))});
  const { PooledQldbDriver } = await import(${JSON.stringify(join(import.meta.dirname, '../../dist/index.js'))});
  for (const store of process.argv.slice(1)) {
    console.log('looks ' + store);
    let driver, ledger;
    try {
      ledger = await openLedger({ name: 'test', store });
      driver = new PooledQldbDriver({ ledgerName: 'test', endpoint: ledger.sessions });
      for (const table of ['T', 'V', 'Many']) {
        await driver.executeStatement('SELECT * FROM ' + table);
        await driver.executeStatement('SELECT * FROM history(' + table + ')');
      }
      await driver.executeStatement('SELECT * FROM Many WHERE n = 7');
      await driver.executeStatement("INSERT INTO Many {'n': -1}");
      await ledger.verify();
      console.log('whole');
    } catch (error) {
      console.log(String(error.code ?? error.stack));
    } finally {
      await driver?.close().catch(() => {});
      await ledger?.close().catch(() => {});
    }
  }`;

it(`a data file that was cut off or scribbled on is told, or does no harm (${CASES} files, seed ${SEED})`, async () => {
  const random = new Random(SEED);
  const ends = new Map<string, number>();
  for (let first = 0; first < CASES; first += TOGETHER) {
    const folder = join(root, String(first));
    const stores = Array.from(
      { length: Math.min(TOGETHER, CASES - first) },
      (_, n) => {
        const store = join(folder, String(first + n));
        mkdirSync(join(store, 'test'), { recursive: true });
        writeFileSync(join(store, 'test', 'data.mdb'), damage(whole, random));
        return store;
      },
    );
    const reader = spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        READER,
        ...stores.map((store) => `file:${store}`),
      ],
      { stdio: ['ignore', 'pipe', 'inherit'], timeout: 120_000 },
    );
    let output = '';
    reader.stdout.on('data', (data) => (output += String(data)));
    const [code, signal] = (await once(reader, 'close')) as [number, string];
    const lines = output.split('\n').filter((line) => line !== '');
    if (code !== 0 && first < CASES) {
      const store = lines.findLast((line) => line.startsWith('looks')) ?? '';
      const kept = join(tmpdir(), `qldb-damaged-${SEED}-${first}.mdb`);
      copyFileSync(
        join(store.replace('looks file:', ''), 'test', 'data.mdb'),
        kept,
      );
      throw new Error(`The process ended by ${signal ?? code} with ${kept}`);
    }
    for (const line of lines)
      if (!line.startsWith('looks')) ends.set(line, (ends.get(line) ?? 0) + 1);
    await rm(folder, { recursive: true });
  }
  console.log(
    `${CASES} damaged files, seed ${SEED}:`,
    JSON.stringify(Object.fromEntries(ends)),
  );
  const named = /^(whole|QLDB_[A-Z_]+)$/;
  expect([...ends.keys()].filter((end) => !named.test(end))).toEqual([]);
  expect(ends.get('QLDB_STORE_DAMAGED')).toBeGreaterThan(0);
}, 3_600_000);
