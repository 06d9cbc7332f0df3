import { describe, expect, it } from 'vitest';
import { toIonBinary } from '../../lib/ion/native.js';
import {
  type Ledger,
  type LedgerLimits,
  openLedger,
} from '../../lib/ledger/index.js';
import { execute, RawSession } from '../contract/raw-session.js';

const open = (limits: Partial<LedgerLimits>) =>
  openLedger({ name: 'test', store: 'memory:', limits });

/** A ledger with `count` documents, and a transaction that is open on it. */
async function begin(limits: Partial<LedgerLimits>, count = 0) {
  const ledger = await open(limits);
  await execute(ledger.sessions, 'CREATE TABLE T');
  for (let n = 0; n < count; n++)
    await execute(ledger.sessions, 'INSERT INTO T ?', document(n));
  const session = await RawSession.start(ledger.sessions);
  return { ledger, session: await session.begin() };
}

const document = (n: number) => ({ n, text: 'x'.repeat(1000) });
const documents = (count: number) =>
  Array.from({ length: count }, (_, n) => document(n));
const BYTES = toIonBinary(document(1)).length;

async function count(ledger: Ledger): Promise<number> {
  return (await execute(ledger.sessions, 'SELECT * FROM T')).length;
}

const exceeds = (limit: number, option: keyof LedgerLimits) =>
  expect.objectContaining({
    name: 'BadRequestException',
    message: expect.stringMatching(
      new RegExp(`limit of ${limit} .*raise ${option} of the ledger`),
    ),
  });

describe('the documents of one transaction', () => {
  it('are limited, whatever they are written by', async () => {
    const { session } = await begin({ maxTransactionDocuments: 4 }, 3);
    await session.execute('INSERT INTO T ?', document(3));
    await session.execute('UPDATE T SET n = 7 WHERE n = 0');
    await session.execute('DELETE FROM T WHERE n = 1');
    // Those that were written already count once.
    await session.execute('UPDATE T SET n = 8 WHERE n = 7 OR n = 3');
    await session.execute('INSERT INTO T ?', document(4));
    for (const statement of [
      'INSERT INTO T {}',
      'UPDATE T SET n = 0 WHERE n = 2',
      'DELETE FROM T',
    ])
      await expect(session.execute(statement)).rejects.toEqual(
        exceeds(4, 'maxTransactionDocuments'),
      );
    await session.commit();
  });

  it('are refused as a whole statement; what went before can be committed', async () => {
    const { session, ledger } = await begin({ maxTransactionDocuments: 4 });
    await session.execute('INSERT INTO T ?', documents(2));
    await expect(
      session.execute('INSERT INTO T ?', documents(3)),
    ).rejects.toEqual(exceeds(4, 'maxTransactionDocuments'));
    // The statement that was refused does not count.
    await session.execute('INSERT INTO T ?', documents(2));
    await session.commit();
    expect(await count(ledger)).toBe(4);
  });

  it('leave nothing behind when the transaction is aborted', async () => {
    const { session, ledger } = await begin({ maxTransactionDocuments: 4 });
    await session.execute('INSERT INTO T ?', documents(4));
    await expect(session.execute('INSERT INTO T {}')).rejects.toEqual(
      exceeds(4, 'maxTransactionDocuments'),
    );
    await session.abort();
    await session.begin();
    await session.execute('INSERT INTO T ?', documents(4));
    await session.commit();
    expect(await count(ledger)).toBe(4);
  });
});

describe('the bytes of one statement', () => {
  it('end it, and not its transaction', async () => {
    const { session } = await begin({ maxStatementBytes: 1000 }, 40);
    await expect(
      session.execute('SELECT * FROM T AS t ORDER BY t.text'),
    ).rejects.toMatchObject({
      name: 'BadRequestException',
      message: expect.stringContaining('maxStatementBytes') as string,
    });
    expect(await session.execute('SELECT * FROM T')).toHaveLength(40);
    await session.commit();
  });

  it('are bounded for each value', async () => {
    const { session } = await begin({ maxValueBytes: 1000 }, 1);
    await expect(
      session.execute(`['${'x'.repeat(600)}' || '${'x'.repeat(600)}']`),
    ).rejects.toMatchObject({
      name: 'BadRequestException',
      message: expect.stringContaining('maxValueBytes') as string,
    });
    await session.commit();
  });
});

