import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { formatIonText } from '../../lib/ion/text.js';
import type { IonStruct } from '../../lib/ion/value.js';
import {
  exportJournal,
  importJournal,
  verifyExport,
} from '../../lib/journal-files/index.js';
import {
  type Ledger,
  openLedger,
  rebuildLedger,
} from '../../lib/ledger/index.js';
import { execute, transact } from '../contract/raw-session.js';
import { live } from '../ledger/live.js';
import { asAws } from './aws-journal.js';
import { temporaryFolder } from './support.js';

const folder = temporaryFolder();
let ledger: Ledger;
let blocks: IonStruct[];
let strandId: string;

beforeAll(async () => {
  ledger = await openLedger({ name: 'test', store: 'memory:' });
  await live(ledger);
  const { sessions } = ledger;
  await execute(sessions, 'CREATE TABLE Empty');
  await execute(sessions, 'CREATE INDEX ON Empty (e)');
  await execute(sessions, 'CREATE TABLE Again');
  await execute(sessions, "INSERT INTO Again {'a': 1}");
  await execute(sessions, 'DROP TABLE Again');
  await transact(sessions, async (session) => {
    await session.execute('-- anew\n CREATE TABLE Again');
    await session.execute("INSERT INTO Again {'a': 2}");
    await session.execute('CREATE INDEX ON Again (a)');
    await session.execute('SELECT * FROM Again WHERE a = 2');
  });
  const [{ tableId }] = await execute<{ tableId: string }>(
    sessions,
    "SELECT tableId FROM information_schema.user_tables WHERE name = 'U'",
  );
  await execute(sessions, `UNDROP TABLE "${tableId}"`);
  blocks = await asAws(ledger);
  ({ strandId } = ledger);
});

let folders = 0;
/** Blocks from one on, as an export. */
function exported(from = 0, all = blocks): string {
  const to = join(folder, `aws-${folders++}`);
  mkdirSync(to);
  writeFileSync(
    join(to, `${strandId}.${from}-${all.length - 1}.ion`),
    all.slice(from).map(formatIonText).join('\n'),
  );
  return to;
}

const tables = (one: Ledger) =>
  execute<{
    name: string;
    status: string;
    tableId: string;
    indexes: { expr: string; status: string }[];
  }>(
    one.sessions,
    'SELECT * FROM information_schema.user_tables AS t ORDER BY t.name, t.status',
  );
const shape = (found: Awaited<ReturnType<typeof tables>>) =>
  found.map(({ name, status, indexes }) => ({
    name,
    status,
    indexes: indexes.map(({ expr }) => expr).sort(),
  }));

describe('a journal that AWS wrote', () => {
  it('is verified, with opaque entries', async () => {
    const { isValid, grades, opaqueEntries, digest } = await verifyExport({
      from: exported(),
    });
    expect(isValid).toBe(true);
    expect(grades).toMatchObject({ opaque: blocks.length, broken: 0 });
    expect(opaqueEntries).toBeGreaterThan(2 * blocks.length);
    expect(digest?.digestTipAddress.sequenceNo).toBe(blocks.length - 1);
  });

  it('is imported: its tables and indexes are found, and queries see the same', async () => {
    const store = `file:${join(folder, 'store')}`;
    const from = exported();
    const imported = await importJournal({ name: 'test', store, from });
    expect(imported.digest).toEqual(
      (await verifyExport({ from })).digest?.digest,
    );
    expect(imported.remarks).toContain(
      'No document tells the id of the table Empty: it has an id that is made up, until one does.',
    );
    const again = await openLedger({ name: 'test', store });
    const [before, after] = [await tables(ledger), await tables(again)];
    expect(shape(after)).toEqual(shape(before));
    const ids = (found: typeof before) =>
      found
        .filter(({ name }) => name !== 'Empty')
        .map(({ tableId }) => tableId);
    expect(ids(after)).toEqual(ids(before));
    for (const table of ['T', 'U', 'V', 'Again', 'Empty'])
      for (const query of [
        `SELECT * FROM ${table} AS t BY id ORDER BY id`,
        `SELECT h.hash, h.data, h.metadata FROM history(${table}) AS h ORDER BY h.metadata.id, h.metadata.version`,
      ])
        expect(await execute(again.sessions, query)).toEqual(
          await execute(ledger.sessions, query),
        );
    expect(
      await execute(again.sessions, 'SELECT VALUE a FROM Again WHERE a = 2'),
    ).toEqual([2]);
    await again.verify();
    for (const sequenceNo of [1, 5, blocks.length - 1])
      await again.verify({
        from: {
          sequenceNo,
          blockHash: blocks[sequenceNo].get('blockHash') as Uint8Array,
        },
      });

    // It goes on where AWS stopped: also with tables that had no document before.
    await execute(again.sessions, "INSERT INTO Empty {'e': 5}");
    await execute(again.sessions, 'DROP TABLE V');
    await execute(again.sessions, 'CREATE INDEX ON U (z)');
    expect(
      await execute(again.sessions, 'SELECT VALUE e FROM Empty WHERE e = 5'),
    ).toEqual([5]);
    const digest = again.getDigest();
    await again.verify({ digest });
    const to = join(folder, 'continued');
    await exportJournal(again, { to, format: 'ION_BINARY' });
    await again.close();
    expect(await verifyExport({ from: to, digest })).toMatchObject({
      isValid: true,
      grades: { opaque: blocks.length, proven: 3 },
    });
    expect(await rebuildLedger({ name: 'test', store })).toMatchObject(digest);
    const rebuilt = await openLedger({ name: 'test', store });
    await rebuilt.verify({ digest });
    expect(
      shape(await tables(rebuilt)).find(({ name }) => name === 'V')?.status,
    ).toBe('INACTIVE');
    await rebuilt.close();
  });

  it('is imported from any block on', async () => {
    for (const from of [2, 7, blocks.length - 3]) {
      const store = `file:${join(folder, `from-${from}`)}`;
      const imported = await importJournal({
        name: 'test',
        store,
        from: exported(from),
      });
      expect(imported.span.first).toBe(from);
      const again = await openLedger({ name: 'test', store });
      await again.verify();
      await execute(again.sessions, 'CREATE TABLE More');
      await again.verify();
      await again.close();
    }
  });

  it('names what is wrong with a block', async () => {
    const changed = async (edit: (text: string) => string) => {
      const from = exported(0, blocks.slice(0, 8));
      const file = join(from, `${strandId}.0-7.ion`);
      const text = blocks.slice(0, 8).map(formatIonText).join('\n');
      expect(edit(text)).not.toBe(text);
      writeFileSync(file, edit(text));
      const { broken } = await verifyExport({ from });
      await expect(
        importJournal({
          name: 'test',
          store: `file:${join(folder, `bad-${folders}`)}`,
          from,
        }),
      ).rejects.toMatchObject({ code: 'QLDB_EXPORT_BROKEN' });
      return broken[0]?.what;
    };
    expect(
      await changed((text) =>
        text.replace(/,revisions:\[\{blockAddress.*\}\]\}/, '}'),
      ),
    ).toMatch(/no revision/);
    expect(
      await changed((text) => text.replace(/tableName:"T"/, 'tableName:"U"')),
    ).toMatch(/transactionInfo/);
    expect(
      await changed((text) =>
        text.replace(/blockTimestamp:20(.*revisions:)/, 'blockTimestamp:19$1'),
      ),
    ).toMatch(/committed before/);
  });
});
