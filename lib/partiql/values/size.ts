import {
  Decimal,
  IonAnnotated,
  IonClob,
  IonSexp,
  IonStruct,
  IonSymbol,
  type IonValue,
} from '../../ion/value.js';
import { bitsOf } from './magnitude.js';
import { spend } from './effort.js';

/** What a value has beside its content. */
const HEAD = 8;

/** Sizes of containers that hold containers: shared parts are measured once. */
const known = new WeakMap<object, number>();

/**
 * Bytes that a value takes if it is written out, roughly. A part that stands in
 * it twice counts twice, although it is there once; so nested, a small value can
 * be of any size.
 *
 * Its time is that of the containers that were not measured before.
 */
export function sizeOf(value: IonValue): number {
  if (typeof value === 'string') return HEAD + value.length;
  if (typeof value === 'bigint') return HEAD + bitsOf(value) / 8;
  if (typeof value !== 'object' || value === null) return HEAD;
  if (value instanceof IonStruct) {
    return value.binary?.length ?? value.encodedLength ?? structSize(value);
  }
  if (Array.isArray(value)) {
    return itemsSize(value, value as readonly IonValue[]);
  }
  if (value instanceof IonSexp) return itemsSize(value, value.items);
  if (value instanceof IonSymbol) return HEAD + (value.text?.length ?? 0);
  if (value instanceof Uint8Array) return HEAD + value.length;
  if (value instanceof IonClob) return HEAD + value.bytes.length;
  if (value instanceof IonAnnotated) return annotatedSize(value);
  if (value instanceof Decimal)
    return HEAD + bitsOf(value.getCoefficient()) / 8;
  return HEAD;
}

function itemsSize(container: object, items: readonly IonValue[]): number {
  const measured = known.get(container);
  if (measured !== undefined) return measured;
  spend(items.length * 4);
  let size = HEAD;
  let isFlat = true;
  for (const item of items) {
    size += sizeOf(item);
    isFlat &&= typeof item !== 'object';
  }
  // What is flat is measured as fast as it is found again, unless it is long.
  if (!isFlat || items.length > 64) known.set(container, size);
  return size;
}

function structSize(struct: IonStruct): number {
  const measured = known.get(struct);
  if (measured !== undefined) return measured;
  const entries = struct.entries();
  spend(entries.length * 4);
  let size = HEAD;
  let isFlat = true;
  for (const [name, value] of entries) {
    size += (name?.length ?? 0) + sizeOf(value);
    isFlat &&= typeof value !== 'object';
  }
  if (!isFlat || entries.length > 64) known.set(struct, size);
  return size;
}

function annotatedSize({ annotations, value }: IonAnnotated): number {
  return annotations.reduce(
    (sum, text) => sum + HEAD + (text?.length ?? 0),
    sizeOf(value),
  );
}
