import { isTurnLong, nextTurn } from '../async/turns.js';
import type { IonStruct } from '../ion/value.js';
import type { BlockAddress } from '../ledger/journal/block.js';
import { MerkleFrontier, NO_HASH } from '../ledger/journal/merkle.js';
import {
  describeBlock,
  type Predecessor,
} from '../ledger/journal/read-block.js';
import { RedactionCheck } from '../ledger/journal/redaction-check.js';
import {
  type CheckedBlock,
  equal,
  foldProof,
  isHash,
} from '../ledger/journal/verify.js';
import { findRevision } from '../ledger/journal/proof.js';
import { JournalInvalidError } from '../ledger/ledger-errors.js';
import type { LedgerDigest } from '../ledger/verification/verify-contents.js';
import { DocumentVersions } from './document-versions.js';
import {
  type DataFile,
  findExports,
  type FindOptions,
  type FoundExports,
} from './find-exports.js';
import { JsonBlocks } from './json/json-blocks.js';
import { readBlocks } from './read-blocks.js';

/**
 * How much of a block is proved.
 *
 * - `proven`: all of its hash was recomputed from what stands in it
 * - `opaque`: so was some of it; other entries are there as hashes alone (AWS
 *   wrote such in every block, for what is internal to it)
 * - `unproven`: it came as JSON, and no reading of some revision has its hash
 * - `links`: only that its entries make its hash, and that it follows the block before
 * - `broken`: something does not agree
 */
export type BlockGrade = 'proven' | 'opaque' | 'unproven' | 'links' | 'broken';

/** What was found out of one block. */
export interface GradedBlock {
  readonly sequenceNo: number;
  readonly grade: BlockGrade;
  /** How many entries and revisions are there as hashes alone. */
  readonly opaqueEntries: number;
  /** What does not agree, if it is broken. */
  readonly what?: string | undefined;
}

/** A proof that was kept: the hashes from a revision, or a block, to a digest. */
export interface KeptProof {
  readonly blockAddress: BlockAddress;
  /** Of the revision; the proof is of the block if it is left out. */
  readonly documentId?: string | undefined;
  readonly proof: readonly Uint8Array[];
  readonly digest: Uint8Array;
}

export interface VerifyExportOptions extends FindOptions {
  /** A digest that was kept: the journal has to have it. */
  readonly digest?: LedgerDigest | undefined;
  /** Proofs that were kept: they have to hold. */
  readonly proofs?: readonly KeptProof[] | undefined;
  /** Told of each block. */
  readonly onBlock?: ((block: GradedBlock) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Is told how far it has come: bytes read, of how many. */
  readonly onProgress?:
    | ((progress: { readonly checked: number; readonly total: number }) => void)
    | undefined;
}

/** What an export proves. */
export interface ExportVerification {
  /** Whether no block is broken or unproven, and the digest and the proofs that were given hold. */
  readonly isValid: boolean;
  readonly strandId: string | undefined;
  /** The blocks of the export; undefined if it has none. */
  readonly span: { readonly first: number; readonly last: number } | undefined;
  readonly blocks: number;
  readonly revisions: number;
  readonly files: number;
  readonly bytes: number;
  readonly grades: Readonly<Record<BlockGrade, number>>;
  /** How many entries and revisions are there as hashes alone. */
  readonly opaqueEntries: number;
  /** Revisions that came as JSON, and no reading of them has their hash: their types, or their values, are others. */
  readonly unprovenRevisions: number;
  /** The first blocks that are broken, and why. */
  readonly broken: readonly GradedBlock[];
  /** What else does not agree: a digest or proof that was given. */
  readonly problems: readonly string[];
  /** What was given and could not be checked, and why: the export is not valid then, and need not be wrong. */
  readonly unchecked: readonly string[];
  /** What cannot be told from this export. */
  readonly unprovable: readonly string[];
  /** The digest of the journal, if it is there from its first block on, and whole. */
  readonly digest: LedgerDigest | undefined;
}

/** So many broken blocks are named. */
const BROKEN_NAMED = 100;

/**
 * Verifies an export of a journal, AWS's or ours, without a ledger: the hash of
 * every revision from its data, of every block from its entries, their links,
 * order and number; and what stands in no hash against what does. It needs
 * little memory, however large the export is.
 *
 * @example
 * const { isValid, broken, unprovable } = await verifyExport({ from: './export', digest });
 *
 * @throws ExportError when the export cannot be found, is not complete, or cannot be read
 */
export async function verifyExport(
  options: VerifyExportOptions,
): Promise<ExportVerification> {
  const found = await findExports(options);
  const check = new ExportCheck(found, options);
  const total = found.files.reduce((sum, { size }) => sum + size, 0);
  const json = new JsonBlocks();
  for await (const { blocks, bytes } of readBlocks(found.files, json)) {
    for (const block of blocks) {
      check.add(block);
      if (!isTurnLong()) continue;
      await nextTurn();
      options.signal?.throwIfAborted();
    }
    options.onProgress?.({ checked: bytes, total });
    options.signal?.throwIfAborted();
  }
  return check.end(total);
}

function gradeOf({
  provenEntries,
  opaqueEntries,
  unprovenRevisions,
}: CheckedBlock): BlockGrade {
  if (unprovenRevisions > 0) return 'unproven';
  if (opaqueEntries === 0) return 'proven';
  return provenEntries > 0 ? 'opaque' : 'links';
}

class ExportCheck {
  readonly #grades = { proven: 0, opaque: 0, unproven: 0, links: 0, broken: 0 };
  readonly #broken: GradedBlock[] = [];
  readonly #problems: string[] = [];
  readonly #versions = new DocumentVersions();
  readonly #redactions: RedactionCheck;
  readonly #proofs = new Map<number, readonly KeptProof[]>();
  readonly #first: number;
  readonly #frontier: MerkleFrontier | undefined;
  #last: Predecessor | undefined;
  #blocks = 0;
  #revisions = 0;
  #opaque = 0;
  #unproven = 0;
  #timestamp = -Infinity;
  #digestIsThere = false;

