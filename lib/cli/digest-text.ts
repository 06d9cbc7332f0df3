import type { LedgerDigest, VerifyOptions } from '../ledger/index.js';
import { CommandError } from './command-error.js';

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

/** @throws CommandError */
export function readDigest(text: string): LedgerDigest {
  const [, strandId, sequenceNo, hash] = DIGEST.exec(text) ?? [];
  if (strandId === undefined || hash === undefined)
    throw new CommandError('--digest takes a digest as it is printed.');
  return {
    digest: Buffer.from(hash, 'base64'),
    digestTipAddress: { strandId, sequenceNo: Number(sequenceNo) },
  };
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
