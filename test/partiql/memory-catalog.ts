import {
  Decimal,
  IonStruct,
  Timestamp,
  type IonValue,
} from '../../lib/ion/value.js';
import { parseIonText, formatIonText } from '../../lib/ion/text.js';
import {
  compile,
  equalityKey,
  type Catalog,
  type Relation,
  type Row,
  type Rows,
} from '../../lib/partiql/index.js';

interface Revision {
  readonly id: string;
  readonly version: number;
  readonly data?: IonStruct;
  readonly time: Timestamp;
}

class Table {
  readonly documents = new Map<string, IonStruct>();
  readonly revisions: Revision[] = [];
  indexes: { indexId: string; field: string }[] = [];
  active = true;
  constructor(
    readonly tableId: string,
    readonly name: string,
  ) {}
}

/** A catalog in memory that records which methods of its relations were called. */
export class MemoryCatalog implements Catalog {
  version = {};
  readonly calls: string[] = [];
  readonly redactions: unknown[] = [];
  readonly #tables: Table[] = [];
  #ids = 0;

  constructor(
    readonly options: {
      readonly async?: boolean;
      readonly batch?: number;
      /** Whether calls are recorded, with their keys as text. Default: true. */
      readonly records?: boolean;
    } = {},
  ) {}

  relation(path: readonly string[]): Relation | undefined {
    const [first = '', second] = path;
    if (first === 'information_schema' && second === 'user_tables') {
      return this.#relation('user_tables', [], () => this.#userTables());
    }
    if (path.length > 1) return undefined;
    const committed = first.startsWith('_ql_committed_');
    const table = this.#table(first.replace('_ql_committed_', ''));
    if (table === undefined) return undefined;
    const rows = () =>
      [...table.documents].map(([id, document]) => ({
        id,
        value: committed ? revisionOf(table, id, document) : document,
      }));
    const indexes = table.indexes.map(({ field }) =>
      committed ? ['data', field] : [field],
    );
    const relation = {
      ...this.#relation(first, indexes, rows),
      table: { name: table.name, path: committed ? ['data'] : [] },
    };
    if (committed) return relation;
    return {
      ...relation,
      write: {
        insert: (document) => {
          const id = this.#id('d');
          this.#write(table, id, document);
          return id;
        },
        replace: (id, document) => this.#write(table, id, document),
        remove: (id) => this.#write(table, id, undefined),
      },
    };
  }

