import { afterAll, beforeAll, describe } from 'vitest';
import { postgresSettings } from '../../lib/store/postgres/postgres-options.js';
import { PostgresStore } from '../../lib/store/postgres/postgres-store.js';
import { describeStore } from '../contract/store.js';
import { hasPostgres, PostgresServer } from './postgres-server.js';

describe.runIf(hasPostgres('PostgreSQL store'))('PostgreSQL', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start();
  }, 60_000);
  afterAll(() => server.remove());

  let opened = 0;
  const open = (name: string) =>
    PostgresStore.open(postgresSettings(server.url), name);

  describeStore(
    'postgres',
    () => open(`ledger-${++opened}`),
    () => open(`ledger-${opened}`),
  );
});
