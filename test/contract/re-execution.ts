import { isDeepStrictEqual } from 'node:util';
import { IonStruct } from '../../lib/ion/index.js';
import { type Ledger, openLedger } from '../../lib/ledger/index.js';
import type { Page, SessionEndpoint } from '../../lib/session/index.js';
import { execute, RawSession, values } from './raw-session.js';
import { Random } from './random.js';

/*
 * Proof by re-execution: sessions do at random whatever a transaction can do,
 * all at once. Then every transaction that committed is run again, alone, at its
 * place in the journal, and must read what it read the first time. One that only
 * read has no place there: it must read the same at some block between its begin
 * and its end.
 */

/** Something a transaction did, and what came of it. */
interface Step {
  readonly statement: string;
  readonly parameters: readonly unknown[];
  /** Pages that are fetched only after later statements. */
  readonly later: number;
  /** What it read, in an order of its own; or how it failed. */
  outcome: unknown;
}

interface Past {
  readonly id: string;
  readonly steps: Step[];
  /** The last block when it began, and when it ended. */
  readonly begin: number;
  end: number;
  fate: 'committed' | 'conflict' | 'aborted';
}

/** What a run of the proof has shown. */
export interface Proof {
  seed: number;
  committed: number;
  readOnly: number;
  conflicts: number;
  aborted: number;
  statements: number;
}

export interface ProofOptions {
  readonly seed: number;
  readonly transactions: number;
  /** The ledger behind the endpoint, for its journal; its pages have {@link PAGE_ROWS}. */
  readonly ledger: Ledger;
  readonly endpoint: SessionEndpoint;
  /** Other processes' endpoints to the same ledger: sessions are spread over all. */
  readonly others?: readonly SessionEndpoint[];
}

/** Small pages, so that cursors stay open over later statements. */
export const PAGE_ROWS = 3;
const SESSIONS = 8;
const KEYS = 6;
const DOCUMENTS = 12;

const SET_UP = [
  'CREATE TABLE A',
  'CREATE INDEX ON A (k)',
  'CREATE TABLE B',
  'CREATE INDEX ON B (k)',
  'CREATE INDEX ON B (id)',
];

/** @throws Error with seed and log of the first transaction that does not read the same again */
export async function proveSerializable(options: ProofOptions): Promise<Proof> {
  const { seed, ledger, endpoint } = options;
  const random = new Random(seed);
  for (const statement of SET_UP) await execute(endpoint, statement);
  const ids: DocumentIds = new Map();
  for (let id = 0; id < DOCUMENTS; id++) {
    const [{ documentId }] = await execute<{ documentId: string }>(
      endpoint,
      `INSERT INTO ${tableOf(id)} ?`,
      document(random, id),
    );
    ids.set(id, documentId);
  }
  await ledger.refresh();
  const first = ledger.getDigest().digestTipAddress.sequenceNo + 1;
  const past = await new Workload(options, random, ids).run();
  await ledger.refresh();
  await ledger.verify();
  await runAgain(options, first, past);
  const count = (fate: Past['fate']) =>
    past.filter((one) => one.fate === fate).length;
  const written = ledger.getDigest().digestTipAddress.sequenceNo + 1 - first;
  return {
    seed,
    committed: count('committed'),
    readOnly: count('committed') - written,
    conflicts: count('conflict'),
    aborted: count('aborted'),
    statements: past.reduce((sum, { steps }) => sum + steps.length, 0),
  };
}

/** The ids of the documents that were there before: they are others the next time. */
type DocumentIds = Map<number, string>;

/** A parameter that is the id of such a document. */
class IdOf {
  constructor(readonly document: number) {}
}

const tableOf = (id: number) => (id % 2 ? 'A' : 'B');

const document = (random: Random, id: number) => ({
  id,
  k: random.below(KEYS),
  v: random.below(5),
  ref: random.below(KEYS),
});

/** Sessions that do something each, one step at a time, in an order of chance. */
class Workload {
  readonly #past: Past[] = [];
  readonly #committing = new Set<Promise<void>>();
  #ids = 100;
  #begun = 0;

  constructor(
    private readonly options: ProofOptions,
    private readonly random: Random,
    private readonly ids: DocumentIds,
  ) {}

