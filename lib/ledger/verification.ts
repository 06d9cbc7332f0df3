import { setImmediate as nextTurn } from 'node:timers/promises';
import type { LedgerStore } from '../store/contract.js';
import {
  type BlockAddress,
  decodeStruct,
  revisionStruct,
} from './journal/block.js';
import { MerkleFrontier, NO_HASH } from './journal/merkle.js';
import { revisionsOf } from './journal/proof.js';
import { equal, isHash, revisionHash, verifyBlock } from './journal/verify.js';
import { JournalInvalidError } from './ledger-errors.js';
import { readCatalog } from './read-catalog.js';
import { SYSTEM_TABLE_ID } from './transaction/table-catalog.js';

/** A digest: one hash that stands for the whole ledger up to a block. */
export interface LedgerDigest {
  /** 32 bytes. */
  readonly digest: Uint8Array;
  readonly digestTipAddress: BlockAddress;
}

/** What a verification went through. */
export interface LedgerVerification extends LedgerDigest {
  readonly blocks: number;
  readonly revisions: number;
}

/**
 * Recomputes a journal up to a digest, and compares the documents of the store
 * with it.
 *
 * @throws JournalInvalidError
 */
export async function verifyLedger(
  store: LedgerStore,
  stated: LedgerDigest,
): Promise<LedgerVerification> {
  const { digest, digestTipAddress } = stated;
  const { strandId, sequenceNo: tip } = digestTipAddress;
  const journal = new RevisionTally();
  const frontier = await MerkleFrontier.over(0, () => []);
  let previous: Uint8Array = NO_HASH;
  let next = 0;
  for await (const blocks of store.blocks(0, tip)) {
    for (const bytes of blocks) {
      const block = decodeStruct(bytes);
      previous = verifyBlock(next++, block, previous);
      frontier.append(previous);
      for (const revision of revisionsOf(block)) {
        const hash = revision.get('hash');
        if (isHash(hash)) journal.add(hash);
      }
    }
    await nextTurn();
  }
  if (next !== tip + 1) throw new JournalInvalidError(next, 'it is missing');
  if (!equal(frontier.root, digest))
    throw new JournalInvalidError(tip, 'the digest is another');

  const documents = await tallyDocuments(store, strandId, tip);
  if (!documents.equals(journal))
    throw new JournalInvalidError(
      tip,
      'the documents in the store are not those of the journal',
    );
  return { blocks: next, revisions: journal.count, digest, digestTipAddress };
}

/** Recomputes every revision that the store keeps for queries. */
async function tallyDocuments(
  store: LedgerStore,
  strandId: string,
  tip: number,
): Promise<RevisionTally> {
  const tally = new RevisionTally();
  const catalog = await readCatalog(store, tip);
  const snapshot = store.snapshot(tip);
  try {
    const tables = Array.from(catalog.all(), ({ tableId }) => tableId);
    for (const tableId of [SYSTEM_TABLE_ID, ...tables])
      for await (const revisions of snapshot.history(tableId)) {
        for (const revision of revisions) {
          const hash = revisionHash(revisionStruct(strandId, revision));
          if (!hash || !equal(hash, revision.hash))
            throw new JournalInvalidError(
              revision.sequenceNo,
              'a document in the store is not the one it committed',
            );
          tally.add(hash);
        }
        await nextTurn();
      }
    return tally;
  } finally {
    snapshot.close();
  }
}

/** Revisions by number and content, whatever their order. */
class RevisionTally {
  count = 0;
  readonly #sum = Buffer.alloc(32);

  add(hash: Uint8Array): void {
    this.count++;
    for (let i = 0; i < this.#sum.length; i++) this.#sum[i] ^= hash[i];
  }

  equals(other: RevisionTally): boolean {
    return this.count === other.count && this.#sum.equals(other.#sum);
  }
}
