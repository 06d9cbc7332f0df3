import { IonStruct, type IonValue } from '../../ion/value.js';

/**
 * Id of the system table whose documents are the table definitions. A definition
 * has the id of its table, and revisions in the journal like any document: a
 * journal tells its tables, and their history, without anything beside it.
 */
export const SYSTEM_TABLE_ID = '0'.repeat(22);
export const SYSTEM_TABLE_NAME = 'information_schema.user_tables';

/** The table with a document for each redaction: its revision puts the time and the transaction into the block's hash. */
export const REDACTIONS_TABLE: TableDefinition = {
  tableId: `${'0'.repeat(21)}1`,
  name: 'information_schema.redactions',
  status: 'ACTIVE',
  indexes: [],
};

export interface IndexDefinition {
  readonly indexId: string;
  /** The top-level field that it finds documents by. */
  readonly field: string;
}

export interface TableDefinition {
  readonly tableId: string;
  readonly name: string;
  readonly status: 'ACTIVE' | 'INACTIVE';
  readonly indexes: readonly IndexDefinition[];
}

/** The tables of a ledger as of one moment; immutable. */
export class TableCatalog {
  static readonly empty = new TableCatalog(new Map());

  readonly #byId: ReadonlyMap<string, TableDefinition>;
  readonly #activeByName: ReadonlyMap<string, TableDefinition>;

  constructor(byId: ReadonlyMap<string, TableDefinition>) {
    this.#byId = byId;
    this.#activeByName = new Map(
      [...byId.values()]
        .filter(({ status }) => status === 'ACTIVE')
        .map((table) => [table.name, table]),
    );
  }

  /** The active table of a name. */
  active(name: string): TableDefinition | undefined {
    return this.#activeByName.get(name);
  }

  byId(tableId: string): TableDefinition | undefined {
    return this.#byId.get(tableId);
  }

  hasIndex(tableId: string, indexId: string): boolean {
    const indexes = this.#byId.get(tableId)?.indexes;
    return indexes?.some((index) => index.indexId === indexId) ?? false;
  }

  /** The index of an id, and the table that it is of. */
  index(indexId: string): IndexDefinition | undefined {
    for (const { indexes } of this.#byId.values())
      for (const index of indexes) if (index.indexId === indexId) return index;
    return undefined;
  }

  all(): Iterable<TableDefinition> {
    return this.#byId.values();
  }

  /**
   * This catalog with definitions added, or put in the place of those with their ids.
   *
   * @param without - ids of tables whose definitions go
   */
  with(
    definitions: Iterable<TableDefinition>,
    without: Iterable<string> = [],
  ): TableCatalog {
    const byId = new Map(this.#byId);
    for (const tableId of without) byId.delete(tableId);
    for (const table of definitions) byId.set(table.tableId, table);
    return new TableCatalog(byId);
  }
}

/**
 * A definition as `information_schema.user_tables` shows it.
 *
 * @param online - whether an index may be used; by default all of them
 */
export function definitionStruct(
  { tableId, name, status, indexes }: TableDefinition,
  online: (index: IndexDefinition) => boolean = () => true,
): IonStruct {
  return IonStruct.of([
    ['tableId', tableId],
    ['name', name],
    [
      'indexes',
      indexes.map((index) =>
        IonStruct.of([
          ['indexId', index.indexId],
          ['expr', `[${index.field}]`],
          ['status', online(index) ? 'ONLINE' : 'BUILDING'],
        ]),
      ),
    ],
    ['status', status],
  ]);
}

/** Reads what {@link definitionStruct} wrote. */
export function readDefinition(document: IonStruct): TableDefinition {
  const text = (struct: IonStruct, name: string): string => {
    const value = struct.get(name);
    if (typeof value === 'string') return value;
    throw new TypeError(`A table definition has no ${name}.`);
  };
  const indexes = document.get('indexes');
  return {
    tableId: text(document, 'tableId'),
    name: text(document, 'name'),
    status: text(document, 'status') === 'ACTIVE' ? 'ACTIVE' : 'INACTIVE',
    indexes: (Array.isArray(indexes) ? indexes : [])
      .filter((index: IonValue) => index instanceof IonStruct)
      .map((index) => ({
        indexId: text(index, 'indexId'),
        field: text(index, 'expr').slice(1, -1),
      })),
  };
}
