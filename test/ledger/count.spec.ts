import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Ledger, openLedger } from '../../lib/ledger/index.js';
import { execute, RawSession, transact } from '../contract/raw-session.js';

describe.each(['memory', 'file'])('COUNT(*) on %s', (kind) => {
  let folder: string;
  let ledger: Ledger;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'qldb-count-'));
    const store = kind === 'file' ? `file:${folder}` : 'memory:';
    ledger = await openLedger({ name: 'test', store });
    await execute(ledger.sessions, 'CREATE TABLE T');
    await execute(ledger.sessions, 'INSERT INTO T ?', [
      { n: 1 },
      { n: 2 },
      { n: 3 },
    ]);
  });
  afterEach(async () => {
    await ledger.close();
    await rm(folder, { recursive: true, force: true });
  });

  const run = (statement: string) => execute(ledger.sessions, statement);
  const count = async (session: RawSession, from = 'T') => {
    const [n] = await session.execute(`SELECT VALUE COUNT(*) FROM ${from}`);
    return n;
  };

  it.each([
    ['SELECT COUNT(*) FROM T', { _1: 3 }],
    ['SELECT COUNT(1) AS n FROM T', { n: 3 }],
    ['SELECT COUNT(*) AS a, COUNT(*) + 1 AS b FROM T', { a: 3, b: 4 }],
    ['SELECT VALUE COUNT(*) FROM T AS t', 3],
    ['SELECT VALUE COUNT(*) FROM T BY id', 3],
    ['SELECT VALUE COUNT(*) FROM _ql_committed_T', 3],
    ['SELECT VALUE COUNT(*) FROM history(T)', 3],
    ['SELECT VALUE COUNT(*) FROM information_schema.user_tables', 1],
    ['SELECT VALUE COUNT(null) FROM T', 0],
    ['SELECT VALUE COUNT(t.n) FROM T AS t', 3],
    ['SELECT VALUE COUNT(t.m) FROM T AS t', 0],
    ['SELECT VALUE COUNT(DISTINCT 1) FROM T', 1],
    ['SELECT VALUE COUNT(*) FROM T WHERE n > 1', 2],
    ['SELECT VALUE COUNT(*) FROM T, T AS u', 9],
    ['SELECT VALUE COUNT(*) FROM (SELECT * FROM T LIMIT 2) AS t', 2],
    ['SELECT VALUE COUNT(*) FROM T HAVING_NONE', 3],
  ])('%s', async (statement, expected) => {
    expect(await run(statement)).toEqual([expected]);
  });

  it('counts what the transaction wrote, and no more', async () => {
    await transact(ledger.sessions, async (session) => {
      await session.execute('INSERT INTO T ?', { n: 4 });
      expect(await count(session)).toBe(4);
      await session.execute('DELETE FROM T WHERE n < 3');
      expect(await count(session)).toBe(2);
      await session.execute('UPDATE T SET n = 9');
      expect(await count(session)).toBe(2);
      // A document that came and went in the transaction.
      await session.execute('INSERT INTO T ?', { n: 5 });
      await session.execute('DELETE FROM T WHERE n = 5');
      expect(await count(session)).toBe(2);
      expect(await count(session, '_ql_committed_T')).toBe(3);
      await run("INSERT INTO T {'n': 100}").catch(() => {});
      expect(await count(session)).toBe(2);
    }).catch((error: Error) => expect(error.name).toBe('OccConflictException'));
  });

  it('is a read of the whole table', async () => {
    await expect(
      transact(ledger.sessions, async (session) => {
        expect(await count(session)).toBe(3);
        await run("INSERT INTO T {'n': 100}");
        await session.execute('CREATE TABLE Other');
      }),
    ).rejects.toMatchObject({ name: 'OccConflictException' });
  });

  it('counts what there was when the transaction began', async () => {
    const session = await RawSession.start(ledger.sessions);
    await session.begin();
    await run("INSERT INTO T {'n': 100}");
    await run('DELETE FROM T WHERE n = 1');
    await run('DELETE FROM T WHERE n = 2');
    expect(await count(session)).toBe(3);
    await expect(session.commit()).rejects.toMatchObject({
      name: 'OccConflictException',
    });
    expect(await run('SELECT VALUE COUNT(*) FROM T')).toEqual([2]);
  });
});
