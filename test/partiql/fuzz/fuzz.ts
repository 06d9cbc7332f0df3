import { encodeIon } from '../../../lib/ion/encode.js';
import { IonConversionError } from '../../../lib/ion/errors.js';
import { parseIonText } from '../../../lib/ion/text.js';
import { IonStruct, type IonValue } from '../../../lib/ion/value.js';
import { compile, PartiqlError } from '../../../lib/partiql/index.js';
import { parse } from '../../../lib/partiql/language/parser/index.js';
import { print } from '../../../lib/partiql/language/print/index.js';
import type { Typing } from '../../../lib/partiql/dialect.js';
import { LARGEST_VALUE } from '../../../lib/partiql/values/limits.js';
import { sizeOf } from '../../../lib/partiql/values/size.js';
import { Random } from '../../contract/random.js';
import { MemoryCatalog, NOW } from '../memory-catalog.js';
import { bind } from '../naive/differential.js';
import { generateTables } from '../naive/dataset.js';
import { generateQuery } from '../naive/query-generator.js';
import { readCorpus, tokensOf } from './corpus.js';
import { hostileValue, SECRET } from './hostile-values.js';
import { mutated } from './mutations.js';

/** What a statement may hold, in bytes. */
const MEMORY = 8 << 20;
/** What the heap may grow by in one statement: what it holds, and what was not swept yet. */
const GROWTH = 256 << 20;
/** A statement is ended after so many turns. */
const TURNS = 6;
/** Rows that are taken of one statement. */
const ROWS = 2000;
/** Statements over the same tables. */
const PER_CATALOG = 50;

const TYPINGS: readonly Typing[] = ['qldb', 'strict', 'permissive'];

const CODES: ReadonlySet<string> = new Set([
  'PARTIQL_SYNTAX',
  'PARTIQL_SEMANTIC',
  'PARTIQL_EVALUATION',
  'PARTIQL_PARAMETERS',
  'PARTIQL_LIMIT',
  'PARTIQL_MEMORY',
  'PARTIQL_UNSUPPORTED',
]);

/**
 * What becomes of a row that a ledger sends: one that is nested too deeply is a
 * named error there. Parameters that share their parts come to no ledger, so
 * that a row of one is not written out.
 */
function send(row: IonValue): void {
  if (sizeOf(row) > LARGEST_VALUE) return;
  try {
    encodeIon(row);
  } catch (error) {
    if (!(error instanceof IonConversionError)) throw error;
  }
}

/** Something that no statement may do. */
export interface Finding {
  readonly place: string;
  readonly statement: string;
  /** What findings of the same kind share. */
  readonly kind: string;
}

/** The deadline of a statement. */
class TimeIsOver extends Error {}

/** How statements ended. */
export type Tally = Record<string, number>;

/** Runs statements at random, one behind the other. */
export class Fuzz {
  readonly tally: Tally = {};
  readonly findings: Finding[] = [];
  readonly #corpus = readCorpus();
  #catalog = new MemoryCatalog();
  #place = '';
  /** Memory of the process a few statements ago, in bytes. */
  #resident = 0;

  /** @param stall - the longest time without a turn of the event loop, in milliseconds */
  constructor(
    readonly seed: number,
    readonly stall: number,
  ) {}

  /** The statement at a place, and what it is given; the same for the same seed. */
  statementAt(index: number): {
    text: string;
    parameters: readonly IonValue[];
  } {
    const random = new Random(this.seed * 5_000_011 + index * 17 + 3);
    const text = this.#text(random);
    const parameters = Array.from({ length: 40 }, () => hostileValue(random));
    return { text, parameters };
  }

  #text(random: Random): string {
    if (random.below(4) > 0) return mutated(random, this.#corpus);
    const query = bind(generateQuery(random, generateTables(random), 'qldb'));
    return random.below(2) === 0
      ? query.text
      : mutated(random, [tokensOf(query.text)]);
  }

