import type { IonValue } from '../../../ion/value.js';
import { keyText } from '../../equality-key.js';
import { equalValues } from '../../values/compare.js';
import { spend } from '../../values/effort.js';
import { isUnknown } from '../../values/kinds.js';

/** Collections with fewer elements are looked through. */
const FEW = 16;
/** Elements that are hashed for one question, so that none takes long. */
const STEP = 4096;

/**
 * Which elements a collection has, learnt while it is asked: a list that is a
 * parameter, or the rows of a query that is the same for every row, is asked
 * over and over again.
 */
class Members {
  readonly #keys = new Set<string>();
  #next = 0;
  #hasUnknown = false;

  constructor(readonly items: readonly IonValue[]) {}

  /** Whether a value that is not unknown is an element; null if it might be, as an element is unknown. */
  has(value: IonValue): boolean | null {
    const { items } = this;
    const end = Math.min(items.length, this.#next + STEP);
    for (; this.#next < end; this.#next += 1) {
      const item = items[this.#next];
      if (isUnknown(item)) this.#hasUnknown = true;
      else this.#keys.add(keyText(item));
    }
    if (this.#keys.has(keyText(value))) return true;
    return lookThrough(items, end, value, this.#hasUnknown);
  }
}

function lookThrough(
  items: readonly IonValue[],
  start: number,
  value: IonValue,
  hasUnknown = false,
): boolean | null {
  spend((items.length - start) * 4);
  let result = hasUnknown ? null : false;
  for (let index = start; index < items.length; index += 1) {
    const item = items[index];
    if (isUnknown(item)) result = null;
    else if (equalValues(value, item)) return true;
  }
  return result;
}

/** Whether a value is an element of a collection, for one place in a statement. */
export function membership(): (
  items: readonly IonValue[],
  value: IonValue,
) => boolean | null {
  /** Collections that were asked once, and what is known of them since then. */
  const known = new WeakMap<readonly IonValue[], Members>();
  return (items, value) => {
    if (items.length < FEW) return lookThrough(items, 0, value);
    const members = known.get(items);
    if (members !== undefined) return members.has(value);
    known.set(items, new Members(items));
    return lookThrough(items, 0, value);
  };
}
