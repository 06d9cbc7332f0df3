/**
 * Feeds mutated Ion binary to the reader.
 *
 *   npm run build && node bench/fuzz-ion.mjs [iterations = 1000000] [seed = 1]
 *
 * With ION_TESTS naming the folder of ion-tests (default ../shared/data/ion-tests)
 * its good binary files are mutated as well.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fuzz, fuzzSeeds } from './ion-fuzz.mjs';

const dist =
  process.env.NESTJS_QLDB_DIST ?? new URL('../dist/', import.meta.url).href;
const room = Object.assign(
  {},
  ...(await Promise.all(
    ['index', 'decode', 'encode', 'hash'].map(
      (file) => import(new URL(`ion/${file}.js`, dist).href),
    ),
  )),
);

const iterations = Number(process.argv[2] ?? 1_000_000);
const seed = Number(process.argv[3] ?? 1);
const tests =
  process.env.ION_TESTS ??
  fileURLToPath(new URL('../../shared/data/ion-tests', import.meta.url));
const seeds = fuzzSeeds(room);
if (existsSync(tests)) {
  const good = join(tests, 'good');
  for (const file of readdirSync(good, { recursive: true })) {
    if (file.endsWith('.10n'))
      seeds.push(new Uint8Array(readFileSync(join(good, file))));
  }
}

const start = performance.now();
const result = fuzz(room, seeds, {
  iterations,
  seed,
  onProgress: (done) => console.log(`${done} inputs`),
});
const seconds = ((performance.now() - start) / 1000).toFixed(0);
console.log(
  `ion fuzz, seed ${seed}: ${result.iterations} inputs in ${seconds} s, ${result.read} read, ${result.refused} refused, slowest ${result.slowest.toFixed(1)} ms`,
);
