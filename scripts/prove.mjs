// Runs the proofs of the test suite at length: `node scripts/prove.mjs kills 300 1`.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PROOFS = {
  /** Transactions at random, run again one after the other; on `memory:` and `file:`. */
  serializable: {
    count: 'PROVE_TRANSACTIONS',
    default: '100000',
    tests: ['test/ledger/session-endpoint.spec.ts', '-t', 'at random'],
  },
  /** The same of four processes that share a ledger on PostgreSQL. */
  shared: {
    count: 'PROVE_TRANSACTIONS',
    default: '100000',
    tests: ['test/ledger/postgres/shared.spec.ts'],
  },
  /** Processes on PostgreSQL that are killed, servers that are stopped at once, connections that are cut. */
  'postgres-faults': {
    count: 'PROVE_ROUNDS',
    default: '100',
    tests: ['test/ledger/postgres/faults.spec.ts'],
  },
  /** Writers that are killed. */
  kills: {
    count: 'PROVE_ROUNDS',
    default: '300',
    tests: ['test/ledger/crash.spec.ts'],
  },
  /** Disks whose power is cut; needs root, for file systems over loop devices. */
  'power-cuts': {
    count: 'PROVE_ROUNDS',
    default: '50',
    tests: ['test/ledger/power-cut.spec.ts'],
  },
  /** Generated queries, whose rows are those of an evaluator without a planner. */
  'partiql-plans': {
    count: 'PROVE_QUERIES',
    default: '100000',
    tests: ['test/partiql/plans.spec.ts'],
  },
  /** Statements at random with hostile values: no other error, no stall, no growth. */
  'partiql-fuzz': {
    count: 'PROVE_STATEMENTS',
    default: '1000000',
    tests: ['test/partiql/fuzz.spec.ts'],
  },
  /** Data files that were cut off or scribbled on. */
  damage: {
    count: 'PROVE_CASES',
    default: '3000',
    tests: ['test/store/damage.spec.ts'],
  },
};
const [what, count, seed = '1'] = process.argv.slice(2);
if (!Object.hasOwn(PROOFS, what ?? '')) {
  console.error(
    `node scripts/prove.mjs ${Object.keys(PROOFS).join('|')} [COUNT [SEED]]`,
  );
  process.exit(2);
}
const proof = PROOFS[what];
const vitest = fileURLToPath(
  new URL('../node_modules/vitest/vitest.mjs', import.meta.url),
);
spawn(
  process.execPath,
  [
    vitest,
    'run',
    ...proof.tests,
    '--disable-console-intercept',
    '--maxWorkers=1',
  ],
  {
    stdio: 'inherit',
    env: {
      ...process.env,
      [proof.count]: count ?? proof.default,
      PROVE_SEED: seed,
    },
  },
).on('exit', (code) => process.exit(code ?? 1));
