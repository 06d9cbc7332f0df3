import { IonStruct, type IonValue } from '../../ion/value.js';
import { parseIonText } from '../../ion/text.js';
import type { BlockAddress } from '../../ledger/index.js';
import { isLedgerName } from '../../ledger/ledger-name.js';
import { invalid } from './control-plane-error.js';

/** The members of a request, as they came. */
export type Members = Readonly<Record<string, unknown>>;

const MAX_ION_TEXT = 1_048_576;

/** @throws ControlPlaneError `InvalidParameterException`, as all of these */
export function membersOf(body: Uint8Array): Members {
  if (body.length === 0) return {};
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(body).toString());
  } catch {
    throw invalid('', 'The request body is no JSON.');
  }
  if (isObject(value)) return value;
  throw invalid('', 'The request body is no JSON object.');
}

export function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function ledgerName(value: unknown): string {
  if (isLedgerName(value)) return value;
  throw invalid(
    'Name',
    'A ledger name has 1 to 32 letters, digits and single hyphens, not only digits, with no hyphen first or last.',
  );
}

export function text(members: Members, name: string, pattern: RegExp): string {
  const value = members[name];
  if (typeof value === 'string' && pattern.test(value)) return value;
  throw invalid(
    name,
    value === undefined || value === null
      ? `The parameter ${name} is missing.`
      : `The parameter ${name} is not valid.`,
  );
}

export function optional<T>(
  members: Members,
  name: string,
  read: () => T,
): T | undefined {
  const value = members[name];
  return value === undefined || value === null ? undefined : read();
}

export function flag(members: Members, name: string): boolean {
  const value = members[name];
  if (typeof value === 'boolean') return value;
  throw invalid(name, `The parameter ${name} is not true or false.`);
}

export function oneOf<T extends string>(
  members: Members,
  name: string,
  values: readonly T[],
): T {
  const found = values.find((value) => value === members[name]);
  if (found !== undefined) return found;
  throw invalid(
    name,
    `The parameter ${name} has to be one of ${values.join(', ')}.`,
  );
}

export function struct(members: Members, name: string): Members {
  const value = members[name];
  if (isObject(value)) return value;
  throw invalid(name, `The parameter ${name} is missing, or no structure.`);
}

/** A time, in milliseconds since the epoch; on the wire it is in seconds. */
export function time(members: Members, name: string): number {
  const value = members[name];
  const milliseconds =
    typeof value === 'number' ? Math.round(value * 1000) : NaN;
  // What a Date can say.
  if (Math.abs(milliseconds) <= 8.64e15) return milliseconds;
  throw invalid(name, `The parameter ${name} is missing, or no time.`);
}

/** The Ion of a `ValueHolder`. */
function ion(members: Members, name: string): IonValue {
  const holder = struct(members, name);
  const value = holder['IonText'];
  if (typeof value !== 'string' || value === '' || value.length > MAX_ION_TEXT)
    throw invalid(name, `The parameter ${name} has no IonText.`);
  try {
    return parseIonText(value);
  } catch {
    throw invalid(
      name,
      'The provided Ion value is not valid and cannot be parsed.',
    );
  }
}

export function blockAddress(members: Members, name: string): BlockAddress {
  const value = ion(members, name);
  const [strandId, sequenceNo] =
    value instanceof IonStruct
      ? [value.get('strandId'), value.get('sequenceNo')]
      : [];
  if (
    typeof strandId === 'string' &&
    typeof sequenceNo === 'number' &&
    sequenceNo >= 0
  )
    return { strandId, sequenceNo };
  throw invalid(name, 'The provided block address is not valid.');
}

const MAX_TAGS = 50;

export function tags(members: Members): Readonly<Record<string, string>> {
  const found = struct(members, 'Tags');
  const entries = Object.entries(found).map(([key, value]) => {
    if (!isTagKey(key))
      throw invalid(
        'Tags',
        "A tag's key has 1 to 128 characters and does not begin with aws:.",
      );
    // The model lets a value be null.
    const text = value ?? '';
    if (typeof text !== 'string' || text.length > 256)
      throw invalid('Tags', "A tag's value has at most 256 characters.");
    return [key, text] as const;
  });
  return checkTags(Object.fromEntries(entries));
}

export function checkTags(
  found: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  if (Object.keys(found).length <= MAX_TAGS) return found;
  throw invalid('Tags', `A ledger has at most ${MAX_TAGS} tags.`);
}

const isTagKey = (key: string): boolean =>
  key.length >= 1 && key.length <= 128 && !/^aws:/i.test(key);

/** What a page of a list begins behind, and how long it is. */
export interface PageRequest {
  readonly after: string;
  readonly limit: number;
}

const MAX_RESULTS = 100;

export function pageOf(query: URLSearchParams): PageRequest {
  const max = query.get('max_results');
  const limit = max === null ? MAX_RESULTS : Number(max);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_RESULTS)
    throw invalid('MaxResults', 'MaxResults has to be from 1 to 100.');
  const token = query.get('next_token');
  if (token === null) return { after: '', limit };
  const after = Buffer.from(token, 'base64url').toString();
  if (after === '' || tokenOf(after) !== token || token.length > 1024)
    throw invalid('NextToken', 'NextToken is none that was given out.');
  return { after, limit };
}

const tokenOf = (key: string): string => Buffer.from(key).toString('base64url');

/** A page of items that are sorted by their keys. */
export function page<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  { after, limit }: PageRequest,
): { readonly items: readonly T[]; readonly NextToken?: string } {
  const left = items.filter((item) => keyOf(item) > after);
  const shown = left.slice(0, limit);
  const last = shown.at(-1);
  return left.length > limit && last !== undefined
    ? { items: shown, NextToken: tokenOf(keyOf(last)) }
    : { items: shown };
}

/** A time as it goes over the wire: seconds since the epoch. */
export const seconds = (milliseconds: number): number => milliseconds / 1000;
