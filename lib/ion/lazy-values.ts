import { MAX_DEPTH } from './cursor.js';
import { IonConversionError } from './errors.js';
import { isPlainElsewhere } from './javascript-types.js';
import { LONE_SURROGATE } from './local-symbols.js';
import { toIonValue } from './native.js';
import { IonFloat, IonStruct, type IonEntry, type IonValue } from './value.js';

/** Longer arrays are converted element by element, as they are asked for. */
const LONGEST_AT_ONCE = 256;

/**
 * A JavaScript value as `toIonValue` has it, without a copy: a field of a plain
 * object or an element of a long array is converted when it is asked for, each
 * time. So it costs nothing to hold up a million objects of which ten are read.
 * The objects must not change as long as the value is used.
 *
 * @param name - what the value is called in errors, such as `people`
 * @throws IonConversionError that names the place, here or where what cannot be
 * converted is asked for
 */
export function lazyIonValue(value: unknown, name: string): IonValue {
  return convert(value, { name, depth: 0 });
}

/** Where a value stands: in what, and under which name there. */
interface Place {
  readonly name: string;
  readonly depth: number;
  readonly parent?: Place;
}

function convert(value: unknown, place: Place): IonValue {
  switch (typeof value) {
    case 'boolean':
    case 'bigint':
      return value;
    case 'number':
      return Number.isSafeInteger(value) && !Object.is(value, -0)
        ? value
        : new IonFloat(value);
    case 'string':
      return LONE_SURROGATE.test(value) ? exact(value, place) : value;
    case 'object':
      if (value === null) return null;
      if (Object.getPrototypeOf(value) === Array.prototype)
        return list(value as readonly unknown[], place);
      return isPlain(value)
        ? new PlainStruct(value, checked(place))
        : exact(value, place);
    case 'undefined':
    case 'function':
    case 'symbol':
      return exact(value, place);
  }
}

function list(array: readonly unknown[], place: Place): readonly IonValue[] {
  checked(place);
  const item = (index: number) =>
    convert(array[index], {
      name: `[${index}]`,
      depth: place.depth + 1,
      parent: place,
    });
  if (array.length <= LONGEST_AT_ONCE)
    return Array.from(array, (_, index) => item(index));
  return new Proxy(array as readonly IonValue[], {
    get: (target, key, receiver): unknown =>
      typeof key === 'string' && INDEX.test(key)
        ? item(Number(key))
        : Reflect.get(target, key, receiver),
  });
}

const INDEX = /^\d+$/;

/** A plain object as a struct. */
class PlainStruct extends IonStruct {
  readonly #object: Readonly<Record<string, unknown>>;
  readonly #place: Place;

  constructor(object: Readonly<Record<string, unknown>>, place: Place) {
    super();
    this.#object = object;
    this.#place = place;
  }

  override get(name: string): IonValue | undefined {
    if (!hasField(this.#object, name)) return undefined;
    const value = this.#object[name];
    return value === undefined ? undefined : this.#convert(name, value);
  }

  override has(name: string): boolean {
    return hasField(this.#object, name) && this.#object[name] !== undefined;
  }

  override get size(): number {
    return Object.values(this.#object).filter((value) => value !== undefined)
      .length;
  }

  override entries(): readonly IonEntry[] {
    const entries: IonEntry[] = [];
    for (const [name, value] of Object.entries(this.#object)) {
      if (value !== undefined) entries.push([name, this.#convert(name, value)]);
    }
    return entries;
  }

  #convert(name: string, value: unknown): IonValue {
    // Most values are none that could fail: they need no place.
    if (typeof value === 'number' || typeof value === 'boolean')
      return convert(value, this.#place);
    return convert(value, {
      name,
      depth: this.#place.depth + 1,
      parent: this.#place,
    });
  }
}

/** Whether it is a field as `Object.keys` has them. */
function hasField(object: object, name: string): boolean {
  return Object.prototype.propertyIsEnumerable.call(object, name);
}

function isPlain(value: object): value is Readonly<Record<string, unknown>> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return (
    prototype === Object.prototype ||
    prototype === null ||
    (!(value instanceof IonStruct) && isPlainElsewhere(prototype))
  );
}

/** What is converted as a whole, or refused. */
function exact(value: unknown, place: Place): IonValue {
  try {
    return toIonValue(value);
  } catch (error) {
    if (!(error instanceof IonConversionError)) throw error;
    const path = pathOf(place);
    throw new IonConversionError(
      error.message.replace('$', () => path),
      error.path.replace('$', () => path),
    );
  }
}

/** @throws IonConversionError for what is too deep, such as an object that contains itself. */
function checked(place: Place): Place {
  if (place.depth < MAX_DEPTH) return place;
  const path = pathOf(place).slice(0, 80);
  throw new IonConversionError(
    `Cannot convert the value at ${path}… to Ion: it is nested more than ${MAX_DEPTH} deep, or contains itself.`,
    path,
  );
}

function pathOf({ name, parent }: Place): string {
  const names = [name];
  for (let at = parent; at !== undefined; at = at.parent) names.push(at.name);
  return names
    .toReversed()
    .reduce((path, key) =>
      key.startsWith('[') ? path + key : `${path}.${key}`,
    );
}
