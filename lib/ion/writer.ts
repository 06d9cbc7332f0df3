import { T_BLOB, T_LIST, T_STRUCT, T_TIMESTAMP } from './cursor.js';
import { Encoder } from './encode.js';
import { timestampContent } from './timestamp-content.js';
import type { IonStruct } from './value.js';

/** A container whose end is not written yet. */
interface Open {
  readonly start: number;
  readonly room: number;
  readonly type: number;
}

/**
 * Writes one Ion value part by part: without an object for each part, and with
 * pauses where it is large.
 */
export class IonWriter extends Encoder {
  readonly #open: Open[] = [];
  #isFree = true;

  /** Begins a value. False if one is not finished: take another writer then. */
  begin(): boolean {
    if (!this.#isFree) return false;
    this.#isFree = false;
    this.symbols.begin();
    return true;
  }

  /**
   * @param bytes - about how many the struct will have: if that is right,
   *   nothing has to be moved when it ends
   */
  beginStruct(bytes = 0): void {
    this.#begin(T_STRUCT, bytes);
  }

  beginList(bytes = 0): void {
    this.#begin(T_LIST, bytes);
  }

  #begin(type: number, bytes: number): void {
    const room =
      bytes < 2 ** 7 ? 1 : bytes < 2 ** 14 ? 2 : bytes < 2 ** 21 ? 3 : 4;
    this.#open.push({ start: this.open(room), room, type });
    this.depth++;
  }

  /** Ends the struct or list that was begun last. */
  endContainer(): void {
    const { start, room, type } = this.#open.pop() as Open;
    this.close(start, room, type);
    this.depth--;
  }

  /** The name of the field whose value comes next. */
  name(text: string): void {
    this.varUInt(this.sid(text));
  }

  text(name: string, value: string): void {
    this.name(name);
    this.string(value);
  }

  integer(name: string, value: number): void {
    this.name(name);
    this.int(value);
  }

  blob(name: string, value: Uint8Array): void {
    this.name(name);
    this.blobItem(value);
  }

  blobItem(value: Uint8Array): void {
    this.lob(T_BLOB, value);
  }

  intItem(value: number): void {
    this.int(value);
  }

  /** @param value - milliseconds since the epoch */
  time(name: string, value: number): void {
    this.name(name);
    const content = timestampContent(value);
    this.header(T_TIMESTAMP, content.length);
    this.raw(content);
  }

  document(name: string, value: IonStruct): void {
    this.name(name);
    this.struct(value);
  }

  /** The value as Ion binary. */
  end(): Uint8Array {
    const binary = this.finish();
    this.abandon();
    return binary;
  }

  /** Gives up the value that was begun. */
  abandon(): void {
    this.#open.length = 0;
    this.depth = 0;
    this.#isFree = true;
    this.forget();
  }
}
