import type { Steps } from '../../async/maybe-promise.js';
import { isTurnLong, nextTurn } from '../../async/turns.js';
import { decodeIon } from '../../ion/decode.js';
import { hashIon, ionHash, ionHashInParts } from '../../ion/hash.js';
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

/** Longer parameters are hashed in parts. */
const LONG_PARAMETER = 1 << 16;

/**
 * The values of parameters; large ones with turns for others.
 *
 * @throws BadRequestException naming the first one that is none
 */
export function* readParameters(
  parameters: readonly Uint8Array[],
): Steps<readonly Parameter[]> {
  const read: Parameter[] = [];
  for (const [n, bytes] of parameters.entries())
    try {
      read.push(yield* readParameter(bytes));
    } catch (error) {
      throw new BadRequestException(
        `Parameter ${n + 1} is not a valid Ion binary value. Send exactly one value with its version marker.`,
        { cause: error },
      );
    }
  return read;
}

function* readParameter(bytes: Uint8Array): Steps<Parameter> {
  const value = decodeIon(bytes);
  if (!isContainer(value)) return { value };
  // Hashing reads every byte of it: what is stored later is known to be sound.
  if (value instanceof IonStruct) return { value, hash: hashIon(value) };
  if (bytes.length < LONG_PARAMETER) return { value, hash: ionHash(bytes) };
  const parts = ionHashInParts(bytes);
  for (;;) {
    const part = parts.next();
    if (part.done === true) return { value, hash: part.value };
    if (isTurnLong()) yield nextTurn();
  }
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
