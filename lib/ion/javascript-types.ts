import { Decimal, type dom, Timestamp } from 'ion-js';

/** What kind of value it is, without a word of the value. */
export function typeName(value: unknown): string {
  if (value === undefined) return 'undefined';
  if (value === null) return 'null';
  if (typeof value !== 'object') return `a ${typeof value}`;
  const { constructor } = value;
  return typeof constructor === 'function' && constructor.name !== ''
    ? `an instance of ${constructor.name}`
    : 'an object with a prototype of its own';
}

function hasMethod(value: object, name: string): boolean {
  return (
    typeof (value as Readonly<Record<string, unknown>>)[name] === 'function'
  );
}

// An application may have its own copy of ion-js beside ours, so its values are
// known by what they can do.

export function isDomValue(value: object): value is dom.Value {
  return hasMethod(value, 'ionEquals') && hasMethod(value, 'getAnnotations');
}

export function isDecimal(value: object): value is Decimal {
  return (
    value instanceof Decimal ||
    (hasMethod(value, 'getCoefficient') && hasMethod(value, 'getExponent'))
  );
}

export function isTimestamp(value: object): value is Timestamp {
  return (
    value instanceof Timestamp ||
    (hasMethod(value, 'getLocalOffset') &&
      hasMethod(value, 'getSecondsDecimal'))
  );
}

/** Whether a prototype is the Object.prototype of another realm, such as a test runner's. */
export function isPlainElsewhere(prototype: unknown): boolean {
  return (
    typeof prototype === 'object' &&
    prototype !== null &&
    Object.getPrototypeOf(prototype) === null &&
    Object.hasOwn(prototype, 'isPrototypeOf')
  );
}
