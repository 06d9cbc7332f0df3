import { encodeIon } from '../ion/encode.js';
import { fromIonBinary } from '../ion/native.js';
import { parseIonText } from '../ion/text.js';
import type { ValueHolder } from '../session/endpoint.js';

/**
 * How rows are handed out.
 *
 * - `native`: plain JavaScript values and objects, without loss.
 * - `dom`: values of the ion-js DOM, as `amazon-qldb-driver-nodejs` gave them.
 * - `binary`: the bytes of each row, not decoded at all.
 */
export type RowValues = 'native' | 'dom' | 'binary';

/** Decodes one row. Throws whatever is wrong with it. */
export type RowDecoder = (row: ValueHolder) => unknown;

const decoders: Record<RowValues, RowDecoder> = {
  native: (row) => fromIonBinary(bytesOf(row)),
  dom: (row) => fromIonBinary(bytesOf(row), { values: 'dom' }),
  binary: bytesOf,
};

export function rowDecoder(values: RowValues): RowDecoder {
  return decoders[values];
}

/** The service sends binary; text is what the contract allows besides. */
function bytesOf({ IonBinary, IonText }: ValueHolder): Uint8Array {
  if (IonBinary) return IonBinary;
  if (typeof IonText === 'string') return encodeIon(parseIonText(IonText));
  throw new TypeError('The row has neither IonBinary nor IonText.');
}
