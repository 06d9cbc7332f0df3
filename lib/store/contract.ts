import type { MaybePromise } from '../async/maybe-promise.js';
import type { StoreError } from './store-errors.js';

/** Items in batches, read as they come. A batch may be empty. */
export type Batches<T> = Iterable<readonly T[]> | AsyncIterable<readonly T[]>;

/** One revision of a document, as a block recorded it. */
export interface Revision {
  readonly tableId: string;
  readonly documentId: string;
  /** 0 for the first revision, then one more with each. */
  readonly version: number;
  /** The block that holds it. */
  readonly sequenceNo: number;
  readonly txId: string;
  /** Milliseconds since the epoch. */
  readonly txTime: number;
  /** `dot(H(metadata), H(data))`, 32 bytes. */
  readonly hash: Uint8Array;
  /** The document as Ion binary. Absent when the revision deletes the document or was redacted. */
  readonly data?: Uint8Array | undefined;
  /** In the place of {@link data} once the revision is redacted. */
  readonly dataHash?: Uint8Array | undefined;
}

/** A document begins, or ceases, to be found under a key of an index. */
export interface IndexEntry {
  readonly indexId: string;
  /** At most 64 bytes, each a character from 0 to 255. */
  readonly key: string;
  readonly documentId: string;
  /** True when this block ends the entry. */
  readonly ended: boolean;
}

/** An index and the table whose documents it finds. */
export interface NewIndex {
  readonly tableId: string;
  readonly indexId: string;
}

/** A revision loses its data: what is left of it is the data's hash. */
export interface Redaction extends Pick<
  Revision,
  'tableId' | 'documentId' | 'version' | 'sequenceNo'
> {
  /** In the place of the data. */
  readonly dataHash: Uint8Array;
  /** The block that holds the revision, without its data. */
  readonly redactBlock: (block: Uint8Array) => Uint8Array;
  /** Index entries whose keys came from the data. */
  readonly lostEntries: readonly StoredEntry[];
  /** Entries that end where the revision begins, now that nobody knows its own keys. */
  readonly addedEntries: readonly StoredEntry[];
}

/** A node of the Merkle tree over all block hashes whose subtree is complete, and so never changes. */
export interface MerkleNode {
  /** 0 for a block hash. */
  readonly level: number;
  /** Position among the nodes of its level, from the left. */
  readonly index: number;
  readonly hash: Uint8Array;
}

/** All that one block adds to a store. */
export interface Commit {
  readonly sequenceNo: number;
  readonly blockHash: Uint8Array;
  /** The whole block as Ion binary. */
  readonly block: Uint8Array;
  /** Milliseconds since the epoch; never less than the block's before it. */
  readonly blockTimestamp: number;
  /** The nodes that this block completes, its own leaf first. */
  readonly merkleNodes: readonly MerkleNode[];
  readonly revisions: readonly Revision[];
  /** What the block's revisions change in indexes that were there before it. */
  readonly indexEntries: readonly IndexEntry[];
  /** Indexes that begin with this block; {@link LedgerStore.buildIndex} fills them. */
  readonly newIndexes?: readonly NewIndex[];
  /** Indexes that end with this block: no transaction that begins later asks for them. */
  readonly endedIndexes?: readonly string[];
  /** Revisions of blocks before it that are superseded or deleted, and lose their data with this one. */
  readonly redactions?: readonly Redaction[];
  /** The tables that it defines, as it leaves them. */
  readonly tables?: readonly StoredTable[];
  /** Names of all that it wrote, for the validation of transactions of other processes. */
  readonly writtenKeys?: Iterable<string>;
}

/** What a store knows of a table besides its documents. */
export interface StoredTable {
  readonly tableId: string;
  readonly name: string;
  /** False once it is dropped. */
  readonly isActive: boolean;
}

