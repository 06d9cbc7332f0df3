import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  getQldbToken,
  InjectQldb,
  Qldb,
  Transactional,
} from '../../lib/nest/index.js';
import {
  FaultEndpoint,
  openTestQldb,
  StatementRecorder,
  type TestQldb,
} from '../../lib/testing/index.js';
import { PooledQldbDriver } from '../../lib/driver/index.js';

@Injectable()
class Counter {
  between: () => Promise<unknown> | undefined = () => undefined;
  constructor(@InjectQldb() private readonly qldb: Qldb) {}

  @Transactional()
  async increment(): Promise<void> {
    await this.qldb.execute('SELECT * FROM Counter');
    await this.between();
    await this.qldb.execute('UPDATE Counter AS c SET c.n = c.n + 1');
  }
}

describe('openTestQldb', () => {
  let test: TestQldb;

  beforeEach(async () => {
    test = await openTestQldb({
      setUp: ['CREATE TABLE Counter', "INSERT INTO Counter {'n': 0}"],
      retry: { backoff: () => 0 },
    });
  });
  afterEach(() => test.close());

  it('gives a ledger of its own, already set up', async () => {
    await expect(test.qldb.listTables()).resolves.toEqual(['Counter']);
    await expect(test.ledger.verify()).resolves.toBeDefined();
    await using other = await openTestQldb();
    await expect(other.qldb.listTables()).resolves.toEqual([]);
  });

  it('records statements, retries included', async () => {
    const module = await Test.createTestingModule({
      providers: [Counter, { provide: getQldbToken(), useValue: test.qldb }],
    }).compile();
    const counter = module.get(Counter);
    let overtaken = false;
    counter.between = () => {
      if (overtaken) return undefined;
      overtaken = true;
      return test.driver.executeStatement('UPDATE Counter SET n = 5');
    };
    await counter.increment();
    const [select, update] = [
      'SELECT * FROM Counter',
      'UPDATE Counter AS c SET c.n = c.n + 1',
    ];
    expect(test.recorder.take()).toEqual([
      'begin 1',
      `1: ${select}`,
      'begin 2',
      '2: UPDATE Counter SET n = 5',
      'commit 2',
      `1: ${update}`,
      'conflict 1',
      'begin 3',
      `3: ${select}`,
      `3: ${update}`,
      'commit 3',
    ]);
    await expect(
      test.qldb.execute('SELECT VALUE c.n FROM Counter AS c'),
    ).resolves.toEqual([6]);
  });

  it('records a commit that failed', async () => {
    const recorder = new StatementRecorder(
      new FaultEndpoint(test.ledger.sessions, [
        { command: 'CommitTransaction', disconnect: true },
      ]),
    );
    await using driver = new PooledQldbDriver({
      ledgerName: 'test',
      endpoint: recorder,
    });
    await expect(
      driver.executeStatement('UPDATE Counter SET n = 1'),
    ).rejects.toMatchObject({ code: 'QLDB_COMMIT_OUTCOME_UNKNOWN' });
    expect(recorder.log.slice(0, 3)).toEqual([
      'begin 1',
      '1: UPDATE Counter SET n = 1',
      'fail 1',
    ]);
  });

  it('closes what it opened when the set-up fails', async () => {
    await expect(openTestQldb({ setUp: ['CREATE'] })).rejects.toThrow();
  });
});
