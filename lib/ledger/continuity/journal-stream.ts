import type { Writable } from 'node:stream';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { encodeIon } from '../../ion/encode.js';
import { IonStruct } from '../../ion/value.js';
import type { Batches } from '../../store/contract.js';
import { addressStruct, decodeStruct } from '../journal/block.js';
import { isHash } from '../journal/verify.js';
import { BackupInvalidError } from '../ledger-errors.js';
import type { LedgerDigest } from '../verification/verify-contents.js';

/*
 * A backup is a stream of Ion values, each with its own version marker: first
 * the ledger's name and the digest that its blocks lead to, then the blocks as
 * they stand in the journal, in order.
 */

/** What stands at the beginning of a backup. */
export interface BackupHeader extends LedgerDigest {
  readonly ledgerName: string;
  /** Number of its first block; 0 unless the ledger was imported from a part of a journal. */
  readonly firstSequenceNo: number;
}

/** Writes a backup, as fast as the stream takes it, and ends the stream. */
export async function writeJournal(
  target: Writable,
  { ledgerName, firstSequenceNo, digest, digestTipAddress }: BackupHeader,
  blocks: Batches<Uint8Array>,
  signal?: AbortSignal,
): Promise<void> {
  const header = IonStruct.of([
    ['ledgerName', ledgerName],
    ['digest', digest],
    ['digestTipAddress', addressStruct(digestTipAddress)],
    ...(firstSequenceNo > 0
      ? [['firstSequenceNo', firstSequenceNo] as const]
      : []),
  ]);
  async function* values(): AsyncGenerator<Uint8Array> {
    yield encodeIon(header);
    for await (const batch of blocks) yield Buffer.concat(batch);
  }
  await pipeline(Readable.from(values()), target, { signal });
}

/** Reads a backup: its header, then its blocks in batches. */
export async function readJournal(
  source: AsyncIterable<Uint8Array>,
): Promise<{ header: BackupHeader; blocks: AsyncIterable<Uint8Array[]> }> {
  const values = new IonValues(source);
  const first = await values.next();
  return {
    header: readHeader(first),
    blocks: (async function* () {
      for (let value = await values.next(); value; value = await values.next())
        yield [value];
    })(),
  };
}

function readHeader(bytes: Uint8Array | undefined): BackupHeader {
  let header: IonStruct | undefined;
  try {
    header = bytes && decodeStruct(bytes);
  } catch {
    // It is no Ion: as good as nothing.
  }
  const ledgerName = header?.get('ledgerName');
  const digest = header?.get('digest');
  const tip = header?.get('digestTipAddress');
  const firstSequenceNo = header?.get('firstSequenceNo') ?? 0;
  const [strandId, sequenceNo] =
    tip instanceof IonStruct
      ? [tip.get('strandId'), tip.get('sequenceNo')]
      : [];
  if (
    typeof ledgerName !== 'string' ||
    !isHash(digest) ||
    typeof strandId !== 'string' ||
    typeof sequenceNo !== 'number' ||
    typeof firstSequenceNo !== 'number' ||
    firstSequenceNo < 0
  )
    throw new BackupInvalidError('it does not begin with a digest');
  return {
    ledgerName,
    firstSequenceNo,
    digest,
    digestTipAddress: { strandId, sequenceNo },
  };
}

const VERSION_MARKER = Buffer.from([0xe0, 0x01, 0x00, 0xea]);
/** Longer values are no blocks: a length that was made up must not take all memory. */
const MAX_BYTES = 1 << 30;
const STRUCT = 13;
const ANNOTATION = 14;
const VARIABLE = 14;

/** Takes a stream of bytes apart into Ion values, each with its version marker and symbol table. */
class IonValues {
  readonly #source: AsyncIterator<Uint8Array>;
  #buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** The next value; undefined at the end of the stream. */
  async next(): Promise<Uint8Array | undefined> {
    if (!(await this.#has(1))) return undefined;
    await this.#need(VERSION_MARKER.length);
    if (!this.#buffer.subarray(0, 4).equals(VERSION_MARKER))
      throw new BackupInvalidError('a value in it has no version marker');
    let end = VERSION_MARKER.length;
    for (;;) {
      const { type, end: valueEnd } = await this.#value(end);
      end = valueEnd;
      // A symbol table stands before the value that it is for.
      if (type === ANNOTATION) continue;
      await this.#need(end);
      const value = Uint8Array.prototype.slice.call(this.#buffer, 0, end);
      this.#buffer = this.#buffer.subarray(end);
      return value;
    }
  }

  /** Type and end of the value at a position. */
  async #value(start: number): Promise<{ type: number; end: number }> {
    await this.#need(start + 1);
    const type = this.#buffer[start] >> 4;
    const low = this.#buffer[start] & 15;
    if (type !== STRUCT && type !== ANNOTATION)
      throw new BackupInvalidError('a value in it is no struct');
    let at = start + 1;
    let length = low;
    if (low === VARIABLE || (type === STRUCT && low === 1)) {
      length = 0;
      let byte: number;
      do {
        await this.#need(at + 1);
        byte = this.#buffer[at++];
        length = length * 128 + (byte & 127);
        if (length > MAX_BYTES)
          throw new BackupInvalidError('a value in it is too large');
      } while (byte < 128);
    }
    return { type, end: at + length };
  }

  async #need(bytes: number): Promise<void> {
    if (!(await this.#has(bytes)))
      throw new BackupInvalidError('it ends in the middle of a block');
  }

  async #has(bytes: number): Promise<boolean> {
    if (this.#buffer.length >= bytes) return true;
    const chunks: Uint8Array[] = [this.#buffer];
    let length = this.#buffer.length;
    while (length < bytes) {
      const { done, value } = await this.#source.next();
      if (done === true) break;
      chunks.push(value);
      length += value.length;
    }
    this.#buffer = Buffer.concat(chunks, length);
    return length >= bytes;
  }
}