describe('the bytes of one transaction', () => {
  it('are those of its documents and parameters', async () => {
    const limit = 4 * BYTES;
    const { session } = await begin({ maxTransactionBytes: limit });
    await session.execute('INSERT INTO T ?', document(1));
    await session.execute('INSERT INTO T ?', document(2));
    await expect(
      session.execute('SELECT * FROM T WHERE text = ?', 'y'),
    ).rejects.toEqual(exceeds(limit, 'maxTransactionBytes'));
    await expect(
      session.execute(`INSERT INTO T {'text': '${'z'.repeat(50)}'}`),
    ).rejects.toEqual(exceeds(limit, 'maxTransactionBytes'));
    await session.execute('SELECT * FROM T');
    await session.commit();
  });

  it('are those of the documents that are replaced, too', async () => {
    const limit = 3 * BYTES;
    const { session } = await begin({ maxTransactionBytes: limit }, 4);
    // Each of them twice: as it was and as it becomes.
    await session.execute('UPDATE T SET n = 9 WHERE n = 0');
    await expect(
      session.execute('UPDATE T SET n = 9 WHERE n = 1'),
    ).rejects.toEqual(exceeds(limit, 'maxTransactionBytes'));
    await session.execute('DELETE FROM T WHERE n = 1');
    await expect(session.execute('DELETE FROM T WHERE n = 2')).rejects.toEqual(
      exceeds(limit, 'maxTransactionBytes'),
    );
    await session.commit();
  });

  it('are let go with a document that is written again', async () => {
    const { session } = await begin({ maxTransactionBytes: 5 * BYTES }, 1);
    for (let n = 1; n < 20; n++) await session.execute(`UPDATE T SET n = ${n}`);
    await session.execute('DELETE FROM T');
    await session.execute('INSERT INTO T ?', document(1));
    await session.commit();
  });

  it('stay as long as an open cursor reads what was written over', async () => {
    const limit = 10 * BYTES;
    const { session } = await begin(
      { maxTransactionBytes: limit, pageRows: 1 },
      2,
    );
    expect(await session.page('SELECT * FROM T')).toHaveProperty(
      'NextPageToken',
    );
    await expect(
      (async () => {
        for (let n = 1; n < 20; n++)
          await session.execute(`UPDATE T SET n = ${n}`);
      })(),
    ).rejects.toEqual(exceeds(limit, 'maxTransactionBytes'));
  });

  it('of parameters count once they are sent, even where the statement fails', async () => {
    const { session } = await begin({ maxTransactionBytes: 3 * BYTES });
    for (let n = 0; n < 2; n++)
      await expect(
        session.execute('INSERT INTO U ?', document(n)),
      ).rejects.toThrow('U');
    await expect(
      session.execute('INSERT INTO T ?', document(1)),
    ).rejects.toEqual(exceeds(3 * BYTES, 'maxTransactionBytes'));
    await session.commit();
  });
});

describe('limits', () => {
  it.each([
    [{ maxTransactionDocuments: 0 }, 'limits.maxTransactionDocuments'],
    [{ maxTransactionBytes: 1.5 }, 'limits.maxTransactionBytes'],
    [{ maxTransactionBytes: '1' }, 'limits.maxTransactionBytes'],
    [{ transactionTimeout: 2 ** 31 }, 'limits.transactionTimeout'],
    [{ pageRows: Infinity }, 'limits.pageRows'],
    [{ rows: 1 }, 'limits.rows is not a limit'],
    [null, 'limits is an object'],
  ])('%j are refused', async (limits, problem) => {
    await expect(
      open(limits as unknown as Partial<LedgerLimits>),
    ).rejects.toMatchObject({
      code: 'QLDB_LEDGER_LIMITS',
      message: expect.stringContaining(problem),
    });
  });

  it('that are undefined have their default', async () => {
    const { session } = await begin({
      maxTransactionDocuments: undefined,
      pageRows: undefined,
    });
    await session.execute('INSERT INTO T ?', documents(2));
    await session.commit();
  });
});
