import { encodeAlone } from '../../ion/encode.js';
import { IonStruct, type IonValue, Timestamp } from '../../ion/value.js';
import type { Revision } from '../../store/contract.js';
import { JournalInvalidError } from '../ledger-errors.js';
import { decodeStruct, type RevisionAddress } from './block.js';
import { NO_HASH } from './merkle.js';
import { revisionsOf } from './proof.js';
import { checkBlock, type CheckedBlock, isHash, UNPROVEN } from './verify.js';

/** A block as the journal has it, checked and read. */
export interface JournalBlock extends DescribedBlock {
  readonly revisions: readonly Revision[];
  readonly struct: IonStruct;
}

/** What a block did. */
export interface DescribedBlock {
  readonly strandId: string;
  readonly sequenceNo: number;
  readonly transactionId: string;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly blockHash: Uint8Array;
  readonly revisions: readonly DescribedRevision[];
  /** The revisions of earlier blocks that lost their data with it. */
  readonly redactions: readonly RevisionAddress[];
  /** AWS wrote it: some of it is there as hashes alone, its table definitions among them. */
  readonly isForeign: boolean;
  readonly check: CheckedBlock;
}

/** A revision in its block. */
export type DescribedRevision = Omit<Revision, 'data'>;

/** The table of documents of which the journal does not tell the table. */
export const UNNAMED_TABLE_ID = `${'0'.repeat(21)}2`;

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
  const described = describeBlock(block, previous);
  const structs = revisionsOf(block).filter(isWhole);
  return {
    ...described,
    struct: block,
    revisions: described.revisions.map((revision, n) => {
      const data = structs[n]?.get('data') ?? structs[n]?.get(UNPROVEN);
      return {
        ...revision,
        data: data instanceof IonStruct ? encodeAlone(data) : undefined,
      };
    }),
  };
}

/**
 * Checks a block, and that what is in none of its hashes agrees with what is.
 *
 * @throws JournalInvalidError
 */
export function describeBlock(
  block: IonStruct,
  previous: Predecessor,
): DescribedBlock {
  const sequenceNo = previous.sequenceNo + 1;
  const fail = (what: string): never => {
    throw new JournalInvalidError(sequenceNo, what);
  };
  const check = checkBlock(sequenceNo, block, previous.blockHash);
  const strandId = strandOf(block.get('blockAddress'), sequenceNo);
  if (strandId === undefined || strandId !== (previous.strandId ?? strandId))
    return fail('its address is another');
  const blockTimestamp = block.get('blockTimestamp');
  if (!(blockTimestamp instanceof Timestamp))
    return fail('it has no blockTimestamp');
  const timestamp = blockTimestamp.getDate().getTime();
  const txId = block.get('transactionId');
  if (typeof txId !== 'string') return fail('it has no transactionId');
  // Blocks that AWS wrote have more entries, and are later than their revisions.
  const entries = block.get('entriesHashList');
  const redactions = readRedactions(block.get('redactionInfo'), strandId);
  if (!redactions) return fail('its redactionInfo is none');
  const isOurs =
    Array.isArray(entries) &&
    entries.length <= OUR_ENTRIES + (block.has('redactionInfo') ? 1 : 0);
  const hasInfo = block.has('transactionInfo');
  const tables = tablesOf(block);
  const structs = revisionsOf(block);
  const revisions: DescribedRevision[] = [];
  for (const struct of structs) {
    if (!isWhole(struct)) continue;
    const revision = readRevision(
      struct,
      sequenceNo,
      // Nothing else in a block tells the tables of its documents.
      hasInfo ? tables : undefined,
    );
    if (
      !revision ||
      revision.txId !== txId ||
      strandOf(struct.get('blockAddress'), sequenceNo) !== strandId
    )
      return fail(
        'its address, transaction or tables are not those of its revisions',
      );
    if (revision.txTime > timestamp)
      return fail('it was committed before its revisions');
    revisions.push(revision);
  }
  if (block.get('revisions') === undefined && tables.size > 0)
    return fail('a document that it changes has no revision in it');
  if (isOurs && !hasInfo) return fail('it has no transactionInfo');
  if (isOurs && !hasTime(block, blockTimestamp))
    return fail('its time is not that of its revisions');
  return {
    strandId,
    sequenceNo,
    transactionId: txId,
    timestamp,
    blockHash: check.blockHash,
    revisions,
    redactions,
    isForeign: !isOurs || structs.length > revisions.length,
    check,
  };
}

/** Of a revision of a system table, AWS wrote nothing but the hash. */
const isWhole = (revision: IonStruct): boolean => revision.size > 1;

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
  return revisionsOf(block).every((revision) => {
    const metadata = revision.get('metadata');
    const txTime =
      metadata instanceof IonStruct ? metadata.get('txTime') : undefined;
    return txTime instanceof Timestamp && txTime.equals(time);
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
  tables: ReadonlyMap<string, string> | undefined,
): DescribedRevision | undefined {
  const metadata = struct.get('metadata');
  if (!(metadata instanceof IonStruct)) return undefined;
  metadata.entries();
  const [documentId, version, txTime, txId] = [
    'id',
    'version',
    'txTime',
    'txId',
  ].map((name) => metadata.get(name));
  const hash = struct.get('hash');
  // Of one that is not proven, the hash of what it was taken for.
  const dataHash = struct.get('dataHash') ?? struct.get(UNPROVEN);
  if (
    !isId(documentId) ||
    !isVersion(version) ||
    typeof txId !== 'string' ||
    !(txTime instanceof Timestamp) ||
    !isHash(hash)
  )
    return undefined;
  const tableId = tables ? tables.get(documentId) : UNNAMED_TABLE_ID;
  if (!isId(tableId)) return undefined;
  return {
    tableId,
    documentId,
    version,
    sequenceNo,
    txId,
    txTime: txTime.getDate().getTime(),
    hash,
    dataHash: isHash(dataHash) ? dataHash : undefined,
  };
}

/** Ids are part of the keys under which a store keeps things. */
const isId = (value: IonValue | undefined): value is string =>
  typeof value === 'string' && /^[A-Za-z0-9]{22}$/.test(value);

const isVersion = (value: IonValue | undefined): value is number =>
  typeof value === 'number' && value >= 0 && value < 2 ** 32;
