import type * as decode from '../lib/ion/decode.js';
import type * as encode from '../lib/ion/encode.js';
import type * as hash from '../lib/ion/hash.js';
import type * as ion from '../lib/ion/index.js';

/** What the fuzzer works on. */
export type IonRoom = Pick<typeof decode, 'decodeIon' | 'decodeIonSequence'> &
  Pick<typeof encode, 'encodeIon'> &
  Pick<typeof hash, 'hashIon'> &
  typeof ion;

export interface FuzzResult {
  readonly iterations: number;
  readonly read: number;
  readonly refused: number;
  /** Milliseconds of the input that took longest. */
  readonly slowest: number;
}

export function randomOf(seed: number): () => number;
export function mutate(
  seeds: readonly Uint8Array[],
  random: () => number,
): Uint8Array;
export function fuzzSeeds(ion: IonRoom): Uint8Array[];
export function fuzz(
  ion: IonRoom,
  seeds: readonly Uint8Array[],
  options: {
    readonly iterations: number;
    readonly seed: number;
    readonly onProgress?: (done: number) => void;
  },
): FuzzResult;
