import { JournalJsonError } from './journal-json-error.js';

/** No block is longer: a line without an end must not take all memory. */
const MAX_LINE_BYTES = 256 << 20;
const NEWLINE = 0x0a;

/** The lines of a stream, a batch at a time; empty ones are left out. */
export async function* jsonLines(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<readonly string[]> {
  let waiting: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of source) {
    const end = chunk.lastIndexOf(NEWLINE);
    if (end < 0) {
      waiting.push(chunk);
      length += chunk.length;
      if (length > MAX_LINE_BYTES)
        throw new JournalJsonError('a line is too long');
      continue;
    }
    yield split([...waiting, chunk.subarray(0, end)]);
    waiting = [chunk.subarray(end + 1)];
    length = chunk.length - end - 1;
  }
  yield split(waiting);
}

function split(chunks: readonly Uint8Array[]): readonly string[] {
  const text = Buffer.concat(chunks).toString();
  return text.split('\n').filter((line) => line.trim() !== '');
}
