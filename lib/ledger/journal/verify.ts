import { dot, hashIon } from '../../ion/hash.js';
import { IonStruct, type IonValue } from '../../ion/value.js';
import { JournalInvalidError } from '../ledger-errors.js';
import { merkleRoot, NO_HASH } from './merkle.js';

/**
 * Recomputes the hash of a revision from its metadata and data. A deleted
 * revision has no data; a redacted one has `dataHash` in its place.
 *
 * @returns the hash, or undefined when the struct is no revision
 */
export function revisionHash(revision: IonStruct): Uint8Array | undefined {
  if (!(revision instanceof IonStruct) || !hasRevisionFields(revision))
    return undefined;
  const metadata = revision.get('metadata');
  if (!(metadata instanceof IonStruct)) return undefined;
  const data = revision.get('data');
  if (data !== undefined) return dot(hashIon(metadata), hashIon(data));
  const dataHash = revision.get('dataHash');
  if (dataHash === undefined) return hashIon(metadata);
  return isHash(dataHash) ? dot(hashIon(metadata), dataHash) : undefined;
}

const REVISION_FIELDS = [
  'blockAddress',
  'hash',
  'data',
  'dataHash',
  'metadata',
];

/** True if a revision has no field but its own, and none twice: of two with one name, a reader could take the other. */
function hasRevisionFields(revision: IonStruct): boolean {
  const seen = new Set<string | null>();
  for (const [name] of revision.entries()) {
    if (name === null || !REVISION_FIELDS.includes(name) || seen.has(name))
      return false;
    seen.add(name);
  }
  return !(seen.has('data') && seen.has('dataHash'));
}

/** Folds a proof over a hash: what must come out is the digest. */
export function foldProof(
  hash: Uint8Array,
  proof: readonly Uint8Array[],
): Uint8Array {
  return proof.reduce(dot, hash);
}

/**
 * True if a revision is part of the ledger that the digest stands for: its hash
 * is that of its metadata and data, and the proof leads from there to the digest.
 *
 * Everything may come from a stranger: what is no hash, or no revision, is false.
 * The `blockAddress` is in no hash: where the revision stands is proved by the
 * path alone, not by what it says.
 */
export function verifyRevision(
  revision: IonStruct,
  proof: readonly IonValue[],
  digest: Uint8Array,
): boolean {
  if (!Array.isArray(proof) || !isHash(digest)) return false;
  const hash = revisionHash(revision);
  if (hash === undefined) return false;
  const stated = revision.get('hash');
  return (
    (stated === undefined || (isHash(stated) && equal(stated, hash))) &&
    proof.every(isHash) &&
    equal(foldProof(hash, proof), digest)
  );
}

/**
 * Checks one block: every revision, the entries, the link to the block before.
 * It holds for blocks that AWS wrote as well, and for the summaries of them that
 * it streamed: their entry list has hashes of internal metadata too, so it is
 * searched for what can be recomputed.
 *
 * @param previousBlockHash - hash of the block before; empty for the first
 * @returns the block's hash
 * @throws JournalInvalidError naming the first thing that does not agree
 */
export function verifyBlock(
  sequenceNo: number,
  block: IonStruct,
  previousBlockHash: Uint8Array,
): Uint8Array {
  const { blockHash, unprovenRevisions } = checkBlock(
    sequenceNo,
    block,
    previousBlockHash,
  );
  if (unprovenRevisions > 0)
    throw new JournalInvalidError(sequenceNo, 'a revision in it is not proven');
  return blockHash;
}

/** A block that agrees with its hashes. */
export interface CheckedBlock {
  readonly blockHash: Uint8Array;
  /** How many of its entries follow from what stands in it. */
  readonly provenEntries: number;
  /** How many of its entries, and of its revisions, are there as hashes alone. */
  readonly opaqueEntries: number;
  /**
   * How many of its revisions came as JSON, and no reading of it has their hash:
   * what they say stands under `unproven` in the place of `data`.
   */
  readonly unprovenRevisions: number;
}

