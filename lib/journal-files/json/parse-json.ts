import { JournalJsonError } from './journal-json-error.js';

/** A number of JSON, by its text: `90.25` and `90.250` are two decimals. */
export class JsonNumber {
  constructor(readonly text: string) {}
}

/** A value of JSON. Objects are lists of their fields: names may come twice. */
export type JsonValue =
  null | boolean | string | JsonNumber | readonly JsonValue[] | JsonObject;

export class JsonObject {
  constructor(readonly fields: readonly (readonly [string, JsonValue])[]) {}

  get(name: string): JsonValue | undefined {
    return this.fields.find(([field]) => field === name)?.[1];
  }
}

/** Values may not stand deeper in one another. */
const MAX_DEPTH = 200;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
const WORDS = { true: true, false: false, null: null } as const;
const SPACE = /[ \t\r\n]*/y;

/** @throws JournalJsonError */
export function parseJson(text: string): JsonValue {
  let at = 0;
  const fail = (): never => {
    throw new JournalJsonError(`it is no JSON at character ${at}`);
  };
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const [found] = pattern.exec(text) ?? [];
    if (found !== undefined) at += found.length;
    return found;
  };
  /** Whether a character stands there, with space around it; goes behind it. */
  const takes = (character: string): boolean => {
    match(SPACE);
    if (text[at] !== character) return false;
    at++;
    match(SPACE);
    return true;
  };
  const string = (): string => {
    if (text[at] !== '"') return fail();
    const end = endOfString(text, at);
    try {
      const read = JSON.parse(text.slice(at, end)) as string;
      at = end;
      return read;
    } catch {
      return fail();
    }
  };
  const value = (depth: number): JsonValue => {
    if (depth > MAX_DEPTH)
      throw new JournalJsonError(`it is more than ${MAX_DEPTH} values deep`);
    const code = text[at];
    if (code === '"') return string();
    if (code === '{') return object(depth);
    if (code === '[') return array(depth);
    const word = match(WORD);
    if (word !== undefined) return WORDS[word as keyof typeof WORDS];
    return new JsonNumber(match(NUMBER) ?? fail());
  };
  const object = (depth: number): JsonObject => {
    const fields: [string, JsonValue][] = [];
    takes('{');
    while (!takes('}')) {
      if (fields.length > 0 && !takes(',')) fail();
      const name = string();
      if (!takes(':')) fail();
      fields.push([name, value(depth + 1)]);
    }
    return new JsonObject(fields);
  };
  const array = (depth: number): JsonValue[] => {
    const items: JsonValue[] = [];
    takes('[');
    while (!takes(']')) {
      if (items.length > 0 && !takes(',')) fail();
      items.push(value(depth + 1));
    }
    return items;
  };
  match(SPACE);
  const parsed = value(0);
  match(SPACE);
  return at === text.length ? parsed : fail();
}

/** Behind the quote that ends the string that begins at a position. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; ;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return text.length;
    let backslashes = 0;
    while (text[quote - 1 - backslashes] === '\\') backslashes++;
    at = quote + 1;
    if (backslashes % 2 === 0) return at;
  }
}
