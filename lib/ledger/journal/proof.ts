import { IonStruct, type IonValue } from '../../ion/value.js';
import { merklePath, merkleRoot } from './merkle.js';
import { equal, isHash } from './verify.js';

/** A revision in its block. */
export interface RevisionInBlock {
  readonly revision: IonStruct;
  /**
   * The hashes that lead from the revision's to the block's: siblings among the
   * revisions, siblings among the entries, the hash of the block before.
   */
  readonly path: readonly Uint8Array[];
}

/** Finds the revision of a document in a block. */
export function findRevision(
  block: IonStruct,
  documentId: string,
): RevisionInBlock | undefined {
  const revisions = revisionsOf(block);
  const at = revisions.findIndex((item) => {
    const metadata = item.get('metadata');
    return metadata instanceof IonStruct && metadata.get('id') === documentId;
  });
  const revision = revisions[at];
  if (!revision) return undefined;

  const hashes = revisions.map((item) => item.get('hash')).filter(isHash);
  const entries = list(block.get('entriesHashList')).filter(isHash);
  const root = merkleRoot(hashes);
  const entry = entries.findIndex((hash) => equal(hash, root));
  const previous = block.get('previousBlockHash');
  return {
    revision,
    path: [
      ...merklePath(hashes, at),
      ...merklePath(entries, entry),
      ...(isHash(previous) ? [previous] : []),
    ],
  };
}

/** The revisions of a block. */
export function revisionsOf(block: IonStruct): readonly IonStruct[] {
  return list(block.get('revisions')).filter(
    (item) => item instanceof IonStruct,
  );
}

function list(value: IonValue | undefined): readonly IonValue[] {
  return Array.isArray(value) ? (value as readonly IonValue[]) : [];
}
