import { dot, hashIon, ionHash, statementHash } from '../ion/hash.js';

/**
 * The digest that driver and ledger each compute over a transaction and compare
 * at its commit, so that neither can lose, repeat or reorder a statement unseen.
 *
 *   digest = H(transaction id)
 *   per statement: digest = dot(digest, H(statement) · H(parameter)…)
 *
 * Pages that are fetched do not count.
 */
export class CommitDigest {
  #digest: Uint8Array;

  constructor(transactionId: string) {
    this.#digest = hashIon(transactionId);
  }

  /** Adds one statement, with its parameters as Ion binary. */
  add(statement: string, parameters: readonly Uint8Array[] = []): void {
    this.addDigest(statementDigest(statement, parameters.map(ionHash)));
  }

  /** Adds a statement whose {@link statementDigest} is known already. */
  addDigest(digest: Uint8Array): void {
    this.#digest = dot(this.#digest, digest);
  }

  /** The digest so far; 32 bytes. */
  get value(): Uint8Array {
    return this.#digest;
  }
}

/** Hash of a statement and the Ion hashes of its parameters, in their order. */
export function statementDigest(
  statement: string,
  parameterHashes: readonly Uint8Array[],
): Uint8Array {
  return parameterHashes.reduce(dot, statementHash(statement));
}
