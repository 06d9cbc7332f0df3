import type { Commit, NewIndex } from '../../store/contract.js';
import type { MerkleFrontier } from '../journal/merkle.js';
import { MANY_KEYS } from './write-times.js';
import type {
  TableCatalog,
  TableDefinition,
} from '../transaction/table-catalog.js';
import type { LedgerTransaction } from '../transaction/transaction.js';

/** The end of the journal: what the next block is chained to. */
export interface Tip {
  readonly sequenceNo: number;
  readonly blockHash: Uint8Array;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly frontier: MerkleFrontier;
  readonly catalog: TableCatalog;
}

/** A transaction whose block is to be made, and whoever waits for it. */
export interface Waiting {
  readonly transaction: LedgerTransaction;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** What one transaction adds. */
export interface Sealed {
  readonly commit: Omit<Commit, 'merkleNodes'>;
  /** The tables that it defines anew. */
  readonly definitions: readonly TableDefinition[];
  /** Names of all that it wrote, for the validation of others. */
  readonly writtenKeys: ReadonlySet<string>;
}

/** About how many things a block changes, and not more in a store. */
export const rowsOf = ({
  commit: { revisions, indexEntries },
}: Sealed): number => 1 + 2 * (revisions.length + indexEntries.length);

/** The end of the journal when a block has been added. */
export function tipAfter(
  tip: Tip,
  { commit, definitions }: Sealed,
): { readonly commit: Commit; readonly tip: Tip } {
  const frontier = tip.frontier.clone();
  return {
    commit: { ...commit, merkleNodes: frontier.append(commit.blockHash) },
    tip: {
      sequenceNo: commit.sequenceNo,
      blockHash: commit.blockHash,
      timestamp: commit.blockTimestamp,
      frontier,
      catalog:
        definitions.length > 0 ? tip.catalog.with(definitions) : tip.catalog,
    },
  };
}

/** Blocks that are written together, and whoever waits for them. */
export class Draft {
  readonly commits: Commit[] = [];
  readonly waiting: Waiting[] = [];
  /** What each block wrote: it counts for all once the blocks are durable. */
  readonly written: { sequenceNo: number; keys: ReadonlySet<string> }[] = [];
  /** What small blocks wrote, and then what each large one did. */
  readonly #keys: ReadonlySet<string>[] = [];
  readonly #smallKeys = new Set<string>();
  /** About how many bytes the store is given. */
  bytes = 0;
  /** About how many things they change. */
  rows = 0;
  tip: Tip;

  /** @param base - the block that they follow */
  constructor(readonly base: Tip) {
    this.tip = base;
    this.#keys.push(this.#smallKeys);
  }

  get isEmpty(): boolean {
    return this.commits.length === 0;
  }

  add(sealed: Sealed, waiting: Waiting): void {
    const { commit, tip } = tipAfter(this.tip, sealed);
    this.commits.push(commit);
    this.waiting.push(waiting);
    this.written.push({
      sequenceNo: commit.sequenceNo,
      keys: sealed.writtenKeys,
    });
    if (sealed.writtenKeys.size > MANY_KEYS)
      this.#keys.push(sealed.writtenKeys);
    else for (const key of sealed.writtenKeys) this.#smallKeys.add(key);
    this.bytes += commit.block.length;
    this.rows += rowsOf(sealed);
    this.tip = tip;
  }

  /** The first of the keys that one of these blocks wrote. */
  firstWritten(keys: Iterable<string>): string | undefined {
    if (this.isEmpty) return undefined;
    for (const key of keys)
      if (this.#keys.some((written) => written.has(key))) return key;
    return undefined;
  }

  /** The indexes that begin with these blocks. */
  newIndexes(): readonly NewIndex[] {
    return this.commits.flatMap(({ newIndexes = [] }) => newIndexes);
  }
}
