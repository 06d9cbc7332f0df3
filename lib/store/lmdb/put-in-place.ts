import { existsSync } from 'node:fs';
import { copyFile, link, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { dataFile } from './closed-mark.js';

/**
 * Puts a closed store where another is, or is to be. Whoever looks at the place
 * finds the one or the other, whole, even after a crash.
 *
 * @returns the file with what was there before, if there was any
 */
export async function putInPlace(
  from: string,
  to: string,
): Promise<string | undefined> {
  if (!existsSync(dataFile(to))) {
    await rename(from, to);
    await flushFolder(dirname(to));
    return undefined;
  }
  const time = new Date().toISOString().replace(/[^0-9]/g, '');
  const former = `${dataFile(to)}.old-${time}`;
  // Some file systems have no second name for a file.
  await link(dataFile(to), former).catch(() => copyFile(dataFile(to), former));
  await rename(dataFile(from), dataFile(to));
  await flushFolder(to);
  return former;
}

/** Waits until the names in a folder are on the disk. */
async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } catch {
    // Some systems cannot flush a folder; they do without.
  } finally {
    await handle.close();
  }
}
