import { hashIon } from '../../ion/hash.js';
import { BadRequestException } from '../../session/index.js';
import type {
  Batches,
  Redaction,
  Revision,
  Snapshot,
  StoredEntry,
} from '../../store/contract.js';
import { decodeStruct, type RevisionAddress } from '../journal/block.js';
import { NO_HASH } from '../journal/merkle.js';
import { redactBlock } from '../journal/redact-block.js';
import { IndexHistory } from './index-history.js';
import { SYSTEM_TABLE_ID } from './table-catalog.js';
import { indexKey } from './write-set.js';

/** The revision that a `REDACT_REVISION` names. */
export type RedactionTarget = Omit<RevisionAddress, 'version'>;

/**
 * All that it takes to redact a revision.
 *
 * @throws BadRequestException when it is not there, or none that can be redacted
 */
export async function planRedaction(
  snapshot: Snapshot,
  target: RedactionTarget,
): Promise<Redaction> {
  const { revision, before, next } = await findTarget(snapshot, target);
  if (!revision)
    throw refused(
      'The document has no revision in the block at that address. Check the block address, the table id and the document id',
    );
  if (revision.dataHash)
    throw refused('The revision has been redacted already');
  if (!revision.data)
    throw refused('The revision deletes the document, and has no data');
  if (!next)
    throw refused(
      'The revision is the current one of its document, and only earlier ones can be redacted. Update or delete the document first, in another transaction',
    );
  return redactionOf(
    revision,
    { before, next },
    await indexHistory(snapshot, target.tableId),
  );
}

/** What it takes to redact a revision that a journal says is redacted; undefined if that has been done, or cannot be. */
export async function planOwedRedaction(
  snapshot: Snapshot,
  target: RedactionTarget,
): Promise<Redaction | undefined> {
  const { revision, before, next } = await findTarget(snapshot, target);
  if (!revision?.data || !next) return undefined;
  return redactionOf(
    revision,
    { before, next },
    await indexHistory(snapshot, target.tableId),
  );
}

/** A revision with its neighbours. */
async function findTarget(
  snapshot: Snapshot,
  { tableId, documentId, sequenceNo }: RedactionTarget,
): Promise<{
  readonly revision?: Revision | undefined;
  readonly before?: Revision | undefined;
  readonly next?: Revision | undefined;
}> {
  const revisions = await revisionsOf(snapshot, tableId, documentId);
  const at = revisions.findIndex(
    (revision) => revision.sequenceNo === sequenceNo,
  );
  if (at < 0) return {};
  return {
    revision: revisions[at],
    before: revisions[at - 1],
    next: revisions[at + 1],
  };
}

/** A redaction, with what it changes in the indexes: it is as if nobody had ever known the data. */
function redactionOf(
  { tableId, documentId, version, sequenceNo, data }: Revision,
  { before, next }: { before: Revision | undefined; next: Revision },
  indexes: IndexHistory,
): Redaction {
  const document = data && decodeStruct(data);
  const lostEntries: StoredEntry[] = [];
  const addedEntries: StoredEntry[] = [];
  for (const index of indexes.of(tableId)) {
    const { indexId, begin } = index;
    const key = document && indexKey(index, document);
    const [old, after] = [before?.data, next.data].map((bytes) =>
      bytes ? indexKey(index, decodeStruct(bytes)) : undefined,
    );
    if (key === undefined) continue;
    if (key !== after)
      lostEntries.push({
        indexId,
        key,
        documentId,
        endedBy: next.sequenceNo,
      });
    if (key === old && begin < sequenceNo)
      addedEntries.push({ indexId, key, documentId, endedBy: sequenceNo });
  }
  // What a dropped index left behind goes bit by bit: this goes at once.
  for (const index of indexes.endedOf(tableId)) {
    const { indexId } = index;
    const key = document && indexKey(index, document);
    if (key === undefined) continue;
    lostEntries.push(
      { indexId, key, documentId },
      { indexId, key, documentId, endedBy: next.sequenceNo },
    );
  }
  return {
    tableId,
    documentId,
    version,
    sequenceNo,
    dataHash: document ? hashIon(document) : NO_HASH,
    redactBlock: redactBlock({ documentId, version }),
    lostEntries,
    addedEntries,
  };
}

/** The indexes of a table, as its definitions tell them. */
async function indexHistory(
  snapshot: Snapshot,
  tableId: string,
): Promise<IndexHistory> {
  const history = new IndexHistory();
  for (const definition of await revisionsOf(
    snapshot,
    SYSTEM_TABLE_ID,
    tableId,
  ))
    history.define(definition);
  return history;
}

async function revisionsOf(
  snapshot: Snapshot,
  tableId: string,
  documentId: string,
): Promise<readonly Revision[]> {
  const revisions: Revision[] = [];
  const batches: Batches<Revision> = snapshot.history(tableId, {
    documentIds: [documentId],
  });
  for await (const batch of batches) revisions.push(...batch);
  return revisions;
}

function refused(why: string): BadRequestException {
  return new BadRequestException(`The revision cannot be redacted. ${why}.`);
}
