import { BadRequestException } from '@nestjs/common';
import { IonStruct, parseIonText } from 'nestjs-qldb/ion';
import type { BlockAddress } from 'nestjs-qldb/ledger';

/** A proof as `GET /registrations/:vin/proof` gives it. */
export interface ProofInput {
  readonly revision: IonStruct;
  readonly blockAddress: BlockAddress;
  readonly digest: Uint8Array;
  readonly digestTipAddress: BlockAddress;
  readonly proof: readonly Uint8Array[];
}

/**
 * Whether something is altered is for the check to say; here it is only read.
 *
 * @throws BadRequestException when it is no proof at all
 */
export function parseProof(body: object): ProofInput {
  const { revision, blockAddress, digest, digestTipAddress, proof } =
    body as Partial<Record<keyof ProofInput, unknown>>;
  if (
    typeof revision === 'string' &&
    isAddress(blockAddress) &&
    typeof digest === 'string' &&
    isAddress(digestTipAddress) &&
    Array.isArray(proof) &&
    proof.every((hash) => typeof hash === 'string')
  )
    return {
      revision: parseRevision(revision),
      blockAddress,
      digest: Buffer.from(digest, 'base64'),
      digestTipAddress,
      proof: proof.map((hash: string) => Buffer.from(hash, 'base64')),
    };
  throw new BadRequestException(
    'Send the whole answer of GET /registrations/:vin/proof: revision, blockAddress, digest, digestTipAddress and proof.',
  );
}

function parseRevision(text: string): IonStruct {
  let value;
  try {
    value = parseIonText(text);
  } catch (cause) {
    throw new BadRequestException('revision is no Ion text.', { cause });
  }
  if (value instanceof IonStruct) return value;
  throw new BadRequestException('revision is no Ion struct.');
}

function isAddress(value: unknown): value is BlockAddress {
  if (typeof value !== 'object' || value === null) return false;
  const { strandId, sequenceNo } = value as Record<string, unknown>;
  return typeof strandId === 'string' && Number.isSafeInteger(sequenceNo);
}
