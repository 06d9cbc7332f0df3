import { decodeIon } from '../../../lib/ion/decode.js';
import { parseIonText } from '../../../lib/ion/text.js';
import { IonStruct, type IonValue } from '../../../lib/ion/value.js';
import { type Ledger, openLedger } from '../../../lib/ledger/index.js';
import { compile, PartiqlError } from '../../../lib/partiql/index.js';
import type { Typing } from '../../../lib/partiql/dialect.js';
import { BadRequestException } from '../../../lib/session/exceptions.js';
import { transact, type RawSession } from '../../contract/raw-session.js';
import { MemoryCatalog, NOW } from '../memory-catalog.js';
import type { TableData } from './dataset.js';
import { fromIon, type Value } from './values.js';

/** A query as it is sent. */
export interface BoundQuery {
  readonly text: string;
  /** As Ion text. */
  readonly parameters: readonly string[];
}

/** What an engine gives: rows, or the message of an error. */
export type Outcome =
  { readonly rows: readonly Value[] } | { readonly error: string };

/** Something that runs queries over the tables that it was given. */
export interface Engine {
  readonly name: string;
  run(query: BoundQuery, typing: Typing): Promise<Outcome>;
  close?(): Promise<void>;
}

/** Opens an engine over tables. */
export type Open = (tables: readonly TableData[]) => Promise<Engine>;

/** Catalogs with and without indexes, whose batches are there or have to be waited for. */
export const MEMORY: readonly Open[] = [
  async (tables) => new MemoryEngine('no index', tables, false, false),
  async (tables) => new MemoryEngine('indexes', tables, true, false),
  async (tables) => new MemoryEngine('indexes, async', tables, true, true),
];

class MemoryEngine implements Engine {
  readonly #catalog: MemoryCatalog;

  constructor(
    readonly name: string,
    tables: readonly TableData[],
    indexed: boolean,
    async: boolean,
  ) {
    this.#catalog = new MemoryCatalog({ async, batch: async ? 3 : 5 });
    for (const table of tables) {
      this.#catalog.createTable(table.name);
      const relation = this.#catalog.relation([table.name]);
      for (const row of table.rows) {
        const document = parseIonText(row);
        if (document instanceof IonStruct) {
          void relation?.write?.insert(document);
        }
      }
      if (!indexed) continue;
      for (const field of table.indexes) {
        this.#catalog.createIndex(table.name, field);
      }
    }
  }

  async run({ text, parameters }: BoundQuery, typing: Typing) {
    return outcome(async () => {
      const rows: IonValue[] = [];
      for await (const batch of compile(text).execute({
        catalog: this.#catalog,
        parameters: parameters.map(parseIonText),
        transactionId: 'L7S9iJqcn9W2M4qOEn27ay',
        now: NOW,
        typing,
      })) {
        for (const row of batch) rows.push(row);
      }
      return rows.map(fromIon);
    });
  }
}

async function outcome(run: () => Promise<readonly Value[]>): Promise<Outcome> {
  try {
    return { rows: await run() };
  } catch (error) {
    if (error instanceof PartiqlError) {
      const [message = ''] = error.message.split('\n');
      return { error: `${error.code}: ${message}` };
    }
    return { error: `UNEXPECTED ${String(error)}` };
  }
}

/** A ledger in memory, through its sessions. */
class LedgerEngine implements Engine {
  readonly name = 'a ledger';

  constructor(readonly ledger: Ledger) {}

  async run({ text, parameters }: BoundQuery): Promise<Outcome> {
    try {
      const rows = await transact(this.ledger.sessions, async (session) => {
        const values: Value[] = [];
        let page = await session.page(text, ...parameters.map(parseIonText));
        for (;;) {
          for (const { IonBinary } of page.Values ?? []) {
            if (IonBinary) values.push(fromIon(decodeIon(IonBinary)));
          }
          if (page.NextPageToken === undefined) return values;
          page = await session.next(page);
        }
      });
      return { rows };
    } catch (error) {
      return error instanceof BadRequestException
        ? { error: error.message.split('\n')[0] ?? '' }
        : { error: `UNEXPECTED ${String(error)}` };
    }
  }

  async close(): Promise<void> {
    await this.ledger.close();
  }
}

export const openLedgerEngine: Open = async (tables) => {
  const ledger = await openLedger({ name: 'test', store: 'memory:' });
  await transact(ledger.sessions, async (session) => {
    for (const table of tables) {
      await session.execute(`CREATE TABLE ${table.name}`);
      for (const field of table.indexes) {
        await session.execute(`CREATE INDEX ON ${table.name} (${field})`);
      }
      for (const row of table.rows) await insert(session, table.name, row);
    }
  });
  return new LedgerEngine(ledger);
};

async function insert(
  session: RawSession,
  table: string,
  row: string,
): Promise<void> {
  await session.execute(`INSERT INTO ${table} \`${row}\``);
}
