import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PooledQldbDriver } from '../../lib/driver/index.js';
import { type Ledger, openLedger } from '../../lib/ledger/index.js';
import { OccConflictException } from '../../lib/session/index.js';
import { execute, RawSession } from '../contract/raw-session.js';

let ledger: Ledger;

beforeEach(async () => {
  ledger = await openLedger({ name: 'test', store: 'memory:' });
  for (const statement of [
    'CREATE TABLE A',
    'CREATE TABLE B',
    'CREATE TABLE C',
    'CREATE TABLE Result',
    'CREATE INDEX ON B (k)',
  ])
    await execute(ledger.sessions, statement);
  const rows = Array.from({ length: 20 }, (_, n) => ({ n, k: `k${n % 10}` }));
  for (const table of ['A', 'B', 'C'])
    await execute(
      ledger.sessions,
      `INSERT INTO ${table} ?`,
      table === 'A' ? rows.slice(0, 10) : rows,
    );
});
afterEach(() => ledger.close());

/** Whether a transaction that ran a statement commits after another one has run `meanwhile`. */
async function commits(statement: string, meanwhile: string): Promise<boolean> {
  const session = await RawSession.start(ledger.sessions);
  try {
    await session.begin();
    await session.execute(statement);
    await session.execute("INSERT INTO Result {'x': 1}");
    await execute(ledger.sessions, meanwhile);
    await session.commit();
    return true;
  } catch (error) {
    if (error instanceof OccConflictException) return false;
    throw error;
  } finally {
    await session.end();
  }
}

const inB = "INSERT INTO B {'n': 99, 'k': 'other'}";
const underKey = "INSERT INTO B {'n': 99, 'k': 'k3'}";
const inC = "INSERT INTO C {'n': 99, 'k': 'other'}";

describe('what a join reads', () => {
  it.each([
    // By an index: the keys, whether something stands under them or not.
    ['SELECT * FROM A AS a JOIN B AS b ON a.k = b.k', inB, true],
    ['SELECT * FROM A AS a JOIN B AS b ON a.k = b.k', underKey, false],
    ['SELECT * FROM A AS a LEFT JOIN B AS b ON a.k = b.k', inB, true],
    ['SELECT * FROM A AS a LEFT JOIN B AS b ON a.k = b.k', underKey, false],
    ['SELECT * FROM B AS b RIGHT JOIN A AS a ON a.k = b.k', inB, true],
    // Without one: the whole table.
    ['SELECT * FROM A AS a JOIN C AS c ON a.k = c.k', inC, false],
    ['SELECT * FROM C AS c JOIN A AS a ON a.k = c.k', inC, false],
    // Of what a condition leaves nothing of, nothing.
    ['SELECT * FROM A AS a, C AS c WHERE a.k = c.k AND a.n < 0', inC, true],
    ['SELECT * FROM A AS a, C AS c WHERE a.k = c.k AND 1 = 2', inC, true],
    // In a query for each row of another.
    [
      'SELECT * FROM A AS a WHERE EXISTS (SELECT 1 FROM B AS b WHERE b.k = a.k)',
      inB,
      true,
    ],
    [
      'SELECT * FROM A AS a WHERE a.k IN (SELECT VALUE c.k FROM C AS c)',
      inC,
      false,
    ],
    // What is explained is not read.
    ['EXPLAIN SELECT * FROM A AS a JOIN C AS c ON a.k = c.k', inC, true],
    ['EXPLAIN DELETE FROM C', inC, true],
  ])('%s; meanwhile %s', async (statement, meanwhile, expected) => {
    expect(await commits(statement, meanwhile)).toBe(expected);
  });

  it('sees what its own transaction wrote', async () => {
    const session = await RawSession.start(ledger.sessions);
    await session.begin();
    await session.execute("UPDATE B SET k = 'k1' WHERE k = 'k0'");
    await session.execute("INSERT INTO B {'n': 50, 'k': 'k2'}");
    await session.execute("DELETE FROM B WHERE k = 'k3'");
    expect(
      await session.execute(
        'SELECT a.n, COUNT(*) AS c FROM A AS a JOIN B AS b ON a.k = b.k WHERE a.n < 6 GROUP BY a.n',
      ),
    ).toEqual([
      { n: 1, c: 4 },
      { n: 2, c: 3 },
      { n: 4, c: 2 },
      { n: 5, c: 2 },
    ]);
    await session.abort();
    await session.end();
  });

  it('is explained through a driver', async () => {
    const driver = new PooledQldbDriver({
      ledgerName: 'test',
      endpoint: ledger.sessions,
    });
    try {
      const result = await driver.executeStatement(
        'EXPLAIN SELECT * FROM C WHERE k = ?',
        'a',
      );
      expect(await result.toArray()).toEqual([
        {
          step: 1,
          operation: 'scan',
          on: 'C',
          note: 'reads every document of C, so it conflicts with every write to that table; CREATE INDEX ON C (k) would let it read only those it needs',
        },
        { step: 2, operation: 'filter', on: 'k = ?' },
      ]);
    } finally {
      await driver.close();
    }
  });
});
