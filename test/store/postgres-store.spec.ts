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
});
