import { Timestamp } from '../../ion/value.js';
import { DataFault } from '../errors.js';
import {
  fieldsOf,
  Precision,
  timestampOf,
  type TimestampFields,
} from '../values/timestamps.js';

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/** A piece of a pattern: a symbol such as `yyyy`, or literal text. */
interface Piece {
  readonly kind: 'symbol' | 'text';
  readonly text: string;
}

/** Longest text, and longest pattern, of a timestamp. */
const LONGEST = 10_000;

/** All symbols there are. */
const SYMBOLS: ReadonlySet<string> = new Set(
  `yy y yyyy M MM MMM MMMM MMMMM d dd a h hh H HH m mm s ss S SS SSS SSSS SSSSS
  SSSSSS SSSSSSS SSSSSSSS SSSSSSSSS n x xx xxx xxxx xxxxx X XX XXX XXXX XXXXX`.split(
    /\s+/,
  ),
);

/** @throws DataFault if the pattern has a symbol that there is not, or an open quote. */
export function parsePattern(pattern: string): readonly Piece[] {
  if (pattern.length > LONGEST) throw invalidPattern();
  const pieces: Piece[] = [];
  for (let index = 0; index < pattern.length;) {
    const start = index;
    const character = pattern[index];
    if (character === "'") {
      const end = closingQuote(pattern, index);
      const text = pattern.slice(index + 1, end).replaceAll("''", "'");
      pieces.push({ kind: 'text', text: text === '' ? "'" : text });
      index = end + 1;
      continue;
    }
    if (/[A-Za-z]/.test(character)) {
      while (pattern[index] === character) index += 1;
      const symbol = pattern.slice(start, index);
      if (!SYMBOLS.has(symbol)) throw invalidPattern();
      pieces.push({ kind: 'symbol', text: symbol });
    } else {
      pieces.push({ kind: 'text', text: character });
      index += 1;
    }
  }
  return pieces;
}

function closingQuote(pattern: string, open: number): number {
  let index = open + 1;
  for (;;) {
    const quote = pattern.indexOf("'", index);
    if (quote < 0) throw invalidPattern();
    if (pattern[quote + 1] !== "'" || quote === open + 1) return quote;
    index = quote + 2;
  }
}

/** The pattern may come from a row or a parameter, so it is not repeated. */
function invalidPattern(): DataFault {
  return new DataFault('Invalid timestamp format pattern');
}

// ---- To text -------------------------------------------------------------------

/** `TO_STRING(timestamp, pattern)` */
export function formatTimestamp(timestamp: Timestamp, pattern: string): string {
  const fields = fieldsOf(timestamp);
  return parsePattern(pattern)
    .map((piece) =>
      piece.kind === 'text' ? piece.text : formatSymbol(piece.text, fields),
    )
    .join('');
}

function formatSymbol(symbol: string, fields: TimestampFields): string {
  const padded = (value: number) => `${value}`.padStart(symbol.length, '0');
  const month = MONTHS[fields.month - 1] ?? '';
  switch (symbol) {
    case 'yy':
      return padded(fields.year % 100);
    case 'y':
    case 'yyyy':
      return padded(fields.year);
    case 'M':
    case 'MM':
      return padded(fields.month);
    case 'MMM':
      return month.slice(0, 3);
    case 'MMMM':
      return month;
    case 'MMMMM':
      return month.slice(0, 1);
    case 'd':
    case 'dd':
      return padded(fields.day);
    case 'a':
      return fields.hour < 12 ? 'AM' : 'PM';
    case 'h':
    case 'hh':
      return padded(fields.hour % 12 === 0 ? 12 : fields.hour % 12);
    case 'H':
    case 'HH':
      return padded(fields.hour);
    case 'm':
    case 'mm':
      return padded(fields.minute);
    case 's':
    case 'ss':
      return padded(fields.second);
    case 'n':
      return `${Number(fields.fraction.slice(0, 9).padEnd(9, '0'))}`;
    default:
      return symbol.startsWith('S')
        ? fields.fraction.slice(0, symbol.length).padEnd(symbol.length, '0')
        : formatOffset(symbol, fields.offset);
  }
}

