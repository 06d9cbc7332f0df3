import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../lib/async/maybe-promise.js';
import { Ledger } from '../../lib/ledger/ledger.js';
import { DEFAULT_LIMITS } from '../../lib/ledger/limits.js';
import { systemPorts } from '../../lib/ledger/ports.js';
import type { Commit } from '../../lib/store/contract.js';
import { MemoryStore } from '../../lib/store/memory/memory-store.js';
import { execute, RawSession } from '../contract/raw-session.js';

/** A store that can be told to fail. */
class FailingStore extends MemoryStore {
  failures = 0;

  override async append(
    tip: number,
    commits: readonly Commit[],
  ): Promise<void> {
    if (this.failures > 0) {
      this.failures--;
      throw new Error('no space left');
    }
    return super.append(tip, commits);
  }
}

describe('Sequencer', () => {
  let store: FailingStore;
  let ledger: Ledger;
  beforeEach(async () => {
    store = new FailingStore();
    ledger = await Ledger.over('test', store, systemPorts, DEFAULT_LIMITS);
    await execute(ledger.sessions, 'CREATE TABLE T');
    await execute(ledger.sessions, 'CREATE INDEX ON T (k)');
    await execute(ledger.sessions, "INSERT INTO T VALUE {'k': 1, 'n': 0}");
  });
  afterEach(() => ledger.close());

  it('wakes up for a commit at every moment at which the one before ends', async () => {
    const begun = async () => {
      const session = await RawSession.start(ledger.sessions);
      await session.begin();
      await session.execute("INSERT INTO T VALUE {'k': 2}");
      return session;
    };
    for (let offset = 0; offset < 40; offset++) {
      const [a, b] = [await begun(), await begun()];
      const first = a.commit();
      const second = (async () => {
        for (let n = 0; n < offset; n++) await Promise.resolve();
        await b.commit();
      })();
      const late = new Promise((_, reject) =>
        setTimeout(
          () => reject(new Error(`lost at offset ${offset}`)),
          2_000,
        ).unref(),
      );
      await Promise.race([Promise.all([first, second]), late]);
    }
  });

  it('goes on after a write that failed, as if it had not been tried', async () => {
    const update = 'UPDATE T SET n = n + 1 WHERE k = 1';
    store.failures = 1;
    await expect(execute(ledger.sessions, update)).rejects.toMatchObject({
      name: 'NotCommittedException',
      code: 'QLDB_NOT_COMMITTED',
    });
    await execute(ledger.sessions, update);
    expect(
      await execute(ledger.sessions, 'SELECT VALUE n FROM T WHERE k = 1'),
    ).toEqual([1]);
    await ledger.verify();
  });

  it('refuses what was committed directly after the ledger was closed', async () => {
    const transaction = ledger.begin();
    await run(transaction.execute("INSERT INTO T VALUE {'k': 3}", []));
    await ledger.close();
    await expect(ledger.commit(transaction)).rejects.toThrow();
  });
});
