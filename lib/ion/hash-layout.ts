import { Layout } from './layout.js';

/**
 * A digest as a string of the characters 0–255. Node makes it four times as
 * fast as a Buffer, and such strings sort as their bytes do.
 */
export type Digest = (bytes: Uint8Array) => string;

/** Marks of the hash's byte stream; in content they are escaped. */
const BEGIN = 0x0b;
const END = 0x0e;
const ESCAPE = 0x0c;

/** Bytes of scratch space that are kept between two values. */
export const KEPT_SCRATCH = 1 << 16;

/** The byte stream of Ion Hash in the making. */
export class HashLayout extends Layout {
  readonly #digest: Digest;

  constructor(digest: Digest) {
    super(KEPT_SCRATCH);
    this.#digest = digest;
  }

  /** The beginning of a value: its type, and a qualifier. */
  protected begin(typeQualifier: number): void {
    this.reserve(2);
    this.bytes[this.pos++] = BEGIN;
    this.bytes[this.pos++] = typeQualifier;
  }

  /** The end of a value. */
  protected end(): void {
    this.byte(END);
  }

  /** Appends content. Returns all its bytes or-ed. */
  protected escaped(content: Uint8Array, start: number, end: number): number {
    this.reserve(2 * (end - start));
    const { bytes } = this;
    let { pos } = this;
    let all = 0;
    for (let i = start; i < end; i++) {
      const byte = content[i];
      all |= byte;
      if (byte <= END && (byte === BEGIN || byte === END || byte === ESCAPE)) {
        bytes[pos++] = ESCAPE;
      }
      bytes[pos++] = byte;
    }
    this.pos = pos;
    return all;
  }

  /** Appends characters 0–255 as bytes of content. */
  protected escapedText(text: string): void {
    const { length } = text;
    // They are put down as far ahead as escaping can move them, and then read again.
    this.reserve(2 * length);
    const ahead = this.pos + length;
    this.bytes.write(text, ahead, 'latin1');
    this.escaped(this.bytes, ahead, ahead + length);
  }

  /** Digest of what was written from `start` on, which is cleared away. */
  protected digestFrom(start: number): string {
    const length = this.pos - start;
    this.pos = start;
    return this.#digest(new Uint8Array(this.bytes.buffer, start, length));
  }
}
