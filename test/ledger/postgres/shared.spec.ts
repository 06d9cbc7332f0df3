import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLedger } from '../../../lib/ledger/index.js';
import {
  PAGE_ROWS,
  type Proof,
  proveSerializable,
} from '../../contract/re-execution.js';
import { hasPostgres, PostgresServer } from '../../store/postgres-server.js';
import { LedgerProcess } from './ledger-process.js';

const TRANSACTIONS = Number(process.env['PROVE_TRANSACTIONS'] ?? 500);
const SEED = Number(process.env['PROVE_SEED'] ?? 1);
/** Short histories: what went wrong is found in the log of one. */
const EACH = 500;
const PROCESSES = 4;

describe.runIf(hasPostgres('processes that share a ledger'))(
  'a ledger of several processes',
  () => {
    let server: PostgresServer;
    beforeAll(async () => {
      server = await PostgresServer.start();
    }, 60_000);
    afterAll(() => server.remove());

    it(
      `${TRANSACTIONS} transactions at random, of ${PROCESSES} processes, read the same when they are run again, one after the other`,
      async () => {
        const proofs: Proof[] = [];
        for (let n = 0; n < Math.ceil(TRANSACTIONS / EACH); n++) {
          const schema = `shared_${n}`;
          const ledger = await openLedger({
            name: 'test',
            store: { url: server.url, schema, maxConnections: 4 },
            limits: { pageRows: PAGE_ROWS },
          });
          const processes = await Promise.all(
            Array.from({ length: PROCESSES - 1 }, () =>
              LedgerProcess.start(server.url, schema, PAGE_ROWS),
            ),
          );
          try {
            proofs.push(
              await proveSerializable({
                seed: SEED + n,
                transactions: EACH,
                ledger,
                endpoint: ledger.sessions,
                others: processes,
              }),
            );
          } finally {
            await Promise.all(processes.map((one) => one.end()));
            await ledger.close();
          }
          await server.sql(
            `DROP SCHEMA ${schema} CASCADE; DROP SCHEMA IF EXISTS ${schema}_test CASCADE`,
          );
        }
        const sum = (of: keyof Proof) =>
          proofs.reduce((total, proof) => total + proof[of], 0);
        console.log(
          `postgres ${server.version}, ${PROCESSES} processes: seeds ${SEED} to ${SEED + proofs.length - 1}, ${sum('statements')} statements; ` +
            `${sum('committed')} committed (${sum('readOnly')} read only), ${sum('conflicts')} conflicts, ${sum('aborted')} aborted; no anomaly`,
        );
        expect(sum('committed')).toBeGreaterThan(TRANSACTIONS / 5);
      },
      24 * 3_600_000,
    );
  },
);
