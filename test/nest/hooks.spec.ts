import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  PropagationError,
  Qldb,
  TransactionEndedError,
} from '../../lib/nest/index.js';
import { PooledQldbDriver } from '../../lib/driver/index.js';
import { RETRY } from './app.js';
import { ScriptedEndpoint } from './scripted-endpoint.js';

describe('hooks of a transaction', () => {
  let endpoint: ScriptedEndpoint;
  let driver: PooledQldbDriver;
  let qldb: Qldb;
  let logged: string[];

  beforeEach(() => {
    endpoint = new ScriptedEndpoint();
    driver = new PooledQldbDriver({ ledgerName: 't', endpoint, retry: RETRY });
    logged = [];
    const logger = { error: (message: string) => void logged.push(message) };
    qldb = new Qldb(driver, { logger });
  });
  afterEach(() => driver.close());

  const hook = (name: string) => async () => {
    await Promise.resolve();
    endpoint.log.push(name);
  };

  it('run in order after the commit, before the result is there', async () => {
    await qldb.executeLambda(async () => {
      qldb.afterCommit(hook('first'));
      qldb.afterCommit(hook('second'));
      qldb.afterRollback(hook('never'));
      await qldb.execute('S');
    });
    endpoint.log.push('result');
    expect(endpoint.log).toEqual([
      'begin 1',
      '1: S',
      'commit 1',
      'first',
      'second',
      'result',
    ]);
  });

  it('are forgotten when an attempt is retried', async () => {
    endpoint.conflicts = 1;
    let attempt = 0;
    await qldb.executeLambda(() => {
      attempt++;
      qldb.afterCommit(hook(`commit of attempt ${attempt}`));
      qldb.afterRollback(hook(`rollback of attempt ${attempt}`));
    });
    expect(endpoint.log).toEqual([
      'begin 1',
      'conflict 1',
      'begin 2',
      'commit 2',
      'commit of attempt 2',
    ]);
  });

  it('run after the last rollback', async () => {
    endpoint.conflicts = 99;
    const failing = qldb.executeLambda(() => {
      qldb.afterCommit(hook('never'));
      qldb.afterRollback(hook('rollback'));
    });
    await expect(failing).rejects.toThrow('Optimistic');
    expect(endpoint.log.slice(-2)).toEqual(['conflict 5', 'rollback']);
  });

  it('do not run when the outcome is unknown', async () => {
    endpoint.before = (request) => {
      if (request.CommitTransaction) throw new Error('connection lost');
    };
    const failing = qldb.executeLambda(() => {
      qldb.afterCommit(hook('commit'));
      qldb.afterRollback(hook('rollback'));
    });
    await expect(failing).rejects.toMatchObject({
      code: 'QLDB_COMMIT_OUTCOME_UNKNOWN',
    });
    expect(endpoint.log).not.toContain('commit');
    expect(endpoint.log).not.toContain('rollback');
  });

  it('undo nothing when they fail, and are logged', async () => {
    const result = await qldb.executeLambda(() => {
      qldb.afterCommit(() => {
        throw new Error('mail server away');
      });
      qldb.afterCommit(hook('still'));
      return 'result';
    });
    expect(result).toBe('result');
    expect(endpoint.log).toEqual(['begin 1', 'commit 1', 'still']);
    expect(logged).toHaveLength(1);
  });

  it('are outside of the transaction: what they do is one of its own', async () => {
    await qldb.executeLambda(() => {
      qldb.afterCommit(() => qldb.execute('later'));
    });
    expect(endpoint.log).toEqual([
      'begin 1',
      'commit 1',
      'begin 2',
      '2: later',
      'commit 2',
    ]);
  });

  it('need a transaction that is running', async () => {
    expect(() => qldb.afterCommit(() => undefined)).toThrow(PropagationError);
    let late: (() => void) | undefined;
    const { AsyncResource } = await import('node:async_hooks');
    await qldb.executeLambda(() => {
      late = AsyncResource.bind(() => qldb.afterCommit(() => undefined));
    });
    expect(late).toThrow(TransactionEndedError);
  });
});
