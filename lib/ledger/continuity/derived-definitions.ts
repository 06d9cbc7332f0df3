import { sha256, toBytes } from '../../ion/hash.js';
import { encodeAlone } from '../../ion/encode.js';
import { IonStruct, type IonValue } from '../../ion/value.js';
import type * as Ast from '../../partiql/language/ast.js';
import { parse } from '../../partiql/language/parser/index.js';
import type { Revision } from '../../store/contract.js';
import { decodeStruct } from '../journal/block.js';
import { RevisionHasher } from '../journal/block-hashes.js';
import { type JournalBlock, UNNAMED_TABLE_ID } from '../journal/read-block.js';
import {
  definitionStruct,
  readDefinition,
  REDACTIONS_TABLE,
  SYSTEM_TABLE_ID,
  type TableDefinition,
} from '../transaction/table-catalog.js';
import { idFrom } from '../unique-id.js';

const UNNAMED_TABLE_NAME = 'unnamed';

/** A definition, with the version of the last revision of it. */
interface Defined {
  readonly version: number;
  readonly definition: TableDefinition;
}

/** A document that a block changes. */
interface ChangedDocument {
  readonly tableId: string;
  readonly tableName: string;
  /** The first statement that changed it. */
  readonly statement: number;
}

/**
 * Finds out the tables and indexes of blocks that AWS wrote. Of the revisions of
 * its system tables AWS wrote the hashes alone, so the definitions follow from
 * what else a block tells: the statements that define something, and the names
 * and ids of the tables of its documents. They become revisions of the system
 * table, the same whenever they are derived from the same blocks.
 *
 * What no block tells is made up: the id of a table until a document of it
 * comes, and the ids of indexes.
 */
export class DerivedDefinitions {
  readonly #tables = new Map<string, Defined>();

  /** @param revisions - of the system table: the last of each definition before the blocks to come */
  constructor(revisions: Iterable<Revision> = []) {
    for (const revision of revisions) this.#know(revision);
  }

  /** Names of the tables that are there, and whose ids are made up. */
  get invented(): readonly string[] {
    return [...this.#tables.values()].flatMap(({ definition }) =>
      isInvented(definition.tableId) ? definition.name : [],
    );
  }

  /** The revisions of the system table that follow from a block; none from one that was written here: it has them. */
  of(block: JournalBlock): readonly Revision[] {
    for (const revision of block.revisions)
      if (revision.tableId === SYSTEM_TABLE_ID) this.#know(revision);
    if (block.isForeign) return this.#derive(block);
    // A journal that was written here tells its tables, unless its beginning is missing.
    return block.revisions.every(
      ({ tableId }) => isOfSystem(tableId) || this.#tables.has(tableId),
    )
      ? []
      : this.#derive(block);
  }

  #know({ documentId, version, data }: Revision): void {
    if (!data) this.#tables.delete(documentId);
    else
      this.#tables.set(documentId, {
        version,
        definition: readDefinition(decodeStruct(data)),
      });
  }

  #derive(block: JournalBlock): readonly Revision[] {
    const { struct } = block;
    const changes = new Changes(this.#tables, block);
    const documents = documentsOf(struct).toSorted(
      (a, b) => a.statement - b.statement,
    );
    let next = 0;
    for (const [n, statement] of statementsOf(struct).entries()) {
      const definition = block.isForeign ? definitionIn(statement) : undefined;
      if (!definition) continue;
      // What was written before the definition changed was written to what it was.
      for (; (documents[next]?.statement ?? Infinity) < n; next++)
        changes.see(documents[next].tableId, documents[next].tableName);
      changes.run(definition, n);
    }
    for (; next < documents.length; next++)
      changes.see(documents[next].tableId, documents[next].tableName);
    if (block.revisions.some(({ tableId }) => tableId === UNNAMED_TABLE_ID))
      changes.see(UNNAMED_TABLE_ID, UNNAMED_TABLE_NAME);
    return changes.end();
  }
}

