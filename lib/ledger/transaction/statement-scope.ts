import type { Timestamp } from 'ion-js';
import { IonStruct } from '../../ion/value.js';
import type {
  Catalog,
  Relation,
  RelationWriter,
} from '../../partiql/catalog.js';
import { BadRequestException } from '../../session/index.js';
import type { Revision } from '../../store/contract.js';
import type { LedgerPorts } from '../ports.js';
import { uniqueId } from '../unique-id.js';
import { conflictKey } from './read-set.js';
import {
  committedView,
  history,
  type ReadView,
  userTable,
  userTables,
} from './relations.js';
import {
  definitionStruct,
  type IndexDefinition,
  SYSTEM_TABLE_ID,
  SYSTEM_TABLE_NAME,
  type TableCatalog,
  type TableDefinition,
} from './table-catalog.js';
import type { PendingDocument } from './write-set.js';

const COMMITTED_VIEW = '_ql_committed_';
const TABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
const MAX_FIELD_NAME = 128;

/** The table whose documents are table definitions. */
const systemTable: TableDefinition = {
  tableId: SYSTEM_TABLE_ID,
  name: SYSTEM_TABLE_NAME,
  status: 'ACTIVE',
  indexes: [],
};

interface PendingWrite {
  readonly table: TableDefinition;
  readonly documentId: string;
  readonly data?: IonStruct;
}

/** What a statement runs in. */
export interface StatementStart {
  readonly view: ReadView;
  /** The tables, with the transaction's own changes. */
  readonly catalog: TableCatalog;
  /** The tables as of the transaction's snapshot. */
  readonly committedCatalog: TableCatalog;
  readonly ports: LedgerPorts;
  /** Which statement of the transaction it is, from 0. */
  readonly number: number;
}

/**
 * One statement's view of its transaction: the tables and documents as they were
 * when the statement began. What it writes is gathered here and becomes the
 * transaction's when it has ended well.
 */
export class StatementScope implements Catalog {
  readonly #start: StatementStart;
  readonly #view: ReadView;
  readonly #pending: PendingWrite[] = [];
  readonly #inserted = new Set<string>();
  #catalog: TableCatalog;

  constructor(start: StatementStart) {
    this.#start = start;
    this.#view = start.view;
    this.#catalog = start.catalog;
  }

  get version(): TableCatalog {
    return this.#catalog;
  }

