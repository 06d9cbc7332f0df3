import { isTurnLong, nextTurn } from '../../async/turns.js';
import type {
  Batches,
  Commit,
  IndexEntry,
  LedgerStore,
  NewIndex,
  Redaction,
} from '../../store/contract.js';
import { keyOf } from '../commit/index-builder.js';
import { indexesOnlyIn } from '../commit/seal.js';
import { decodeStruct } from '../journal/block.js';
import { MerkleFrontier, NO_HASH } from '../journal/merkle.js';
import {
  type JournalBlock,
  type Predecessor,
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

/** A batch of blocks is written when it has so many bytes, or revisions. */
const BATCH_BYTES = 4 << 20;
const BATCH_REVISIONS = 2000;

/** What others hear of a replay, and how they end it. */
export interface ReplayWatch {
  readonly signal?: AbortSignal | undefined;
  /** @param blocks - how many blocks are written */
  readonly onBlocks?: ((blocks: number) => void) | undefined;
  /** Refuses a journal that does not lead to the digest that it should. */
  readonly checkDigest?: ((digest: LedgerDigest) => void) | undefined;
}

/**
 * Makes a ledger from its journal alone, in an empty store: every block is
 * checked, and all that queries need is made anew from it. The store is then
 * what it would be if the transactions had been committed there.
 *
 * @throws JournalInvalidError naming the first block that is not what was written
 */
export async function replayJournal(
  blocks: Batches<Uint8Array>,
  store: LedgerStore,
  { signal, onBlocks, checkDigest }: ReplayWatch = {},
): Promise<LedgerDigest> {
  const replay = new Replay(store, MerkleFrontier.empty());
  for await (const batch of blocks)
    for (const bytes of batch) {
      await replay.add(bytes);
      if (!isTurnLong()) continue;
      await nextTurn();
      signal?.throwIfAborted();
      onBlocks?.(replay.written);
    }
  const digest = await replay.end(checkDigest);
  onBlocks?.(replay.written);
  return digest;
}

class Replay {
  /** How many blocks are durable. */
  written = 0;
  #last: Predecessor = { sequenceNo: -1, blockHash: NO_HASH };
  #catalog = TableCatalog.empty;
  readonly #redactions = new RedactionCheck(0, true);
  #batch: Commit[] = [];
  #bytes = 0;
  #revisions = 0;
  /** Data of documents as the blocks of the batch leave them, by table and id. */
  readonly #pending = new Map<string, Uint8Array | undefined>();

  constructor(
    private readonly store: LedgerStore,
    private readonly frontier: MerkleFrontier,
  ) {}

  async add(bytes: Uint8Array): Promise<void> {
    const block = readBlock(bytes, this.#last);
    const { sequenceNo, blockHash, timestamp, revisions } = block;
    const redactions = await this.#owedRedactions(block);
    this.#redactions.add(block);
    const indexEntries = await this.#indexEntries(block);
    const before = this.#catalog;
    const definitions = revisions.filter(
      ({ tableId }) => tableId === SYSTEM_TABLE_ID,
    );
    if (definitions.length > 0)
      this.#catalog = before.with(
        definitions.flatMap(({ data }) =>
          data ? [readDefinition(decodeStruct(data))] : [],
        ),
      );
    const newIndexes = [...indexesOnlyIn(this.#catalog, before)];
    this.#batch.push({
      sequenceNo,
      blockHash,
      block: bytes,
      blockTimestamp: timestamp,
      merkleNodes: this.frontier.append(blockHash),
      revisions,
      indexEntries,
      redactions,
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

  async end(checkDigest: ReplayWatch['checkDigest']): Promise<LedgerDigest> {
    await this.#write();
    const { sequenceNo, strandId } = this.#last;
    if (strandId === undefined)
      throw new JournalInvalidError(0, 'it is missing');
    const digest = {
      digest: this.frontier.root,
      digestTipAddress: { strandId, sequenceNo },
    };
    checkDigest?.(digest);
    this.#redactions.end();
    return digest;
  }

  async #write(newIndexes: readonly NewIndex[] = []): Promise<void> {
    if (this.#batch.length === 0) return;
    await this.store.append(this.written - 1, this.#batch);
    this.written += this.#batch.length;
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
  async #indexEntries(block: JournalBlock): Promise<readonly IndexEntry[]> {
    const entries: IndexEntry[] = [];
    const ended = new Set(this.#endedBy(block));
    for (const { tableId, documentId, version, data } of block.revisions) {
      const { indexes = [] } = this.#catalog.byId(tableId) ?? {};
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

  /** The indexes that a block ends. */
  *#endedBy({ revisions }: JournalBlock): Iterable<string> {
    for (const { tableId, documentId, data } of revisions) {
      if (tableId !== SYSTEM_TABLE_ID || !data) continue;
      const stay = readDefinition(decodeStruct(data)).indexes;
      for (const { indexId } of this.#catalog.byId(documentId)?.indexes ?? [])
        if (!stay.some((index) => index.indexId === indexId)) yield indexId;
    }
  }

  /** The redactions that a block tells of, and that have not been made: the blocks are older than it. */
  async #owedRedactions({
    redactions,
  }: JournalBlock): Promise<readonly Redaction[]> {
    const owed: Redaction[] = [];
    if (redactions.length === 0) return owed;
    await this.#write();
    const snapshot = this.store.snapshot(this.written - 1);
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
    const snapshot = this.store.snapshot(this.written - 1);
    try {
      const [revision] = await snapshot.get(tableId, [documentId]);
      return revision?.data;
    } finally {
      snapshot.close();
    }
  }
}