function formatOffset(symbol: string, offset: number): string {
  if (symbol.startsWith('X') && offset === 0) return 'Z';
  const size = Math.abs(offset);
  const hours = `${Math.floor(size / 60)}`.padStart(2, '0');
  const minutes = `${size % 60}`.padStart(2, '0');
  const sign = offset < 0 ? '-' : '+';
  switch (symbol.length) {
    case 1:
      return minutes === '00' ? sign + hours : sign + hours + minutes;
    case 2:
    case 4:
      return sign + hours + minutes;
    default:
      return `${sign}${hours}:${minutes}`;
  }
}

// ---- From text -----------------------------------------------------------------

/** What a symbol says; a pattern may say each thing once. */
type FieldName =
  | 'year'
  | 'month'
  | 'day'
  | 'half'
  | 'hour'
  | 'minute'
  | 'second'
  | 'fraction'
  | 'offset';

const FIELD_OF_SYMBOL: Readonly<Record<string, FieldName>> = {
  y: 'year',
  M: 'month',
  d: 'day',
  a: 'half',
  h: 'hour',
  H: 'hour',
  m: 'minute',
  s: 'second',
  S: 'fraction',
  n: 'fraction',
  x: 'offset',
  X: 'offset',
};

/** `TO_TIMESTAMP(text [, pattern])`; without a pattern the text is an Ion timestamp. */
export function parseTimestamp(text: string, pattern?: string): Timestamp {
  if (text.length > LONGEST) {
    throw new DataFault('The text is too long for a timestamp');
  }
  if (pattern === undefined) {
    let timestamp: Timestamp | null = null;
    try {
      timestamp = Timestamp.parse(text);
    } catch {
      // Reported below: what ion-js says would show the text.
    }
    if (timestamp === null) {
      throw new DataFault('Failed to parse Ion timestamp');
    }
    return timestamp;
  }
  return new Reader(text, pattern).read();
}

/** A symbol's text: how many characters it may have. */
const WIDTHS: Readonly<Record<string, readonly [number, number]>> = {
  yy: [2, 2],
  y: [1, 4],
  yyyy: [4, 4],
  M: [1, 2],
  MM: [2, 2],
  d: [1, 2],
  dd: [2, 2],
  h: [1, 2],
  hh: [2, 2],
  H: [1, 2],
  HH: [2, 2],
  m: [1, 2],
  mm: [2, 2],
  s: [1, 2],
  ss: [2, 2],
};

/**
 * Refuses a pattern that can make no timestamp, whatever the text is.
 *
 * @throws DataFault
 */
export function checkParsable(pattern: string): void {
  checkPieces(parsePattern(pattern));
}

function checkPieces(pieces: readonly Piece[]): void {
  const named = new Set<FieldName>();
  const letters = new Set<string>();
  for (const { kind, text } of pieces) {
    if (kind === 'text') continue;
    const letter = text.charAt(0);
    const name = FIELD_OF_SYMBOL[letter];
    if (named.has(name) || text === 'MMMMM') throw invalidPattern();
    named.add(name);
    letters.add(letter);
  }
  const needs = (name: FieldName, ...others: FieldName[]) =>
    !named.has(name) || others.every((other) => named.has(other));
  const holds =
    named.has('year') &&
    needs('day', 'month') &&
    needs('hour', 'day') &&
    needs('minute', 'hour') &&
    needs('second', 'minute') &&
    needs('fraction', 'second') &&
    needs('half', 'hour') &&
    needs('offset', 'hour') &&
    letters.has('h') === letters.has('a');
  if (!holds) throw invalidPattern();
}

/** Reads a text along a pattern. */
class Reader {
  readonly #text: string;
  readonly #pieces: readonly Piece[];
  readonly #values = new Map<FieldName, number>();
  #fraction = '';
  #index = 0;

