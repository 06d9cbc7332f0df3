import type { KeyOf, LedgerStore, NewIndex } from '../../store/contract.js';
import { decodeStruct } from '../journal/block.js';
import type {
  IndexDefinition,
  TableCatalog,
} from '../transaction/table-catalog.js';
import { indexKey } from '../transaction/write-set.js';

/** Fills new indexes with the documents that were there before them, while transactions go on. */
export class IndexBuilder {
  constructor(
    private readonly store: LedgerStore,
    /** The tables as they are now. */
    private readonly catalog: () => TableCatalog,
  ) {}

  /** Whether lookups find all there is. */
  isBuilt(indexId: string): boolean {
    return !this.store.unbuilt.has(indexId);
  }

  /**
   * Builds indexes, one after the other.
   *
   * @returns resolves when they are built, or cannot be for now; undefined if there is none
   */
  build(indexes: readonly NewIndex[]): Promise<void> | undefined {
    if (indexes.length === 0) return undefined;
    return this.#build(indexes).catch(() => {
      // The store says itself what befell it; the index stays unbuilt until it is opened again.
    });
  }

  async #build(indexes: readonly NewIndex[]): Promise<void> {
    for (const { indexId } of indexes) {
      const index = this.catalog().index(indexId);
      if (!index) continue;
      await this.store.buildIndex(indexId, keyOf(index));
    }
  }
}

/** How an index finds documents, by their bytes. */
export function keyOf(index: IndexDefinition): KeyOf {
  return (data) => indexKey(index, decodeStruct(data));
}
