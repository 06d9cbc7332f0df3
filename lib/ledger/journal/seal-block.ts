import type { Steps } from '../../async/maybe-promise.js';
import { isTimeToPause, nextTurn } from '../../async/turns.js';
import { encodeAlone } from '../../ion/encode.js';
import { dot, hashIon } from '../../ion/hash.js';
import type { IonStruct } from '../../ion/value.js';
import { IonWriter } from '../../ion/writer.js';
import type { Revision } from '../../store/contract.js';
import {
  type BlockAddress,
  type BlockContents,
  type DocumentChange,
  redactionInfo,
} from './block.js';
import { RevisionHasher, transactionInfoHash } from './block-hashes.js';
import { MerkleFrontier, merkleRoot } from './merkle.js';

/** A block ready to be stored. */
export interface SealedBlock {
  /** Ion binary. */
  readonly bytes: Uint8Array;
  readonly blockHash: Uint8Array;
  readonly revisions: readonly Revision[];
}

/** The hashes that stand in a block. */
interface BlockHashes {
  readonly entriesHashList: readonly Uint8Array[];
  readonly entriesHash: Uint8Array;
  readonly blockHash: Uint8Array;
}

/** What a revision has in a block besides its data, about, in bytes. */
const REVISION_BYTES = 200;

/** For blocks that are made in one go. */
const sharedWriter = new IonWriter();

/**
 * Makes a block with its hashes; a large one with turns for others.
 *
 *   revision.hash = dot(H(metadata), H(data))
 *   entriesHash   = merkle([merkle(revision hashes), H(transactionInfo), H(redactionInfo)]),
 *                   those of them that there are
 *   blockHash     = dot(entriesHash, previousBlockHash)
 */
export function* sealBlock(contents: BlockContents): Steps<SealedBlock> {
  const { address, previousBlockHash, transactionId, timestamp, changes } =
    contents;
  const hasher = new RevisionHasher(timestamp, transactionId);
  const redaction =
    contents.redaction && redactionInfo(address.strandId, contents.redaction);

  const revisions: Revision[] = [];
  const tree = MerkleFrontier.empty();
  for (const [n, change] of changes.entries()) {
    const { documentId, tableId, version, data } = change;
    const hash = hasher.hash(change);
    tree.append(hash);
    revisions.push({
      tableId,
      documentId,
      version,
      sequenceNo: address.sequenceNo,
      txId: transactionId,
      txTime: timestamp,
      hash,
      data: data && encodeAlone(data),
      dataHash: undefined,
    });
    if (isTimeToPause(n)) yield nextTurn();
  }
  const entriesHashList = [
    ...(revisions.length > 0 ? [tree.root] : []),
    yield* transactionInfoHash(contents),
    ...(redaction ? [hashIon(redaction)] : []),
  ];
  const entriesHash = merkleRoot(entriesHashList);
  const blockHash = dot(entriesHash, previousBlockHash);
  const hashes = { entriesHashList, entriesHash, blockHash };
  const bytes = yield* encodeBlock(contents, hashes, revisions, redaction);
  return { bytes, blockHash, revisions };
}

function* encodeBlock(
  contents: BlockContents,
  { entriesHashList, entriesHash, blockHash }: BlockHashes,
  revisions: readonly Revision[],
  redaction: IonStruct | undefined,
): Steps<Uint8Array> {
  const { address, transactionId, timestamp, statements, changes } = contents;
  const data = revisions.reduce(
    (sum, revision) => sum + REVISION_BYTES + (revision.data?.length ?? 0),
    0,
  );
  const writer = sharedWriter.begin() ? sharedWriter : freshWriter();
  try {
    writer.beginStruct(500 + data);
    writeAddress(writer, address);
    writer.text('transactionId', transactionId);
    writer.time('blockTimestamp', timestamp);
    writer.blob('blockHash', blockHash);
    writer.blob('entriesHash', entriesHash);
    writer.blob('previousBlockHash', contents.previousBlockHash);
    writer.name('entriesHashList');
    writer.beginList(34 * entriesHashList.length);
    for (const hash of entriesHashList) writer.blobItem(hash);
    writer.endContainer();

    writer.name('transactionInfo');
    writer.beginStruct(200 + 60 * changes.length);
    writer.name('statements');
    writer.beginList(128);
    for (const { statement, startTime, statementDigest } of statements) {
      writer.beginStruct();
      writer.text('statement', statement);
      writer.time('startTime', startTime);
      writer.blob('statementDigest', statementDigest);
      writer.endContainer();
    }
    writer.endContainer();
    if (changes.length > 0) {
      writer.name('documents');
      writer.beginStruct(60 * changes.length);
      for (const [n, change] of changes.entries()) {
        writeDocument(writer, change);
        if (isTimeToPause(n)) yield nextTurn();
      }
      writer.endContainer();
    }
    writer.endContainer();

    if (redaction) writer.document('redactionInfo', redaction);
    if (revisions.length > 0) {
      writer.name('revisions');
      writer.beginList(data);
      for (const [n, revision] of revisions.entries()) {
        writeRevision(writer, address, revision, changes[n]);
        if (isTimeToPause(n)) yield nextTurn();
      }
      writer.endContainer();
    }
    writer.endContainer();
    return writer.end();
  } catch (error) {
    writer.abandon();
    throw error;
  }
}

function freshWriter(): IonWriter {
  const writer = new IonWriter();
  writer.begin();
  return writer;
}

function writeAddress(
  writer: IonWriter,
  { strandId, sequenceNo }: BlockAddress,
): void {
  writer.name('blockAddress');
  writer.beginStruct();
  writer.text('strandId', strandId);
  writer.integer('sequenceNo', sequenceNo);
  writer.endContainer();
}

function writeDocument(
  writer: IonWriter,
  { documentId, tableName, tableId, statements }: DocumentChange,
): void {
  writer.name(documentId);
  writer.beginStruct();
  writer.text('tableName', tableName);
  writer.text('tableId', tableId);
  writer.name('statements');
  writer.beginList();
  for (const statement of statements) writer.intItem(statement);
  writer.endContainer();
  writer.endContainer();
}

function writeRevision(
  writer: IonWriter,
  address: BlockAddress,
  { documentId, version, hash, txId, txTime }: Revision,
  { data }: DocumentChange,
): void {
  writer.beginStruct(REVISION_BYTES);
  writeAddress(writer, address);
  writer.blob('hash', hash);
  if (data) writer.document('data', data);
  writer.name('metadata');
  writer.beginStruct();
  writer.text('id', documentId);
  writer.integer('version', version);
  writer.time('txTime', txTime);
  writer.text('txId', txId);
  writer.endContainer();
  writer.endContainer();
}
