import { setImmediate as nextTurn } from 'node:timers/promises';
import { dot, statementHash } from '../ion/hash.js';
import { IonStruct, type IonValue } from '../ion/value.js';
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
      tallyBlock(journal, strandId, next - 1, block);
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

/** Counts a block's revisions, and checks what stands beside their hashes. */
function tallyBlock(
  tally: RevisionTally,
  strandId: string,
  sequenceNo: number,
  block: IonStruct,
): void {
  const isHere = (address: IonValue | undefined) =>
    address instanceof IonStruct &&
    address.get('strandId') === strandId &&
    address.get('sequenceNo') === sequenceNo;
  const revisions = revisionsOf(block);
  const ids = revisions.map((revision) => member(revision, 'metadata'));
  if (
    !isHere(block.get('blockAddress')) ||
    !revisions.every((revision) => isHere(revision.get('blockAddress'))) ||
    !ids.every(
      (metadata) => metadata?.get('txId') === block.get('transactionId'),
    )
  )
    throw new JournalInvalidError(
      sequenceNo,
      'its address or transaction is not that of its revisions',
    );
  const documents = member(member(block, 'transactionInfo'), 'documents');
  revisions.forEach((revision, n) => {
    const hash = revision.get('hash');
    const id = ids[n]?.get('id');
    const tableId =
      typeof id === 'string'
        ? member(documents, id)?.get('tableId')
        : undefined;
    if (isHash(hash))
      tally.add(hash, typeof tableId === 'string' ? tableId : '', sequenceNo);
  });
}

function member(
  struct: IonStruct | undefined,
  name: string,
): IonStruct | undefined {
  const value = struct?.get(name);
  return value instanceof IonStruct ? value : undefined;
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
          tally.add(hash, tableId, revision.sequenceNo);
        }
        await nextTurn();
      }
    return tally;
  } finally {
    snapshot.close();
  }
}

/** Revisions by number, content and place, whatever their order. */
class RevisionTally {
  count = 0;
  readonly #sum = Buffer.alloc(32);

  add(hash: Uint8Array, tableId: string, sequenceNo: number): void {
    this.count++;
    const placed = dot(hash, statementHash(`${tableId}:${sequenceNo}`));
    for (let i = 0; i < this.#sum.length; i++) this.#sum[i] ^= placed[i];
  }

  equals(other: RevisionTally): boolean {
    return this.count === other.count && this.#sum.equals(other.#sum);
  }
}
