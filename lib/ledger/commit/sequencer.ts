import {
  CapacityExceededException,
  OccConflictException,
} from '../../session/index.js';
import type {
  Commit,
  Head,
  IndexEntry,
  LedgerStore,
} from '../../store/contract.js';
import { decodeStruct, sealBlock } from '../journal/block.js';
import type { MerkleFrontier } from '../journal/merkle.js';
import type { LedgerPorts } from '../ports.js';
import { conflictKey } from '../transaction/read-set.js';
import {
  readDefinition,
  SYSTEM_TABLE_ID,
  type TableCatalog,
  type TableDefinition,
} from '../transaction/table-catalog.js';
import type { LedgerTransaction } from '../transaction/transaction.js';
import { indexKey, type PendingDocument } from '../transaction/write-set.js';
import { WriteTimes } from './write-times.js';

/** A new block takes at most this long to make, with all that wait for it, before it is written. */
const SEALING_MS = 5;

/** The end of the journal: what the next block is chained to. */
export interface Tip {
  readonly sequenceNo: number;
  readonly blockHash: Uint8Array;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly frontier: MerkleFrontier;
  readonly catalog: TableCatalog;
}

interface Waiting {
  readonly transaction: LedgerTransaction;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Puts the transactions of a ledger in one order. Those that wait are taken
 * together, validated one after the other, chained, and appended in one durable
 * write.
 */
export class Sequencer {
  readonly #store: LedgerStore;
  readonly #strandId: string;
  readonly #ports: LedgerPorts;
  readonly #writeTimes = new WriteTimes();
  readonly #oldestSnapshot: () => number;
  #tip: Tip;
  #queue: Waiting[] = [];
  #busy = false;
  #running: Promise<void> = Promise.resolve();

  constructor(options: {
    store: LedgerStore;
    strandId: string;
    ports: LedgerPorts;
    tip: Tip;
    /** The block as of which the oldest open transaction reads. */
    oldestSnapshot: () => number;
  }) {
    this.#store = options.store;
    this.#strandId = options.strandId;
    this.#ports = options.ports;
    this.#tip = options.tip;
    this.#oldestSnapshot = options.oldestSnapshot;
  }

  /** The last block that is durable. */
  get tip(): Tip {
    return this.#tip;
  }

  /**
   * Commits a transaction; durable when the promise resolves. One that wrote
   * nothing is only validated and leaves no block.
   *
   * @throws OccConflictException when what it read was changed since
   * @throws CapacityExceededException when the store could not write; nothing was committed
   */
  async commit(transaction: LedgerTransaction): Promise<void> {
    if (transaction.isReadOnly) return this.#validate(transaction);
    await new Promise<void>((resolve, reject) => {
      this.#queue.push({ transaction, resolve, reject });
      if (this.#busy) return;
      this.#busy = true;
      this.#running = this.#run();
    });
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    while (this.#busy) await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      const draft = new Draft(this.#tip);
      const taken: Waiting[] = [];
      const deadline = performance.now() + SEALING_MS;
      do {
        const { transaction } = this.#queue[0];
        const builds = newIndexes(transaction);
        // An index is built from what is stored, so nothing may stand between.
        if (builds.length > 0 && taken.length > 0) break;
        const waiting = this.#queue.shift() as Waiting;
        try {
          this.#validate(transaction, draft);
          const built =
            builds.length > 0 ? await this.#build(transaction, builds) : [];
          this.#seal(draft, transaction, built);
          taken.push(waiting);
        } catch (error) {
          waiting.reject(error);
        }
      } while (this.#queue.length > 0 && performance.now() < deadline);
      if (taken.length > 0) await this.#append(draft, taken);
    }
    // In the same turn as the look at the queue: whoever comes later begins anew.
    this.#busy = false;
  }

  async #append(draft: Draft, taken: readonly Waiting[]): Promise<void> {
    try {
      await this.#store.append(this.#tip.sequenceNo, draft.commits);
    } catch (error) {
      const head = await this.#storedHead();
      const failure =
        head?.sequenceNo === this.#tip.sequenceNo
          ? new CapacityExceededException(
              'The ledger could not write the block; nothing was committed. See the cause, and check the space left on its store.',
              { cause: error },
            )
          : error;
      for (const { reject } of taken) reject(failure);
      return;
    }
    this.#tip = draft.tip;
    for (const { sequenceNo, keys } of draft.written)
      this.#writeTimes.record(sequenceNo, keys);
    this.#writeTimes.prune(this.#oldestSnapshot);
    for (const { resolve } of taken) resolve();
  }

  /** Where the journal ends, if the store can tell. */
  async #storedHead(): Promise<Head | undefined> {
    try {
      return await this.#store.head();
    } catch {
      return undefined;
    }
  }

  /** @param draft - blocks that stand before it, not written yet */
  #validate({ snapshot, reads }: LedgerTransaction, draft?: Draft): void {
    if (
      this.#writeTimes.anyAfter(snapshot.at, reads) ||
      draft?.hasWritten(reads)
    )
      throw new OccConflictException(
        'Optimistic concurrency control (OCC) failure encountered while committing the transaction',
      );
  }

