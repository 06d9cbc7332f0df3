import { decodeIon } from '../../ion/decode.js';
import {
  Decimal,
  IonStruct,
  type IonValue,
  Timestamp,
} from '../../ion/value.js';
import type { Revision } from '../../store/contract.js';

/** Where a block stands: the ledger's one strand, and its number there, from 0. */
export interface BlockAddress {
  readonly strandId: string;
  readonly sequenceNo: number;
}

/** Where a revision stands. */
export interface RevisionAddress {
  readonly sequenceNo: number;
  readonly tableId: string;
  readonly documentId: string;
  readonly version: number;
}

/** A statement as a block records it: its text with `?` for parameters, and what they hash to. */
export interface StatementInfo {
  readonly statement: string;
  /** Milliseconds since the epoch. */
  readonly startTime: number;
  /** `H(statement)`, combined with the hash of each parameter. */
  readonly statementDigest: Uint8Array;
}

/** The state in which a transaction leaves one document. */
export interface DocumentChange {
  readonly documentId: string;
  readonly tableId: string;
  readonly tableName: string;
  readonly version: number;
  /** Absent when the transaction deletes the document. */
  readonly data?: IonStruct;
  /** Which statements of the transaction changed it, from 0. */
  readonly statements: readonly number[];
}

/** What a block is made from. */
export interface BlockContents {
  readonly address: BlockAddress;
  readonly transactionId: string;
  /** Milliseconds since the epoch; the `txTime` of its revisions too. */
  readonly timestamp: number;
  readonly previousBlockHash: Uint8Array;
  readonly statements: readonly StatementInfo[];
  readonly changes: readonly DocumentChange[];
  /** The revision that loses its data with it. */
  readonly redaction?: RevisionAddress | undefined;
}

/** A revision as blocks, the committed view and `history()` show it. */
export function revisionStruct(
  strandId: string,
  revision: Revision,
  data: IonStruct | undefined = revision.data && decodeStruct(revision.data),
): IonStruct {
  const { documentId, version, sequenceNo, txId, txTime, hash } = revision;
  const fields: [string, IonValue][] = [
    ['blockAddress', addressStruct({ strandId, sequenceNo })],
    ['hash', hash],
  ];
  if (revision.dataHash) fields.push(['dataHash', revision.dataHash]);
  else if (data) fields.push(['data', data]);
  fields.push([
    'metadata',
    metadataStruct(documentId, version, timestampOf(txTime), txId),
  ]);
  return IonStruct.of(fields);
}

function metadataStruct(
  id: string,
  version: number,
  txTime: Timestamp,
  txId: string,
): IonStruct {
  return IonStruct.of([
    ['id', id],
    ['version', version],
    ['txTime', txTime],
    ['txId', txId],
  ]);
}

export function addressStruct({
  strandId,
  sequenceNo,
}: BlockAddress): IonStruct {
  return IonStruct.of([
    ['strandId', strandId],
    ['sequenceNo', sequenceNo],
  ]);
}

/** `redactionInfo` of a block, and the one row of `REDACT_REVISION` in it. */
export function redactionInfo(
  strandId: string,
  redaction: RevisionAddress,
): IonStruct {
  return IonStruct.of([['revisions', [redactionStruct(strandId, redaction)]]]);
}

export function redactionStruct(
  strandId: string,
  { sequenceNo, tableId, documentId, version }: RevisionAddress,
): IonStruct {
  return IonStruct.of([
    ['blockAddress', addressStruct({ strandId, sequenceNo })],
    ['tableId', tableId],
    ['documentId', documentId],
    ['version', version],
  ]);
}

/** An instant as the journal writes it: UTC, with milliseconds. */
export function timestampOf(milliseconds: number): Timestamp {
  const date = new Date(milliseconds);
  return new Timestamp(
    0,
    date.getUTCFullYear(),
    date.getUTCMonth() + 1,
    date.getUTCDate(),
    date.getUTCHours(),
    date.getUTCMinutes(),
    new Decimal(date.getUTCSeconds() * 1000 + date.getUTCMilliseconds(), -3),
  );
}

/** Decodes bytes that the ledger itself wrote as a struct. */
export function decodeStruct(bytes: Uint8Array): IonStruct {
  const value = decodeIon(bytes);
  if (value instanceof IonStruct) return value;
  throw new TypeError('A stored document is no Ion struct.');
}
