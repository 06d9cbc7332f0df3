import { isTurnLong, nextTurn } from '../../async/turns.js';
import type {
  Revision,
  StoreContents,
  StoredBlock,
} from '../../store/contract.js';
import { DerivedDefinitions } from '../continuity/derived-definitions.js';
import type { BlockAddress } from '../journal/block.js';
import { MerkleFrontier, NO_HASH } from '../journal/merkle.js';
import { RedactionCheck } from '../journal/redaction-check.js';
import {
  type JournalBlock,
  type Predecessor,
  previousHashIn,
  readBlock,
} from '../journal/read-block.js';
import { equal } from '../journal/verify.js';
import { JournalInvalidError, ViewsInvalidError } from '../ledger-errors.js';
import { SYSTEM_TABLE_ID } from '../transaction/table-catalog.js';
import { expectRevision, findViews } from './checked-views.js';
import { Comparison } from './comparison.js';

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
  /**
   * Revisions that were imported from JSON without proof: no reading of them had
   * their hash. 0 in every ledger but one that was imported so; it never grows.
   */
  readonly unproven: number;
}

/** How far a verification has come. */
export interface VerificationProgress {
  /** What is being checked: blocks of the journal, or the revisions that queries see. */
  readonly stage: 'journal' | 'views';
  readonly checked: number;
  readonly total: number;
}

/** What is to be verified. */
export interface VerificationTask {
  /** Digests that the journal has to have. */
  readonly digests: readonly LedgerDigest[];
  /** A block that is known to be right, with its hash. */
  readonly from?: Pick<Predecessor, 'sequenceNo' | 'blockHash'> | undefined;
}

/** What others hear of a verification, and how they end it. */
export interface VerificationWatch {
  /** @throws whatever is to end the verification */
  readonly throwIfStopped: () => void;
  readonly onProgress: (progress: VerificationProgress) => void;
}

/**
 * Recomputes the journal, and compares all else that is stored with what follows
 * from it.
 *
 * @throws JournalInvalidError, ViewsInvalidError, StoreDamagedError
 */
export async function verifyContents(
  contents: StoreContents,
  task: VerificationTask,
  watch: VerificationWatch,
): Promise<LedgerVerification> {
  const comparison = new Comparison();
  const verification = await verifyJournal(contents, task, watch, comparison);
  const from = firstBlock(task, contents);
  let checked = 0;
  for await (const count of findViews(comparison, contents, from)) {
    checked += count;
    await pause(watch, {
      stage: 'views',
      checked,
      total: verification.revisions,
    });
  }
  if (!comparison.differ()) return verification;
  // Once more, for what it is that differs.
  await verifyJournal(contents, task, watch, comparison);
  for await (const _ of findViews(comparison, contents, from))
    await pause(watch);
  throw new ViewsInvalidError(comparison.differences());
}

const firstBlock = (
  { from }: VerificationTask,
  { origin }: StoreContents,
): number => from?.sequenceNo ?? origin;

async function verifyJournal(
  contents: StoreContents,
  task: VerificationTask,
  watch: VerificationWatch,
  comparison: Comparison,
): Promise<LedgerVerification> {
  const first = firstBlock(task, contents);
  const { origin } = contents;
  const tip = contents.head?.sequenceNo ?? -1;
  const frontier = await MerkleFrontier.over(first - origin, (nodes) =>
    contents.merkleNodes(nodes),
  );
  const redactions = new RedactionCheck(first);
  const definitions = new DerivedDefinitions(
    first > origin ? await definitionsBefore(contents, first) : [],
  );
  let last: Predecessor | undefined;
  let blocks = 0;
  let revisions = 0;
  let unproven = 0;
  for await (const batch of contents.blocks(first)) {
    for (const stored of batch) {
      const block = readBlock(stored.block, last ?? before(stored, first));
      const { sequenceNo, blockHash, strandId } = block;
      if (!last && task.from && !equal(blockHash, task.from.blockHash))
        throw new JournalInvalidError(
          sequenceNo,
          'its hash is not the known one',
        );
      checkBeside(stored, block, frontier);
      const derived = definitions.of(block);
      for (const revision of [...block.revisions, ...derived])
        expectRevision(comparison, revision);
      redactions.add(block);
      for (const { digest, digestTipAddress } of task.digests)
        if (
          digestTipAddress.sequenceNo === sequenceNo &&
          (digestTipAddress.strandId !== strandId ||
            !equal(frontier.root, digest))
        )
          throw new JournalInvalidError(sequenceNo, 'the digest is another');
      last = block;
      blocks++;
      revisions += block.revisions.length + derived.length;
      unproven += block.check.unprovenRevisions;
      await pause(watch, {
        stage: 'journal',
        checked: blocks,
        total: tip + 1 - first,
      });
    }
  }
  redactions.end();
  const end = last?.sequenceNo ?? first - 1;
  const needed = Math.max(
    tip,
    ...task.digests.map(({ digestTipAddress }) => digestTipAddress.sequenceNo),
  );
  if (end < needed || !last)
    throw new JournalInvalidError(end + 1, 'it is missing');
  return {
    blocks,
    revisions,
    unproven,
    digest: frontier.root,
    digestTipAddress: { strandId: last.strandId ?? '', sequenceNo: end },
  };
}

/** The revisions of the system table before a block, in order. */
async function definitionsBefore(
  contents: StoreContents,
  sequenceNo: number,
): Promise<readonly Revision[]> {
  const definitions: Revision[] = [];
  // Its id sorts before all others.
  for await (const batch of contents.revisions(0))
    for (const { revision } of batch) {
      if (revision.tableId !== SYSTEM_TABLE_ID) return definitions;
      if (revision.sequenceNo < sequenceNo) definitions.push(revision);
    }
  return definitions;
}

/** What the first block that is looked at follows: in the middle of a journal, it says so itself. */
function before({ block }: StoredBlock, first: number): Predecessor {
  return {
    sequenceNo: first - 1,
    blockHash: first === 0 ? NO_HASH : previousHashIn(block),
  };
}

/** Checks what is stored beside a block, and adds it to the tree. */
function checkBeside(
  stored: StoredBlock,
  { sequenceNo, blockHash, timestamp }: JournalBlock,
  frontier: MerkleFrontier,
): void {
  const nodes = frontier.append(blockHash);
  if (
    stored.sequenceNo !== sequenceNo ||
    stored.blockTimestamp !== timestamp ||
    !equal(stored.blockHash, blockHash)
  )
    throw new JournalInvalidError(
      sequenceNo,
      'its number, time or hash are stored beside it as others',
    );
  if (
    stored.merkleNodes.length !== nodes.length ||
    !nodes.every(({ hash }, level) => equal(stored.merkleNodes[level], hash))
  )
    throw new JournalInvalidError(
      sequenceNo,
      'the Merkle nodes that are stored beside it are others',
    );
}

async function pause(
  watch: VerificationWatch,
  progress?: VerificationProgress,
): Promise<void> {
  if (progress) watch.onProgress(progress);
  if (!isTurnLong()) return;
  await nextTurn();
  watch.throwIfStopped();
}
