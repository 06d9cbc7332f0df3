import type { LedgerDigest, RevisionWithProof } from '../../ledger/index.js';
import { QldbNestError } from '../errors/qldb-nest.error.js';
import { identifier } from '../identifier.js';
import type { Qldb } from '../qldb.js';
import type { HistoryRange, Revision } from '../revisions/revision.js';
import type { RowQuery } from '../rows/row-query.js';
import type { RowStream } from '../rows/row-stream.js';
import {
  type Filter,
  type FindOptions,
  tailClause,
  whereClause,
} from './filter.js';
import {
  type DocumentClass,
  type LedgerTableDefinition,
  ledgerTableOf,
} from './ledger-table.decorator.js';

/** A document with the id that the ledger gave it. */
export interface Stored<T> {
  readonly id: string;
  readonly document: T;
}

/** A revision, and what proves that the ledger has it. */
export interface RevisionProof extends LedgerDigest {
  readonly revision: RevisionWithProof['revision'];
  readonly proof: readonly Uint8Array[];
}

/** {@link LedgerRepository.findOne} found more than one document. */
export class NotUniqueError extends QldbNestError {
  constructor(table: string) {
    super(
      'QLDB_NOT_UNIQUE',
      `More than one document of ${table} fits, where one was asked for. Narrow the filter, or use find() with a limit.`,
    );
  }
}

interface DocumentRow {
  readonly documentId: string;
}

/**
 * The documents of one table. Its calls are those of a `Qldb`: inside a
 * transaction they join it, outside each is one of its own. Every value is
 * bound to a `?`, and every name is checked.
 *
 * @example
 * ```ts
 * constructor(\@InjectRepository(Vehicle) private readonly vehicles: LedgerRepository<Vehicle>) {}
 *
 * await this.vehicles.find({ Make: 'Tesla', Year: atLeast(2015) }, { orderBy: { Year: 'asc' } });
 * ```
 */
export class LedgerRepository<T extends object> {
  readonly #qldb: Qldb;
  readonly #definition: LedgerTableDefinition;
  readonly #table: string;
  readonly #from: string;

  /** @throws QldbOptionsError when the class has no `@LedgerTable()` */
  constructor(document: DocumentClass<T>, qldb: Qldb) {
    this.#qldb = qldb;
    this.#definition = ledgerTableOf(document);
    this.#table = identifier(this.#definition.name);
    // A document may have a field `id`: the ledger's own id has another name here.
    this.#from = `${this.#table} AS t BY documentId`;
  }

  /** Name of the table. */
  get table(): string {
    return this.#definition.name;
  }

  /** Adds a document, and returns its id. The object itself stays as it is. */
  async create(document: T): Promise<string> {
    const [id = ''] = await this.createMany([document]);
    return id;
  }

  /** Adds documents in one transaction, all or none, and returns their ids in the same order. */
  async createMany(documents: readonly T[]): Promise<string[]> {
    if (documents.length === 0) return [];
    const rows = await this.#qldb.execute<DocumentRow>(
      `INSERT INTO ${this.#table} ?`,
      documents.map(plain),
    );
    return rows.map(({ documentId }) => documentId);
  }

  async findById(id: string): Promise<T | undefined> {
    const [document] = await this.#qldb.execute<T>(
      `SELECT VALUE t FROM ${this.#from} WHERE documentId = ?`,
      id,
    );
    return document;
  }

  /** Those that fit; `[]` when none does. */
  find(
    filter: Filter<T> = {},
    options: FindOptions<T> = {},
  ): Promise<Stored<T>[]> {
    const { statement, parameters } = this.#select(filter, options);
    return this.#qldb.execute<Stored<T>>(statement, ...parameters);
  }

  /**
   * The one that fits, if there is one.
   *
   * @throws NotUniqueError when there are more
   */
  async findOne(filter: Filter<T>): Promise<Stored<T> | undefined> {
    const [found, another] = await this.find(filter, { limit: 2 });
    if (another) throw new NotUniqueError(this.table);
    return found;
  }

  /** Those that fit, as they are read; see `Qldb.stream()`. */
  stream(
    filter: Filter<T> = {},
    options: FindOptions<T> & Pick<RowQuery, 'consistency' | 'delivery'> = {},
  ): RowStream<Stored<T>> {
    const { orderBy, limit, offset, ...reading } = options;
    return this.#qldb.stream<Stored<T>>({
      ...reading,
      ...this.#select(filter, {
        ...(orderBy === undefined ? {} : { orderBy }),
        ...(limit === undefined ? {} : { limit }),
        ...(offset === undefined ? {} : { offset }),
      }),
    });
  }

  /** How many fit. */
  async count(filter: Filter<T> = {}): Promise<number> {
    const where = whereClause(filter);
    const [count = 0] = await this.#qldb.execute<number>(
      `SELECT VALUE COUNT(1) FROM ${this.#table} AS t${where.text}`,
      ...where.parameters,
    );
    return count;
  }

  /** Puts a document in the place of another; false when there is none with this id. */
  replace(id: string, document: T): Promise<boolean> {
    return this.#change(
      `UPDATE ${this.#from} SET t = ? WHERE documentId = ?`,
      plain(document),
      id,
    );
  }

  /** Sets some fields of a document; those that are undefined are left alone. False when there is none with this id. */
  patch(id: string, fields: Partial<T>): Promise<boolean> {
    const given = Object.entries(fields).filter(
      ([, value]) => value !== undefined,
    );
    if (given.length === 0)
      return this.findById(id).then((found) => found !== undefined);
    const changes = given.map(([field]) => `t.${identifier(field)} = ?`);
    return this.#change(
      `UPDATE ${this.#from} SET ${changes.join(', ')} WHERE documentId = ?`,
      ...given.map(([, value]) => value),
      id,
    );
  }

  /** Deletes a document; its history stays. False when there is none with this id. */
  delete(id: string): Promise<boolean> {
    return this.#change(`DELETE FROM ${this.#from} WHERE documentId = ?`, id);
  }

  /** The states that a document has had, oldest first; `[]` when there never was one with this id. */
  history(
    id: string,
    range: Omit<HistoryRange, 'documentId'> = {},
  ): Promise<Revision<T>[]> {
    return this.#qldb.history<T>(this.table, { ...range, documentId: id });
  }

  /**
   * The proof that a revision is part of the ledger as it is now.
   *
   * @throws LedgerNotHereError when the ledger is not in this process
   * @throws InvalidParameterError when the ledger has no such revision
   */
  async prove({ blockAddress, metadata }: Revision): Promise<RevisionProof> {
    const { ledger } = this.#qldb;
    await ledger.refresh();
    const digest = ledger.getDigest();
    const { revision, proof = [] } = await ledger.getRevision(
      blockAddress,
      metadata.id,
      digest.digestTipAddress,
    );
    return { ...digest, revision, proof };
  }

  #select(
    filter: Filter<T>,
    options: FindOptions<T>,
  ): Required<Pick<RowQuery, 'statement' | 'parameters'>> {
    const where = whereClause(filter);
    const tail = tailClause(options);
    return {
      statement: `SELECT documentId AS id, t AS document FROM ${this.#from}${where.text}${tail.text}`,
      parameters: [...where.parameters, ...tail.parameters],
    };
  }

  async #change(
    statement: string,
    ...parameters: readonly unknown[]
  ): Promise<boolean> {
    const changed = await this.#qldb.execute<DocumentRow>(
      statement,
      ...parameters,
    );
    return changed.length > 0;
  }
}

/** The fields of an object of the document's class, which is no Ion value itself. */
function plain<T extends object>(document: T): T {
  return { ...document };
}
