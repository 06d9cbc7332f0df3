// `npm run bench [name …]`: runs the benchmarks and prints, for each, our figure
// beside the peer's from the same run, and the ratio. This machine's speed drifts:
// read the ratios.
import { printTable } from './table.mjs';

const benchmarks = {
  ledger: () => import('./ledger.mjs'),
  postgres: () => import('./postgres.mjs'),
  growth: () => import('./growth.mjs'),
  bulk: () => import('./bulk.mjs'),
  verify: () => import('./verify.mjs'),
  exports: () => import('./exports.mjs'),
  history: () => import('./history.mjs'),
  driver: () => import('./driver.mjs'),
  nest: () => import('./nest.mjs'),
  ion: () => import('./ion.mjs'),
  partiql: () => import('./partiql.mjs'),
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in benchmarks));
if (unknown.length > 0) {
  console.error(
    `No benchmark is called ${unknown.join(', ')}. There are: ${Object.keys(benchmarks).join(', ')}.`,
  );
  process.exit(2);
}
for (const name of asked.length > 0 ? asked : Object.keys(benchmarks)) {
  const { title, run } = await benchmarks[name]();
  printTable(`${name}: ${title}`, await run());
}
