import type { RangeOptions, Transaction } from 'lmdb';
import {
  BATCH_SIZE,
  type Head,
  type MerkleNode,
  type Revision,
  type StoreContents,
  type StoredBlock,
  type StoredDeletion,
  type StoredEntry,
  type StoredRevision,
} from '../contract.js';
import {
  decodeRevision,
  revisionSequence,
  revisionVersion,
} from '../revision-record.js';
import { StoreDamagedError } from '../store-errors.js';
import { BlockRecord, completedBy } from './block-record.js';
import {
  endOf,
  ID_LENGTH,
  idIn,
  revisionKey,
  SEQUENCE_LENGTH,
  sequenceIn,
  sequenceKey,
} from './keys.js';
import { originIn, UNBUILT } from './meta.js';
import { openRoot, type Tree, Trees } from './trees.js';

/** A batch ends when it has so many bytes. */
const BATCH_BYTES = 4 << 20;

/** A range of lmdb needs a start. */
const EVERYTHING: RangeOptions = { start: '\0' };

type NodeAddress = Pick<MerkleNode, 'level' | 'index'>;

/** A record of a tree. */
interface Entry {
  readonly key: string;
  readonly value: Buffer;
}

/** All that the trees hold, read in one transaction of LMDB. */
export class LmdbContents implements StoreContents {
  readonly head: Head | undefined;
  readonly origin: number;
  readonly unbuilt: ReadonlySet<string>;
  readonly #trees: Trees;
  #transaction: Transaction | undefined;