  async run(index: number): Promise<void> {
    if (index % PER_CATALOG === 0) {
      await this.#newCatalog();
      this.#resident = process.memoryUsage.rss();
    }
    const { text, parameters } = this.statementAt(index);
    this.#place = `seed ${this.seed}, statement ${index}`;
    const parsed = await this.#observe(text, () =>
      Promise.resolve(this.#parse(text)),
    );
    if (parsed === undefined) return;
    this.#readsBack(text);
    for (const typing of TYPINGS) {
      await this.#observe(text, () =>
        this.#execute(text, typing, parameters.slice(0, parsed)),
      );
    }
  }

  /** @returns how many parameters there are, and how long it took */
  #parse(text: string): Outcome<number> {
    const start = performance.now();
    const { parameterCount } = parse(text);
    return { value: parameterCount, stall: performance.now() - start };
  }

  async #execute(
    text: string,
    typing: Typing,
    parameters: readonly IonValue[],
  ): Promise<Outcome<string>> {
    let since = performance.now();
    let stall = 0;
    let turns = 0;
    const slice = () => {
      const now = performance.now();
      stall = Math.max(stall, now - since);
      since = now;
    };
    const rows = compile(text).execute({
      catalog: this.#catalog,
      parameters,
      transactionId: 'L7S9iJqcn9W2M4qOEn27ay',
      now: NOW,
      typing,
      memory: MEMORY,
      pause: () => {
        slice();
        turns += 1;
        if (turns > TURNS) throw new TimeIsOver();
        return undefined;
      },
    });
    let taken = 0;
    let ending = 'rows';
    try {
      for (;;) {
        const batch = await rows.next();
        slice();
        if (batch === undefined) break;
        for (const row of batch) {
          if (taken < 20) send(row);
          taken += 1;
        }
        since = performance.now();
        if (taken > ROWS) break;
      }
    } catch (error) {
      slice();
      if (error instanceof TimeIsOver) ending = 'deadline';
      else if (error instanceof PartiqlError && stall < this.stall) throw error;
      else if (error instanceof PartiqlError) ending = error.code;
      else throw error;
    } finally {
      rows.close();
    }
    return { value: ending, stall };
  }

  /** Runs something, and notes how it ended, and what it must not do. A stall counts if it comes every time. */
  async #observe<T extends string | number>(
    text: string,
    run: () => Promise<Outcome<T>>,
  ): Promise<T | undefined> {
    const start = performance.now();
    try {
      const { value, stall } = await run();
      if (typeof value === 'string') this.#count(value);
      if (stall > this.stall) await this.#checkStall(text, run, stall);
      if (performance.now() - start > this.stall) this.#checkGrowth(text);
      return value;
    } catch (error) {
      if (!(error instanceof PartiqlError)) {
        const stack = error instanceof Error ? (error.stack ?? '') : '';
        const frame = /\/lib\/([^\s)]+)/.exec(stack)?.[1] ?? '';
        this.#find(text, `${String(error).slice(0, 200)} at ${frame}`);
      } else {
        this.#count(error.code);
        if (!CODES.has(error.code)) this.#find(text, `code ${error.code}`);
        const [message = ''] = error.message.split('\n\n');
        if (message.includes(SECRET)) {
          this.#find(text, `a value in a message: ${message.slice(0, 80)}`);
        }
      }
      if (performance.now() - start > this.stall) {
        await this.#checkStall(text, run, performance.now() - start);
      }
      return undefined;
    }
  }

  async #checkStall<T>(
    text: string,
    run: () => Promise<Outcome<T>>,
    first: number,
  ): Promise<void> {
    let least = first;
    // What takes seconds does so by itself.
    for (
      let again = 0;
      again < 2 && least > this.stall && first < 2000;
      again += 1
    ) {
      const start = performance.now();
      try {
        least = Math.min(least, (await run()).stall);
      } catch {
        least = Math.min(least, performance.now() - start);
      }
    }
    if (least > this.stall)
      this.#find(text, `a stall of ${Math.round(least)} ms`);
  }

  #checkGrowth(text: string): void {
    const growth = process.memoryUsage.rss() - this.#resident;
    if (growth > GROWTH) this.#find(text, `${growth >> 20} MB more`);
  }

  /** What is printed of a statement reads back as the same. */
  #readsBack(text: string): void {
    try {
      const printed = print(parse(text).statement);
      const again = print(parse(printed).statement);
      if (again !== printed)
        this.#find(text, `printed: ${printed.slice(0, 200)}`);
    } catch (error) {
      // A printed text may be nested or be longer than one that was written may be.
      const isLimit =
        error instanceof PartiqlError && error.code === 'PARTIQL_LIMIT';
      if (!isLimit) this.#find(text, `printed: ${String(error).slice(0, 200)}`);
    }
  }

  #count(ending: string): void {
    this.tally[ending] = (this.tally[ending] ?? 0) + 1;
  }

  #find(statement: string, kind: string): void {
    this.#count('FINDING');
    this.findings.push({ place: this.#place, statement, kind });
  }

  async #newCatalog(): Promise<void> {
    this.#catalog = new MemoryCatalog({ batch: 3, records: false });
    for (const name of ['T', 'U', 'T0', 'T1', 'T2', 'T3']) {
      this.#catalog.createTable(name);
      this.#catalog.createIndex(name, 'k');
      const { write } = this.#catalog.relation([name]) ?? {};
      for (let n = 0; n < 6; n += 1) {
        const document = parseIonText(
          `{k: ${n % 3}, n: ${n}.5, s: "${SECRET}${n}", m: [${n}, {x: a}], l: [1, ${n}, 2.0], r: {a: ${n}, x: b::"y"}, id: ${n}}`,
        );
        if (document instanceof IonStruct) await write?.insert(document);
      }
    }
  }
}

interface Outcome<T> {
  readonly value: T;
  /** Longest time without a turn, in milliseconds. */
  readonly stall: number;
}