  async run(): Promise<Past[]> {
    const { endpoint, others = [], transactions } = this.options;
    const endpoints = [endpoint, ...others];
    const idle: RawSession[] = [];
    for (let n = 0; n < Math.max(SESSIONS, 2 * endpoints.length); n++)
      idle.push(await RawSession.start(endpoints[n % endpoints.length]));
    const open: Running[] = [];
    while (this.#begun < transactions || open.length > 0) {
      const canBegin = this.#begun < transactions && idle.length > 0;
      if (canBegin && (open.length === 0 || this.random.below(3) === 0)) {
        this.#begun++;
        const session = idle.splice(this.random.below(idle.length), 1)[0];
        open.push(await this.#begin(session));
        continue;
      }
      if (open.length === 0) {
        await Promise.race(this.#committing);
        continue;
      }
      const at = this.random.below(open.length);
      const running = open[at];
      if (running.left-- > 0) {
        if (await this.#stepOrConflict(running)) continue;
        open.splice(at, 1);
        idle.push(running.session);
        continue;
      }
      open.splice(at, 1);
      const ending = this.#end(running).then(() => {
        this.#committing.delete(ending);
        idle.push(running.session);
      });
      this.#committing.add(ending);
      // Sometimes others go on while it commits, sometimes not.
      if (this.random.below(2) === 0) await ending;
    }
    await Promise.all(this.#committing);
    return this.#past;
  }

  async #tip(): Promise<number> {
    await this.options.ledger.refresh();
    return this.options.ledger.getDigest().digestTipAddress.sequenceNo;
  }

  async #begin(session: RawSession): Promise<Running> {
    const begin = await this.#tip();
    await session.begin();
    const past: Past = {
      id: session.transactionId,
      steps: [],
      begin,
      end: -1,
      fate: 'committed',
    };
    this.#past.push(past);
    return { session, past, left: 1 + this.random.below(6), cursors: [] };
  }

