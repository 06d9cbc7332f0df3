import type {
  Revision,
  StoreContents,
  StoredEntry,
  StoredRevision,
} from '../../store/contract.js';
import { decodeStruct } from '../journal/block.js';
import { IndexHistory, readable } from '../transaction/index-history.js';
import { SYSTEM_TABLE_ID } from '../transaction/table-catalog.js';
import { indexKey } from '../transaction/write-set.js';
import type { Comparison } from './comparison.js';

/** Adds a revision as the journal tells it. */
export function expectRevision(
  comparison: Comparison,
  revision: Revision,
): void {
  comparison.expected(
    () => revisionName(revision),
    'revision',
    ...revisionItem(revision),
  );
  if (isDeletion(revision))
    comparison.expected(
      () => deletionName(revision),
      ...deletionItem(revision),
    );
}

/**
 * Adds what the views of a store have, and what their indexes should have: that
 * follows from the revisions alone.
 *
 * @param from - the first block whose revisions count; indexes are left out unless it is the first there is
 */
export async function* findViews(
  comparison: Comparison,
  contents: StoreContents,
  from: number,
): AsyncGenerator<number, void, undefined> {
  const isWhole = from === contents.origin;
  const indexes = new IndexHistory();
  let document = new DocumentCheck(comparison, contents, indexes);
  for await (const batch of contents.revisions(from)) {
    for (const stored of batch) {
      const { revision } = stored;
      comparison.found(
        () => revisionName(revision),
        'revision',
        ...revisionItem(revision),
      );
      if (revision.tableId === SYSTEM_TABLE_ID) indexes.define(revision);
      if (!document.isOf(revision)) {
        document.end(isWhole);
        document = new DocumentCheck(comparison, contents, indexes);
      }
      document.add(stored, isWhole);
    }
    yield batch.length;
  }
  document.end(isWhole);
  for await (const batch of contents.deletions(from)) {
    for (const deletion of batch)
      comparison.found(() => deletionName(deletion), ...deletionItem(deletion));
    yield 0;
  }
  if (!isWhole) return;
  for await (const batch of contents.indexEntries()) {
    for (const entry of batch)
      if (
        !contents.unbuilt.has(entry.indexId) &&
        !indexes.hasEnded(entry.indexId)
      )
        comparison.found(() => entryName(entry), ...entryItem(entry));
    yield 0;
  }
}

/** The revisions of one document as they come, in order. */
class DocumentCheck {
  #last: StoredRevision | undefined;
  /** Under which keys it stands in the indexes. */
  #keys = new Map<string, string>();

  constructor(
    private readonly comparison: Comparison,
    private readonly contents: StoreContents,
    private readonly indexes: IndexHistory,
  ) {}

  isOf({ tableId, documentId }: Revision): boolean {
    const last = this.#last?.revision;
    return (
      !last || (last.documentId === documentId && last.tableId === tableId)
    );
  }

  add(stored: StoredRevision, withIndexes: boolean): void {
    const { revision } = stored;
    if (this.#last) this.#placed(this.#last, false);
    this.#last = stored;
    if (!withIndexes) return;
    const { tableId, documentId, sequenceNo, data } = revision;
    const keys = new Map<string, string>();
    for (const index of this.indexes.of(tableId)) {
      const { indexId, begin } = index;
      if (this.contents.unbuilt.has(indexId)) continue;
      const key = data && readable(() => indexKey(index, decodeStruct(data)));
      const before = this.#keys.get(indexId);
      if (key !== undefined) keys.set(indexId, key);
      if (before === undefined || before === key || sequenceNo <= begin)
        continue;
      this.#expect({ indexId, key: before, documentId, endedBy: sequenceNo });
    }
    this.#keys = keys;
  }

  /** All its revisions have come. */
  end(withIndexes: boolean): void {
    if (!this.#last) return;
    const { revision } = this.#last;
    this.#placed(this.#last, !isDeletion(revision));
    if (!withIndexes) return;
    const { documentId } = revision;
    for (const [indexId, key] of this.#keys)
      this.#expect({ indexId, key, documentId });
  }

  #placed({ revision, isCurrent }: StoredRevision, should: boolean): void {
    if (isCurrent === should) return;
    const what = () =>
      `${revisionName(revision)} ${should ? 'is not among' : 'is among'} the current ones: their list`;
    this.comparison.expected(what, 'place', ...revisionItem(revision));
  }

  #expect(entry: StoredEntry): void {
    this.comparison.expected(() => entryName(entry), ...entryItem(entry));
  }
}

const isDeletion = ({ data, dataHash }: Revision): boolean =>
  !data && !dataHash;

const NOTHING = new Uint8Array(0);

function revisionItem(revision: Revision): (string | Uint8Array)[] {
  const { tableId, documentId, version, sequenceNo, txId, txTime } = revision;
  return [
    `${tableId} ${documentId} ${version} ${sequenceNo} ${txId} ${txTime}`,
    revision.hash,
    revision.data ?? NOTHING,
    revision.dataHash ?? NOTHING,
  ];
}

const revisionName = ({ tableId, documentId, version }: Revision): string =>
  `revision ${version} of document ${documentId} in table ${tableId}`;

type Deletion = Pick<Revision, 'tableId' | 'documentId' | 'sequenceNo'>;

function deletionItem(deletion: Deletion): string[] {
  const { tableId, documentId, sequenceNo } = deletion;
  return ['deletion', `${tableId} ${documentId} ${sequenceNo}`];
}

const deletionName = ({ tableId, documentId, sequenceNo }: Deletion): string =>
  `the note that block ${sequenceNo} deleted document ${documentId} of table ${tableId}`;

function entryItem({
  indexId,
  key,
  documentId,
  endedBy,
}: StoredEntry): string[] {
  return ['entry', `${indexId} ${documentId} ${endedBy ?? ''}`, key];
}

// Its key is made from a value of the document: it stays out of every message.
const entryName = ({ indexId, documentId, endedBy }: StoredEntry): string =>
  endedBy === undefined
    ? `the entry of document ${documentId} in index ${indexId}`
    : `the entry of document ${documentId} in index ${indexId} that block ${endedBy} ended`;
