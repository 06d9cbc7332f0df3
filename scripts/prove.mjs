// Runs the proofs of the test suite at length: `node scripts/prove.mjs serializable 100000 1`.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const [what, transactions = '100000', seed = '1'] = process.argv.slice(2);
const PROOFS = {
  /** Transactions at random, run again one after the other; on `memory:` and `file:`. */
  serializable: [
    'test/ledger/session-endpoint.spec.ts',
    '--testNamePattern=at random',
  ],
};
if (!Object.hasOwn(PROOFS, what ?? '')) {
  console.error(
    `node scripts/prove.mjs ${Object.keys(PROOFS).join('|')} [TRANSACTIONS [SEED]]`,
  );
  process.exit(2);
}
const vitest = fileURLToPath(
  new URL('../node_modules/vitest/vitest.mjs', import.meta.url),
);
spawn(
  process.execPath,
  [
    vitest,
    'run',
    ...PROOFS[what],
    '--disable-console-intercept',
    '--maxWorkers=1',
  ],
  {
    stdio: 'inherit',
    env: {
      ...process.env,
      PROVE_TRANSACTIONS: transactions,
      PROVE_SEED: seed,
    },
  },
).on('exit', (code) => process.exit(code ?? 1));
