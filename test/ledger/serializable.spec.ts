import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Ledger, openLedger } from '../../lib/ledger/index.js';
import { Random } from '../contract/random.js';
import { execute, RawSession } from '../contract/raw-session.js';

const ACCOUNTS = 6;
const CALLERS = 12;
const TRANSFERS = 25;

/** Runs a transaction until it does not conflict; returns how often it did. */
async function untilCommitted(
  session: RawSession,
  run: () => Promise<void>,
): Promise<number> {
  for (let conflicts = 0; ; conflicts++) {
    await session.begin();
    await run();
    try {
      await session.commit();
      return conflicts;
    } catch (error) {
      if ((error as Error).name !== 'OccConflictException') throw error;
    }
  }
}

describe('concurrent transactions', () => {
  let ledger: Ledger;
  beforeEach(async () => {
    ledger = await openLedger({ name: 'test', store: 'memory:' });
    await execute(ledger.sessions, 'CREATE TABLE Account');
    await execute(ledger.sessions, 'CREATE INDEX ON Account (owner)');
    for (let owner = 0; owner < ACCOUNTS; owner++)
      await execute(ledger.sessions, 'INSERT INTO Account ?', {
        owner,
        balance: 100,
        transfers: 0,
      });
  });
  afterEach(() => ledger.close());

  it.each([1, 2, 3])(
    'move money without losing or making any (seed %d)',
    async (seed) => {
      const random = new Random(seed);
      let conflicts = 0;
      await Promise.all(
        Array.from({ length: CALLERS }, async () => {
          const session = await RawSession.start(ledger.sessions);
          for (let n = 0; n < TRANSFERS; n++) {
            const from = random.below(ACCOUNTS);
            const to = (from + 1 + random.below(ACCOUNTS - 1)) % ACCOUNTS;
            const amount = random.below(20);
            conflicts += await untilCommitted(session, async () => {
              const balance = async (owner: number) => {
                const [found] = await session.execute<number>(
                  'SELECT VALUE balance FROM Account WHERE owner = ?',
                  owner,
                );
                return found;
              };
              const set = (owner: number, value: number) =>
                session.execute(
                  'UPDATE Account AS a SET a.balance = ?, a.transfers = a.transfers + 1 WHERE a.owner = ?',
                  value,
                  owner,
                );
              // Read, think, write: what OCC must protect.
              const [left, right] = [await balance(from), await balance(to)];
              await new Promise((resolve) => setImmediate(resolve));
              await set(from, left - amount);
              await set(to, right + amount);
            });
          }
        }),
      );

      const accounts = await execute<{ balance: number; transfers: number }>(
        ledger.sessions,
        'SELECT * FROM Account',
      );
      const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
      expect(sum(accounts.map(({ balance }) => balance))).toBe(100 * ACCOUNTS);
      expect(sum(accounts.map(({ transfers }) => transfers))).toBe(
        2 * CALLERS * TRANSFERS,
      );
      // Otherwise nothing was put to the test.
      expect(conflicts).toBeGreaterThan(0);
      const { blocks } = await ledger.verify();
      expect(blocks).toBe(1 + 2 + ACCOUNTS + CALLERS * TRANSFERS);
    },
  );

  it('never let two that each read what the other writes both commit', async () => {
    // Write skew: each takes from one account if both together hold enough.
    const [a, b] = [
      await RawSession.start(ledger.sessions),
      await RawSession.start(ledger.sessions),
    ];
    const read = 'SELECT VALUE balance FROM Account WHERE owner IN (0, 1)';
    for (const [session, owner] of [
      [a, 0],
      [b, 1],
    ] as const) {
      await session.begin();
      expect(await session.execute(read)).toEqual([100, 100]);
      await session.execute(
        'UPDATE Account SET balance = balance - 150 WHERE owner = ?',
        owner,
      );
    }
    await a.commit();
    await expect(b.commit()).rejects.toMatchObject({
      name: 'OccConflictException',
    });
  });
});