  constructor(
    trees: Trees,
    private readonly onClose: () => void = () => {},
  ) {
    this.#trees = trees;
    this.#transaction = trees.root.useReadTransaction();
    this.unbuilt = new Set(
      Array.from(
        this.#keys(trees.meta, { start: UNBUILT, end: endOf(UNBUILT) }),
        idIn,
        revisionKey,
      ),
    );
    const [last] = this.#range(trees.blocks, {
      start: endOf(''),
      end: '\0',
      reverse: true,
      limit: 1,
    });
    this.origin = originIn(trees.meta);
    this.head = last && new BlockRecord(sequenceIn(last.key), last.value).head;
  }

  /** Opens the contents of a folder whose store another thread of this process has open. */
  static at(path: string): LmdbContents {
    const root = openRoot(path);
    return new LmdbContents(new Trees(root), () => void root.close());
  }

  *blocks(from: number): Iterable<readonly StoredBlock[]> {
    const records = blockRecords(
      this.#trees,
      from,
      this.head?.sequenceNo ?? -1,
    );
    for (const batch of inBatches(records, ({ block }) => block.length))
      yield batch.map((record) => ({
        ...record.head,
        block: record.block,
        merkleNodes: record.nodes,
      }));
  }

  *revisions(from: number): Iterable<readonly StoredRevision[]> {
    yield* inBatches(
      this.#revisions(from),
      ({ revision }) => revision.data?.length ?? 0,
    );
  }

  /** Both trees of revisions are sorted by table and document, so they are read side by side. */
  *#revisions(from: number): Iterable<StoredRevision> {
    const superseded = this.#range(this.#trees.superseded)[Symbol.iterator]();
    let older = superseded.next();
    const supersededUntil = function* (document?: string) {
      for (; !older.done; older = superseded.next()) {
        const { key, value } = older.value;
        if (document !== undefined && key.slice(0, document.length) > document)
          return;
        const place = key.slice(0, 2 * ID_LENGTH);
        if (key !== revisionKey(place, revisionVersion(value)))
          throw new StoreDamagedError(
            `a revision of document ${idIn(place)} stands where another should`,
          );
        if (revisionSequence(value) >= from)
          yield { revision: revisionAt(place, value), isCurrent: false };
      }
    };
    for (const { key, value } of this.#range(this.#trees.documents)) {
      yield* supersededUntil(key);
      if (revisionSequence(value) >= from)
        yield { revision: revisionAt(key, value), isCurrent: true };
    }
    yield* supersededUntil();
  }

  *indexEntries(): Iterable<readonly StoredEntry[]> {
    yield* inBatches(this.#indexEntries());
  }

  *#indexEntries(): Iterable<StoredEntry> {
    for (const key of this.#keys(this.#trees.entries)) {
      yield { ...entryIn(key), documentId: idIn(key) };
    }
    for (const key of this.#keys(this.#trees.endedEntries)) {
      const at = key.length - ID_LENGTH - SEQUENCE_LENGTH;
      const endedBy = sequenceIn(key, at);
      yield { ...entryIn(key), documentId: idIn(key), endedBy };
    }
  }

  *deletions(from: number): Iterable<readonly StoredDeletion[]> {
    yield* inBatches(this.#deletions(from));
  }

  *#deletions(from: number): Iterable<StoredDeletion> {
    for (const key of this.#keys(this.#trees.deleted)) {
      const sequenceNo = sequenceIn(key, ID_LENGTH);
      if (sequenceNo >= from)
        yield {
          tableId: key.slice(0, ID_LENGTH),
          documentId: idIn(key),
          sequenceNo,
        };
    }
  }

  #range(tree: Tree, options?: RangeOptions): Iterable<Entry> {
    return tree.getRange({
      ...EVERYTHING,
      ...options,
      transaction: this.#transaction,
    });
  }

  #keys(tree: Tree, options?: RangeOptions): Iterable<string> {
    return tree.getKeys({
      ...EVERYTHING,
      ...options,
      transaction: this.#transaction,
    });
  }

  merkleNodes(nodes: readonly NodeAddress[]): readonly Uint8Array[] {
    return storedNodes(this.#trees, nodes, this.origin);
  }

  close(): void {
    this.#transaction?.done();
    if (this.#transaction) this.onClose();
    this.#transaction = undefined;
  }
}

/** The index and the key in the key of an entry: the length of the second stands before it. */
function entryIn(key: string): { indexId: string; key: string } {
  const start = ID_LENGTH + 1;
  return {
    indexId: key.slice(0, ID_LENGTH),
    key: key.slice(start, start + key.charCodeAt(ID_LENGTH)),
  };
}

function revisionAt(document: string, record: Buffer): Revision {
  return decodeRevision(
    document.slice(0, ID_LENGTH),
    document.slice(ID_LENGTH),
    record,
  );
}

/**
 * The hashes of complete Merkle nodes.
 *
 * @param origin - the block that is the tree's first leaf
 */
export function storedNodes(
  { blocks }: Trees,
  nodes: readonly NodeAddress[],
  origin: number,
): readonly Uint8Array[] {
  return nodes.map((node) => {
    const sequenceNo = origin + completedBy(node);
    const record = blocks.get(sequenceKey(sequenceNo));
    if (!record)
      throw new RangeError(`No Merkle node ${node.level}:${node.index}.`);
    // A copy: it must not keep the whole block in memory.
    return Uint8Array.from(
      new BlockRecord(sequenceNo, record).node(node.level),
    );
  });
}

/** The records of blocks in order, both ends included; a missing one ends them. */
export function* blockRecords(
  { blocks }: Trees,
  from: number,
  to: number,
): Iterable<BlockRecord> {
  for (let next = from; next <= to;) {
    // In steps, so that no transaction of LMDB is held from one to the next.
    const start = next;
    for (const { key, value } of blocks.getRange({
      start: sequenceKey(start),
      end: sequenceKey(to + 1),
      limit: BATCH_SIZE,
    })) {
      const sequenceNo = sequenceIn(key);
      yield new BlockRecord(sequenceNo, value);
      next = sequenceNo + 1;
    }
    if (next === start) return;
  }
}

/** Puts items into batches that are bounded in number and size. */
export function* inBatches<T>(
  items: Iterable<T>,
  sizeOf: (item: T) => number = () => 0,
): Iterable<readonly T[]> {
  let batch: T[] = [];
  let bytes = 0;
  for (const item of items) {
    batch.push(item);
    bytes += sizeOf(item);
    if (batch.length < BATCH_SIZE && bytes < BATCH_BYTES) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield batch;
}
