import type { IOUsage, TimingInformation } from '../session/endpoint.js';

/** Input and output that a ledger spent. Each number is absent if the ledger did not say. */
export interface ConsumedIOs {
  readonly readIOs?: number;
  readonly writeIOs?: number;
}

/** Time that a ledger spent, without the way there and back. */
export interface ProcessingTime {
  readonly processingTimeMilliseconds: number;
}

/** What a reply may say about its cost. */
export interface ReplyStatistics {
  readonly ConsumedIOs?: IOUsage | undefined;
  readonly TimingInformation?: TimingInformation | undefined;
}

/** Adds up what the replies of one result, or of one transaction, have cost. */
export class Statistics {
  #readIOs: number | undefined;
  #writeIOs: number | undefined;
  #milliseconds: number | undefined;

  add(reply: ReplyStatistics | undefined): void {
    if (reply === undefined) return;
    this.#readIOs = sum(this.#readIOs, reply.ConsumedIOs?.ReadIOs);
    this.#writeIOs = sum(this.#writeIOs, reply.ConsumedIOs?.WriteIOs);
    this.#milliseconds = sum(
      this.#milliseconds,
      reply.TimingInformation?.ProcessingTimeMilliseconds,
    );
  }

  get consumedIOs(): ConsumedIOs | undefined {
    if (this.#readIOs === undefined && this.#writeIOs === undefined) {
      return undefined;
    }
    return {
      ...(this.#readIOs === undefined ? {} : { readIOs: this.#readIOs }),
      ...(this.#writeIOs === undefined ? {} : { writeIOs: this.#writeIOs }),
    };
  }

  get processingTime(): ProcessingTime | undefined {
    return this.#milliseconds === undefined
      ? undefined
      : { processingTimeMilliseconds: this.#milliseconds };
  }
}

/** An absent number counts for nothing, and never makes NaN of the rest. */
function sum(
  total: number | undefined,
  part: number | null | undefined,
): number | undefined {
  return typeof part === 'number' ? (total ?? 0) + part : total;
}
