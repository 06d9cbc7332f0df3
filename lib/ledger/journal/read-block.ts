import { encodeAlone, encodeIon } from '../../ion/encode.js';
import { IonStruct, type IonValue, Timestamp } from '../../ion/value.js';
import type { Revision } from '../../store/contract.js';
import { JournalInvalidError } from '../ledger-errors.js';
import { decodeStruct, type RevisionAddress } from './block.js';
import { NO_HASH } from './merkle.js';
import { revisionsOf } from './proof.js';
import { equal, isHash, verifyBlock } from './verify.js';

/** A block as the journal has it, checked and read. */
export interface JournalBlock {
  readonly strandId: string;
  readonly sequenceNo: number;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly blockHash: Uint8Array;
  readonly revisions: readonly Revision[];
  /** The revisions of earlier blocks that lost their data with it. */
  readonly redactions: readonly RevisionAddress[];
}

/** Entries of a block that was written here: its revisions, its transactionInfo; and its redactionInfo, if it has one. */
const OUR_ENTRIES = 2;

/** The block that one is expected to follow. */
export interface Predecessor {
  readonly sequenceNo: number;
  readonly blockHash: Uint8Array;
  /** Absent before the first block: that one names it. */
  readonly strandId?: string | undefined;
}

/**
 * Checks a block (see {@link verifyBlock}), and reads what it did.
 *
 * @param previous - the block before it
 * @throws JournalInvalidError
 */
export function readBlock(
  bytes: Uint8Array,
  previous: Predecessor,
): JournalBlock {
  try {
    return read(decodeStruct(bytes), previous);
  } catch (error) {
    if (error instanceof JournalInvalidError) throw error;
    throw new JournalInvalidError(
      previous.sequenceNo + 1,
      'it is no block in Ion',
    );
  }
}

function read(block: IonStruct, previous: Predecessor): JournalBlock {
  const sequenceNo = previous.sequenceNo + 1;
  const fail = (what: string): never => {
    throw new JournalInvalidError(sequenceNo, what);
  };
  const blockHash = verifyBlock(sequenceNo, block, previous.blockHash);
  const strandId = strandOf(block.get('blockAddress'), sequenceNo);
  if (strandId === undefined || strandId !== (previous.strandId ?? strandId))
    return fail('its address is another');
  const blockTimestamp = block.get('blockTimestamp');
  if (!(blockTimestamp instanceof Timestamp))
    return fail('it has no blockTimestamp');
  const timestamp = blockTimestamp.getDate().getTime();
  const txId = block.get('transactionId');
  // Blocks that AWS wrote have more entries, and are later than their revisions.
  const entries = block.get('entriesHashList');
  const redactions = readRedactions(block.get('redactionInfo'), strandId);
  if (!redactions) return fail('its redactionInfo is none');
  const isOurs =
    Array.isArray(entries) &&
    entries.length <= OUR_ENTRIES + (block.has('redactionInfo') ? 1 : 0);
  const tables = tablesOf(block);
  const revisions: Revision[] = [];
  for (const struct of revisionsOf(block)) {
    // A revision of a system table of AWS has nothing but its hash.
    if (struct.size === 1) continue;
    const revision = readRevision(struct, sequenceNo, tables);
    if (
      !revision ||
      revision.txId !== txId ||
      strandOf(struct.get('blockAddress'), sequenceNo) !== strandId
    )
      return fail(
        'its address, transaction or tables are not those of its revisions',
      );
    revisions.push(revision);
  }
  if (block.get('revisions') === undefined && tables.size > 0)
    return fail('a document that it changes has no revision in it');
  if (isOurs && block.get('transactionInfo') === undefined)
    return fail('it has no transactionInfo');
  if (isOurs && !hasTime(block, blockTimestamp))
    return fail('its time is not that of its revisions');
  return {
    strandId,
    sequenceNo,
    timestamp,
    blockHash,
    revisions,
    redactions,
  };
}

