import { L_NULL, T_BOOL, T_STRUCT } from './cursor.js';
import { decodePart } from './decode.js';
import { IonBinaryError, IonTextError } from './errors.js';
import { type SymbolTable } from './symbol-table.js';
import { IonTextReader } from './text-reader.js';
import { IonStruct } from './value.js';

/** So many bytes of a stream are looked at together. */
const WINDOW = 64 << 10;
/** No value is larger: a length that was made up, or a quote without an end, must not take all memory. */
const MAX_VALUE_BYTES = 256 << 20;
/** No part of a value that is cut off looks like an error so far before the cut. */
const LONGEST_CUT = 512;
const NO_STRUCT = 'a value in it is no struct';
const VERSION_MARKER = Buffer.from([0xe0, 0x01, 0x00, 0xea]);

/**
 * The structs of a stream of Ion, text or binary, a batch at a time. Which of
 * the two it is shows in its first bytes.
 *
 * @param window - so many bytes are looked at together, four at least
 * @throws IonBinaryError, IonTextError when it comes to what is no struct
 */
export async function* ionStructs(
  source: AsyncIterable<Uint8Array>,
  window = WINDOW,
): AsyncGenerator<readonly IonStruct[]> {
  const windows = windowsOf(source, window);
  const { value: first } = await windows.next();
  if (first === undefined) return;
  const reader =
    Buffer.compare(first.subarray(0, 4), VERSION_MARKER) === 0
      ? new BinaryWindows()
      : new TextWindows();
  yield reader.add(first);
  for await (const window of windows) yield reader.add(window);
  yield reader.end();
}

async function* windowsOf(
  source: AsyncIterable<Uint8Array>,
  window: number,
): AsyncGenerator<Uint8Array> {
  let chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of source) {
    // What is read of a window together is forgotten together, soon.
    for (let at = 0; at < chunk.length; at += window) {
      const part = chunk.subarray(at, at + window);
      chunks.push(part);
      length += part.length;
      if (length < window) continue;
      yield Buffer.concat(chunks, length);
      chunks = [];
      length = 0;
    }
  }
  if (length > 0) yield Buffer.concat(chunks, length);
}

class TextWindows {
  readonly #decoder = new TextDecoder('utf-8', {
    fatal: true,
    ignoreBOM: true,
  });
  readonly #reader = new IonTextReader('');
  /** What has come since a value ended. */
  #waiting: string[] = [];
  #length = 0;
  /** How much has to come before another look at it is worth the time. */
  #needed = 0;

  add(window: Uint8Array): IonStruct[] {
    const text = this.#decode(window, true);
    this.#waiting.push(text);
    this.#length += text.length;
    if (this.#length < this.#needed) return [];
    return this.#read(false);
  }

  end(): IonStruct[] {
    this.#waiting.push(this.#decode(undefined, false));
    return this.#read(true);
  }

  #read(isEnd: boolean): IonStruct[] {
    const reader = this.#reader;
    reader.goOn(reader.pos, this.#waiting.join(''));
    this.#waiting = [];
    const structs: IonStruct[] = [];
    let start = 0;
    try {
      for (;;) {
        const value = reader.next();
        if (value === undefined) break;
        // What reaches to the end may go on behind it.
        if (!(value instanceof IonStruct) && reader.left === 0 && !isEnd) break;
        if (!(value instanceof IonStruct)) throw new IonTextError(NO_STRUCT);
        structs.push(value);
        start = reader.pos;
      }
    } catch (error) {
      // What goes on in the next window may look wrong at the end of this one.
      if (isEnd || reader.left > LONGEST_CUT) throw error;
    }
    reader.pos = start;
    const rest = reader.left;
    if (rest > MAX_VALUE_BYTES)
      throw new IonTextError('a value in it is too large');
    this.#length = rest;
    // A long value is looked at again when it has doubled.
    this.#needed = rest > WINDOW ? 2 * rest : 0;
    return structs;
  }

  #decode(window: Uint8Array | undefined, stream: boolean): string {
    try {
      return this.#decoder.decode(window, { stream });
    } catch (cause) {
      throw new IonTextError('it is no UTF-8', { cause });
    }
  }
}

class BinaryWindows {
  #waiting: Uint8Array[] = [];
  #length = 0;
  #needed = 0;
  #table: SymbolTable | undefined;

  add(window: Uint8Array): IonStruct[] {
    this.#waiting.push(window);
    this.#length += window.length;
    return this.#length < this.#needed ? [] : this.#read(false);
  }

  end(): IonStruct[] {
    return this.#length === 0 ? [] : this.#read(true);
  }

  #read(isEnd: boolean): IonStruct[] {
    const bytes = Buffer.concat(this.#waiting, this.#length);
    const { end, needed } = wholeItems(bytes);
    if (needed > MAX_VALUE_BYTES)
      throw new IonBinaryError('a value in it is too large', end);
    if (isEnd && end < bytes.length)
      throw new IonBinaryError('it ends in the middle of a value', end);
    const { values, table } = decodePart(bytes.subarray(0, end), this.#table);
    this.#table = table;
    this.#waiting = [bytes.subarray(end)];
    this.#length = bytes.length - end;
    this.#needed = needed;
    return values.map((value) => {
      if (value instanceof IonStruct) return value;
      throw new IonBinaryError(NO_STRUCT, 0);
    });
  }
}

/** Where the last whole item of Ion binary ends, and how many bytes the next one has. */
function wholeItems(bytes: Uint8Array): { end: number; needed: number } {
  let end = 0;
  for (;;) {
    const needed = itemLength(bytes, end);
    if (needed === undefined) return { end, needed: bytes.length - end + 1 };
    if (end + needed > bytes.length) return { end, needed };
    end += needed;
  }
}

/** How many bytes the version marker or value at a position has; undefined if it is cut off before it tells. */
function itemLength(bytes: Uint8Array, start: number): number | undefined {
  const descriptor = bytes[start];
  if (descriptor === undefined) return undefined;
  if (descriptor === VERSION_MARKER[0]) return VERSION_MARKER.length;
  const low = descriptor & 15;
  const isStruct = descriptor >> 4 === T_STRUCT;
  if (low === L_NULL || descriptor >> 4 === T_BOOL) return 1;
  if (low !== 14 && !(isStruct && low === 1)) return 1 + low;
  let length = 0;
  for (let at = start + 1; ; at++) {
    const byte = bytes[at];
    if (byte === undefined) return undefined;
    length = length * 128 + (byte & 127);
    if (byte >= 128) return at + 1 - start + length;
    if (length > MAX_VALUE_BYTES) return length;
  }
}
