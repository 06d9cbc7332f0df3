import { isTurnLong, nextTurn } from '../../async/turns.js';
import { IonBinaryError } from '../../ion/errors.js';
import type {
  Batches,
  Commit,
  Head,
  IndexEntry,
  LedgerStore,
  NewIndex,
  Redaction,
  StoredTable,
} from '../../store/contract.js';
import { keyOf } from '../commit/index-builder.js';
import { indexesOnlyIn, storedTable } from '../commit/seal.js';
import { decodeStruct } from '../journal/block.js';
import { MerkleFrontier, NO_HASH } from '../journal/merkle.js';
import { equal } from '../journal/verify.js';
import {
  type JournalBlock,
  type Predecessor,
  previousHashIn,
  readBlock,
} from '../journal/read-block.js';
import { RedactionCheck } from '../journal/redaction-check.js';
import { JournalInvalidError } from '../ledger-errors.js';
import {
  readDefinition,
  SYSTEM_TABLE_ID,
  TableCatalog,
} from '../transaction/table-catalog.js';
import { planOwedRedaction } from '../transaction/redaction.js';
import { entriesBetween, indexKeys } from '../transaction/write-set.js';
import type { LedgerDigest } from '../verification/verify-contents.js';
import { DerivedDefinitions } from './derived-definitions.js';

/** A batch of blocks is written when it has so many bytes, or revisions. */
const BATCH_BYTES = 4 << 20;
const BATCH_REVISIONS = 2000;

/** What others hear of a replay, and how they end it. */
export interface ReplayWatch {
  /** Number of the first block: of a part of a journal it is not 0. */
  readonly origin?: number | undefined;
  /** A digest that the journal has to have. */
  readonly digest?: LedgerDigest | undefined;
  readonly signal?: AbortSignal | undefined;
  /** @param blocks - how many blocks are written, or were there */
  readonly onBlocks?: ((blocks: number) => void) | undefined;
  /** Refuses a journal that does not lead to the digest that it should. */
  readonly checkDigest?: ((digest: LedgerDigest) => void) | undefined;
}

/** What came of a replay. */
export interface ReplayedJournal extends LedgerDigest {
  /** Revisions that are not proven: see `LedgerVerification`. */
  readonly unproven: number;
  /** Names of the tables whose ids are made up, because no block tells them. */
  readonly inventedTables: readonly string[];
}

/**
 * Makes a ledger from its journal alone, in an empty store: every block is
 * checked, and all that queries need is made anew from it. The store is then
 * what it would be if the transactions had been committed there.
 *
 * Where the store has the first blocks of the journal already, those are checked
 * again, and it goes on behind them.
 *
 * @throws JournalInvalidError naming the first block that is not what was written
 */
export async function replayJournal(
  blocks: Batches<Uint8Array>,
  store: LedgerStore,
  { origin = 0, digest: kept, signal, onBlocks, checkDigest }: ReplayWatch = {},
): Promise<ReplayedJournal> {
  const replay = new Replay(store, origin, await store.head());
  for await (const batch of blocks)
    for (const bytes of batch) {
      await replay.add(bytes);
      if (kept) replay.check(kept);
      if (!isTurnLong()) continue;
      await nextTurn();
      signal?.throwIfAborted();
      onBlocks?.(replay.written);
    }
  if (kept) replay.checkReached(kept);
  const digest = await replay.end(checkDigest);
  onBlocks?.(replay.written);
  return digest;
}

class Replay {
  /** Number of the block behind the last that is durable. */
  #next: number;
  /** The last block that was there before. */
  readonly #there: Head | undefined;
  readonly #frontier = MerkleFrontier.empty();
  readonly #definitions = new DerivedDefinitions();
  #unproven = 0;
  #last: Predecessor | undefined;
  #catalog = TableCatalog.empty;
  readonly #redactions: RedactionCheck;
  #batch: Commit[] = [];
  #bytes = 0;
  #revisions = 0;
  /** Data of documents as the blocks of the batch leave them, by table and id. */
  readonly #pending = new Map<string, Uint8Array | undefined>();