/** What one block changes in the definitions. */
class Changes {
  /** Ids of tables whose definitions changed. */
  readonly #changed = new Set<string>();
  readonly #removed = new Map<string, Defined>();

  constructor(
    private readonly tables: Map<string, Defined>,
    private readonly block: JournalBlock,
  ) {}

  /** A document tells the id and the name of a table. */
  see(tableId: string, name: string): void {
    if (this.tables.has(tableId) || isOfSystem(tableId)) return;
    const named = this.#active(name);
    const indexes = named?.indexes ?? [];
    if (named && isInvented(named.tableId)) this.#remove(named.tableId);
    // One of that name was dropped, and the block that did is not here.
    else if (named) this.#put({ ...named, status: 'INACTIVE' });
    this.#put({
      tableId,
      name,
      status: 'ACTIVE',
      indexes:
        named && this.#removed.has(named.tableId)
          ? indexes.map(({ field }) => this.#index(tableId, field))
          : [],
    });
  }

  run(node: Definition, statement: number): void {
    switch (node.kind) {
      case 'CreateTable':
        if (!this.#active(node.name)) this.#invent(node.name, statement);
        return;
      case 'CreateIndex': {
        const name = node.table.path.join('.');
        const table = this.#active(name) ?? this.#invent(name, statement);
        if (table.indexes.some(({ field }) => field === node.field)) return;
        const index = this.#index(table.tableId, node.field);
        this.#put({ ...table, indexes: [...table.indexes, index] });
        return;
      }
      case 'DropIndex': {
        const table = this.#active(node.table.path.join('.'));
        // Ids of indexes are in no block: of several, nobody knows which one it was.
        if (table?.indexes.length === 1) this.#put({ ...table, indexes: [] });
        return;
      }
      case 'DropTable': {
        const table = this.#active(node.table.path.join('.'));
        if (table) this.#put({ ...table, status: 'INACTIVE' });
        return;
      }
      case 'UndropTable': {
        const table = this.tables.get(node.tableId)?.definition;
        if (table?.status === 'INACTIVE' && !this.#active(table.name))
          this.#put({ ...table, status: 'ACTIVE' });
        return;
      }
    }
  }

  /** The revisions of the definitions that the block leaves otherwise than it found them. */
  end(): readonly Revision[] {
    const { sequenceNo, txId, txTime } = this.#transaction();
    const hasher = new RevisionHasher(txTime, txId);
    const revisionOf = (
      documentId: string,
      version: number,
      data: IonStruct | undefined,
    ): Revision => ({
      tableId: SYSTEM_TABLE_ID,
      documentId,
      version,
      sequenceNo,
      txId,
      txTime,
      hash: hasher.hash({
        documentId,
        version,
        data,
        tableId: SYSTEM_TABLE_ID,
        tableName: '',
        statements: [],
      }),
      data: data && encodeAlone(data),
      dataHash: undefined,
    });
    const revisions: Revision[] = [];
    for (const [tableId, { version }] of this.#removed)
      if (version >= 0)
        revisions.push(revisionOf(tableId, version + 1, undefined));
    for (const tableId of this.#changed) {
      const defined = this.tables.get(tableId);
      if (!defined) continue;
      const version = defined.version + 1;
      const { definition } = defined;
      this.tables.set(tableId, { version, definition });
      revisions.push(
        revisionOf(tableId, version, definitionStruct(definition)),
      );
    }
    return revisions;
  }

  #transaction(): { sequenceNo: number; txId: string; txTime: number } {
    const { sequenceNo, timestamp, transactionId } = this.block;
    return { sequenceNo, txId: transactionId, txTime: timestamp };
  }

  #active(name: string): TableDefinition | undefined {
    for (const { definition } of this.tables.values())
      if (definition.name === name && definition.status === 'ACTIVE')
        return definition;
    return undefined;
  }

  #invent(name: string, statement: number): TableDefinition {
    const { strandId, sequenceNo } = this.block;
    const table: TableDefinition = {
      tableId: inventedId('table', strandId, `${sequenceNo}`, `${statement}`),
      name,
      status: 'ACTIVE',
      indexes: [],
    };
    this.#put(table);
    return table;
  }

  #index(tableId: string, field: string): { indexId: string; field: string } {
    const { strandId, sequenceNo } = this.block;
    const indexId = inventedId(
      'index',
      strandId,
      `${sequenceNo}`,
      tableId,
      field,
    );
    return { indexId, field };
  }

  #put(definition: TableDefinition): void {
    const { tableId } = definition;
    const version = this.tables.get(tableId)?.version ?? -1;
    this.tables.set(tableId, { version, definition });
    this.#changed.add(tableId);
  }

  #remove(tableId: string): void {
    const defined = this.tables.get(tableId);
    if (defined) this.#removed.set(tableId, defined);
    this.tables.delete(tableId);
    this.#changed.delete(tableId);
  }
}