  constructor(
    private readonly found: FoundExports,
    private readonly options: VerifyExportOptions,
  ) {
    this.#first = found.files[0]?.first ?? 0;
    this.#redactions = new RedactionCheck(this.#first, true);
    if (this.#first === 0) this.#frontier = MerkleFrontier.empty();
    for (const proof of options.proofs ?? []) {
      const { sequenceNo } = proof.blockAddress;
      const others = this.#proofs.get(sequenceNo) ?? [];
      this.#proofs.set(sequenceNo, [...others, proof]);
    }
  }

  add(block: IonStruct): void {
    const sequenceNo = this.#first + this.#blocks;
    this.#blocks++;
    const graded = this.#grade(block, sequenceNo);
    this.#grades[graded.grade]++;
    this.#opaque += graded.opaqueEntries;
    if (graded.grade === 'broken' && this.#broken.length < BROKEN_NAMED)
      this.#broken.push(graded);
    this.options.onBlock?.(graded);
    this.#checkDigest(sequenceNo);
    for (const proof of this.#proofs.get(sequenceNo) ?? [])
      this.#checkProof(block, proof);
  }

  #grade(block: IonStruct, sequenceNo: number): GradedBlock {
    const stated = block.get('blockHash');
    const previous = block.get('previousBlockHash');
    const before: Predecessor = this.#last ?? {
      sequenceNo: sequenceNo - 1,
      // Of a span in the middle, the first block says itself what it follows.
      blockHash: sequenceNo > 0 && isHash(previous) ? previous : NO_HASH,
    };
    try {
      const described = describeBlock(block, before);
      const { check, timestamp, revisions } = described;
      if (timestamp < this.#timestamp)
        throw new JournalInvalidError(
          sequenceNo,
          'it was committed before the block before it',
        );
      this.#timestamp = timestamp;
      this.#versions.add(sequenceNo, revisions);
      this.#redactions.add(described);
      this.#revisions += revisions.length;
      this.#last = described;
      this.#frontier?.append(described.blockHash);
      this.#unproven += check.unprovenRevisions;
      return {
        sequenceNo,
        grade: gradeOf(check),
        opaqueEntries: check.opaqueEntries,
      };
    } catch (error) {
      const what =
        error instanceof JournalInvalidError
          ? error.what
          : 'it is no block in Ion';
      // The next one is to follow what this one says that it is.
      this.#last = {
        sequenceNo,
        blockHash: isHash(stated) ? stated : NO_HASH,
        strandId: this.found.files[0]?.strandId,
      };
      this.#frontier?.append(isHash(stated) ? stated : NO_HASH);
      return { sequenceNo, grade: 'broken', opaqueEntries: 0, what };
    }
  }

  #checkDigest(sequenceNo: number): void {
    const { digest } = this.options;
    if (digest?.digestTipAddress.sequenceNo !== sequenceNo) return;
    this.#digestIsThere = true;
    if (!this.#frontier) return;
    if (
      digest.digestTipAddress.strandId !== this.found.files[0]?.strandId ||
      !equal(this.#frontier.root, digest.digest)
    )
      this.#problems.push(
        `the digest of block ${sequenceNo} is not the one that was given`,
      );
  }

  #checkProof(
    block: IonStruct,
    { documentId, proof, digest, blockAddress }: KeptProof,
  ): void {
    const hash =
      documentId === undefined
        ? block.get('blockHash')
        : findRevision(block, documentId)?.revision.get('hash');
    if (isHash(hash) && equal(foldProof(hash, proof), digest)) return;
    this.#problems.push(
      documentId === undefined
        ? `the proof of block ${blockAddress.sequenceNo} does not lead to its digest`
        : `the proof of document ${documentId} in block ${blockAddress.sequenceNo} does not lead to its digest`,
    );
  }

