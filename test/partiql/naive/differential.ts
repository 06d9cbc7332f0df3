import { parseIonText } from '../../../lib/ion/text.js';
import type * as Ast from '../../../lib/partiql/language/ast.js';
import { parse } from '../../../lib/partiql/language/parser/index.js';
import type { Typing } from '../../../lib/partiql/dialect.js';
import type { TableData } from './dataset.js';
import type { BoundQuery, Engine, Open, Outcome } from './engines.js';
import { TooMuch, type Tables } from './environment.js';
import {
  smallerQueries,
  textOfQuery,
  type GeneratedQuery,
} from './generated-query.js';
import { Fault } from './operators.js';
import { evaluateNaively, type QueryResult } from './queries.js';
import { fromIon, textOf, type Value } from './values.js';

/** A query that an engine answers in another way than the naive evaluator does. */
export interface Mismatch {
  readonly query: BoundQuery;
  readonly engine: string;
  readonly typing: Typing;
  readonly tables: readonly TableData[];
  readonly expected: string;
  readonly found: string;
}

/** The text that is sent, with a `?` in the place of each parameter, in their order. */
export function bind(query: GeneratedQuery): BoundQuery {
  const parameters: string[] = [];
  const text = textOfQuery(query.parts).replace(
    /\?(\d+);/g,
    (_, index: string) => {
      parameters.push(query.parameters[Number(index)] ?? 'null');
      return '?';
    },
  );
  return { text, parameters };
}

/** What the naive evaluator expects: rows, an error, or that it would take too long to say. */
type Expected = QueryResult | 'an error' | 'too much';

function expectedOf(
  query: BoundQuery,
  tables: readonly TableData[],
  typing: Typing,
): Expected {
  const parameters = query.parameters.map((each) =>
    fromIon(parseIonText(each)),
  );
  try {
    return evaluateNaively(
      queryOf(query.text),
      rowsOf(tables),
      parameters,
      typing === 'permissive',
    );
  } catch (error) {
    if (error instanceof TooMuch) return 'too much';
    if (error instanceof Fault) return 'an error';
    throw error;
  }
}

const known = new WeakMap<readonly TableData[], Tables>();

function rowsOf(tables: readonly TableData[]): Tables {
  let rows = known.get(tables);
  if (rows === undefined) {
    rows = new Map(
      tables.map((table) => [
        table.name,
        table.rows.map((row) => fromIon(parseIonText(row))),
      ]),
    );
    known.set(tables, rows);
  }
  return rows;
}

function queryOf(text: string): Ast.Expression {
  const { statement } = parse(text);
  if (statement.kind !== 'SelectStatement') throw new TypeError('no query');
  return statement.query;
}

/** How a query was judged. */
export type Verdict =
  | 'same'
  /** The naive evaluator gave up. */
  | 'too much'
  /** One of them met a value that ends the query, the other did not get as far. */
  | 'open';

/** Runs a query in each engine, and compares what they give with what the naive evaluator does. */
export async function compareAll(
  query: GeneratedQuery,
  tables: readonly TableData[],
  engines: readonly Engine[],
  typing: Typing,
): Promise<Verdict | Mismatch> {
  const bound = bind(query);
  const expected = expectedOf(bound, tables, typing);
  if (expected === 'too much') return expected;
  let verdict: Verdict = 'same';
  for (const engine of engines) {
    const found = await engine.run(bound, typing);
    if (isOpen(query, expected, found)) verdict = 'open';
    else if (!isRight(query, expected, found)) {
      return {
        query: bound,
        engine: engine.name,
        typing,
        tables,
        expected: describe(expected, query.untyped),
        found: describe(found, query.untyped),
      };
    }
  }
  return verdict;
}

/** Whether one of two ends in an error that depends on which rows a plan looks at. */
function isOpen(
  query: GeneratedQuery,
  expected: QueryResult | 'an error',
  found: Outcome,
): boolean {
  const { body, operation } = query.parts;
  const looksAtAll =
    operation === undefined &&
    body.from.length === 1 &&
    body.where.length === 0 &&
    query.parts.limit === undefined &&
    !textOfQuery(query.parts).slice(1).includes('SELECT');
  if (!query.risky || looksAtAll) return false;
  if ('error' in found && !found.error.startsWith('PARTIQL_EVALUATION')) {
    return found.error.includes('Evaluator Error');
  }
  return (expected === 'an error') !== 'error' in found;
}

