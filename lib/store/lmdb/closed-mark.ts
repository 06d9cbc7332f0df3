import { readFile, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkFile } from './file-check.js';

const CLOSED_FILE = 'closed.json';

/** The file in which LMDB keeps everything. */
export function dataFile(path: string): string {
  return join(path, 'data.mdb');
}

/** Notes how the data file of a store was left. */
export async function markClosed(path: string): Promise<void> {
  const state = await stateOf(path);
  if (state !== undefined)
    await writeFile(join(path, CLOSED_FILE), state, { mode: 0o600 });
}

/**
 * Checks the structure of a data file, unless it is as it was left when the
 * store was last closed. The mark goes with the opening: after a crash, or when
 * somebody else wrote to the file, it is checked once.
 *
 * @throws StoreDamagedError
 */
export async function checkUnlessClosed(path: string): Promise<void> {
  const mark = join(path, CLOSED_FILE);
  const left = await readFile(mark, 'utf8').catch(() => undefined);
  const found = await stateOf(path);
  if (found !== undefined && left !== found) await checkFile(dataFile(path));
  if (left !== undefined) await unlink(mark);
}

async function stateOf(path: string): Promise<string | undefined> {
  try {
    const { size, mtimeNs } = await stat(dataFile(path), { bigint: true });
    return JSON.stringify({ size: String(size), mtimeNs: String(mtimeNs) });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      return undefined;
    throw error;
  }
}