/** The revisions that a `redactionInfo` names; undefined if it is none. */
function readRedactions(
  info: IonValue | undefined,
  strandId: string,
): readonly RevisionAddress[] | undefined {
  if (info === undefined) return [];
  const items = info instanceof IonStruct ? info.get('revisions') : undefined;
  if (!Array.isArray(items)) return undefined;
  const redactions: RevisionAddress[] = [];
  for (const item of items as readonly IonValue[]) {
    if (!(item instanceof IonStruct)) return undefined;
    const address = item.get('blockAddress');
    const sequenceNo =
      address instanceof IonStruct && address.get('strandId') === strandId
        ? address.get('sequenceNo')
        : undefined;
    const [tableId, documentId, version] = [
      'tableId',
      'documentId',
      'version',
    ].map((name) => item.get(name));
    if (
      typeof sequenceNo !== 'number' ||
      typeof tableId !== 'string' ||
      typeof documentId !== 'string' ||
      typeof version !== 'number'
    )
      return undefined;
    redactions.push({ sequenceNo, tableId, documentId, version });
  }
  return redactions;
}

/** The hash that a block names as that of the one before it. */
export function previousHashIn(bytes: Uint8Array): Uint8Array {
  const hash = decodeStruct(bytes).get('previousBlockHash');
  return isHash(hash) ? hash : NO_HASH;
}

/** Whether the revisions of a block have its time; theirs is in their hashes. */
function hasTime(block: IonStruct, time: Timestamp): boolean {
  const expected = encodeIon(time);
  return revisionsOf(block).every((revision) => {
    const metadata = revision.get('metadata');
    const txTime =
      metadata instanceof IonStruct ? metadata.get('txTime') : undefined;
    return txTime !== undefined && equal(encodeIon(txTime), expected);
  });
}

function strandOf(
  address: IonValue | undefined,
  sequenceNo: number,
): string | undefined {
  if (
    !(address instanceof IonStruct) ||
    address.get('sequenceNo') !== sequenceNo
  )
    return undefined;
  const strandId = address.get('strandId');
  return typeof strandId === 'string' ? strandId : undefined;
}

/** The ids of the tables whose documents a block changes, by the documents' ids. */
function tablesOf(block: IonStruct): ReadonlyMap<string, string> {
  const tables = new Map<string, string>();
  const info = block.get('transactionInfo');
  const documents =
    info instanceof IonStruct ? info.get('documents') : undefined;
  if (!(documents instanceof IonStruct)) return tables;
  for (const [documentId, document] of documents.entries()) {
    const tableId =
      document instanceof IonStruct ? document.get('tableId') : undefined;
    if (documentId !== null && typeof tableId === 'string')
      tables.set(documentId, tableId);
  }
  return tables;
}

function readRevision(
  struct: IonStruct,
  sequenceNo: number,
  tables: ReadonlyMap<string, string>,
): Revision | undefined {
  const metadata = struct.get('metadata');
  if (!(metadata instanceof IonStruct)) return undefined;
  const [documentId, version, txTime, txId] = [
    'id',
    'version',
    'txTime',
    'txId',
  ].map((name) => metadata.get(name));
  const hash = struct.get('hash');
  const data = struct.get('data');
  const dataHash = struct.get('dataHash');
  if (
    typeof documentId !== 'string' ||
    typeof version !== 'number' ||
    typeof txId !== 'string' ||
    !(txTime instanceof Timestamp) ||
    !isHash(hash)
  )
    return undefined;
  const tableId = tables.get(documentId);
  if (tableId === undefined) return undefined;
  return {
    tableId,
    documentId,
    version,
    sequenceNo,
    txId,
    txTime: txTime.getDate().getTime(),
    hash,
    data: data instanceof IonStruct ? encodeAlone(data) : undefined,
    dataHash: isHash(dataHash) ? dataHash : undefined,
  };
}
