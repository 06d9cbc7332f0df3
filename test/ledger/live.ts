import { Decimal } from 'ion-js';
import type { Ledger } from '../../lib/ledger/index.js';
import { execute, transact } from '../contract/raw-session.js';

interface HistoryRow {
  readonly blockAddress: object;
  readonly data?: object;
  readonly metadata: { readonly id: string };
}

/** Documents, indexes and tables that come, change and go. */
export async function live(ledger: Ledger): Promise<void> {
  const { sessions } = ledger;
  await execute(sessions, 'CREATE TABLE T');
  await execute(sessions, 'CREATE INDEX ON T (n)');
  for (let n = 0; n < 5; n++)
    await transact(sessions, async (session) => {
      for (let i = 0; i <= n; i++)
        await session.execute('INSERT INTO T ?', {
          n: 10 * n + i,
          m: i,
          price: new Decimal('1.50'),
          nested: { list: [1.5, null, 'x'], at: new Date(0) },
        });
    });
  await execute(sessions, "INSERT INTO T << {'n': `a::1`, 'm': `2.0e0`} >>");
  await execute(sessions, 'UPDATE T SET n = 7 WHERE n < 12');
  await execute(sessions, 'CREATE INDEX ON T (m)');
  await execute(sessions, 'UPDATE T SET m = m + 1 WHERE m < 2');
  await execute(sessions, 'UPDATE T SET n = null WHERE n = 33');
  await execute(sessions, 'DELETE FROM T WHERE n = 20');
  await execute(sessions, 'CREATE TABLE U');
  await execute(sessions, 'CREATE INDEX ON U (x)');
  await execute(sessions, "INSERT INTO U << {'x': 1}, {'x': 2} >>");
  await execute(sessions, 'DROP TABLE U');
  await transact(sessions, async (session) => {
    await session.execute('CREATE TABLE V');
    await session.execute("INSERT INTO V {'y': 1}");
    await session.execute('CREATE INDEX ON V (y)');
    await session.execute("INSERT INTO V {'y': 2}");
  });
  await execute(sessions, 'UPDATE V SET y = 3 WHERE y = 2');
  await redactSome(ledger);
}

/** Redacts every second revision that can be, of all tables: neighbours in a document, dropped tables, deleted documents. */
async function redactSome({ sessions }: Ledger): Promise<void> {
  for (const table of await execute(
    sessions,
    'SELECT VALUE tableId FROM information_schema.user_tables',
  )) {
    const revisions = await execute<HistoryRow>(
      sessions,
      `SELECT VALUE r FROM history('${String(table)}') AS r`,
    );
    const superseded = revisions.filter(
      ({ data, metadata }, n) =>
        data && revisions[n + 1]?.metadata.id === metadata.id,
    );
    for (const [n, revision] of superseded.entries())
      if (n % 3 !== 2)
        await execute(
          sessions,
          `EXEC REDACT_REVISION ?, '${String(table)}', ?`,
          revision.blockAddress,
          revision.metadata.id,
        );
  }
}
