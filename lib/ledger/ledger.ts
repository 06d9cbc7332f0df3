import type { Writable } from 'node:stream';
import {
  type MaybePromise,
  run,
  type Steps,
  wait,
} from '../async/maybe-promise.js';
import { IonStruct, Timestamp } from '../ion/value.js';
import {
  CapacityExceededException,
  type SendCommandOptions,
  type SessionEndpoint,
} from '../session/index.js';
import type { Batches, LedgerStore } from '../store/contract.js';
import { type StoreError, TipMovedError } from '../store/store-errors.js';
import { storeHome, type StorePlace } from '../store/open-store.js';
import { Turn } from './commit/conflict-queue.js';
import type { Tip } from './commit/draft.js';
import { IndexBuilder } from './commit/index-builder.js';
import { Sequencer } from './commit/sequencer.js';
import { writeJournal } from './continuity/journal-stream.js';
import { replayJournal } from './continuity/replay-journal.js';
import type { RebuildOptions } from './continuity/restore-ledger.js';
import { type BlockAddress, decodeStruct } from './journal/block.js';
import { sealBlock } from './journal/seal-block.js';
import { blockPath, MerkleFrontier, NO_HASH } from './journal/merkle.js';
import { findRevision } from './journal/proof.js';
import { equal, isHash } from './journal/verify.js';
import {
  InvalidParameterError,
  JournalInvalidError,
  LedgerClosedError,
  LedgerExistsError,
} from './ledger-errors.js';
import type { LedgerLimits } from './limits.js';
import type { LedgerPorts } from './ports.js';
import { readCatalog } from './read-catalog.js';
import { LedgerSessions } from './sessions.js';
import {
  type Beginning,
  LedgerTransaction,
} from './transaction/transaction.js';
import { UniqueIds } from './unique-id.js';
import {
  type LedgerDigest,
  type LedgerVerification,
  verifyLedger,
  type VerifyOptions,
} from './verification/verify-ledger.js';

/** How a backup is made. */
export type BackupOptions = Pick<RebuildOptions, 'signal' | 'onProgress'>;

/** A block, and the hashes that lead from its hash to a digest. */
export interface BlockWithProof {
  readonly block: IonStruct;
  readonly proof?: readonly Uint8Array[];
}

/** A revision, and the hashes that lead from its hash to a digest. */
export interface RevisionWithProof {
  /** `{blockAddress, hash, data, metadata}` */
  readonly revision: IonStruct;
  readonly proof?: readonly Uint8Array[];
}

/**
 * A ledger in this process: tables and transactions behind {@link sessions}, and
 * the journal's digest, blocks and proofs. Made by `openLedger`.
 */
export class Ledger {
  readonly name: string;
  /** Id of the journal's one strand. */
  readonly strandId: string;
  /** When the first block of its journal was committed. */
  readonly created: Date;
  /** The session API of this ledger: what a driver speaks to. */
  readonly sessions: SessionEndpoint;

  readonly #store: LedgerStore;
  readonly #ports: LedgerPorts;
  readonly #limits: LedgerLimits;
  readonly #ids: UniqueIds;
  readonly #indexes: IndexBuilder;
  readonly #sequencer: Sequencer;
  readonly #sessions: LedgerSessions;
  readonly #open = new Set<LedgerTransaction>();
  #closing: Promise<void> | undefined;