  history(name: string, start?: Timestamp, end?: Timestamp) {
    const table = this.#tables.find(
      (each) => each.name === name || each.tableId === name,
    );
    if (table === undefined) return undefined;
    this.#record(() => `history ${name} ${String(start)} ${String(end)}`);
    return this.#relation(`history(${name})`, [['metadata', 'id']], () =>
      table.revisions.map(({ id, version, data }) => ({
        id,
        value: IonStruct.of([
          ...(data ? [['data', data] as const] : []),
          [
            'metadata',
            IonStruct.of([
              ['id', id],
              ['version', version],
            ]),
          ],
        ]),
      })),
    );
  }

  createTable(name: string): string {
    const table = new Table(this.#id('t'), name);
    this.#tables.push(table);
    this.version = {};
    return table.tableId;
  }

  dropTable(name: string): string {
    const table = this.#need(name);
    table.active = false;
    this.version = {};
    return table.tableId;
  }

  undropTable(tableId: string): string {
    const table = this.#tables.find((each) => each.tableId === tableId);
    if (table !== undefined) table.active = true;
    this.version = {};
    return tableId;
  }

  createIndex(name: string, field: string): string {
    const table = this.#need(name);
    table.indexes.push({ indexId: this.#id('i'), field });
    this.version = {};
    return table.tableId;
  }

  dropIndex(name: string, indexId: string): string {
    const table = this.#need(name);
    table.indexes = table.indexes.filter((each) => each.indexId !== indexId);
    this.version = {};
    return table.tableId;
  }

  redactRevision(blockAddress: IonStruct, tableId: string, documentId: string) {
    this.redactions.push([blockAddress.get('sequenceNo'), tableId, documentId]);
    return IonStruct.of([
      ['blockAddress', blockAddress],
      ['tableId', tableId],
      ['documentId', documentId],
      ['version', 0],
    ]);
  }

  #userTables(): Row[] {
    return this.#tables.map((table) => ({
      id: table.tableId,
      value: IonStruct.of([
        ['tableId', table.tableId],
        ['name', table.name],
        [
          'indexes',
          table.indexes.map(({ indexId, field }) =>
            IonStruct.of([
              ['indexId', indexId],
              ['expr', `[${field}]`],
              ['status', 'ONLINE'],
            ]),
          ),
        ],
        ['status', table.active ? 'ACTIVE' : 'INACTIVE'],
      ]),
    }));
  }

  #relation(
    name: string,
    indexes: readonly (readonly string[])[],
    rows: () => readonly Row[],
  ): Relation {
    const found = (keep: (row: Row) => boolean): Rows =>
      this.#batches(rows().filter(keep));
    return {
      name,
      indexes,
      scan: () => {
        this.#record(() => `scan ${name}`);
        return found(() => true);
      },
      lookup: (index, keys) => {
        const path = indexes[index] ?? [];
        this.#record(
          () => `lookup ${name}.${path.join('.')} ${keys.map(textOf).join()}`,
        );
        const wanted = new Set(keys.map(keyOf));
        return found(({ value }) => {
          let field: IonValue | undefined = value;
          for (const step of path) {
            field = field instanceof IonStruct ? field.get(step) : undefined;
          }
          return field !== undefined && wanted.has(keyOf(field));
        });
      },
      byId: (ids) => {
        this.#record(() => `byId ${name} ${ids.join()}`);
        return found(({ id }) => ids.includes(id));
      },
    };
  }

  #record(call: () => string): void {
    if (this.options.records !== false) this.calls.push(call());
  }

  #batches(rows: readonly Row[]): Rows {
    const size = this.options.batch ?? 2;
    const batches: (readonly Row[])[] = [];
    for (let start = 0; start < rows.length; start += size) {
      batches.push(rows.slice(start, start + size));
    }
    if (this.options.async !== true) return batches;
    return (async function* () {
      for (const batch of batches) yield await Promise.resolve(batch);
    })();
  }

  #write(table: Table, id: string, data: IonStruct | undefined): void {
    if (data === undefined) table.documents.delete(id);
    else table.documents.set(id, data);
    table.revisions.push({
      id,
      version: table.revisions.filter((each) => each.id === id).length,
      data,
      time: new Timestamp(0, 2024),
    });
  }

  #table(name: string): Table | undefined {
    return this.#tables.find((table) => table.active && table.name === name);
  }

  #need(name: string): Table {
    const table = this.#table(name);
    if (table === undefined) throw new Error(`no table ${name}`);
    return table;
  }

  #id(prefix: string): string {
    this.#ids += 1;
    return `${prefix}${this.#ids}`;
  }
}

function revisionOf(table: Table, id: string, document: IonStruct): IonStruct {
  const version = table.revisions.filter((each) => each.id === id).length - 1;
  return IonStruct.of([
    ['data', document],
    [
      'metadata',
      IonStruct.of([
        ['id', id],
        ['version', version],
      ]),
    ],
  ]);
}

function keyOf(value: IonValue): string | undefined {
  const key = equalityKey(value);
  return key && Buffer.from(key).toString('hex');
}

function textOf(value: IonValue): string {
  return formatIonText(value);
}

export const NOW = new Timestamp(0, 2024, 2, 29, 12, 30, new Decimal('5.123'));

/** Runs a statement; its rows as Ion values. */
export async function rows(
  catalog: Catalog,
  text: string,
  ...parameters: readonly IonValue[]
): Promise<readonly IonValue[]> {
  const collected: IonValue[] = [];
  for await (const batch of compile(text).execute({
    catalog,
    parameters,
    transactionId: 'L7S9iJqcn9W2M4qOEn27ay',
    now: NOW,
  })) {
    collected.push(...batch);
  }
  return collected;
}

/** Runs a statement; its rows as Ion text. */
export async function texts(
  catalog: Catalog,
  text: string,
  ...parameters: readonly IonValue[]
): Promise<readonly string[]> {
  return (await rows(catalog, text, ...parameters)).map(textOf);
}

/** Value of an expression, as Ion text; `MISSING` where there is none. */
export async function evaluate(
  expression: string,
  ...parameters: readonly IonValue[]
): Promise<string> {
  const [row] = await texts(
    new MemoryCatalog(),
    `SELECT ${expression} AS x FROM << 0 >>`,
    ...parameters,
  );
  const struct = row === undefined ? undefined : parseIonText(row);
  const value = struct instanceof IonStruct ? struct.get('x') : undefined;
  return value === undefined ? 'MISSING' : formatIonText(value);
}
