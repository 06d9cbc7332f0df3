import type { IonField, IonStruct, IonValue } from '../../ion/value.js';
import { lengthOf } from './intervals.js';
import {
  bare,
  bytesOf,
  itemsOf,
  Kind,
  kindOf,
  textOf,
  type Numeric,
} from './kinds.js';
import { spend, spendText } from './effort.js';
import { compareNumbers } from './numbers.js';
import { clockOf } from './times.js';
import { compareInstants } from './timestamps.js';

/**
 * The order of all values, of any type; 0 iff they are equal.
 *
 * Unknown values come first, then booleans, numbers, timestamps with dates among
 * them, times, intervals, texts, lobs, lists, S-expressions, structs and bags.
 * Numbers compare by value whatever their type, timestamps by instant and a date
 * as its midnight in UTC, times as UTC has them, intervals by their length,
 * strings and symbols by their text. Annotations do not matter.
 */
export function compareValues(left: IonValue, right: IonValue): number {
  return compare(left, right, false);
}

/** The order of {@link compareValues}, but with unknown values last, inside lists, structs and bags as well. */
export function compareUnknownsLast(left: IonValue, right: IonValue): number {
  return compare(left, right, true);
}

function compare(
  left: IonValue,
  right: IonValue,
  unknownsLast: boolean,
): number {
  const kind = kindOf(left);
  const other = kindOf(right);
  if (kind !== other) {
    const isUnknown = kind === Kind.Unknown || other === Kind.Unknown;
    return isUnknown && unknownsLast ? other - kind : kind - other;
  }
  const a = bare(left);
  const b = bare(right);
  switch (kind) {
    case Kind.Unknown:
      return 0;
    case Kind.Bool:
      return Number(a) - Number(b);
    case Kind.Number:
      return compareNumbers(a as Numeric, b as Numeric);
    case Kind.Timestamp:
      return compareInstants(a, b);
    case Kind.Time:
      return clockOf(a) - clockOf(b);
    case Kind.YearMonthInterval:
    case Kind.DayTimeInterval: {
      const x = lengthOf(a);
      const y = lengthOf(b);
      return x < y ? -1 : x > y ? 1 : 0;
    }
    case Kind.Text:
      return compareTexts(textOf(a) ?? '', textOf(b) ?? '');
    case Kind.Lob:
      spendText((bytesOf(a)?.length ?? 0) >> 3);
      return Buffer.compare(
        bytesOf(a) ?? new Uint8Array(),
        bytesOf(b) ?? new Uint8Array(),
      );
    case Kind.List:
    case Kind.Sexp:
      return compareSequences(itemsOf(a) ?? [], itemsOf(b) ?? [], unknownsLast);
    case Kind.Struct:
      return compareStructs(a as IonStruct, b as IonStruct, unknownsLast);
    case Kind.Bag: {
      const order = unknownsLast ? compareUnknownsLast : compareValues;
      return compareSequences(
        sortedItems(itemsOf(a) ?? [], order),
        sortedItems(itemsOf(b) ?? [], order),
        unknownsLast,
      );
    }
  }
}

/** Whether two values are the same to `=`. */
export function equalValues(a: IonValue, b: IonValue): boolean {
  // The common cases need no look at the kinds.
  if (typeof a === 'string' && typeof b === 'string') {
    // The engine compares eight characters in the time of a step.
    if (a.length === b.length) spendText(a.length >> 3);
    return a === b;
  }
  if (typeof a === 'number' && typeof b === 'number') return a === b;
  return compareValues(a, b) === 0;
}

/** Characters of texts that are compared in one go. */
const PART = 1024;

function isSamePart(a: string, b: string, start: number): boolean {
  return a.slice(start, start + PART) === b.slice(start, start + PART);
}

/** Texts by their Unicode scalars. JavaScript compares UTF-16 units, which sorts U+FFFD behind U+1F600. */
export function compareTexts(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  spendText(length);
  // The engine finds long parts that are the same much sooner.
  let same = 0;
  while (same + PART < length && isSamePart(a, b, same)) same += PART;
  for (let index = same; index < length; index += 1) {
    const unitA = a.charCodeAt(index);
    const unitB = b.charCodeAt(index);
    if (unitA !== unitB) return scalarRank(unitA) - scalarRank(unitB);
  }
  return a.length - b.length;
}

/** A unit's place among the scalars: half of a pair stands for one above U+FFFF. */
function scalarRank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

function compareSequences(
  a: readonly IonValue[],
  b: readonly IonValue[],
  unknownsLast: boolean,
): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index += 1) {
    spend(ELEMENT);
    const order = compare(a[index], b[index], unknownsLast);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** Steps of a comparison of two elements. */
const ELEMENT = 32;

function sortedItems(
  items: readonly IonValue[],
  order: (a: IonValue, b: IonValue) => number,
): readonly IonValue[] {
  return items.toSorted((a, b) => {
    spend(ELEMENT);
    return order(a, b);
  });
}

/** Structs are multisets of fields: their order does not matter, how often a field comes does. */
function compareStructs(
  a: IonStruct,
  b: IonStruct,
  unknownsLast: boolean,
): number {
  const given = a.fields();
  const others = b.fields();
  // Mostly they have the same fields in the same order.
  if (given.length === others.length && areEqual(given, others)) return 0;
  const compareFields = ([name, x]: IonField, [other, y]: IonField) => {
    spend(ELEMENT);
    return compareTexts(name, other) || compare(x, y, unknownsLast);
  };
  const fieldsA = given.toSorted(compareFields);
  const fieldsB = others.toSorted(compareFields);
  const length = Math.min(fieldsA.length, fieldsB.length);
  for (let index = 0; index < length; index += 1) {
    const order = compareFields(fieldsA[index], fieldsB[index]);
    if (order !== 0) return order;
  }
  return fieldsA.length - fieldsB.length;
}

function areEqual(a: readonly IonField[], b: readonly IonField[]): boolean {
  for (const [index, [name, value]] of a.entries()) {
    spend(ELEMENT);
    const other = b[index];
    if (name !== other[0] || !equalValues(value, other[1])) return false;
  }
  return true;
}

/** Whether `<` and its kin can order two values: both of one kind that has an order of its own. */
export function areOrderable(a: IonValue, b: IonValue): boolean {
  const kind = kindOf(a);
  return kind === kindOf(b) && kind !== Kind.Unknown;
}