  constructor(
    private readonly store: LedgerStore,
    private readonly origin: number,
    there: Head | undefined,
  ) {
    this.#there = there;
    this.#next = origin;
    this.#redactions = new RedactionCheck(origin, true);
    if (there && store.origin !== origin) throw new OtherJournalError();
  }

  /** How many blocks are durable. */
  get written(): number {
    return this.#next - this.origin;
  }

  async add(bytes: Uint8Array): Promise<void> {
    try {
      await this.#add(bytes);
    } catch (error) {
      // A hash does not tell that what it is of makes sense.
      if (error instanceof TypeError || error instanceof IonBinaryError)
        throw new JournalInvalidError(
          this.#last ? this.#last.sequenceNo + 1 : this.origin,
          'it holds what is no table definition, or no document',
          { cause: error },
        );
      throw error;
    }
  }

  async #add(bytes: Uint8Array): Promise<void> {
    const read = readBlock(
      bytes,
      this.#last ?? beforeFirst(bytes, this.origin),
    );
    const revisions = [...read.revisions, ...this.#definitions.of(read)];
    const block = { ...read, revisions };
    const { sequenceNo, blockHash, timestamp } = block;
    this.#redactions.add(block);
    this.#unproven += block.check.unprovenRevisions;
    const before = this.#catalog;
    const tables = this.#define(block);
    const merkleNodes = this.#frontier.append(blockHash);
    if (this.#there && sequenceNo <= this.#there.sequenceNo) {
      this.#pass(block, this.#there);
      return;
    }
    const redactions = await this.#owedRedactions(block);
    const indexEntries = await this.#indexEntries(block, before);
    const newIndexes = [...indexesOnlyIn(this.#catalog, before)];
    this.#batch.push({
      sequenceNo,
      blockHash,
      block: bytes,
      blockTimestamp: timestamp,
      merkleNodes,
      revisions,
      indexEntries,
      redactions,
      ...(tables.length > 0 && { tables }),
      newIndexes,
      endedIndexes: Array.from(
        indexesOnlyIn(before, this.#catalog),
        ({ indexId }) => indexId,
      ),
    });
    this.#last = block;
    this.#bytes += bytes.length;
    this.#revisions += revisions.length;
    if (
      this.#bytes >= BATCH_BYTES ||
      this.#revisions >= BATCH_REVISIONS ||
      newIndexes.length > 0
    )
      await this.#write(newIndexes);
  }

  /** Refuses a journal without a digest, when its block has come. */
  check({ digest, digestTipAddress }: LedgerDigest): void {
    if (this.#last?.sequenceNo !== digestTipAddress.sequenceNo) return;
    if (
      this.#last.strandId !== digestTipAddress.strandId ||
      !equal(this.#frontier.root, digest)
    )
      throw new JournalInvalidError(
        digestTipAddress.sequenceNo,
        'the digest is another',
      );
  }

  checkReached({ digestTipAddress: { sequenceNo } }: LedgerDigest): void {
    if ((this.#last?.sequenceNo ?? -1) < sequenceNo)
      throw new JournalInvalidError(
        sequenceNo,
        'the digest is of it, and it is missing',
      );
  }

  /** Takes the definitions of a block into the catalog. @returns the tables as it leaves them */
  #define({ revisions }: JournalBlock): readonly StoredTable[] {
    const definitions = revisions.filter(
      ({ tableId }) => tableId === SYSTEM_TABLE_ID,
    );
    if (definitions.length === 0) return [];
    const before = this.#catalog;
    const defined = definitions.flatMap(({ data }) =>
      data ? [readDefinition(decodeStruct(data))] : [],
    );
    const gone = definitions.flatMap(({ data, documentId }) =>
      data ? [] : [documentId],
    );
    this.#catalog = before.with(defined, gone);
    return [
      ...defined.map(storedTable),
      ...gone.map((tableId) => ({
        tableId,
        name: before.byId(tableId)?.name ?? '',
        isActive: false,
      })),
    ];
  }

  /** Goes over a block that is there. */
  #pass(block: JournalBlock, there: Head): void {
    const { sequenceNo, blockHash } = block;
    if (sequenceNo === there.sequenceNo && !equal(blockHash, there.blockHash))
      throw new OtherJournalError();
    this.#last = block;
    this.#next++;
  }

  async end(checkDigest: ReplayWatch['checkDigest']): Promise<ReplayedJournal> {
    await this.#write();
    const { sequenceNo, strandId } = this.#last ?? {};
    if (sequenceNo === undefined || strandId === undefined)
      throw new JournalInvalidError(this.origin, 'it is missing');
    if (this.#there && sequenceNo < this.#there.sequenceNo)
      throw new OtherJournalError();
    const digest = {
      digest: this.#frontier.root,
      digestTipAddress: { strandId, sequenceNo },
    };
    checkDigest?.(digest);
    this.#redactions.end();
    return {
      ...digest,
      unproven: this.#unproven,
      inventedTables: this.#definitions.invented,
    };
  }

  async #write(newIndexes: readonly NewIndex[] = []): Promise<void> {
    if (this.#batch.length === 0) return;
    await this.store.append(this.#next - 1, this.#batch);
    this.#next += this.#batch.length;
    this.#batch = [];
    this.#bytes = 0;
    this.#revisions = 0;
    this.#pending.clear();
    for (const { indexId } of newIndexes) {
      const index = this.#catalog.index(indexId);
      if (index) await this.store.buildIndex(indexId, keyOf(index));
    }
  }

  /** What a block changes in the indexes that were there before it, and stay. */
  async #indexEntries(
    block: JournalBlock,
    catalog: TableCatalog,
  ): Promise<readonly IndexEntry[]> {
    const entries: IndexEntry[] = [];
    const ended = new Set(endedBy(block, catalog));
    for (const { tableId, documentId, version, data } of block.revisions) {
      const { indexes = [] } = catalog.byId(tableId) ?? {};
      const staying = indexes.filter(({ indexId }) => !ended.has(indexId));
      if (staying.length === 0) continue;
      const name = tableId + documentId;
      const before =
        version > 0 ? await this.#before(tableId, documentId) : undefined;
      entries.push(
        ...entriesBetween(
          staying,
          documentId,
          indexKeys(staying, before),
          indexKeys(staying, data),
        ),
      );
      this.#pending.set(name, data);
    }
    return entries;
  }

  /** The redactions that a block tells of, and that have not been made: the blocks are older than it. */
  async #owedRedactions({
    redactions,
  }: JournalBlock): Promise<readonly Redaction[]> {
    const owed: Redaction[] = [];
    if (redactions.length === 0) return owed;
    await this.#write();
    const snapshot = this.store.snapshot(this.#next - 1);
    try {
      for (const target of redactions) {
        const redaction = await planOwedRedaction(snapshot, target);
        if (redaction) owed.push(redaction);
      }
    } finally {
      snapshot.close();
    }
    return owed;
  }

  async #before(
    tableId: string,
    documentId: string,
  ): Promise<Uint8Array | undefined> {
    const name = tableId + documentId;
    if (this.#pending.has(name)) return this.#pending.get(name);
    const snapshot = this.store.snapshot(this.#next - 1);
    try {
      const [revision] = await snapshot.get(tableId, [documentId]);
      return revision?.data;
    } finally {
      snapshot.close();
    }
  }
}

/** The indexes of a catalog that a block ends. */
function* endedBy(
  { revisions }: JournalBlock,
  catalog: TableCatalog,
): Iterable<string> {
  for (const { tableId, documentId, data } of revisions) {
    if (tableId !== SYSTEM_TABLE_ID) continue;
    const stay = data ? readDefinition(decodeStruct(data)).indexes : [];
    for (const { indexId } of catalog.byId(documentId)?.indexes ?? [])
      if (!stay.some((index) => index.indexId === indexId)) yield indexId;
  }
}

/** What the first block follows: in the middle of a journal, it says so itself. */
const beforeFirst = (bytes: Uint8Array, origin: number): Predecessor => ({
  sequenceNo: origin - 1,
  blockHash: origin === 0 ? NO_HASH : previousHashIn(bytes),
});

/** The blocks that are there are those of another journal. */
export class OtherJournalError extends Error {}
