import type { Revision } from '../../store/contract.js';
import { decodeStruct } from '../journal/block.js';
import { readDefinition } from './table-catalog.js';

/** An index, with the block that it begins with. */
export interface DatedIndex {
  readonly indexId: string;
  readonly field: string;
  readonly begin: number;
}

/** The indexes of a ledger, those that ended as well, by what its system table says of them. */
export class IndexHistory {
  readonly #byTable = new Map<string, Map<string, DatedIndex>>();
  readonly #ended = new Map<string, Map<string, DatedIndex>>();
  readonly #endedIds = new Set<string>();

  /** Takes a revision of a table definition; those of one table come in order. */
  define({ documentId: tableId, data, sequenceNo }: Revision): void {
    const definition =
      data && readable(() => readDefinition(decodeStruct(data)));
    const { indexes = [] } = definition ?? {};
    const before = this.#byTable.get(tableId);
    const now = new Map<string, DatedIndex>();
    for (const { indexId, field } of indexes)
      now.set(
        indexId,
        before?.get(indexId) ?? { indexId, field, begin: sequenceNo },
      );
    const ended = this.#ended.get(tableId) ?? new Map<string, DatedIndex>();
    this.#ended.set(tableId, ended);
    for (const [indexId, index] of before ?? [])
      if (!now.has(indexId)) {
        ended.set(indexId, index);
        this.#endedIds.add(indexId);
      }
    this.#byTable.set(tableId, now);
  }

  of(tableId: string): Iterable<DatedIndex> {
    return this.#byTable.get(tableId)?.values() ?? [];
  }

  endedOf(tableId: string): Iterable<DatedIndex> {
    return this.#ended.get(tableId)?.values() ?? [];
  }

  /** Whether an index ended: its entries may be there still, or not. */
  hasEnded(indexId: string): boolean {
    return this.#endedIds.has(indexId);
  }
}

/** What is read from a document; nothing if it is not what was written, which a comparison with the journal tells. */
export function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
