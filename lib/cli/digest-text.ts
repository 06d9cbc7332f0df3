import type { IonStruct } from '../ion/value.js';
import type { LedgerDigest, VerifyOptions } from '../ledger/index.js';
import { CommandError } from './command-error.js';
import {
  addressIn,
  hashIn,
  heldIn,
  keptText,
  named,
  structsIn,
} from './kept-text.js';

/** A digest as it is printed: `STRAND:BLOCK:HASH`, the hash in base64. */
export function formatDigest({
  digest,
  digestTipAddress,
}: LedgerDigest): string {
  const { strandId, sequenceNo } = digestTipAddress;
  return `${strandId}:${sequenceNo}:${base64(digest)}`;
}

export const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes).toString('base64');

/** A digest for a program, with its text as it is given back. */
export const digestJson = (digest: LedgerDigest): object => ({
  digest: base64(digest.digest),
  digestTipAddress: digest.digestTipAddress,
  text: formatDigest(digest),
});

const DIGEST = /^([A-Za-z0-9]{22}):(\d{1,15}):([A-Za-z0-9+/]{43}=)$/;

/** A digest is short; with all that may stand beside it, it is shorter than this. */
const MOST_BYTES = 64 << 10;

/**
 * Reads a digest that was kept, as text or from a file: as it is printed, with
 * `--json` or without, or as GetDigest answered.
 *
 * @throws CommandError
 */
export async function readDigest(given: string): Promise<LedgerDigest> {
  const text = await textOfDigest(given);
  const [struct, ...more] = structsIn(text);
  const digest =
    printedDigest(text) ??
    (struct && more.length === 0 ? digestIn(struct) : undefined);
  if (digest) return digest;
  throw new CommandError(`${TAKES}: ${named(given)} is none.`);
}

const TAKES =
  '--digest takes a digest as it is printed or as GetDigest answered, or a file with one';

async function textOfDigest(given: string): Promise<string> {
  if (printedDigest(given)) return given;
  try {
    return await keptText('--digest', given, MOST_BYTES);
  } catch (cause) {
    if (cause instanceof CommandError) throw cause;
    throw new CommandError(
      `${TAKES}: ${named(given)} is none, and no file that can be read.`,
      { cause },
    );
  }
}

function printedDigest(text: string): LedgerDigest | undefined {
  const [, strandId, sequenceNo, hash] = DIGEST.exec(text.trim()) ?? [];
  if (strandId === undefined || hash === undefined) return undefined;
  return {
    digest: Buffer.from(hash, 'base64'),
    digestTipAddress: { strandId, sequenceNo: Number(sequenceNo) },
  };
}

/** The digest in what GetDigest answered, or a `--json` of ours. */
export function digestIn(kept: IonStruct): LedgerDigest | undefined {
  const digest = hashIn(kept.get('Digest') ?? kept.get('digest'));
  const digestTipAddress = addressIn(
    heldIn(kept.get('DigestTipAddress')) ?? kept.get('digestTipAddress'),
  );
  return digest && digestTipAddress && { digest, digestTipAddress };
}

const BLOCK_HASH = /^(\d{1,15}):([A-Za-z0-9+/]{43}=)$/;

/** @throws CommandError */
export function readBlockHash(text: string): VerifyOptions['from'] {
  const [, sequenceNo, hash] = BLOCK_HASH.exec(text) ?? [];
  if (hash === undefined)
    throw new CommandError('--from takes BLOCK:HASH, the hash in base64.');
  return {
    sequenceNo: Number(sequenceNo),
    blockHash: Buffer.from(hash, 'base64'),
  };
}
