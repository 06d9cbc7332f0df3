import { BadRequestException } from '../../session/index.js';
import type { LedgerLimits } from '../limits.js';

/** Bounds of one transaction. */
export type SizeLimits = Pick<
  LedgerLimits,
  'maxTransactionDocuments' | 'maxTransactionBytes'
>;

/** What a transaction holds. It never becomes more than the limits allow. */
export class TransactionSize {
  readonly #limits: SizeLimits;
  #documents: number;
  #bytes: number;

  constructor(limits: SizeLimits, documents = 0, bytes = 0) {
    this.#limits = limits;
    this.#documents = documents;
    this.#bytes = bytes;
  }

  /**
   * Counts what is about to be held; less than nothing is what is let go.
   *
   * @throws BadRequestException naming the limit that it would exceed
   */
  add(documents: number, bytes: number): void {
    const { maxTransactionDocuments, maxTransactionBytes } = this.#limits;
    if (documents > 0 && this.#documents + documents > maxTransactionDocuments)
      throw exceeded(
        `${maxTransactionDocuments} documents written`,
        'maxTransactionDocuments',
      );
    if (bytes > 0 && this.#bytes + bytes > maxTransactionBytes)
      throw exceeded(
        `${maxTransactionBytes} bytes of parameters and written documents`,
        'maxTransactionBytes',
      );
    this.#documents += documents;
    this.#bytes += bytes;
  }

  /** The same, for a statement that may fail. */
  copy(): TransactionSize {
    return new TransactionSize(this.#limits, this.#documents, this.#bytes);
  }
}

function exceeded(what: string, option: keyof SizeLimits): Error {
  return new BadRequestException(
    `A transaction has a limit of ${what}, and this statement exceeds it. Do the work in several transactions, or raise ${option} of the ledger.`,
  );
}
