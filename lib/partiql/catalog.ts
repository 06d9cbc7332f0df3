import type { Timestamp } from 'ion-js';
import type { MaybePromise } from '../async/maybe-promise.js';
import type { IonStruct, IonValue } from '../ion/value.js';

/** One document of a relation. */
export interface Row {
  /** Document id; what `BY id` binds. */
  readonly id: string;
  /** The document, undecoded until a field is touched. */
  readonly value: IonStruct;
}

/** Rows in batches: an array is ready, an iterable is read as it goes. Batches may be empty. */
export type Rows = Iterable<readonly Row[]> | AsyncIterable<readonly Row[]>;

/** Numbers that are to be added up, as they come. */
export type Counts =
  Iterable<readonly number[]> | AsyncIterable<readonly number[]>;

/** Something outside the statement that FROM can range over: a table, a view, a history. */
export interface Relation {
  /** Name as the ledger knows it, for messages. */
  readonly name: string;
  /** Paths that {@link lookup} can find by equality, such as `['VIN']`, or `['data', 'VIN']` in a committed view. */
  readonly indexes: readonly (readonly string[])[];

  /** The table whose documents the rows show, and where these stand in a row; absent where they are of none. */
  readonly table?: {
    readonly name: string;
    /** `[]`, or `['data']` in a committed view. */
    readonly path: readonly string[];
  };

  /** Every row. */
  scan(): Rows;
  /** How many rows a scan would give, where that is known for less. */
  count?(): Counts;
  /**
   * The rows whose value at `indexes[index]` equals one of `keys`. It may
   * return more (the statement checks its condition again), never fewer.
   */
  lookup(index: number, keys: readonly IonValue[]): Rows;
  /** The rows with these document ids; unknown ids are left out. */
  byId(ids: readonly string[]): Rows;

  /** DML, where the relation takes it (a user table does, a view does not). */
  readonly write?: RelationWriter;
}

/** Changes to one table. What is written is seen by the next statement of the transaction. */
export interface RelationWriter {
  /**
   * A document is about to be replaced or removed, once all of them are known;
   * the place to refuse what is too much.
   */
  claim?(id: string, document: IonStruct): void;
  /** Adds a document and returns its id. */
  insert(document: IonStruct): MaybePromise<string>;
  /** Puts a document in the place of the one with this id. */
  replace(id: string, document: IonStruct): MaybePromise<void>;
  /** Deletes the document with this id. */
  remove(id: string): MaybePromise<void>;
}

/**
 * What a statement can name, and what it can change. The ledger implements it
 * for one transaction; the language knows nothing of the ledger behind it.
 */
export interface Catalog {
  /**
   * Changes whenever a name may resolve differently (a table or an index was
   * created or dropped). Plans are kept per version and statement text.
   */
  readonly version: object;

  /** The relation that a path names: `['Vehicle']`, `['_ql_committed_Vehicle']`, `['information_schema', 'user_tables']`. */
  relation(path: readonly string[]): Relation | undefined;

  /**
   * `history(table [, start [, end]])`: all revisions of a table's documents,
   * or those active in the closed interval. `table` is a name or a table id.
   */
  history(
    table: string,
    start?: Timestamp,
    end?: Timestamp,
  ): Relation | undefined;

  /** CREATE TABLE; returns the table id. */
  createTable(name: string): MaybePromise<string>;
  /** DROP TABLE; returns the table id. */
  dropTable(name: string): MaybePromise<string>;
  /** UNDROP TABLE; returns the table id. */
  undropTable(tableId: string): MaybePromise<string>;
  /** CREATE INDEX ON table (field); returns the table id. */
  createIndex(table: string, field: string): MaybePromise<string>;
  /** DROP INDEX "indexId" ON table; returns the table id. */
  dropIndex(table: string, indexId: string): MaybePromise<string>;
  /** EXEC REDACT_REVISION; returns the address of the revision that will be redacted. */
  redactRevision(
    blockAddress: IonStruct,
    tableId: string,
    documentId: string,
  ): MaybePromise<IonStruct>;
}
