import { Decimal } from 'ion-js';
import type { Ledger } from '../../lib/ledger/index.js';
import { execute, transact } from '../contract/raw-session.js';

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
}