  end(bytes: number): ExportVerification {
    const { files } = this.found;
    const first = files[0];
    const last = files.at(-1);
    const { digest, proofs = [] } = this.options;
    for (const { blockAddress } of proofs)
      if (!isWithin(blockAddress.sequenceNo, first, last))
        this.#problems.push(
          `block ${blockAddress.sequenceNo}, which a proof is of, is not in the export`,
        );
    if (digest && !this.#digestIsThere)
      this.#problems.push(
        `block ${digest.digestTipAddress.sequenceNo}, which the digest is of, is not in the export`,
      );
    const unchecked = [...this.#unchecked()];
    const isWhole = this.#grades.broken === 0;
    const own: LedgerDigest | undefined =
      this.#frontier && isWhole && first && last
        ? {
            digest: this.#frontier.root,
            digestTipAddress: {
              strandId: first.strandId,
              sequenceNo: last.last,
            },
          }
        : undefined;
    return {
      isValid:
        isWhole &&
        this.#unproven === 0 &&
        this.#problems.length === 0 &&
        unchecked.length === 0,
      strandId: first?.strandId,
      span: first && last && { first: first.first, last: last.last },
      blocks: this.#blocks,
      revisions: this.#revisions,
      files: files.length,
      bytes,
      grades: this.#grades,
      opaqueEntries: this.#opaque,
      unprovenRevisions: this.#unproven,
      broken: this.#broken,
      problems: this.#problems,
      unchecked,
      unprovable: [...this.#unprovable()],
      digest: own,
    };
  }

  *#unchecked(): Iterable<string> {
    const { digest } = this.options;
    if (digest && this.#first > 0)
      yield `The digest of block ${digest.digestTipAddress.sequenceNo} could not be checked: it needs the hashes of all blocks from the first on, and the export begins with block ${this.#first}. Verify it together with the parts before it.`;
  }

  *#unprovable(): Iterable<string> {
    const { digest } = this.options;
    if (this.#first > 0) {
      yield `The export begins with block ${this.#first}: that this one follows block ${this.#first - 1} rests on its own word.`;
      if (!digest)
        yield 'The journal has no digest here: it needs the hashes of all blocks from the first on.';
    }
    if (!this.found.hasManifest)
      yield 'There is no manifest: whether files are missing at the end is not known.';
    if (this.#opaque > 0)
      yield this.#opaque === 1
        ? '1 entry is there as a hash alone: what it stands for cannot be told, only that it was not changed.'
        : `${this.#opaque} entries are there as hashes alone: what they stand for cannot be told, only that it was not changed.`;
    const { untold } = this.#redactions;
    if (untold > 0)
      yield untold === 1
        ? '1 revision has no data, and no block of the export redacts it: a later one may.'
        : `${untold} revisions have no data, and no block of the export redacts them: a later one may.`;
    const { forgotten } = this.#versions;
    if (forgotten > 0)
      yield `The versions of ${forgotten === 1 ? '1 document' : `${forgotten} documents`} were checked in parts only, for want of memory.`;
    if (!digest)
      yield 'No digest was given: that the whole journal is what it was needs one that was kept elsewhere.';
  }
}

const isWithin = (
  sequenceNo: number,
  first: DataFile | undefined,
  last: DataFile | undefined,
): boolean =>
  first !== undefined &&
  last !== undefined &&
  sequenceNo >= first.first &&
  sequenceNo <= last.last;
