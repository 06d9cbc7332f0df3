import { expect, it } from 'vitest';
import { fuzz, fuzzSeeds, type IonRoom } from '../../bench/ion-fuzz.mjs';
import * as decode from '../../lib/ion/decode.js';
import * as encode from '../../lib/ion/encode.js';
import * as hash from '../../lib/ion/hash.js';
import * as index from '../../lib/ion/index.js';

// `node bench/fuzz-ion.mjs` does the same for as long as one likes.
it.each([1, 2, 3])(
  'hostile bytes end in an error with its offset (seed %i)',
  (seed) => {
    const ion: IonRoom = { ...decode, ...encode, ...hash, ...index };
    const result = fuzz(ion, fuzzSeeds(ion), { iterations: 10_000, seed });
    expect(result.read).toBeGreaterThan(1000);
    expect(result.refused).toBeGreaterThan(1000);
  },
);