/** What {@link verifyBlock} does, and how much of the block it could recompute. */
export function checkBlock(
  sequenceNo: number,
  block: IonStruct,
  previousBlockHash: Uint8Array,
): CheckedBlock {
  const fail = (what: string): never => {
    throw new JournalInvalidError(sequenceNo, what);
  };
  // Of two fields of one name, another reader could take the other.
  const names = block.entries().map(([name]) => name);
  if (new Set(names).size < names.length) fail('it has a field twice');
  const hashAt = (name: string): Uint8Array => {
    const value = block.get(name);
    return value instanceof Uint8Array ? value : fail(`it has no ${name}`);
  };

  const address = block.get('blockAddress');
  if (
    !(address instanceof IonStruct) ||
    address.get('sequenceNo') !== sequenceNo
  )
    fail('its address is another');
  if (!equal(hashAt('previousBlockHash'), previousBlockHash))
    fail('it does not follow the block before it');

  const list = block.get('entriesHashList');
  const entries = Array.isArray(list) ? list.filter(isHash) : [];
  if (!Array.isArray(list) || entries.length !== list.length)
    fail('its entriesHashList is none');
  const entriesHash = merkleRoot(entries);
  if (!equal(hashAt('entriesHash'), entriesHash))
    fail('entriesHash is not the root of its entries');
  const blockHash = dot(entriesHash, previousBlockHash);
  if (!equal(hashAt('blockHash'), blockHash))
    fail('blockHash is not that of its entries and the block before');

  const proven = new Set<number>();
  const prove = (hash: Uint8Array, what: string): void => {
    const at = entries.findIndex((entry) => equal(entry, hash));
    if (at < 0) fail(`${what} not among its entries`);
    proven.add(at);
  };
  // Blocks of AWS may have neither.
  for (const name of ['transactionInfo', 'redactionInfo']) {
    const info = block.get(name);
    if (info !== undefined) prove(hashIon(info), `${name} is`);
  }

  const summaries = block.get('revisionSummaries');
  const revisions = block.get('revisions') ?? summaries ?? [];
  if (!Array.isArray(revisions)) return fail('its revisions are no list');
  let hashesAlone = 0;
  let unprovenRevisions = 0;
  const hashes = revisions.map((revision: IonValue, n) => {
    if (revision instanceof IonStruct) revision.entries();
    const stated =
      revision instanceof IonStruct ? revision.get('hash') : undefined;
    if (!(revision instanceof IonStruct) || !isHash(stated))
      return fail(`revision ${n} has no hash`);
    // A revision of a system table has nothing but its hash; neither has one in
    // the summary of a block.
    if (revision.size === 1 || revisions === summaries) {
      hashesAlone++;
      return stated;
    }
    if (isUnproven(revision)) {
      unprovenRevisions++;
      return stated;
    }
    const hash = revisionHash(revision) ?? NO_HASH;
    return equal(hash, stated)
      ? hash
      : fail(`revision ${n} does not hash to what it says`);
  });
  if (hashes.length > 0) prove(merkleRoot(hashes), 'its revisions are');
  // What it changed is in a hash, and has to be there: a revision is left out,
  // or cut down to its hash, without a trace in any other.
  const there = new Set(revisions.map(documentIdOf));
  for (const id of changedDocuments(block))
    if (!there.has(id))
      fail('a document that it changes has no revision in it');
  return {
    blockHash,
    provenEntries: proven.size,
    opaqueEntries: entries.length - proven.size + hashesAlone,
    unprovenRevisions,
  };
}

/** The name of the data that is not proven. */
export const UNPROVEN = 'unproven';

function isUnproven(revision: IonStruct): boolean {
  return (
    revision.has(UNPROVEN) &&
    revision.size === UNPROVEN_FIELDS.length &&
    UNPROVEN_FIELDS.every((name) => revision.has(name))
  );
}

const UNPROVEN_FIELDS = ['blockAddress', 'hash', UNPROVEN, 'metadata'];

function documentIdOf(revision: IonValue): IonValue | undefined {
  if (!(revision instanceof IonStruct)) return undefined;
  const metadata = revision.get('metadata');
  return metadata instanceof IonStruct
    ? metadata.get('id')
    : revision.get('documentId');
}

/** The ids of the documents that a block says it changes. */
function changedDocuments(block: IonStruct): readonly IonValue[] {
  const info = block.get('transactionInfo');
  const documents =
    info instanceof IonStruct ? info.get('documents') : undefined;
  return documents instanceof IonStruct
    ? Array.from(documents.entries(), ([id]) => id)
    : [];
}

export function isHash(value: IonValue | undefined): value is Uint8Array {
  return value instanceof Uint8Array && value.length === 32;
}

export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