  /** @returns false when it came to a conflict, which a statement may where several processes define tables */
  async #stepOrConflict(running: Running): Promise<boolean> {
    try {
      await this.#step(running);
      return true;
    } catch (error) {
      if ((error as Error).name !== 'OccConflictException') throw error;
      running.past.fate = 'conflict';
      return false;
    }
  }

  async #step({ session, past, cursors, left }: Running): Promise<void> {
    for (const cursor of cursors.splice(0)) {
      if (left > 0 && this.random.below(2) === 0) cursors.push(cursor);
      else await readOn(session, cursor);
    }
    const [statement, ...parameters] = this.#statement();
    const later = this.random.below(4) === 0 ? 1 : 0;
    const step: Step = { statement, parameters, later, outcome: undefined };
    past.steps.push(step);
    const cursor = await begin(session, step, this.ids);
    if (!cursor) return;
    if (later > 0 && left > 0) cursors.push(cursor);
    else await readOn(session, cursor);
  }

  async #end({ session, past, cursors }: Running): Promise<void> {
    for (const cursor of cursors) await readOn(session, cursor);
    if (this.random.below(12) === 0) {
      past.fate = 'aborted';
      await session.abort();
      return;
    }
    try {
      await session.commit();
    } catch (error) {
      if ((error as Error).name !== 'OccConflictException') throw error;
      past.fate = 'conflict';
    }
    past.end = await this.#tip();
  }

  #statement(): [string, ...unknown[]] {
    const { random } = this;
    const table = random.of(['A', 'B']);
    const k = random.below(KEYS);
    const v = random.below(5);
    const known = random.below(DOCUMENTS);
    switch (random.below(27)) {
      case 0:
      case 1:
        return [`SELECT * FROM ${table} WHERE k = ?`, k];
      case 2:
        // Nothing there: that nothing comes there counts as well.
        return [`SELECT * FROM ${table} WHERE k = ?`, KEYS + k];
      case 3:
        return [`SELECT id, k FROM ${table} WHERE v > ?`, v];
      case 4:
        return [`SELECT VALUE COUNT(*) FROM ${table}`];
      case 5:
        return [`SELECT id, v FROM ${table} ORDER BY id DESC LIMIT 3`];
      case 6:
        return [
          'SELECT a.id AS a, b.id AS b FROM A AS a, B AS b WHERE a.k = ? AND b.k = a.ref',
          k,
        ];
      case 7:
        // No row on the left, mostly, and a table on the right that comes and goes.
        return [
          'SELECT a.id AS a, c.x AS x FROM A AS a, C AS c WHERE a.k = ?',
          random.below(2 * KEYS),
        ];
      case 8:
      case 9:
        return [`INSERT INTO ${table} ?`, document(random, this.#ids++)];
      case 10:
      case 11:
        return [`UPDATE ${table} SET v = v + 1 WHERE k = ?`, k];
      case 12:
      case 13:
        // From key to key, and back.
        return [
          `UPDATE ${table} SET k = ? WHERE k = ? AND v < ?`,
          random.below(KEYS),
          k,
          v,
        ];
      case 14:
        return [
          `UPDATE ${table} SET k = ? WHERE k = ?`,
          KEYS + random.below(2),
          k,
        ];
      case 15:
        return [
          `UPDATE ${table} SET k = ? WHERE k = ?`,
          k,
          KEYS + random.below(2),
        ];
      case 16:
        return [`DELETE FROM ${table} WHERE k = ? AND v = ?`, k, v];
      case 17:
        return [`SELECT * FROM ${table} WHERE k IN (?, ?)`, k, v];
      case 18:
        return [
          `SELECT h.data.id AS id, h.metadata.version AS version FROM history(${table}) AS h WHERE h.data.k = ?`,
          k,
        ];
      case 19:
        return [
          `SELECT c.data.id AS id, c.metadata.version AS version FROM _ql_committed_${table} AS c WHERE c.data.v = ?`,
          v,
        ];
      case 20:
        return random.of([['CREATE TABLE C'], ['DROP TABLE C']] as const);
      case 21:
        return random.of([
          ['INSERT INTO C ?', { x: v }],
          ['SELECT * FROM C WHERE x = ?', v],
          ['CREATE INDEX ON C (x)'],
          ['SELECT h.data.x AS x FROM history(C) AS h'],
        ] as [string, ...unknown[]][]);
      case 22:
        return [
          'SELECT VALUE t.name FROM information_schema.user_tables AS t WHERE t.status = ?',
          'ACTIVE',
        ];
      case 23:
        return [
          `SELECT d.id, d.v FROM ${tableOf(known)} AS d BY documentId WHERE documentId = ?`,
          new IdOf(known),
        ];
      case 24:
        return [
          `SELECT c.data.v AS v, c.metadata.version AS version FROM _ql_committed_${tableOf(known)} AS c WHERE c.metadata.id = ?`,
          new IdOf(known),
        ];
      case 25:
        return [
          `SELECT h.data.v AS v, h.metadata.version AS version FROM history(${tableOf(known)}) AS h WHERE h.metadata.id = ?`,
          new IdOf(known),
        ];
      default:
        return [`SELECT b.k, COUNT(*) AS n FROM B AS b GROUP BY b.k`];
    }
  }
}

interface Running {
  readonly session: RawSession;
  readonly past: Past;
  /** How many statements are to come. */
  left: number;
  readonly cursors: OpenCursor[];
}

interface OpenCursor {
  readonly step: Step;
  readonly rows: unknown[];
  page: Page;
}

/** Runs a statement; gives its cursor if there is more than a page. */
async function begin(
  session: RawSession,
  step: Step,
  ids: DocumentIds,
): Promise<OpenCursor | undefined> {
  try {
    const page = await session.page(
      step.statement,
      ...step.parameters.map((value) =>
        value instanceof IdOf ? ids.get(value.document) : value,
      ),
    );
    const cursor = { step, rows: values(page), page };
    if (page.NextPageToken !== undefined) return cursor;
    step.outcome = rowsOf(cursor);
  } catch (error) {
    const { name, message } = error as Error;
    // Only the table that comes and goes may be missing, or be there already.
    if (name !== 'BadRequestException' || !/\bC\b/.test(step.statement))
      throw error;
    // Ids are others the next time.
    step.outcome = message.replace(/[A-Za-z0-9]{22}/g, '<id>');
  }
  return undefined;
}

/** Reads a cursor to its end. */
async function readOn(session: RawSession, cursor: OpenCursor): Promise<void> {
  while (cursor.page.NextPageToken !== undefined) {
    cursor.page = await session.next(cursor.page);
    cursor.rows.push(...values(cursor.page));
  }
  cursor.step.outcome = rowsOf(cursor);
}