  #seal(
    draft: Draft,
    transaction: LedgerTransaction,
    built: readonly IndexEntry[],
  ): void {
    const written = [...transaction.writes].filter(
      // A document inserted and deleted by one transaction was never there.
      ({ base, data }) => base ?? data,
    );
    const sequenceNo = draft.tip.sequenceNo + 1;
    const timestamp = Math.max(this.#ports.now(), draft.tip.timestamp);
    const { bytes, blockHash, revisions } = sealBlock({
      address: { strandId: this.#strandId, sequenceNo },
      transactionId: transaction.id,
      timestamp,
      previousBlockHash: draft.tip.blockHash,
      statements: transaction.statements,
      changes: written.map(({ documentId, table, base, data, statements }) => ({
        documentId,
        tableId: table.tableId,
        tableName: table.name,
        version: base ? base.version + 1 : 0,
        ...(data && { data }),
        statements,
      })),
    });
    const indexEntries = [...transaction.writes.indexEntries(), ...built];
    draft.add(
      {
        sequenceNo,
        blockHash,
        block: bytes,
        blockTimestamp: timestamp,
        revisions,
        indexEntries,
      },
      definitions(written),
      writtenKeys(written, indexEntries),
    );
  }

  /** The entries of new indexes over all documents of their tables. */
  async #build(
    transaction: LedgerTransaction,
    builds: readonly IndexBuild[],
  ): Promise<readonly IndexEntry[]> {
    const snapshot = this.#store.snapshot(this.#tip.sequenceNo);
    try {
      const entries: IndexEntry[] = [];
      for (const { table, index } of builds) {
        const { tableId } = table;
        const { indexId } = index;
        const add = (documentId: string, key: Uint8Array | undefined) => {
          if (key) entries.push({ indexId, key, documentId, ended: false });
        };
        for await (const revisions of snapshot.scan(tableId))
          for (const { documentId, data } of revisions)
            if (data && !transaction.writes.get(tableId, documentId))
              add(documentId, indexKey(index, decodeStruct(data)));
        for (const { documentId, data } of transaction.writes.inTable(tableId))
          if (data) add(documentId, indexKey(index, data));
      }
      return entries;
    } finally {
      snapshot.close();
    }
  }
}

/** Blocks that follow the tip, not written yet. */
class Draft {
  readonly commits: Commit[] = [];
  /** What each block writes; it counts for others once the blocks are durable. */
  readonly written: { sequenceNo: number; keys: readonly string[] }[] = [];
  readonly #keys = new Set<string>();
  tip: Tip;

  constructor(tip: Tip) {
    this.tip = { ...tip, frontier: tip.frontier.clone() };
  }

  /** Whether one of these blocks writes one of the keys. */
  hasWritten(keys: Iterable<string>): boolean {
    if (this.#keys.size === 0) return false;
    for (const key of keys) if (this.#keys.has(key)) return true;
    return false;
  }

  add(
    commit: Omit<Commit, 'merkleNodes'>,
    definitions: readonly TableDefinition[],
    keys: Iterable<string>,
  ): void {
    const { frontier, catalog } = this.tip;
    const written = [...keys];
    this.written.push({ sequenceNo: commit.sequenceNo, keys: written });
    for (const key of written) this.#keys.add(key);
    this.commits.push({
      ...commit,
      merkleNodes: frontier.append(commit.blockHash),
    });
    this.tip = {
      sequenceNo: commit.sequenceNo,
      blockHash: commit.blockHash,
      timestamp: commit.blockTimestamp,
      frontier,
      catalog: definitions.length > 0 ? catalog.with(definitions) : catalog,
    };
  }
}

interface IndexBuild {
  readonly table: TableDefinition;
  readonly index: TableDefinition['indexes'][number];
}

/** The indexes that a transaction made on tables. */
function newIndexes({
  catalog,
  committedCatalog,
}: LedgerTransaction): readonly IndexBuild[] {
  if (catalog === committedCatalog) return [];
  return [...catalog.all()].flatMap((table) =>
    table.indexes
      .filter(
        ({ indexId }) =>
          !hasIndex(committedCatalog.byId(table.tableId), indexId),
      )
      .map((index) => ({ table, index })),
  );
}

function hasIndex(table: TableDefinition | undefined, indexId: string) {
  return table?.indexes.some((index) => index.indexId === indexId) ?? false;
}

function definitions(
  written: readonly PendingDocument[],
): readonly TableDefinition[] {
  return written
    .filter(({ table }) => table.tableId === SYSTEM_TABLE_ID)
    .flatMap(({ data }) => (data ? [readDefinition(data)] : []));
}

function* writtenKeys(
  written: readonly PendingDocument[],
  indexEntries: readonly IndexEntry[],
): Iterable<string> {
  for (const { table, documentId } of written) {
    yield conflictKey.document(documentId);
    yield conflictKey.table(table.tableId);
  }
  for (const { indexId, key } of indexEntries)
    yield conflictKey.entry(indexId, key);
  for (const { name } of definitions(written))
    yield conflictKey.tableName(name);
}
