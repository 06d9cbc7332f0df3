import type { Timestamp } from 'ion-js';
import { type Steps, wait } from '../../async/maybe-promise.js';
import { isTimeToPause, nextTurn } from '../../async/turns.js';
import { encodeIon } from '../../ion/encode.js';
import type { IonStruct } from '../../ion/value.js';
import type {
  Catalog,
  Relation,
  RelationWriter,
} from '../../partiql/catalog.js';
import { BadRequestException } from '../../session/index.js';
import type { Redaction, Revision } from '../../store/contract.js';
import { redactionStruct } from '../journal/block.js';
import type { LedgerPorts } from '../ports.js';
import type { UniqueIds } from '../unique-id.js';
import { conflictKey } from './read-set.js';
import { planRedaction } from './redaction.js';
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
  REDACTIONS_TABLE,
  SYSTEM_TABLE_ID,
  SYSTEM_TABLE_NAME,
  type TableCatalog,
  type TableDefinition,
} from './table-catalog.js';
import type { TransactionSize } from './transaction-size.js';
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
  /** Absent when the document is deleted. */
  readonly data?: IonStruct | undefined;
  /** The document was not there before the statement. */
  readonly isNew: boolean;
}

/** What a statement runs in. */
export interface StatementStart {
  readonly view: ReadView;
  /** The tables, with the transaction's own changes. */
  readonly catalog: TableCatalog;
  /** The tables as of the transaction's snapshot. */
  readonly committedCatalog: TableCatalog;
  /** Whether lookups in an index find all there is. */
  readonly isBuilt: (indexId: string) => boolean;
  readonly ports: LedgerPorts;
  readonly ids: UniqueIds;
  /** Which statement of the transaction it is, from 0. */
  readonly number: number;
  /** Whether an earlier statement of the transaction redacts a revision. */
  readonly hasRedaction: boolean;
  /** What the transaction holds; counted on here. */
  readonly size: TransactionSize;
  /** Whether what the statement writes over is kept, for somebody who still reads it. */
  readonly keepsWrites: boolean;
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
  #catalog: TableCatalog;
  /** The revision that it redacts. */
  redaction: Redaction | undefined;

  constructor(start: StatementStart) {
    this.#start = start;
    this.#view = start.view;
    this.#catalog = start.catalog;
  }

  /** What the transaction holds once it has what the statement wrote. */
  get size(): TransactionSize {
    return this.#start.size;
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
    const tableId = this.#start.ids.next();
    this.#define({ tableId, name, status: 'ACTIVE', indexes: [] }, true);
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
    const indexId = this.#start.ids.next();
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

  async redactRevision(
    blockAddress: IonStruct,
    tableId: string,
    documentId: string,
  ): Promise<IonStruct> {
    const { snapshot, reads, strandId } = this.#view;
    const sequenceNo = blockAddress.get('sequenceNo');
    if (
      typeof sequenceNo !== 'number' ||
      typeof blockAddress.get('strandId') !== 'string'
    )
      throw new BadRequestException(
        'A block address is a struct with a strandId (a string) and a sequenceNo (an integer).',
      );
    if (blockAddress.get('strandId') !== strandId)
      throw new BadRequestException(
        'The Strand ID of the provided block address is not valid.',
      );
    if (this.#start.hasRedaction)
      throw new BadRequestException(
        'A transaction can redact one revision. Redact the others in transactions of their own.',
      );
    // Another redaction, and a new index, change what there is to be done.
    reads.add(conflictKey.document(documentId));
    reads.add(conflictKey.document(tableId));
    if (!this.#start.committedCatalog.byId(tableId))
      throw new BadRequestException(
        `No table has the id ${JSON.stringify(tableId.slice(0, 64))}.`,
      );
    this.redaction = await planRedaction(snapshot, {
      sequenceNo,
      tableId,
      documentId,
    });
    const row = redactionStruct(strandId, this.redaction);
    this.#put({
      table: REDACTIONS_TABLE,
      documentId: this.#start.ids.next(),
      data: row,
      isNew: true,
    });
    return row;
  }

  /** The documents as the statement leaves them, with the revisions they replace. */
  *documents(): Steps<readonly PendingDocument[]> {
    const { number } = this.#start;
    const documents: PendingDocument[] = [];
    for (const write of this.#pending) {
      const { table, documentId, data, isNew } = write;
      const before = isNew
        ? undefined
        : this.#view.writes.get(table.tableId, documentId);
      documents.push({
        table,
        documentId,
        base: isNew
          ? undefined
          : before
            ? before.base
            : yield* this.#baseOf(write),
        data,
        statements: before ? [...before.statements, number] : [number],
      });
      if (isTimeToPause(documents.length)) yield nextTurn();
    }
    return documents;
  }

  /** The revision that a write replaces. */
  *#baseOf({ table, documentId }: PendingWrite): Steps<Revision | undefined> {
    const { snapshot } = this.#view;
    const [base] = yield* wait(snapshot.get(table.tableId, [documentId]));
    return base;
  }

  #writer(table: TableDefinition): RelationWriter {
    return {
      claim: (documentId, document) => {
        // What the transaction wrote itself is counted already.
        if (!this.#view.writes.get(table.tableId, documentId))
          this.size.add(1, sizeOf(document));
      },
      insert: (document) => {
        const documentId = this.#start.ids.next();
        this.#put({ table, documentId, data: document, isNew: true });
        return documentId;
      },
      replace: (documentId, document) =>
        this.#put({ table, documentId, data: document, isNew: false }),
      remove: (documentId) => this.#put({ table, documentId, isNew: false }),
    };
  }

  #define(definition: TableDefinition, isNew = false): void {
    this.#catalog = this.#catalog.with([definition]);
    this.#put({
      table: systemTable,
      documentId: definition.tableId,
      data: definitionStruct(definition),
      isNew,
    });
  }

  #put(write: PendingWrite): void {
    const { table, documentId, data, isNew } = write;
    const before =
      isNew || this.#start.keepsWrites
        ? undefined
        : this.#view.writes.get(table.tableId, documentId);
    this.size.add(isNew ? 1 : 0, sizeOf(data) - sizeOf(before?.data));
    this.#pending.push(write);
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

  /** The indexes that statements may use: those that were committed before the transaction began, and are built. */
  #usable(table: TableDefinition): readonly IndexDefinition[] {
    return table.indexes.filter((index) =>
      this.#isOnline(table.tableId, index),
    );
  }

  #isOnline(tableId: string, { indexId }: IndexDefinition): boolean {
    const { committedCatalog, isBuilt } = this.#start;
    return committedCatalog.hasIndex(tableId, indexId) && isBuilt(indexId);
  }
}

/** Bytes of a document as it is stored. */
function sizeOf(document: IonStruct | undefined): number {
  return document === undefined ? 0 : encodeIon(document).length;
}
