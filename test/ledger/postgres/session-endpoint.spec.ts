import { afterAll, beforeAll, describe } from 'vitest';
import { openLedger } from '../../../lib/ledger/index.js';
import { describeSessionEndpoint } from '../../contract/session-endpoint.js';
import { hasPostgres, PostgresServer } from '../../store/postgres-server.js';

describe.runIf(hasPostgres('sessions on PostgreSQL'))('PostgreSQL', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start();
  }, 60_000);
  afterAll(() => server.remove());

  let opened = 0;
  describeSessionEndpoint('in process, postgres', async (limits) => {
    const ledger = await openLedger({
      name: 'test',
      store: { url: server.url, schema: `ledgers_${++opened}` },
      limits,
    });
    return { endpoint: ledger.sessions, ledger, close: () => ledger.close() };
  });
});
