import { setTimeout as sleep } from 'node:timers/promises';
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
} from 'vitest';
import type { Batches, Commit } from '../../lib/store/contract.js';
import { postgresSettings } from '../../lib/store/postgres/postgres-options.js';
import { PostgresStore } from '../../lib/store/postgres/postgres-store.js';
import {
  DefinitionsMovedError,
  TipMovedError,
} from '../../lib/store/store-errors.js';
import { describeStore } from '../contract/store.js';
import { hasPostgres, PostgresServer } from './postgres-server.js';

describe.runIf(hasPostgres('PostgreSQL store'))('PostgreSQL', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start();
  }, 60_000);
  afterAll(() => server.remove());

  let opened = 0;
  for (const [name, options] of Object.entries({
    postgres: {},
    'postgres, without copies as jsonb': { json: false },
    // What an engine demands that does not write several tables in one statement.
    'postgres, a statement for each table': { writesApart: true },
    'postgres, without prepared statements': { prepare: false },
  })) {
    const open = () =>
      PostgresStore.open(
        { ...postgresSettings(server.url), ...options },
        `ledger-${opened}`,
      );
    describeStore(
      name,
      () => {
        opened++;
        return open();
      },
      open,
    );
  }

  describe('shared by two processes', () => {
    let one: PostgresStore;
    let other: PostgresStore;
    beforeEach(async () => {
      const name = `shared-${++opened}`;
      one = await PostgresStore.open(postgresSettings(server.url), name);
      other = await PostgresStore.open(postgresSettings(server.url), name);
      await one.append(-1, [block(0)]);
      await other.head();
    });
    afterEach(() => Promise.all([one.close(), other.close()]));

    const hash = (n: number) => Buffer.alloc(32, n);
    const block = (sequenceNo: number, more: Partial<Commit> = {}): Commit => ({
      sequenceNo,
      blockHash: hash(sequenceNo),
      block: Buffer.from(`block ${sequenceNo}`),
      blockTimestamp: 1,
      merkleNodes: [{ level: 0, index: sequenceNo, hash: hash(sequenceNo) }],
      revisions: [],
      indexEntries: [],
      ...more,
    });
    const drain = async (batches: Batches<unknown>) => {
      for await (const _ of batches);
    };
    const tables = [{ tableId: 'T'.repeat(22), name: 'T', isActive: true }];

    it('tells each what the other has appended', async () => {
      await one.append(0, [
        block(1, { writtenKeys: new Set(['a', 'e:\xff\0']) }),
        block(2, { tables }),
      ]);
      expect(await other.shared.blocksAfter(0)).toMatchObject([
        { sequenceNo: 1, writtenKeys: ['a', 'e:\xff\0'], definesTables: false },
        { sequenceNo: 2, writtenKeys: [], definesTables: true },
      ]);
      expect(await other.shared.blocksAfter(2)).toEqual([]);
      await expect(one.append(1, [block(2)])).rejects.toThrow(TipMovedError);
    });

    it('reads the newest state only for whoever knows its tables', async () => {
      const read = (known: number) =>
        drain(other.shared.newest(known).scan('T'.repeat(22)));
      await one.append(0, [block(1, { tables })]);
      await expect(read(0)).rejects.toThrow(DefinitionsMovedError);
      // That the store has heard of them does not mean that the reader has.
      await other.shared.blocksAfter(0);
      await expect(read(0)).rejects.toThrow(DefinitionsMovedError);
      const snapshot = other.shared.newest(1);
      expect(snapshot.isSettled).toBe(false);
      await one.append(1, [block(2)]);
      await drain(snapshot.scan('T'.repeat(22)));
      expect(snapshot).toMatchObject({ isSettled: true, at: 2 });
    });

    it('lets nobody else append while one has its turn', async () => {
      await one.append(0, [block(1)]);
      expect(await other.shared.takeTurn(0)).toMatchObject([{ sequenceNo: 1 }]);
      let isDone = false;
      const waiting = one.append(1, [block(2)]).finally(() => {
        isDone = true;
      });
      waiting.catch(() => {});
      await sleep(300);
      expect(isDone).toBe(false);
      await other.append(1, [block(2, { blockHash: hash(9) })]);
      await expect(waiting).rejects.toThrow(TipMovedError);

      await one.shared.takeTurn(1);
      await one.shared.leave();
      await other.append(2, [block(3)]);
      expect((await one.head())?.sequenceNo).toBe(3);
    });
  });
});