/** No id that a ledger gives begins so. */
const INVENTED = '0'.repeat(11);

/** The id of what has none in the journal: the same for the same place in it. */
const inventedId = (...place: readonly string[]): string =>
  INVENTED +
  idFrom(toBytes(sha256(Buffer.from(place.join('\0'))))).slice(INVENTED.length);

const isOfSystem = (tableId: string): boolean =>
  tableId === SYSTEM_TABLE_ID || tableId === REDACTIONS_TABLE.tableId;

const isInvented = (tableId: string): boolean =>
  tableId.startsWith(INVENTED) && tableId !== UNNAMED_TABLE_ID;

type Definition =
  | Ast.CreateTableNode
  | Ast.CreateIndexNode
  | Ast.DropTableNode
  | Ast.DropIndexNode
  | Ast.UndropTableNode;

/** Statements that define something begin so, behind comments; others need not be parsed. */
const DEFINES = /\b(?:create|drop|undrop)\b/i;
const BEGINNING = 1000;

function definitionIn(statement: string): Definition | undefined {
  if (!DEFINES.test(statement.slice(0, BEGINNING))) return undefined;
  try {
    const node = parse(statement).statement;
    return isDefinition(node) ? node : undefined;
  } catch {
    // AWS ran it, so it may say what our parser does not know; its documents still tell their tables.
    return undefined;
  }
}

const DEFINITIONS: readonly string[] = [
  'CreateTable',
  'CreateIndex',
  'DropTable',
  'DropIndex',
  'UndropTable',
] satisfies Definition['kind'][];

const isDefinition = (node: Ast.StatementNode): node is Definition =>
  DEFINITIONS.includes(node.kind);

function statementsOf(block: IonStruct): readonly string[] {
  return listAt(block, 'statements').map((statement) => {
    const text =
      statement instanceof IonStruct ? statement.get('statement') : undefined;
    return typeof text === 'string' ? text : '';
  });
}

function documentsOf(block: IonStruct): readonly ChangedDocument[] {
  const info = block.get('transactionInfo');
  const documents =
    info instanceof IonStruct ? info.get('documents') : undefined;
  if (!(documents instanceof IonStruct)) return [];
  return documents.entries().flatMap(([, document]) => {
    if (!(document instanceof IonStruct)) return [];
    const [tableId, tableName, statements] = [
      'tableId',
      'tableName',
      'statements',
    ].map((name) => document.get(name));
    if (typeof tableId !== 'string' || typeof tableName !== 'string') return [];
    const numbers = Array.isArray(statements)
      ? (statements as readonly IonValue[]).filter(
          (n): n is number => typeof n === 'number',
        )
      : [];
    return [{ tableId, tableName, statement: Math.min(...numbers, Infinity) }];
  });
}

function listAt(block: IonStruct, name: string): readonly IonValue[] {
  const info = block.get('transactionInfo');
  const list = info instanceof IonStruct ? info.get(name) : undefined;
  return Array.isArray(list) ? (list as readonly IonValue[]) : [];
}
