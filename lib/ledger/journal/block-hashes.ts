import type { Steps } from '../../async/maybe-promise.js';
import { isTimeToPause, isTurnLong, nextTurn } from '../../async/turns.js';
import { FieldHasher } from '../../ion/field-hasher.js';
import { dot, hashIon, sha256, toBytes } from '../../ion/hash.js';
import { rememberedTexts } from '../../ion/remembered-texts.js';
import type { BlockContents, DocumentChange, StatementInfo } from './block.js';
import { NO_HASH } from './merkle.js';

const hasher = new FieldHasher(sha256);

/** Digests of fields that are the same in many blocks. */
const tableNames = rememberedTexts((text) => hasher.text('tableName', text));
const tableIds = rememberedTexts((text) => hasher.text('tableId', text));
const statementTexts = rememberedTexts((text) =>
  hasher.text('statement', text),
);
const FIRST_STATEMENT = hasher.ints('statements', [0]);
const VERSIONS = Array.from({ length: 100 }, (_, version) =>
  hasher.int('version', version),
);

/** Hashes revisions of one block: what their metadata have in common is hashed once. */
export class RevisionHasher {
  readonly #time: string;
  readonly #transaction: string;

  constructor(timestamp: number, transactionId: string) {
    this.#time = hasher.time('txTime', timestamp);
    this.#transaction = hasher.text('txId', transactionId);
  }

  /** `dot(H(metadata), H(data))` */
  hash({ documentId, version, data }: DocumentChange): Uint8Array {
    const metadata = hasher.hash([
      hasher.text('id', documentId),
      VERSIONS[version] ?? hasher.int('version', version),
      this.#time,
      this.#transaction,
    ]);
    return dot(toBytes(metadata), data ? hashIon(data) : NO_HASH);
  }
}

/** H(transactionInfo) of a block; a large one with turns for others. */
export function* transactionInfoHash({
  statements,
  changes,
}: Pick<BlockContents, 'statements' | 'changes'>): Steps<Uint8Array> {
  const statementHashes: string[][] = [];
  for (const statement of statements) {
    statementHashes.push(statementFields(statement));
    // The parameters of each may be large.
    if (statementHashes.length % 8 === 0 && isTurnLong()) yield nextTurn();
  }
  const fields = [hasher.structs('statements', statementHashes)];
  if (changes.length > 0) {
    const documents: string[] = [];
    for (const [n, change] of changes.entries()) {
      documents.push(documentField(change));
      if (isTimeToPause(n)) yield nextTurn();
    }
    fields.push(hasher.struct('documents', documents));
  }
  return toBytes(hasher.hash(fields));
}

function statementFields({
  statement,
  startTime,
  statementDigest,
}: StatementInfo): string[] {
  return [
    statementTexts(statement),
    hasher.time('startTime', startTime),
    hasher.blob('statementDigest', statementDigest),
  ];
}

function documentField({
  documentId,
  tableName,
  tableId,
  statements,
}: DocumentChange): string {
  return hasher.struct(documentId, [
    tableNames(tableName),
    tableIds(tableId),
    statements.length === 1 && statements[0] === 0
      ? FIRST_STATEMENT
      : hasher.ints('statements', statements),
  ]);
}