  relation(path: readonly string[]): Relation | undefined {
    if (path.length === 2 && path.join('.') === SYSTEM_TABLE_NAME)
      return userTables(this.#view, this.#catalog, (tableId, index) =>
        this.#isOnline(tableId, index),
      );
    const [name, ...rest] = path;
    if (name === undefined || rest.length > 0) return undefined;
    if (name.startsWith(COMMITTED_VIEW)) {
      const table = this.#find(name.slice(COMMITTED_VIEW.length));
      return table && committedView(this.#view, table, this.#usable(table));
    }
    const table = this.#find(name);
    return (
      table &&
      userTable(this.#view, table, this.#usable(table), this.#writer(table))
    );
  }

  history(
    name: string,
    start?: Timestamp,
    end?: Timestamp,
  ): Relation | undefined {
    const table = this.#find(name) ?? this.#catalog.byId(name);
    if (!table) return undefined;
    this.#view.reads.add(conflictKey.document(table.tableId));
    const from = start?.getDate().getTime();
    const to = end?.getDate().getTime();
    if (to !== undefined && to > this.#start.ports.now())
      throw new BadRequestException(
        'The end time of a history must not be in the future.',
      );
    if (from !== undefined && to !== undefined && from > to)
      throw new BadRequestException(
        'The start time of a history must not be after its end time.',
      );
    return history(this.#view, table, start, end);
  }

  createTable(name: string): string {
    if (!TABLE_NAME.test(name))
      throw new BadRequestException(
        'A table name has 1 to 128 letters, digits and underscores, and does not begin with a digit.',
      );
    this.#refuseTaken(name);
    const tableId = uniqueId(this.#start.ports);
    this.#inserted.add(tableId);
    this.#define({ tableId, name, status: 'ACTIVE', indexes: [] });
    return tableId;
  }

  dropTable(name: string): string {
    const table = this.#existing(name);
    this.#define({ ...table, status: 'INACTIVE' });
    return table.tableId;
  }

  undropTable(tableId: string): string {
    this.#view.reads.add(conflictKey.document(tableId));
    const table = this.#catalog.byId(tableId);
    if (table?.status !== 'INACTIVE')
      throw new BadRequestException(
        `No dropped table has the id ${JSON.stringify(tableId)}.`,
      );
    this.#refuseTaken(table.name);
    this.#define({ ...table, status: 'ACTIVE' });
    return tableId;
  }

  createIndex(tableName: string, field: string): string {
    const table = this.#existing(tableName);
    if (field.length === 0 || field.length > MAX_FIELD_NAME)
      throw new BadRequestException(
        `An indexed field has a name of 1 to ${MAX_FIELD_NAME} characters.`,
      );
    if (table.indexes.some((index) => index.field === field))
      throw new BadRequestException(
        `Index on field: ${field} of table: USER.${tableName} already exists`,
      );
    const indexId = uniqueId(this.#start.ports);
    this.#define({ ...table, indexes: [...table.indexes, { indexId, field }] });
    return table.tableId;
  }

  dropIndex(tableName: string, indexId: string): string {
    const table = this.#existing(tableName);
    const indexes = table.indexes.filter((index) => index.indexId !== indexId);
    if (indexes.length === table.indexes.length)
      throw new BadRequestException(
        `Table: USER.${tableName} has no index with the id ${JSON.stringify(indexId)}.`,
      );
    this.#define({ ...table, indexes });
    return table.tableId;
  }

  redactRevision(): never {
    throw new BadRequestException(
      'EXEC REDACT_REVISION is not available in this version of the ledger.',
    );
  }

  /** The documents as the statement leaves them, with the revisions they replace. */
  async documents(): Promise<readonly PendingDocument[]> {
    const { writes, snapshot } = this.#view;
    const unread = new Map<string, Set<string>>();
    for (const { table, documentId } of this.#pending)
      if (
        !this.#inserted.has(documentId) &&
        !writes.get(table.tableId, documentId)
      ) {
        const ids = unread.get(table.tableId) ?? new Set();
        unread.set(table.tableId, ids.add(documentId));
      }
    const bases = new Map<string, Revision>();
    for (const [tableId, ids] of unread)
      for (const revision of await snapshot.get(tableId, [...ids]))
        bases.set(revision.documentId, revision);

    return this.#pending.map(({ table, documentId, data }) => {
      const before = writes.get(table.tableId, documentId);
      const base = before ? before.base : bases.get(documentId);
      return {
        table,
        documentId,
        ...(base && { base }),
        ...(data && { data }),
        statements: [...(before?.statements ?? []), this.#start.number],
      };
    });
  }

  #writer(table: TableDefinition): RelationWriter {
    const put = (documentId: string, data?: IonStruct) => {
      this.#pending.push({ table, documentId, ...(data && { data }) });
    };
    return {
      insert: (document) => {
        const documentId = uniqueId(this.#start.ports);
        this.#inserted.add(documentId);
        put(documentId, document);
        return documentId;
      },
      replace: put,
      remove: (documentId) => put(documentId),
    };
  }

  #define(definition: TableDefinition): void {
    this.#catalog = this.#catalog.with([definition]);
    this.#pending.push({
      table: systemTable,
      documentId: definition.tableId,
      data: definitionStruct(definition),
    });
  }

  /** The active table of a name. That it is there, or is not, counts as read. */
  #find(name: string): TableDefinition | undefined {
    const table = this.#catalog.active(name);
    this.#view.reads.add(
      table ? conflictKey.document(table.tableId) : conflictKey.tableName(name),
    );
    return table;
  }

  #existing(name: string): TableDefinition {
    const table = this.#find(name);
    if (table) return table;
    throw new BadRequestException(
      `Table with name: USER.${name} does not exist`,
      { qldbCode: '432' },
    );
  }

  #refuseTaken(name: string): void {
    this.#view.reads.add(conflictKey.tableName(name));
    if (this.#catalog.active(name))
      throw new BadRequestException(
        `Table with name: USER.${name} already exists`,
        { qldbCode: '412' },
      );
  }

  /** The indexes that statements may use: those that were committed before the transaction began. */
  #usable(table: TableDefinition): readonly IndexDefinition[] {
    return table.indexes.filter((index) =>
      this.#isOnline(table.tableId, index),
    );
  }

  #isOnline(tableId: string, { indexId }: IndexDefinition): boolean {
    const table = this.#start.committedCatalog.byId(tableId);
    return table?.indexes.some((index) => index.indexId === indexId) ?? false;
  }
}
