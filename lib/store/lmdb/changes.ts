import type { Commit } from '../contract.js';

/**
 * When a table or an index was last changed in a way that a reader of an older
 * block has to mind. Known from the moment at which a write is begun, since a
 * reader may see it before the writer hears of its end.
 */
export class Changes {
  readonly #writes = new Map<string, number>();
  readonly #deletions = new Map<string, number>();
  readonly #ends = new Map<string, number>();

  /** @param durable - the last block that is durable; what was changed by an earlier process is as old as that, or older */
  constructor(public durable: number) {
    this.#before = durable;
  }

  readonly #before: number;

  /** Blocks are about to be written. */
  begin(commits: readonly Commit[]): void {
    for (const { sequenceNo, revisions, indexEntries } of commits) {
      for (const { tableId, data, dataHash } of revisions) {
        this.#writes.set(tableId, sequenceNo);
        if (!data && !dataHash) this.#deletions.set(tableId, sequenceNo);
      }
      for (const { indexId, ended } of indexEntries)
        if (ended) this.#ends.set(indexId, sequenceNo);
    }
  }

  /** The last block that wrote a document of a table, or a later one. */
  lastWrite(tableId: string): number {
    return this.#writes.get(tableId) ?? this.#before;
  }

  /** The last block that deleted a document of a table, or a later one. */
  lastDeletion(tableId: string): number {
    return this.#deletions.get(tableId) ?? this.#before;
  }

  /** The last block that ended an entry of an index, or a later one. */
  lastEnd(indexId: string): number {
    return this.#ends.get(indexId) ?? this.#before;
  }
}
