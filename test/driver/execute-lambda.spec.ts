import { describe, expect, it } from 'vitest';
import { PooledQldbDriver } from '../../lib/driver/index.js';
import { FakeService } from './fake-service.js';

describe('executeLambda', () => {
  it('runs a lambda in one transaction and commits it', async () => {
    const service = new FakeService();
    const driver = new PooledQldbDriver({ ledgerName: 'l', endpoint: service });
    const rows = await driver.executeLambda((txn) =>
      txn.execute('SELECT ?', 1),
    );
    expect(rows).toEqual([1]);
    await driver.close();
    expect(service.commands).toEqual([
      'StartSession',
      'StartTransaction',
      'ExecuteStatement',
      'CommitTransaction',
      'EndSession',
    ]);
    expect(service.sessions.size).toBe(0);
    expect(service.breaches).toEqual([]);
  });
});
