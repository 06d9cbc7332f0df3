import { IonStruct } from '../ion/value.js';
import type { KeptProof } from '../journal-files/index.js';
import type { LedgerDigest } from '../ledger/index.js';
import { CommandError } from './command-error.js';
import { digestIn } from './digest-text.js';
import {
  addressIn,
  hashesIn,
  hashIn,
  heldIn,
  keptText,
  named,
  structsIn,
} from './kept-text.js';

/** Beside a proof stands its revision, which may be as large as a transaction. */
const MOST_BYTES = 64 << 20;

/**
 * Reads a proof that was kept, as text or from a file: as `proof --json` printed
 * it, or as GetRevision answered. That answer has no digest: it is the one of
 * GetDigest's answer in the same file, or the one that is given.
 *
 * @throws CommandError when it is neither; and what reading the file throws
 */
export async function readProof(
  given: string,
  digest?: LedgerDigest,
): Promise<KeptProof> {
  const structs = structsIn(await keptText('--proof', given, MOST_BYTES));
  const answer = structs.find((struct) => struct.has('Revision'));
  const [other, ...more] = structs.filter((struct) => struct !== answer);
  const beside = other && digestIn(other);
  const proof = answer ? answeredIn(answer) : other && printedIn(other);
  if (!proof || more.length > 0 || (answer && other && !beside))
    throw new CommandError(
      `--proof takes a proof as proof --json printed it or GetRevision answered it, or a file with one: ${named(given)} is none.`,
    );
  const hash = proof.digest ?? (beside ?? digest)?.digest;
  if (hash) return { ...proof, digest: hash };
  throw new CommandError(
    `What GetRevision answers has no digest, and none is beside it in ${named(given)}: give it with --digest, or put what GetDigest answered into the same file.`,
  );
}

type FoundProof = Omit<KeptProof, 'digest'> & Partial<KeptProof>;

/** What GetRevision answered. */
function answeredIn(answer: IonStruct): FoundProof | undefined {
  const revision = heldIn(answer.get('Revision'));
  const proof = hashesIn(heldIn(answer.get('Proof')));
  if (!(revision instanceof IonStruct) || !proof) return undefined;
  const blockAddress = addressIn(revision.get('blockAddress'));
  const metadata = revision.get('metadata');
  const documentId =
    metadata instanceof IonStruct ? metadata.get('id') : undefined;
  return blockAddress && typeof documentId === 'string'
    ? { blockAddress, documentId, proof }
    : undefined;
}

/** What `proof --json` printed. */
function printedIn(printed: IonStruct): FoundProof | undefined {
  const blockAddress = addressIn(printed.get('blockAddress'));
  const documentId = printed.get('documentId');
  const proof = hashesIn(printed.get('proof'));
  const kept = printed.get('digest');
  const digest =
    kept instanceof IonStruct ? hashIn(kept.get('digest')) : undefined;
  if (!blockAddress || !proof || !digest) return undefined;
  if (documentId !== undefined && typeof documentId !== 'string')
    return undefined;
  return { blockAddress, documentId, proof, digest };
}
