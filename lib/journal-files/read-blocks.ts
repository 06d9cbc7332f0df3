import { createGunzip } from 'node:zlib';
import { Readable } from 'node:stream';
import { ionStructs } from '../ion/stream.js';
import { IonStruct } from '../ion/value.js';
import { ExportError } from './export-errors.js';
import type { DataFile } from './find-exports.js';
import { JsonBlocks } from './json/json-blocks.js';
import { jsonLines } from './json/json-lines.js';

/** Blocks as they stand in a file, in order. */
export interface ReadBlocks {
  readonly blocks: readonly IonStruct[];
  /** How many bytes of the files were read by now. */
  readonly bytes: number;
}

/** A struct in JSON begins so, and none in Ion that a program wrote. */
const JSON_START = /^\s*\{\s*"/;
const GZIP = Buffer.from([0x1f, 0x8b]);

/** Reads the blocks of files one after the other, as they are asked for. */
export async function* readBlocks(
  files: readonly DataFile[],
  json: JsonBlocks,
): AsyncGenerator<ReadBlocks> {
  let bytes = 0;
  for (const file of files) {
    let next = file.first;
    const count = async function* (): AsyncGenerator<Uint8Array> {
      for await (const chunk of file.place.read(file.key)) {
        bytes += chunk.length;
        yield chunk;
      }
    };
    try {
      for await (const blocks of blocksOf(count(), json)) {
        for (const block of blocks) checkNumber(block, next++, file);
        if (blocks.length > 0) yield { blocks, bytes };
      }
    } catch (cause) {
      if (cause instanceof ExportError) throw cause;
      throw new ExportError(
        'QLDB_EXPORT_FILE_INVALID',
        `The file ${file.key} cannot be read behind block ${next - 1}: ${(cause as Error).message}. Fetch it once more.`,
        { cause },
      );
    }
    if (next <= file.last)
      throw new ExportError(
        'QLDB_EXPORT_FILE_INVALID',
        `The file ${file.key} ends before block ${next}, and its name says ${file.last}. Fetch it once more.`,
      );
  }
}

/** The name of a file tells its blocks. */
function checkNumber(block: IonStruct, next: number, file: DataFile): void {
  // Found once: whoever verifies the block asks for all of them.
  block.entries();
  const address = block.get('blockAddress');
  if (address instanceof IonStruct) address.entries();
  const [sequenceNo, strandId] =
    address instanceof IonStruct
      ? [address.get('sequenceNo'), address.get('strandId')]
      : [];
  if (sequenceNo === next && strandId === file.strandId && next <= file.last)
    return;
  throw new ExportError(
    'QLDB_EXPORT_FILE_INVALID',
    `The file ${file.key} has another block where ${next <= file.last ? `block ${next} should be` : `it should end, behind block ${file.last}`}.`,
  );
}

async function* blocksOf(
  source: AsyncIterable<Uint8Array>,
  json: JsonBlocks,
): AsyncGenerator<readonly IonStruct[]> {
  const { first, all } = await peek(source);
  if (Buffer.compare(first.subarray(0, 2), GZIP) === 0) {
    yield* plainBlocks(await peek(unzipped(all)), json);
    return;
  }
  yield* plainBlocks({ first, all }, json);
}

async function* unzipped(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const gunzip = Readable.from(source, { objectMode: false }).compose(
    createGunzip(),
  );
  yield* gunzip as AsyncIterable<Uint8Array>;
}

async function* plainBlocks(
  { first, all }: Peeked,
  json: JsonBlocks,
): AsyncGenerator<readonly IonStruct[]> {
  if (
    !JSON_START.test(Buffer.from(first.subarray(0, 200)).toString('latin1'))
  ) {
    yield* ionStructs(all);
    return;
  }
  for await (const lines of jsonLines(all))
    for (const line of lines) yield [(await json.read(line)).block];
}

interface Peeked {
  readonly first: Uint8Array;
  readonly all: AsyncIterable<Uint8Array>;
}

/** The beginning of a stream, and the whole of it. */
async function peek(source: AsyncIterable<Uint8Array>): Promise<Peeked> {
  const iterator = source[Symbol.asyncIterator]();
  const step = await iterator.next();
  const first = step.done === true ? new Uint8Array(0) : step.value;
  return {
    first,
    all: (async function* () {
      try {
        if (step.done !== true) yield first;
        for (;;) {
          const { done, value } = await iterator.next();
          if (done === true) return;
          yield value;
        }
      } finally {
        await iterator.return?.();
      }
    })(),
  };
}
