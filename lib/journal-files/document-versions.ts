import type { DescribedRevision } from '../ledger/journal/read-block.js';
import { JournalInvalidError } from '../ledger/ledger-errors.js';

/** So many documents are remembered, those first that changed last. */
const MOST = 200_000;

/** Checks that the revisions of each document come in order, none missing. */
export class DocumentVersions {
  readonly #last = new Map<string, number>();
  /** How many documents had to be forgotten. */
  forgotten = 0;

  /** Takes the revisions of blocks in order. */
  add(sequenceNo: number, revisions: readonly DescribedRevision[]): void {
    for (const { documentId, version } of revisions) {
      const before = this.#last.get(documentId);
      if (before !== undefined && version !== before + 1)
        throw new JournalInvalidError(
          sequenceNo,
          `document ${documentId} has version ${version} after version ${before}`,
        );
      // Set anew, it is the last to be forgotten. As a string of its own: as a
      // part of the text that it was read from it would keep that in memory.
      this.#last.delete(documentId);
      this.#last.set(Buffer.from(documentId).toString('latin1'), version);
    }
    while (this.#last.size > MOST) {
      const [oldest] = this.#last.keys();
      if (oldest === undefined) return;
      this.#last.delete(oldest);
      this.forgotten++;
    }
  }
}
