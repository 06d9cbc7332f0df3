import { isDeepStrictEqual } from 'node:util';
import { toNative } from '../../ion/native.js';
import type { Ledger, LedgerDigest } from '../../ledger/index.js';
import type { Revision } from './revision.js';

/**
 * Whether a revision, as it was read, is part of the ledger that a digest
 * stands for.
 */
export async function isProven(
  ledger: Ledger,
  revision: Revision,
  { digest, digestTipAddress }: LedgerDigest,
): Promise<boolean> {
  const { InvalidParameterError, verifyRevision } =
    await import('../../ledger/index.js');
  try {
    const own = await ledger.getRevision(
      revision.blockAddress,
      revision.metadata.id,
      digestTipAddress,
    );
    return (
      isDeepStrictEqual(toNative(own.revision), revision) &&
      verifyRevision(own.revision, own.proof ?? [], digest)
    );
  } catch (error) {
    // The ledger has no such revision, or no such digest.
    if (error instanceof InvalidParameterError) return false;
    throw error;
  }
}
