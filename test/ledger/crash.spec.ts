import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Random } from '../contract/random.js';
import { checkAfterCrash, CrashWriter } from './crash.js';

/** `PROVE_ROUNDS=300` kills so often; `PROVE_SEED` begins with another seed. */
const ROUNDS = Number(process.env['PROVE_ROUNDS'] ?? 6);
const SEED = Number(process.env['PROVE_SEED'] ?? 1);
/** So many rounds go on with one ledger. */
const ROUNDS_PER_LEDGER = 10;

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'qldb-crash-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

it(`loses nothing that was acknowledged, and keeps transactions whole, when the process is killed (${ROUNDS} rounds, seed ${SEED})`, async () => {
  const random = new Random(SEED);
  let total = 0;
  for (let first = 0; first < ROUNDS; first += ROUNDS_PER_LEDGER) {
    const folder = join(root, String(first));
    const acknowledged = new Set<string>();
    const last = Math.min(first + ROUNDS_PER_LEDGER, ROUNDS);
    for (let round = first; round < last; round++) {
      const writer = await CrashWriter.start(folder, round, {
        callers: random.of([1, 32]),
      });
      // Killed when it is at work: at its first commit, or after many.
      await writer.acknowledges(1);
      await sleep(random.below(250));
      for (const id of await writer.kill()) acknowledged.add(id);
      await checkAfterCrash(folder, acknowledged);
    }
    total += acknowledged.size;
    await rm(folder, { recursive: true });
  }
  console.log(
    `${ROUNDS} kills, seed ${SEED}: ${total} commits acknowledged, none lost, none half`,
  );
  expect(total).toBeGreaterThanOrEqual(ROUNDS);
}, 3_600_000);
