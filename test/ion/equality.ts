import {
  Decimal,
  IonAnnotated,
  IonClob,
  IonFloat,
  IonNull,
  IonSexp,
  IonStruct,
  IonSymbol,
  type IonValue,
  Timestamp,
} from '../../lib/ion/value.js';

/** Whether two values are the same in Ion's data model: type, annotations, precision and all. */
export function ionEquals(
  a: IonValue | undefined,
  b: IonValue | undefined,
): boolean {
  if (a === undefined || b === undefined) return false;
  if (a === null || b === null || typeof a !== 'object') return a === b;
  if (typeof b !== 'object') return false;
  if (a instanceof IonNull) return b instanceof IonNull && a.type === b.type;
  if (a instanceof IonFloat) {
    return b instanceof IonFloat && Object.is(a.value, b.value);
  }
  if (a instanceof IonSymbol)
    return b instanceof IonSymbol && a.text === b.text;
  if (a instanceof IonClob) {
    return b instanceof IonClob && Buffer.compare(a.bytes, b.bytes) === 0;
  }
  if (a instanceof Uint8Array) {
    return b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  }
  if (a instanceof Decimal) return b instanceof Decimal && a.equals(b);
  if (a instanceof Timestamp) {
    return (
      b instanceof Timestamp &&
      a.getPrecision() === b.getPrecision() &&
      Object.is(a.getLocalOffset(), b.getLocalOffset()) &&
      a.getSecondsDecimal().equals(b.getSecondsDecimal()) &&
      sameInstant(a, b)
    );
  }
  if (a instanceof IonSexp) {
    return b instanceof IonSexp && sameItems(a.items, b.items);
  }
  if (a instanceof IonAnnotated) {
    return (
      b instanceof IonAnnotated &&
      a.annotations.length === b.annotations.length &&
      a.annotations.every((text, i) => text === b.annotations[i]) &&
      ionEquals(a.value, b.value)
    );
  }
  if (a instanceof IonStruct) {
    if (!(b instanceof IonStruct) || a.size !== b.size) return false;
    const rest = [...b.entries()];
    return a.entries().every(([name, value]) => {
      const i = rest.findIndex((f) => f[0] === name && ionEquals(value, f[1]));
      return i >= 0 && rest.splice(i, 1).length === 1;
    });
  }
  return Array.isArray(b) && sameItems(a, b);
}

function sameItems(a: readonly IonValue[], b: readonly IonValue[]): boolean {
  return a.length === b.length && a.every((item, i) => ionEquals(item, b[i]));
}

/** Whether two timestamps name one point of the time line, whatever their precision and offset. */
export function sameInstant(a: Timestamp, b: Timestamp): boolean {
  return a.compareTo(b) === 0;
}

/** A value in a form that a failed test can show. */
export function show(value: IonValue): unknown {
  if (value instanceof IonStruct) {
    return value.entries().map(([name, item]) => [name, show(item)]);
  }
  if (Array.isArray(value)) return value.map(show);
  return value;
}
