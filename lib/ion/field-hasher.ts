import {
  T_BLOB,
  T_LIST,
  T_POSITIVE_INT,
  T_STRING,
  T_STRUCT,
  T_SYMBOL,
  T_TIMESTAMP,
} from './cursor.js';
import { type Digest, HashLayout } from './hash-layout.js';
import { Layout } from './layout.js';
import { timestampContent } from './timestamp-content.js';

/**
 * Ion Hash of structs that are known by their fields: the digest of a field
 * that many structs have in common is worked out once.
 *
 * A struct's hash is made of the digests of its fields, in any order. Digests
 * are strings of the characters 0–255.
 */
export class FieldHasher extends HashLayout {
  readonly #content = new Layout(32);

  constructor(digest: Digest) {
    super(digest);
  }

  /** Digest of a field that is a string. */
  text(name: string, value: string): string {
    this.#field(name);
    this.#text(T_STRING, value);
    return this.#done();
  }

  /** Digest of a field that is an int, not negative. */
  int(name: string, value: number): string {
    this.#field(name);
    this.#int(value);
    return this.#done();
  }

  /** Digest of a field that is a list of ints, none of them negative. */
  ints(name: string, values: readonly number[]): string {
    this.#field(name);
    this.begin(T_LIST << 4);
    for (const value of values) this.#int(value);
    this.end();
    return this.#done();
  }

  /** Digest of a field that is a blob. */
  blob(name: string, value: Uint8Array): string {
    this.#field(name);
    this.begin(T_BLOB << 4);
    this.escaped(value, 0, value.length);
    this.end();
    return this.#done();
  }

  /**
   * Digest of a field that is a timestamp in UTC with milliseconds.
   *
   * @param value - milliseconds since the epoch
   */
  time(name: string, value: number): string {
    this.#field(name);
    this.begin(T_TIMESTAMP << 4);
    const content = timestampContent(value);
    this.escaped(content, 0, content.length);
    this.end();
    return this.#done();
  }

  /** Digest of a field that is a struct, by the digests of its fields. */
  struct(name: string, fields: string[]): string {
    this.#field(name);
    this.#struct(fields);
    return this.#done();
  }

  /** Digest of a field that is a list of structs, by the digests of their fields. */
  structs(name: string, structs: Iterable<string[]>): string {
    this.#field(name);
    this.begin(T_LIST << 4);
    for (const fields of structs) this.#struct(fields);
    this.end();
    return this.#done();
  }

  /** Hash of a struct, by the digests of its fields. */
  hash(fields: string[]): string {
    this.#struct(fields);
    return this.#done();
  }

  #done(): string {
    const digest = this.digestFrom(0);
    this.reset();
    return digest;
  }

  #field(name: string): void {
    this.#text(T_SYMBOL, name);
  }

  #text(type: number, text: string): void {
    this.begin(type << 4);
    const bytes = Buffer.from(text);
    this.escaped(bytes, 0, bytes.length);
    this.end();
  }

  #int(value: number): void {
    const content = this.#content;
    content.reset();
    content.magnitude(value);
    this.begin(T_POSITIVE_INT << 4);
    this.escaped(content.bytes, 0, content.pos);
    this.end();
  }

  /** @param fields - sorted here */
  #struct(fields: string[]): void {
    this.begin(T_STRUCT << 4);
    this.escapedText(fields.sort().join(''));
    this.end();
  }
}
