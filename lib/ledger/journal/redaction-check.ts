import type { RevisionAddress } from './block.js';
import type { DescribedBlock } from './read-block.js';
import { JournalInvalidError } from '../ledger-errors.js';

/**
 * Checks that data left the journal only where a later block says so, and that
 * it did leave it there. No hash tells: a redacted revision has that of before.
 *
 * It keeps what was redacted in memory, about 100 bytes each.
 */
export class RedactionCheck {
  /** Revisions without their data, of which no later block has told yet. */
  readonly #untold = new Map<string, number>();
  readonly #told = new Set<string>();

  /**
   * @param from - the first block that is looked at
   * @param mayBeOwed - whether data may be there that a later block redacts: the block with it is a copy of before
   */
  constructor(
    private readonly from: number,
    private readonly mayBeOwed = false,
  ) {}

  /** Takes the blocks in order. */
  add({ sequenceNo, revisions, redactions }: DescribedBlock): void {
    for (const revision of revisions)
      if (revision.dataHash) this.#untold.set(nameOf(revision), sequenceNo);
    for (const redaction of redactions) {
      const name = nameOf(redaction);
      if (this.#untold.delete(name)) this.#told.add(name);
      else if (
        !this.mayBeOwed &&
        redaction.sequenceNo >= this.from &&
        !this.#told.has(name)
      )
        throw new JournalInvalidError(
          redaction.sequenceNo,
          `a revision that block ${sequenceNo} redacts has its data still, or is not there`,
        );
    }
  }

  /** How many revisions have lost their data, and no block so far told of it. */
  get untold(): number {
    return this.#untold.size;
  }

  end(): void {
    for (const sequenceNo of this.#untold.values())
      throw new RedactionUntoldError(sequenceNo);
  }
}

/** No block of a journal redacts what has lost its data: it was changed, or is a part of one that goes on. */
export class RedactionUntoldError extends JournalInvalidError {
  constructor(sequenceNo: number) {
    super(
      sequenceNo,
      'a revision has lost its data, and no later block redacts it',
    );
    // To all but imports it is no more than that.
    this.name = JournalInvalidError.name;
  }
}

const nameOf = ({
  sequenceNo,
  documentId,
  version,
}: Pick<RevisionAddress, 'sequenceNo' | 'documentId' | 'version'>): string =>
  `${sequenceNo} ${documentId} ${version}`;
