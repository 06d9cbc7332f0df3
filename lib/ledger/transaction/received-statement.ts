import { decodeIon } from '../../ion/decode.js';
import { hashIon } from '../../ion/hash.js';
import {
  IonAnnotated,
  IonSexp,
  IonStruct,
  type IonValue,
} from '../../ion/value.js';
import { BadRequestException, statementDigest } from '../../session/index.js';
import type { StatementInfo } from '../journal/block.js';

/** A statement as the ledger received it. */
export class ReceivedStatement implements StatementInfo {
  #parameters: readonly Parameter[] | undefined;
  #digest: Uint8Array | undefined;

  constructor(
    readonly statement: string,
    /** Milliseconds since the epoch. */
    readonly startTime: number,
    parameters: readonly Parameter[],
  ) {
    this.#parameters = parameters;
  }

  /** Lets go of the parameters. */
  settle(): void {
    void this.statementDigest;
  }

  /** Worked out when it is asked for: a transaction that only reads has no block to be in. */
  get statementDigest(): Uint8Array {
    if (this.#digest === undefined) {
      const hashes = (this.#parameters ?? []).map(
        ({ value, hash }) => hash ?? hashIon(value),
      );
      this.#digest = statementDigest(this.statement, hashes);
      this.#parameters = undefined;
    }
    return this.#digest;
  }
}

/** A parameter of a statement. */
export interface Parameter {
  readonly value: IonValue;
  /** Its Ion Hash, where that is known already. */
  readonly hash?: Uint8Array;
}

/**
 * The values of parameters.
 *
 * @throws BadRequestException naming the first one that is none
 */
export function readParameters(
  parameters: readonly Uint8Array[],
): readonly Parameter[] {
  return parameters.map((bytes, n) => {
    try {
      const value = decodeIon(bytes);
      // Hashing reads every byte of it: what is stored later is known to be sound.
      return isContainer(value) ? { value, hash: hashIon(value) } : { value };
    } catch (error) {
      throw new BadRequestException(
        `Parameter ${n + 1} is not a valid Ion binary value. Send exactly one value with its version marker.`,
        { cause: error },
      );
    }
  });
}

/** Whether a value has parts that are not decoded with it. */
function isContainer(value: IonValue): boolean {
  return (
    value instanceof IonStruct ||
    Array.isArray(value) ||
    value instanceof IonSexp ||
    value instanceof IonAnnotated
  );
}