/** A block, as another process than the one that appended it needs to know it. */
export interface AppendedBlock extends Head {
  /**
   * See {@link Commit.writtenKeys}; undefined when it is no longer known, because
   * names that came from data were redacted: it may have written anything.
   */
  readonly writtenKeys: readonly string[] | undefined;
  /** Whether it defines tables or indexes. */
  readonly definesTables: boolean;
}

/** A journal that other processes append to as well. */
export interface SharedJournal {
  /** How many rows one write may have, and how many bytes: groups of commits stay below. */
  readonly largestWrite: { readonly rows: number; readonly bytes: number };
  /**
   * The ledger as of the last block there is when it is first read from, whoever
   * appended it.
   *
   * @param known - the last block whose tables the reader knows: a first read
   *   throws a `DefinitionsMovedError` if others were defined behind it
   */
  newest(known: number): Snapshot;
  /**
   * The blocks behind one, whoever appended them, in order; {@link FOLLOWED_AT_ONCE}
   * at the most, and fewer if those are all.
   */
  blocksAfter(sequenceNo: number): Promise<readonly AppendedBlock[]>;
  /**
   * The same; and until the next append, or {@link leave}, nobody else appends.
   * For a process that others were faster than: it has its turn now, before them.
   */
  takeTurn(sequenceNo: number): Promise<readonly AppendedBlock[]>;
  /** Gives back a turn without appending. */
  leave(): Promise<void>;
}

/** The last block of a store. */
export type Head = Pick<Commit, 'sequenceNo' | 'blockHash' | 'blockTimestamp'>;

/** The key under which an index finds a document, by its data; undefined if it does not. */
export type KeyOf = (data: Uint8Array) => string | undefined;

/**
 * A durable home of one ledger. The journal (its blocks) is the database; what
 * else a store keeps is a view of it, made in the same write, and the same
 * whenever it is made anew from the same blocks.
 *
 * Versions are the ledger's own: a revision carries the block it began with, so
 * a snapshot is a number and holds no database transaction open. Every store
 * passes the suite in `test/contract/store.ts`.
 */
export interface LedgerStore {
  /** The last block, or undefined in an empty store. */
  head(): MaybePromise<Head | undefined>;

  /** Number of the first block: 0, unless the journal was imported from a part of one. It is the Merkle tree's first leaf. */
  readonly origin: number;

  /** Why the store can be used no longer, if something befell it while it was open. */
  readonly failure: StoreError | undefined;

  /** What keeps it from answering just now, in words; only a store that is elsewhere has such times. */
  readonly trouble?: string | undefined;

  /** Told once when there is a {@link failure}. */
  onFailure?: ((failure: StoreError) => void) | undefined;

  /**
   * Appends blocks, all or none, durable when the promise resolves. Appends that
   * are started before that are done one after the other.
   *
   * @param tip - sequence number of the block they follow; -1 for the first. An
   *   empty store takes any: what comes behind it is its {@link origin}
   * @throws TipMovedError when another writer was first; nothing was written
   */
  append(tip: number, commits: readonly Commit[]): Promise<void>;

  /** The indexes that do not have all their entries yet. A lookup in one of them may find fewer documents than there are. */
  readonly unbuilt: ReadonlyMap<string, NewIndex>;

  /**
   * Gives an index of {@link unbuilt} an entry for each document, while appends
   * and reads go on. Whoever opens a store takes up what was left undone.
   *
   * @returns resolves when all are there, or the index has ended, or the store is closed
   */
  buildIndex(indexId: string, keyOf: KeyOf): Promise<void>;

  /** Set if other processes may append, too. */
  readonly shared: SharedJournal | undefined;

  /** The ledger as of one block. */
  snapshot(at: number): Snapshot;

  /** All that is stored as of now, for whoever checks it against the journal. */
  contents(): MaybePromise<StoreContents>;

  /** Where another thread of this process finds the same contents; undefined if nowhere. */
  readonly address: string | undefined;

  /** Blocks as Ion binary, in order, both ends included. */
  blocks(from: number, to: number): Batches<Uint8Array>;

