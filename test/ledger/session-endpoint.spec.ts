import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLedger } from '../../lib/ledger/index.js';
import { describeSessionEndpoint } from '../contract/session-endpoint.js';

describeSessionEndpoint('in process, memory', async (limits) => {
  const ledger = await openLedger({ name: 'test', store: 'memory:', limits });
  return { endpoint: ledger.sessions, ledger, close: () => ledger.close() };
});

describeSessionEndpoint('in process, lmdb', async (limits) => {
  const folder = await mkdtemp(join(tmpdir(), 'qldb-sessions-'));
  const ledger = await openLedger({
    name: 'test',
    store: `file:${folder}`,
    limits,
  });
  return {
    endpoint: ledger.sessions,
    ledger,
    close: async () => {
      await ledger.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
});