function isRight(
  { untyped }: GeneratedQuery,
  expected: QueryResult | 'an error',
  found: Outcome,
): boolean {
  if ('error' in found) {
    return expected === 'an error' && /Evaluator Error/.test(found.error);
  }
  if (expected === 'an error') return false;
  return isRowsRight(expected, found.rows, untyped);
}

/** Whether these rows may be the answer: rows that have the same place in the order may come in any order. */
function isRowsRight(
  { rows, places, offset, limit }: QueryResult,
  found: readonly Value[],
  untyped: boolean,
): boolean {
  const all = rows
    .map((row, index) => ({ row, place: places[index] ?? 0 }))
    .filter(({ row }) => row.kind !== 'missing');
  const wanted = all.slice(offset, offset + limit);
  if (wanted.length !== found.length) return false;
  const left = new Map<string, number>();
  const keyOf = (place: number, row: Value) =>
    `${place} ${textOf(row, !untyped)}`;
  for (const { place, row } of all) {
    const key = keyOf(place, row);
    left.set(key, (left.get(key) ?? 0) + 1);
  }
  return wanted.every(({ place }, index) => {
    const row = found[index];
    if (row === undefined) return false;
    const key = keyOf(place, row);
    const count = left.get(key) ?? 0;
    left.set(key, count - 1);
    return count > 0;
  });
}

function describe(
  outcome: QueryResult | Outcome | 'an error',
  untyped: boolean,
): string {
  if (outcome === 'an error') return outcome;
  if ('error' in outcome) return outcome.error;
  return outcome.rows.map((row) => textOf(row, !untyped)).join('\n');
}

/** Leaves out parts of a query, and rows of tables, as long as the results still differ. */
export async function shrink(
  query: GeneratedQuery,
  mismatch: Mismatch,
  open: Open,
): Promise<Mismatch> {
  let best = mismatch;
  let parts = query.parts;
  const differs = async (
    smaller: GeneratedQuery,
    tables: readonly TableData[],
  ): Promise<Mismatch | undefined> => {
    const engine = await open(tables);
    try {
      const verdict = await compareAll(
        smaller,
        tables,
        [engine],
        mismatch.typing,
      );
      if (typeof verdict === 'string') return undefined;
      const isSameKind = kindOf(verdict) === kindOf(mismatch);
      return isSameKind ? verdict : undefined;
    } catch {
      // What is left of the query means nothing.
      return undefined;
    } finally {
      await engine.close?.();
    }
  };
  for (let changed = true; changed;) {
    changed = false;
    for (const smaller of smallerQueries(parts)) {
      const found = await differs({ ...query, parts: smaller }, best.tables);
      if (found === undefined) continue;
      best = found;
      parts = smaller;
      changed = true;
      break;
    }
    if (changed) continue;
    for (const tables of smallerTables(best.tables)) {
      const found = await differs({ ...query, parts }, tables);
      if (found === undefined) continue;
      best = found;
      changed = true;
      break;
    }
  }
  return best;
}

/** The code of the error, if there is one. */
function kindOf({ found }: Mismatch): string | undefined {
  return /^(?:PARTIQL_\w+|UNEXPECTED|\w+ Error):?/.exec(found)?.[0];
}

function* smallerTables(
  tables: readonly TableData[],
): Iterable<readonly TableData[]> {
  for (const [index, table] of tables.entries()) {
    for (let size = table.rows.length; size >= 1; size >>= 1) {
      for (let start = 0; start + size <= table.rows.length; start += size) {
        const rows = table.rows.toSpliced(start, size);
        yield tables.toSpliced(index, 1, { ...table, rows });
      }
    }
    for (const at of table.indexes.keys()) {
      const indexes = table.indexes.toSpliced(at, 1);
      yield tables.toSpliced(index, 1, { ...table, indexes });
    }
  }
}

export function printMismatch(mismatch: Mismatch): string {
  const { query, engine, typing, tables, expected, found } = mismatch;
  return [
    `${engine}, ${typing}: ${query.text}`,
    ...query.parameters.map((each) => `  ? = ${each}`),
    ...tables.map(
      ({ name, indexes, rows }) =>
        `  ${name} (${indexes.join(', ')}): ${rows.join(' ')}`,
    ),
    'expected:',
    expected,
    'found:',
    found,
  ].join('\n');
}
