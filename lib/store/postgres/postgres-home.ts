import { randomUUID } from 'node:crypto';
import type { LedgerStore } from '../contract.js';
import { StoreError } from '../store-errors.js';
import type { ReplaceOptions, StoreHome, StoreNote } from '../store-home.js';
import { Connections, released, type Row } from './connections.js';
import { isLedgerName, nameAside } from './names.js';
import { storeErrorOf } from './postgres-errors.js';
import type { PostgresSettings } from './postgres-options.js';
import { PostgresStore } from './postgres-store.js';
import { isMissing } from './schema.js';
import { removeViews, updateViews } from './views.js';

/** Rows that are deleted at a time. */
const DELETED_AT_ONCE = 2_000;

/** The tables with rows of a ledger, and their keys behind the ledger's. */
const KEYS = {
  blocks: 'sequence_no',
  documents: 'table_id, document_id',
  superseded: 'table_id, document_id, version',
  entries: 'index_id, key, document_id',
  ended_entries: 'index_id, key, ended_by, document_id',
  parts: 'sequence_no, item, part',
  tables: 'table_id',
  unbuilt: 'index_id',
  dropped: 'index_id',
};

/** A schema of a database with any number of ledgers. */
export class PostgresHome implements StoreHome {
  /** The schema, quoted. */
  readonly #schema: string;

  constructor(private readonly settings: PostgresSettings) {
    this.#schema = `"${settings.schema}"`;
  }

  names(): Promise<readonly string[]> {
    return this.#with(async (connections) =>
      (await this.#ledgers(connections))
        .map(([, name]) => name)
        .filter(isLedgerName)
        .sort(),
    );
  }

  async has(name: string): Promise<boolean> {
    return (await this.names()).includes(name);
  }

  open(name: string): Promise<LedgerStore> {
    return PostgresStore.open(this.settings, name);
  }

  async replace<T>(
    name: string,
    fill: (store: LedgerStore) => Promise<T>,
    { goesOn = false, anew = false }: ReplaceOptions = {},
  ): Promise<{ readonly result: T; readonly former?: string }> {
    const beside = nameAside(
      name,
      // Not by the id of this process: in a container all have the same.
      goesOn ? 'unfinished' : `new ${randomUUID()}`,
    );
    let isDone = false;
    try {
      if (anew) await this.#delete(beside);
      const store = await PostgresStore.open(this.settings, beside);
      let result: T;
      try {
        result = await fill(store);
      } finally {
        await store.close();
      }
      const former = await this.#putInPlace(beside, name);
      isDone = true;
      return { result, ...(former !== undefined && { former }) };
    } finally {
      if (!isDone && !goesOn) await this.#delete(beside).catch(() => {});
    }
  }

