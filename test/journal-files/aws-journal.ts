import { createHash } from 'node:crypto';
import { dot, hashIon } from '../../lib/ion/hash.js';
import { encodeIon } from '../../lib/ion/encode.js';
import { IonStruct, type IonValue, Timestamp } from '../../lib/ion/value.js';
import type { Ledger } from '../../lib/ledger/index.js';
import { timestampOf, decodeStruct } from '../../lib/ledger/journal/block.js';
import { merkleRoot, NO_HASH } from '../../lib/ledger/journal/merkle.js';
import {
  REDACTIONS_TABLE,
  SYSTEM_TABLE_ID,
} from '../../lib/ledger/transaction/table-catalog.js';

const SYSTEM_TABLES = [SYSTEM_TABLE_ID, REDACTIONS_TABLE.tableId];

/**
 * A ledger's journal as AWS would have written it: of its system tables the
 * hashes alone, entries that are internal to it, blocks a little later than
 * their revisions.
 */
export async function asAws(ledger: Ledger): Promise<IonStruct[]> {
  const blocks: IonStruct[] = [];
  let previous: Uint8Array = NO_HASH;
  for await (const batch of ledger.blocks())
    for (const bytes of batch) {
      const block = rewrite(decodeStruct(bytes), previous);
      previous = block.get('blockHash') as Uint8Array;
      blocks.push(decodeStruct(encodeIon(block)));
    }
  return blocks;
}

function rewrite(block: IonStruct, previousBlockHash: Uint8Array): IonStruct {
  const tables = tablesOf(block);
  const revisions = listOf(block.get('revisions')).map((revision) => {
    const id = (revision.get('metadata') as IonStruct).get('id');
    return SYSTEM_TABLES.includes(tables.get(textOf(id)) ?? '')
      ? IonStruct.of([['hash', revision.get('hash') ?? null]])
      : revision;
  });
  const transactionInfo = withoutSystemTables(
    block.get('transactionInfo') as IonStruct,
  );
  const redactionInfo = block.get('redactionInfo');
  const hashes = revisions.map((one) => one.get('hash') as Uint8Array);
  const entriesHashList = [
    internal(block, 0),
    ...(hashes.length > 0 ? [merkleRoot(hashes)] : []),
    internal(block, 1),
    hashIon(transactionInfo),
    ...(redactionInfo === undefined ? [] : [hashIon(redactionInfo)]),
  ];
  const entriesHash = merkleRoot(entriesHashList);
  const time = block.get('blockTimestamp') as Timestamp;
  return IonStruct.of([
    ['blockAddress', block.get('blockAddress') ?? null],
    ['transactionId', block.get('transactionId') ?? null],
    ['blockTimestamp', timestampOf(time.getDate().getTime() + 16)],
    ['blockHash', dot(entriesHash, previousBlockHash)],
    ['entriesHash', entriesHash],
    ['previousBlockHash', previousBlockHash],
    ['entriesHashList', entriesHashList],
    ['transactionInfo', transactionInfo],
    ...(redactionInfo === undefined
      ? []
      : [['redactionInfo', redactionInfo] as const]),
    ...(revisions.length > 0 ? [['revisions', revisions] as const] : []),
  ]);
}

function withoutSystemTables(info: IonStruct): IonStruct {
  const documents = info.get('documents');
  if (!(documents instanceof IonStruct)) return info;
  const left = documents
    .fields()
    .filter(
      ([, document]) =>
        !SYSTEM_TABLES.includes(textOf((document as IonStruct).get('tableId'))),
    );
  return IonStruct.of([
    ['statements', info.get('statements') ?? null],
    ...(left.length > 0 ? [['documents', IonStruct.of(left)] as const] : []),
  ]);
}

function tablesOf(block: IonStruct): Map<string, string> {
  const info = block.get('transactionInfo') as IonStruct;
  const documents = info.get('documents');
  return new Map(
    documents instanceof IonStruct
      ? documents
          .fields()
          .map(([id, one]) => [id, textOf((one as IonStruct).get('tableId'))])
      : [],
  );
}

const textOf = (value: IonValue | undefined): string =>
  typeof value === 'string' ? value : '';

const listOf = (value: IonValue | undefined): readonly IonStruct[] =>
  Array.isArray(value) ? (value as readonly IonStruct[]) : [];

const internal = (block: IonStruct, n: number): Uint8Array =>
  new Uint8Array(
    createHash('sha256')
      .update(textOf(block.get('transactionId')))
      .update(String(n))
      .digest(),
  );
