import { encodeIon } from '../../ion/encode.js';
import { hashIon } from '../../ion/hash.js';
import { IonStruct, type IonValue } from '../../ion/value.js';
import { decodeStruct } from './block.js';
import { UNPROVEN } from './verify.js';

/** A revision in its block. */
export interface RevisionInBlockId {
  readonly documentId: string;
  readonly version: number;
}

/**
 * What takes the data of a revision out of a block, and puts the data's hash in
 * its place: every hash of the block stays as it is.
 */
export function redactBlock({
  documentId,
  version,
}: RevisionInBlockId): (block: Uint8Array) => Uint8Array {
  return (bytes) => {
    const block = decodeStruct(bytes);
    return encodeIon(
      IonStruct.of(
        block
          .entries()
          .map(([name, value]) => [
            name,
            name === 'revisions' && Array.isArray(value)
              ? value.map((revision: IonValue) =>
                  isRevision(revision, documentId, version)
                    ? redactRevision(revision)
                    : revision,
                )
              : value,
          ]),
      ),
    );
  };
}

function isRevision(
  revision: IonValue,
  documentId: string,
  version: number,
): revision is IonStruct {
  if (!(revision instanceof IonStruct)) return false;
  const metadata = revision.get('metadata');
  return (
    metadata instanceof IonStruct &&
    metadata.get('id') === documentId &&
    metadata.get('version') === version
  );
}

/** A revision with `dataHash` where its `data` stood; what is not proven stays marked so. */
function redactRevision(revision: IonStruct): IonStruct {
  return IonStruct.of(
    revision.entries().map(([name, value]) => {
      if (name === 'data') return ['dataHash', hashIon(value)];
      return name === UNPROVEN ? [name, hashIon(value)] : [name, value];
    }),
  );
}