  /** Gives a ledger the name of another, which keeps its rows under a name aside. */
  #putInPlace(from: string, to: string): Promise<string | undefined> {
    return this.#with(async (connections) => {
      const client = await connections.writer();
      const { ledger, old, aside } = await released(
        client,
        this.#swap(
          (text, values) =>
            connections.run(client, { text, ...(values && { values }) }),
          from,
          to,
        ),
      ).catch((error: unknown) => {
        throw storeErrorOf(error, connections.where);
      });
      if (this.settings.json)
        await updateViews(connections, {
          schema: this.settings.schema,
          ledger,
          name: to,
          former: old,
        });
      return old === undefined
        ? undefined
        : `the ledger "${aside}" in schema ${this.settings.schema}`;
    });
  }

  async #swap(
    run: (text: string, values?: unknown[]) => Promise<readonly Row[]>,
    from: string,
    to: string,
  ): Promise<{
    readonly ledger: number;
    /** The ledger that was there before. */
    readonly old: number | undefined;
    readonly aside: string;
  }> {
    const s = this.#schema;
    const aside = nameAside(
      to,
      `until ${new Date().toISOString().slice(0, 19)}`,
    );
    // Whatever was appended before the lock was had is to be seen.
    await run('BEGIN ISOLATION LEVEL READ COMMITTED');
    // Nobody appends to either from now on; who would have is told so.
    const rows = (await run(
      `SELECT id, name FROM ${s}.ledgers WHERE name = $1 OR name = $2 ORDER BY id FOR UPDATE`,
      [from, to],
    )) as readonly [number, string][];
    const old = rows.find(([, name]) => name === to)?.[0];
    const ledger = rows.find(([, name]) => name === from)?.[0];
    if (ledger === undefined)
      throw new StoreError(
        'QLDB_STORE_IN_USE',
        `Another process is filling a ledger ${to}, too, and has removed this one's. Try again.`,
      );
    if (old !== undefined) {
      const [ends] = (await run(
        `SELECT (SELECT max(sequence_no) FROM ${s}.blocks WHERE ledger = $1), (SELECT max(sequence_no) FROM ${s}.blocks WHERE ledger = $2)`,
        [old, ledger],
      )) as readonly [number, number][];
      if (ends[0] !== ends[1])
        throw new StoreError(
          'QLDB_STORE_IN_USE',
          `Blocks were appended to the ledger ${to} meanwhile. Stop the processes that have it open, then try again; nothing was changed.`,
        );
      await run(
        `UPDATE ${s}.ledgers SET name = $2, generation = generation + 1 WHERE id = $1`,
        [old, aside],
      );
    }
    await run(
      `UPDATE ${s}.ledgers SET name = $2, generation = generation + 1, settings = (SELECT settings FROM ${s}.ledgers WHERE id = $3) WHERE id = $1`,
      [ledger, to, old ?? ledger],
    );
    await run('COMMIT');
    return { ledger, old, aside };
  }

  async remove(name: string): Promise<void> {
    const aside = nameAside(name, `deleted ${Date.now()}`);
    await this.#with(async (connections) => {
      const [row] = await connections.read({
        text: `UPDATE ${this.#schema}.ledgers SET name = $2, generation = generation + 1 WHERE name = $1 RETURNING id`,
        values: [name, aside],
      });
      if (row)
        await removeViews(connections, {
          schema: this.settings.schema,
          ledger: row[0] as number,
          name,
        });
    });
    await this.#delete(aside);
  }

  /** Removes a ledger that is none any more. */
  async #delete(name: string): Promise<void> {
    await this.#with(async (connections) => {
      const found = (await this.#ledgers(connections)).find(
        ([, one]) => one === name,
      );
      if (!found) return;
      const [ledger] = found;
      const s = this.#schema;
      for (const [table, key] of Object.entries(KEYS))
        for (;;) {
          const gone = await connections.read({
            text: `DELETE FROM ${s}.${table} WHERE ledger = $1 AND (${key}) IN
              (SELECT ${key} FROM ${s}.${table} WHERE ledger = $1 LIMIT ${DELETED_AT_ONCE}) RETURNING 1`,
            values: [ledger],
          });
          if (gone.length < DELETED_AT_ONCE) break;
        }
      await connections.read({
        text: `DELETE FROM ${s}.ledgers WHERE id = $1`,
        values: [ledger],
      });
    });
  }

  async size(): Promise<undefined> {
    // Its rows lie among those of others.
  }

  note(name: string): StoreNote {
    return {
      read: () =>
        this.#with(async (connections) => {
          const [row] = await connections.read({
            text: `SELECT settings FROM ${this.#schema}.ledgers WHERE name = $1`,
            values: [name],
          });
          return (row?.[0] as string | null | undefined) ?? undefined;
        }),
      write: (text) =>
        this.#with(async (connections) => {
          await connections.read({
            text: `UPDATE ${this.#schema}.ledgers SET settings = $2 WHERE name = $1`,
            values: [name, text],
          });
        }),
    };
  }

  /** Ids and names of all that is there; nothing where there are no tables yet. */
  async #ledgers(
    connections: Connections,
  ): Promise<readonly (readonly [number, string])[]> {
    try {
      return (await connections.read({
        text: `SELECT id, name FROM ${this.#schema}.ledgers`,
      })) as readonly (readonly [number, string])[];
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  async #with<T>(work: (connections: Connections) => Promise<T>): Promise<T> {
    const connections = await Connections.of(this.settings);
    try {
      return await work(connections);
    } finally {
      await connections.end();
    }
  }
}
