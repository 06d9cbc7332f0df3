import { hash } from 'node:crypto';
import type { IonStruct, IonValue } from '../ion/value.js';
import { lengthOf } from './values/intervals.js';
import {
  bare,
  bytesOf,
  itemsOf,
  Kind,
  kindOf,
  textOf,
  type Numeric,
} from './values/kinds.js';
import { spend, spendText } from './values/effort.js';
import { numberKey } from './values/numbers.js';
import { clockOf } from './values/times.js';
import { instantKey } from './values/timestamps.js';

/** Longest key; what is longer is hashed. */
const MAX_LENGTH = 40;

/**
 * A key that two values share if and only if `=` holds for them, for an index
 * of exact matches: 1, 1.0 and 1e0 share a key, as do a string and a symbol of
 * the same text, and timestamps of the same instant with a date among them. Annotations do not count,
 * nor does the order of a struct's fields.
 *
 * At most 40 bytes, each a character from 0 to 255: a longer key is the SHA-256
 * of itself.
 *
 * @returns undefined for a null (typed or not): nothing equals it.
 */
export function equalityKey(value: IonValue): string | undefined {
  if (kindOf(value) === Kind.Unknown) return undefined;
  const text = keyText(value);
  const key = ASCII.test(text)
    ? text
    : Buffer.from(text, 'utf8').toString('latin1');
  if (key.length <= MAX_LENGTH) return key;
  return HASHED + hash('sha256', Buffer.from(key, 'latin1'), 'binary');
}

/** Text that UTF-8 leaves as it is. */
// oxlint-disable-next-line no-control-regex -- it is about every character of that range
const ASCII = /^[\x00-\x7f]*$/;
/** First byte of a hashed key; no other key begins with it. */
const HASHED = '#';

/** Characters of a text that is not worth counting. */
const SHORT = 1024;

/** Steps of a part of a key. */
const PART = 128;

/** A text that values share iff they are equal; its first letter is the kind. */
export function keyText(value: IonValue): string {
  // The common cases need no look at the kinds.
  if (typeof value === 'number' && value % 10 !== 0) return `n${value}e0`;
  if (typeof value === 'string' && value.length < SHORT) return `t${value}`;
  const plain = bare(value);
  switch (kindOf(plain)) {
    case Kind.Unknown:
      return 'u';
    case Kind.Bool:
      return plain === true ? 'b1' : 'b0';
    case Kind.Number:
      return `n${numberKey(plain as Numeric)}`;
    case Kind.Timestamp:
      return `T${instantKey(plain)}`;
    case Kind.Time:
      return `d${clockOf(plain)}`;
    case Kind.YearMonthInterval:
      return `y${lengthOf(plain)}`;
    case Kind.DayTimeInterval:
      return `i${lengthOf(plain)}`;
    case Kind.Text: {
      const text = textOf(plain) ?? '';
      spendText(text.length);
      return `t${text}`;
    }
    case Kind.Lob: {
      const bytes = bytesOf(plain) ?? [];
      spendText(bytes.length);
      return `x${Buffer.from(bytes).toString('base64')}`;
    }
    case Kind.List:
      return `l${joinedKeys(itemsOf(plain) ?? [])}`;
    case Kind.Sexp:
      return `s${joinedKeys(itemsOf(plain) ?? [])}`;
    case Kind.Struct:
      return `r${joined(
        (plain as IonStruct)
          .fields()
          .map(([name, field]) => joined([name, keyText(field)]))
          .toSorted(),
      )}`;
    case Kind.Bag:
      return `g${joined((itemsOf(plain) ?? []).map(keyText).toSorted())}`;
  }
}

/** Texts in a row, each behind its length, so that none can pose as two. */
function joined(parts: readonly string[]): string {
  spend(parts.length * PART);
  let text = '';
  for (const part of parts) text += `${part.length}:${part}`;
  return text;
}

/** The keys of values, joined as they are made. */
function joinedKeys(items: readonly IonValue[]): string {
  spend(items.length * PART);
  let text = '';
  for (const item of items) {
    const part = keyText(item);
    text += `${part.length}:${part}`;
  }
  return text;
}
