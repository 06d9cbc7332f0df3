import { describe, expect, it } from 'vitest';
import type { Typing } from '../../lib/partiql/dialect.js';
import { Random } from '../contract/random.js';
import { generateTables } from './naive/dataset.js';
import { compareAll, printMismatch, shrink } from './naive/differential.js';
import { MEMORY, openLedgerEngine, type Engine } from './naive/engines.js';
import { generateQuery } from './naive/query-generator.js';

/**
 * Generated queries give the same rows for every plan, index, hash or loop, and
 * the rows that an evaluator without a planner gives.
 *
 * With `PROVE_QUERIES=100000` there are so many of them; `PROVE_SEED` begins with
 * another seed. A query is known by its seed and its place.
 */
const QUERIES = Number(process.env['PROVE_QUERIES'] ?? 1000);
const SEED = Number(process.env['PROVE_SEED'] ?? 1);
/** Queries over the same tables. */
const PER_TABLES = 50;
/** Of so many sets of tables one is put into a ledger too. */
const LEDGERS = 8;
/** More than these are not reported. */
const ENOUGH = 5;

async function prove(
  queries: number,
  typing: Typing,
): Promise<{ mismatches: readonly string[]; tally: Record<string, number> }> {
  const mismatches: string[] = [];
  const tally: Record<string, number> = { same: 0, open: 0, 'too much': 0 };
  for (let first = 0; first < queries; first += PER_TABLES) {
    const tables = generateTables(new Random(SEED * 1_000_003 + first));
    const inLedger = typing === 'qldb' && (first / PER_TABLES) % LEDGERS === 0;
    const setUps = inLedger ? [...MEMORY, openLedgerEngine] : MEMORY;
    const engines: Engine[] = [];
    for (const open of setUps) engines.push(await open(tables));
    for (let at = first; at < first + PER_TABLES && at < queries; at += 1) {
      const random = new Random(SEED * 7_000_003 + at * 31 + 1);
      const query = generateQuery(random, tables, typing);
      const verdict = await compareAll(query, tables, engines, typing);
      if (typeof verdict === 'string') {
        tally[verdict] = (tally[verdict] ?? 0) + 1;
        continue;
      }
      const open =
        setUps[engines.findIndex(({ name }) => name === verdict.engine)];
      const small = await shrink(query, verdict, open);
      mismatches.push(`seed ${SEED}, query ${at}: ${printMismatch(small)}`);
      if (mismatches.length === ENOUGH) return { mismatches, tally };
    }
    for (const engine of engines) await engine.close?.();
  }
  return { mismatches, tally };
}

describe('generated queries', () => {
  it.each([
    ['qldb', QUERIES],
    ['permissive', QUERIES / 4],
  ] as const)(
    'give the rows that a naive evaluation gives (%s, %d of them)',
    async (typing, queries) => {
      const { mismatches, tally } = await prove(queries, typing);
      if (queries > 10_000) console.log(typing, JSON.stringify(tally));
      expect(mismatches.join('\n\n')).toBe('');
      expect(tally['same']).toBeGreaterThan(queries * 0.9);
    },
    4 * 3_600_000,
  );
});