/** Rows as they can be compared: without ids, in one order. */
function rowsOf({ rows, step }: OpenCursor): unknown {
  const isQuery = step.statement.startsWith('SELECT');
  if (!isQuery) return rows.length;
  const texts = rows.map((row) => JSON.stringify(row));
  return step.statement.includes('ORDER BY') ? texts : texts.sort();
}

/** Where cursors stay open, they do so again. */
async function repeat(
  session: RawSession,
  past: Past,
  ids: DocumentIds,
): Promise<Step[]> {
  await session.begin();
  const again: Step[] = [];
  const cursors: OpenCursor[] = [];
  for (const step of past.steps) {
    const copy = { ...step, outcome: undefined };
    again.push(copy);
    const cursor = await begin(session, copy, ids);
    if (cursor) cursors.push(cursor);
  }
  for (const cursor of cursors) await readOn(session, cursor);
  return again;
}

async function runAgain(
  { seed, ledger }: ProofOptions,
  first: number,
  past: readonly Past[],
): Promise<void> {
  const places = new Map<number, Past>();
  const byId = new Map(past.map((one) => [one.id, one]));
  const { strandId, sequenceNo: last } = ledger.getDigest().digestTipAddress;
  const model = await openLedger({
    name: 'test',
    store: 'memory:',
    limits: { pageRows: PAGE_ROWS },
  });
  const session = await RawSession.start(model.sessions);
  const ids: DocumentIds = new Map();
  const check = (one: Past, again: readonly Step[]) =>
    isDeepStrictEqual(
      one.steps.map(({ outcome }) => outcome),
      again.map(({ outcome }) => outcome),
    );
  const anomaly = (what: string, one: Past, again?: readonly Step[]) =>
    new Error(
      `seed ${seed}: ${what}\n${JSON.stringify({ ...one, again: again?.map(({ outcome }) => outcome) }, null, 1)}`,
    );
  try {
    for (let sequenceNo = 0; sequenceNo <= last; sequenceNo++) {
      const { block } = await ledger.getBlock({ strandId, sequenceNo });
      const id = block.get('transactionId') as string;
      const one = byId.get(id);
      if (one && sequenceNo >= first) {
        places.set(sequenceNo, one);
        if (one.fate !== 'committed')
          throw anomaly(`a block of what did not commit`, one);
        if (sequenceNo <= one.begin || sequenceNo > one.end)
          throw anomaly(`block ${sequenceNo} is not of its time`, one);
      } else if (sequenceNo >= first)
        throw new Error(`seed ${seed}: block ${sequenceNo} is nobody's`);
      else if (sequenceNo > 0) await setUpAgain(session, block, ids);
    }
    const placed = new Set(places.values());
    let readers = past.filter(
      (one) => one.fate === 'committed' && !placed.has(one),
    );
    for (let at = first - 1; at <= last; at++) {
      const writer = places.get(at);
      if (writer) {
        const again = await repeat(session, writer, ids);
        await session.commit();
        if (!check(writer, again))
          throw anomaly(
            `block ${at} reads otherwise when run again`,
            writer,
            again,
          );
      }
      const left: Past[] = [];
      for (const one of readers) {
        if (one.begin > at) {
          left.push(one);
          continue;
        }
        const again = await repeat(session, one, ids);
        await session.abort();
        if (check(one, again)) continue;
        if (one.end <= at)
          throw anomaly('what it read was never there at once', one, again);
        left.push(one);
      }
      readers = left;
    }
  } finally {
    await model.close();
  }
}

/** What was there before the sessions began: one statement a block. */
async function setUpAgain(
  session: RawSession,
  block: IonStruct,
  ids: DocumentIds,
): Promise<void> {
  const info = block.get('transactionInfo') as IonStruct;
  const [statement] = info.get('statements') as IonStruct[];
  const [revision] = (block.get('revisions') as IonStruct[] | undefined) ?? [];
  const text = statement.get('statement') as string;
  await session.begin();
  if (text.includes('?')) {
    const data = revision.get('data') as IonStruct;
    const [{ documentId }] = await session.execute<{ documentId: string }>(
      text,
      data,
    );
    ids.set(data.get('id') as number, documentId);
  } else await session.execute(text);
  await session.commit();
}