  private constructor(
    name: string,
    strandId: string,
    created: Date,
    store: LedgerStore,
    ports: LedgerPorts,
    limits: LedgerLimits,
    tip: Tip,
  ) {
    this.name = name;
    this.strandId = strandId;
    this.created = created;
    this.#store = store;
    this.#ports = ports;
    this.#limits = limits;
    this.#ids = new UniqueIds(ports);
    this.#indexes = new IndexBuilder(store, () => this.#sequencer.tip.catalog);
    this.#sequencer = new Sequencer({
      store,
      strandId,
      ports,
      indexes: this.#indexes,
      tip,
      oldestSnapshot: () =>
        Math.min(
          this.#sequencer.tip.sequenceNo,
          ...Array.from(this.#open, ({ snapshot }) => snapshot.at),
        ),
    });
    this.#sessions = new LedgerSessions(this, ports, limits);
    this.sessions = this.#sessions;
    // What an earlier process left undone.
    void this.#indexes.build([...store.unbuilt.values()]);
  }

  /** Reads the end of a store's journal; begins one in an empty store. */
  static async over(
    name: string,
    store: LedgerStore,
    ports: LedgerPorts,
    limits: LedgerLimits,
  ): Promise<Ledger> {
    if (!(await store.head()))
      await appendFirstBlock(store, ports).catch((error: unknown) => {
        // Another process has just begun it.
        if (!(error instanceof TipMovedError)) throw error;
      });
    const head = await store.head();
    if (!head) throw new JournalInvalidError(0, 'it is not there');
    const { origin } = store;
    const first = decodeStruct(await only(store.blocks(origin, origin)));
    const address = first.get('blockAddress');
    const strandId =
      address instanceof IonStruct ? address.get('strandId') : undefined;
    if (typeof strandId !== 'string')
      throw new JournalInvalidError(origin, 'it has no strand id');
    const time = first.get('blockTimestamp');
    if (!(time instanceof Timestamp))
      throw new JournalInvalidError(origin, 'it has no blockTimestamp');
    const last = decodeStruct(
      await only(store.blocks(head.sequenceNo, head.sequenceNo)),
    ).get('blockHash');
    // The next block is chained to it.
    if (!isHash(last) || !equal(last, head.blockHash))
      throw new JournalInvalidError(
        head.sequenceNo,
        'it is not the one that the store names as its last',
      );
    return new Ledger(name, strandId, time.getDate(), store, ports, limits, {
      sequenceNo: head.sequenceNo,
      blockHash: head.blockHash,
      timestamp: head.blockTimestamp,
      frontier: await MerkleFrontier.over(
        head.sequenceNo + 1 - origin,
        (nodes) => store.merkleNodes(nodes),
      ),
      catalog: await readCatalog(store, head.sequenceNo),
    });
  }

  /**
   * Begins a transaction that reads as of the last block.
   *
   * @param options - whether its caller takes turns, and whose turn this is
   */
  begin({
    takesTurns = false,
    turn,
  }: SendCommandOptions = {}): LedgerTransaction {
    this.#throwIfClosed();
    const { failure } = this.#store;
    // What it would read is not the ledger any more.
    if (failure)
      throw new CapacityExceededException(failure.message, { cause: failure });
    const transaction = new LedgerTransaction({
      strandId: this.strandId,
      ports: this.#ports,
      ids: this.#ids,
      beginning: this.#beginning(),
      beginAgain: () => this.#beginAgain(),
      isBuilt: (indexId) => this.#indexes.isBuilt(indexId),
      limits: this.#limits,
      takesTurns,
      turn: turn instanceof Turn ? turn : undefined,
    });
    this.#open.add(transaction);
    return transaction;
  }

  /** What a transaction reads that begins now; of a store that others write to, what there is when it comes to that. */
  #beginning(): Beginning {
    const { sequenceNo, catalog } = this.#sequencer.tip;
    const { shared } = this.#store;
    return {
      snapshot: shared
        ? shared.newest(sequenceNo)
        : this.#store.snapshot(sequenceNo),
      catalog,
    };
  }

  async #beginAgain(): Promise<Beginning> {
    await this.#sequencer.follow();
    return this.#beginning();
  }

  /**
   * Learns of the blocks that other processes have appended until now, where
   * several have the ledger open: then {@link getDigest} covers them.
   * Transactions do so by themselves.
   *
   * @throws StoreError when the store cannot be read
   */
  async refresh(): Promise<void> {
    this.#throwIfClosed();
    await this.#sequencer.follow();
  }

  /** Commits a transaction, or fails to; either way it is over. */
  commit(transaction: LedgerTransaction): MaybePromise<void> {
    return run(this.#commit(transaction));
  }

  *#commit(transaction: LedgerTransaction): Steps<void> {
    try {
      yield* wait(this.#sequencer.commit(transaction));
    } finally {
      this.abort(transaction);
    }
  }

  /** Ends a transaction without a trace. Idempotent. */
  abort(transaction: LedgerTransaction): void {
    if (this.#open.delete(transaction)) transaction.close();
  }

  /**
   * Why the ledger can be used no longer, if something befell its store while it
   * was open: its folder was removed or replaced, another process took it over.
   * Transactions are refused then, with a `CapacityExceededException`.
   */
  get failure(): StoreError | undefined {
    return this.#store.failure;
  }

  /**
   * What keeps the store from answering just now, such as a database that cannot
   * be reached; undefined if nothing does. It is tried again all the while.
   */
  get trouble(): string | undefined {
    return this.failure?.message ?? this.#store.trouble;
  }

  /**
   * The digest of the whole ledger, and the block it reaches to. Keep it outside
   * the ledger: it is what proofs are checked against. Where other processes have
   * the ledger open, too, it covers all that this one knows of; see {@link refresh}.
   */
  getDigest(): LedgerDigest {
    this.#throwIfClosed();
    const { frontier, sequenceNo } = this.#sequencer.tip;
    return {
      digest: frontier.root,
      digestTipAddress: { strandId: this.strandId, sequenceNo },
    };
  }

  /** The number of the journal's first block: 0, unless the ledger was imported from a part of one. */
  get firstSequenceNo(): number {
    return this.#store.origin;
  }

  /**
   * Blocks of the journal as they are stored, in Ion binary, in order; each has
   * its own version marker and symbol table. They are read as they are asked
   * for, while transactions go on.
   *
   * @param from - number of the first block. Default: the journal's first
   * @param to - number of the last one. Default: the last one there is now
   */
  blocks(
    from = this.firstSequenceNo,
    to = this.#sequencer.tip.sequenceNo,
  ): Batches<Uint8Array> {
    this.#throwIfClosed();
    return this.#store.blocks(
      from,
      Math.min(to, this.#sequencer.tip.sequenceNo),
    );
  }

  /**
   * A block; with a digest's tip address, also the proof from the block's hash to that digest.
   *
   * @throws InvalidParameterError when there is no such block, or the tip is before it
   */
  async getBlock(
    blockAddress: BlockAddress,
    digestTipAddress?: BlockAddress,
  ): Promise<BlockWithProof> {
    const block = await this.#block(blockAddress, digestTipAddress);
    if (!digestTipAddress) return { block };
    return { block, proof: await this.#path(blockAddress, digestTipAddress) };
  }

  /**
   * One revision of a document, from the block that committed it; with a
   * digest's tip address, also the proof from the revision's hash to that digest.
   *
   * @example
   * const { digest, digestTipAddress } = ledger.getDigest();
   * const { revision, proof } = await ledger.getRevision(blockAddress, documentId, digestTipAddress);
   * verifyRevision(revision, proof, digest); // true
   *
   * @throws InvalidParameterError when the block has no such document, or the tip is before it
   */
  async getRevision(
    blockAddress: BlockAddress,
    documentId: string,
    digestTipAddress?: BlockAddress,
  ): Promise<RevisionWithProof> {
    const block = await this.#block(blockAddress, digestTipAddress);
    const found = findRevision(block, documentId);
    if (!found)
      throw new InvalidParameterError(
        'The provided Document ID is not found in the block at the specified block address.',
      );
    const { revision, path } = found;
    if (!digestTipAddress) return { revision };
    return {
      revision,
      proof: [...path, ...(await this.#path(blockAddress, digestTipAddress))],
    };
  }

  /**
   * Recomputes the journal: every revision, every block, the chain, the digest;
   * and checks all else that is stored against it: the documents, current ones
   * and their history, and the entries of all indexes.
   *
   * It reads the ledger as it is when it begins, while transactions go on.
   *
   * @example
   * await ledger.verify({ digest: digestOfLastMonth, onProgress: console.log });
   *
   * @throws JournalInvalidError naming the first block that is not what was written
   * @throws ViewsInvalidError naming what the journal does not say, when it is whole itself
   * @throws StoreError `QLDB_STORE_DAMAGED` naming a record that cannot be read
   */
  async verify(options?: VerifyOptions): Promise<LedgerVerification> {
    return verifyLedger(this.#store, this.getDigest(), options);
  }

  /**
   * Writes the journal as it is now, while transactions go on: to a stream,
   * which it ends; or into another store, where it is a ledger of this name that
   * can be opened right away. Every block is checked when it is restored, or put
   * into that store.
   *
   * @param target - a stream, or a store as `openLedger` takes it: `file:<folder>`, `postgres://…`
   * @returns the digest that the backup leads to: keep it elsewhere
   *
   * @example
   * await ledger.backup(createWriteStream('vehicle-registration.ion'));
   *
   * @throws LedgerExistsError when there is a ledger of this name
   */
  async backup(
    target: Writable | StorePlace,
    { signal, onProgress }: BackupOptions = {},
  ): Promise<LedgerDigest> {
    await this.refresh();
    const digest = this.getDigest();
    const { sequenceNo } = digest.digestTipAddress;
    const { origin } = this.#store;
    const total = sequenceNo + 1 - origin;
    const blocks = this.#store.blocks(origin, sequenceNo);
    if (isStream(target)) {
      await writeJournal(
        target,
        { ledgerName: this.name, firstSequenceNo: origin, ...digest },
        blocks,
        signal,
      );
      return digest;
    }
    const home = await storeHome(target);
    if (await home.has(this.name)) throw new LedgerExistsError(this.name);
    const { result } = await home.replace(this.name, (store) =>
      replayJournal(blocks, store, {
        origin,
        signal,
        onBlocks: (checked) => onProgress?.({ checked, total }),
      }),
    );
    return result;
  }

  /**
   * Resolves when the data of all revisions that were redacted is gone from the
   * ledger's files too. Everywhere else it is gone once the transaction with
   * `REDACT_REVISION` is committed; from the files it goes soon after, in small
   * steps, and if the process ends before, when the ledger is opened next.
   *
   * Copies elsewhere (backups, exports, the file that a rebuild keeps) are not touched.
   */
  redactionsDone(): Promise<void> {
    this.#throwIfClosed();
    return this.#store.redactionsDone();
  }

  /** Ends all sessions, waits for the commits under way, and closes the store. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#sessions.endAll();
    await this.#sequencer.idle();
    for (const transaction of this.#open) this.abort(transaction);
    await this.#store.close();
  }

  async #block(
    { strandId, sequenceNo }: BlockAddress,
    tip: BlockAddress | undefined,
  ): Promise<IonStruct> {
    this.#throwIfClosed();
    checkAddress({ strandId, sequenceNo });
    if (tip) checkAddress(tip);
    // Another process may have appended what this one is asked for.
    if ((tip ?? { sequenceNo }).sequenceNo > this.#sequencer.tip.sequenceNo)
      await this.refresh();
    const last = this.#sequencer.tip.sequenceNo;
    if (tip) {
      if (strandId !== tip.strandId)
        throw new InvalidParameterError(
          'The Strand ID of the provided block address must match the Strand ID of the provided digest tip address.',
        );
      if (tip.sequenceNo > last)
        throw new InvalidParameterError(
          "The sequence number of the provided digest tip address is beyond the strand's latest committed record.",
        );
      if (sequenceNo > tip.sequenceNo)
        throw new InvalidParameterError(
          'The sequence number of the provided block address must not be greater than the sequence number of the provided digest tip address.',
        );
    }
    if (strandId !== this.strandId)
      throw new InvalidParameterError(
        'The Strand ID of the provided block address is not valid.',
      );
    if (sequenceNo < this.#store.origin)
      throw new InvalidParameterError(
        `This ledger was imported from block ${this.#store.origin} on; it does not have the blocks before.`,
      );
    if (sequenceNo > last)
      throw new InvalidParameterError(
        "The sequence number of the provided block address is beyond the strand's latest committed record.",
      );
    return decodeStruct(await only(this.#store.blocks(sequenceNo, sequenceNo)));
  }

  #path(
    { sequenceNo }: BlockAddress,
    tip: BlockAddress,
  ): Promise<readonly Uint8Array[]> {
    const { origin } = this.#store;
    return blockPath(sequenceNo - origin, tip.sequenceNo - origin, (nodes) =>
      this.#store.merkleNodes(nodes),
    );
  }

  #throwIfClosed(): void {
    if (this.#closing) throw new LedgerClosedError();
  }
}

function isStream(target: Writable | StorePlace): target is Writable {
  return typeof target === 'object' && 'write' in target;
}

async function appendFirstBlock(
  store: LedgerStore,
  ports: LedgerPorts,
): Promise<void> {
  const timestamp = ports.now();
  const ids = new UniqueIds(ports);
  const { bytes, blockHash } = await run(
    sealBlock({
      address: { strandId: ids.next(), sequenceNo: 0 },
      transactionId: ids.next(),
      timestamp,
      previousBlockHash: NO_HASH,
      statements: [],
      changes: [],
    }),
  );
  await store.append(-1, [
    {
      sequenceNo: 0,
      blockHash,
      block: bytes,
      blockTimestamp: timestamp,
      merkleNodes: [{ level: 0, index: 0, hash: blockHash }],
      revisions: [],
      indexEntries: [],
    },
  ]);
}

async function only(batches: Batches<Uint8Array>): Promise<Uint8Array> {
  for await (const [block] of batches) if (block) return block;
  throw new InvalidParameterError('The provided block address is not valid.');
}

function checkAddress({ strandId, sequenceNo }: BlockAddress): void {
  if (
    typeof strandId !== 'string' ||
    !Number.isSafeInteger(sequenceNo) ||
    sequenceNo < 0
  )
    throw new InvalidParameterError('The provided block address is not valid.');
}