  /** Hashes of complete Merkle nodes, in the order asked for. */
  merkleNodes(
    nodes: readonly Pick<MerkleNode, 'level' | 'index'>[],
  ): MaybePromise<readonly Uint8Array[]>;

  /**
   * Resolves when no byte of redacted data is left where it was stored, or the
   * store is closed: then whoever opens it next takes that up.
   */
  redactionsDone(): Promise<void>;

  /** Waits for the append under way, then frees everything. Idempotent. */
  close(): Promise<void>;
}

/** Which part of a history is wanted. */
export interface HistoryRange {
  /** Default: all documents of the table. */
  readonly documentIds?: readonly string[] | undefined;
  /** Milliseconds since the epoch: the revisions that were current then, and later ones. */
  readonly from?: number | undefined;
  /** Milliseconds since the epoch: none that came later. */
  readonly to?: number | undefined;
}

/** Reads as of one block. Close it: a store keeps what an open snapshot may still need. */
export interface Snapshot {
  /** The block; while that is not settled, the last one that this process knows of. */
  readonly at: number;
  /** Whether {@link at} stays what it is. It is settled by the first read. */
  readonly isSettled: boolean;
  /** False if what was read came in several parts, between which others may have redacted what stood at its block. */
  readonly isOneRead?: boolean;
  /** The current revisions of these documents; deleted and unknown ones are left out. */
  get(
    tableId: string,
    documentIds: readonly string[],
  ): MaybePromise<readonly Revision[]>;
  /**
   * The current revisions of documents with an entry under one of the keys, each
   * document once. A store may return more (an entry that ended), never fewer.
   */
  lookup(
    tableId: string,
    indexId: string,
    keys: readonly string[],
  ): Batches<Revision>;
  /** The current revisions of all documents of a table. */
  scan(tableId: string): Batches<Revision>;
  /** How many documents a table has: numbers to be added up as they come. */
  count(tableId: string): Batches<number>;
  /**
   * Revisions of a table, those of one document together and in order. With
   * times, a store may return more than those in the range, never fewer.
   */
  history(tableId: string, range?: HistoryRange): Batches<Revision>;
  close(): void;
}

/** A block, and what is stored beside it. */
export interface StoredBlock extends Head {
  readonly block: Uint8Array;
  /** Hashes of the Merkle nodes that it completes, its own leaf first. */
  readonly merkleNodes: readonly Uint8Array[];
}

/** A revision where it is stored. */
export interface StoredRevision {
  readonly revision: Revision;
  /** Whether it is the one that queries find. */
  readonly isCurrent: boolean;
}

/** An index entry where it is stored. */
export interface StoredEntry extends Omit<IndexEntry, 'ended'> {
  /** The block that ended it. */
  readonly endedBy?: number | undefined;
}

/** What is stored of the deletion of a document, beside the revision that deletes it. */
export interface StoredDeletion {
  readonly tableId: string;
  readonly documentId: string;
  readonly sequenceNo: number;
}

/**
 * All that a store holds, as it was at one moment, whatever is appended
 * meanwhile. Close it soon: the store keeps all of it that long.
 */
export interface StoreContents {
  readonly head: Head | undefined;
  readonly origin: LedgerStore['origin'];
  /** Ids of the indexes that do not have all their entries yet. */
  readonly unbuilt: ReadonlySet<string>;
  /** Blocks in order, from one on. */
  blocks(from: number): Batches<StoredBlock>;
  /** The revisions of all tables, sorted by table id, document id and version: those of one block and later ones. */
  revisions(from: number): Batches<StoredRevision>;
  /** The entries of all indexes, ended ones too. */
  indexEntries(): Batches<StoredEntry>;
  deletions(from: number): Batches<StoredDeletion>;
  merkleNodes: LedgerStore['merkleNodes'];
  close(): void;
}

/** How many blocks of others are read at a time. */
export const FOLLOWED_AT_ONCE = 500;

/** How many items a store puts in a batch. */
export const BATCH_SIZE = 200;