  constructor(text: string, pattern: string) {
    this.#text = text;
    this.#pieces = parsePattern(pattern);
    checkPieces(this.#pieces);
  }

  read(): Timestamp {
    for (const piece of this.#pieces) {
      if (piece.kind === 'symbol') this.#symbol(piece.text);
      else if (this.#text.startsWith(piece.text, this.#index)) {
        this.#index += piece.text.length;
      } else throw this.#mismatch();
    }
    if (this.#index < this.#text.length) throw this.#mismatch();
    return this.#timestamp();
  }

  #symbol(symbol: string): void {
    const name = FIELD_OF_SYMBOL[symbol.charAt(0)];
    if (name === 'offset') this.#values.set(name, this.#offset(symbol));
    else if (name === 'half') this.#values.set(name, this.#word(['AM', 'PM']));
    else if (symbol === 'MMM') {
      this.#values.set(
        name,
        this.#word(MONTHS.map((month) => month.slice(0, 3))) + 1,
      );
    } else if (symbol === 'MMMM') {
      this.#values.set(name, this.#word(MONTHS) + 1);
    } else if (symbol === 'n') {
      const nanoseconds = Number(this.#digits(1, 20));
      if (nanoseconds > 999_999_999) throw this.#mismatch();
      this.#fraction = `${nanoseconds}`.padStart(9, '0');
    } else if (name === 'fraction') {
      this.#fraction = this.#digits(symbol.length, symbol.length);
    } else {
      const [least, greatest] = WIDTHS[symbol] ?? [1, 1];
      const value = Number(this.#digits(least, greatest));
      const century = symbol === 'yy' ? (value < 70 ? 2000 : 1900) : 0;
      this.#values.set(name, value + century);
    }
  }

  #digits(least: number, greatest: number): string {
    const start = this.#index;
    while (
      this.#index - start < greatest &&
      /[0-9]/.test(this.#text.charAt(this.#index))
    ) {
      this.#index += 1;
    }
    if (this.#index - start < least) throw this.#mismatch();
    return this.#text.slice(start, this.#index);
  }

  /** Place of the word that stands here, whatever its case. */
  #word(words: readonly string[]): number {
    const rest = this.#text.slice(this.#index, this.#index + 9).toUpperCase();
    const found = words.findIndex((word) =>
      rest.startsWith(word.toUpperCase()),
    );
    const word = words[found];
    if (word === undefined) throw this.#mismatch();
    this.#index += word.length;
    return found;
  }

  #offset(symbol: string): number {
    if (symbol.startsWith('X') && /^z$/i.test(this.#text.charAt(this.#index))) {
      this.#index += 1;
      return 0;
    }
    const sign = this.#text.charAt(this.#index);
    if (sign !== '+' && sign !== '-') throw this.#mismatch();
    this.#index += 1;
    const hours = Number(this.#digits(2, 2));
    let minutes = 0;
    if (symbol.length === 3 || symbol.length === 5) {
      if (this.#text.charAt(this.#index) !== ':') throw this.#mismatch();
      this.#index += 1;
      minutes = Number(this.#digits(2, 2));
    } else if (
      symbol.length > 1 ||
      /[0-9]/.test(this.#text.charAt(this.#index))
    ) {
      minutes = Number(this.#digits(2, 2));
    }
    if (hours > 23 || minutes > 59) throw this.#mismatch();
    const size = hours * 60 + minutes;
    return sign === '-' ? -size : size;
  }

  #timestamp(): Timestamp {
    const values = this.#values;
    const half = values.get('half');
    let hour = values.get('hour') ?? 0;
    if (half !== undefined) {
      if (hour < 1 || hour > 12) throw this.#mismatch();
      hour = (hour % 12) + half * 12;
    }
    const precision: Precision = values.has('second')
      ? Precision.Second
      : values.has('hour')
        ? Precision.Minute
        : values.has('day')
          ? Precision.Day
          : values.has('month')
            ? Precision.Month
            : Precision.Year;
    try {
      return timestampOf({
        precision,
        year: values.get('year') ?? 1,
        month: values.get('month') ?? 1,
        day: values.get('day') ?? 1,
        hour,
        minute: values.get('minute') ?? 0,
        second: values.get('second') ?? 0,
        fraction: this.#fraction,
        // -0: the offset is not known.
        offset: values.get('offset') ?? -0,
      });
    } catch {
      throw this.#mismatch();
    }
  }

  #mismatch(): DataFault {
    return new DataFault(
      'Failed to parse custom timestamp using the specified format pattern',
    );
  }
}
