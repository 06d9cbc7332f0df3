import {
  createSecretKey,
  type KeyObject,
  randomBytes,
  randomUUID,
} from 'node:crypto';
import { link, mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KeyVault } from './key-vault.js';

const KEY_BYTES = 32;

/**
 * A vault for a sample: a folder for each person, with the key in a file, for
 * its owner only.
 *
 * In production, let a key management service or a database keep the keys, with
 * rights, backups and deletion of its own. A file that is removed may live on in
 * a snapshot, a backup or the spare blocks of a disk.
 */
export class FileKeyVault extends KeyVault {
  constructor(private readonly folder: string) {
    super();
  }

  async obtain(personId: string): Promise<KeyObject> {
    const folder = this.#folderOf(personId);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    // In the person's folder: if the process ends here, it still goes when the key goes.
    const beside = join(folder, randomUUID());
    try {
      await writeFile(beside, randomBytes(KEY_BYTES), {
        mode: 0o600,
        flag: 'wx',
        flush: true,
      });
      // A link appears at once and whole, and never in the place of a key that is there.
      await link(beside, join(folder, 'key')).catch(unlessCode('EEXIST'));
    } finally {
      await rm(beside, { force: true });
    }
    await flush(folder);
    await flush(this.folder);
    const key = await this.find(personId);
    if (!key) throw new Error('The key was destroyed while it was obtained.');
    return key;
  }

  async find(personId: string): Promise<KeyObject | undefined> {
    const file = join(this.#folderOf(personId), 'key');
    const bytes = await readFile(file).catch(unlessCode('ENOENT'));
    return bytes && createSecretKey(bytes);
  }

  async destroy(personId: string): Promise<void> {
    await rm(this.#folderOf(personId), { recursive: true, force: true });
    await flush(this.folder);
  }

  #folderOf(personId: string): string {
    // It becomes the name of a folder, so what it may be is checked here too.
    if (!/^[a-z0-9-]{1,40}$/.test(personId))
      throw new Error('A person id has small letters, digits and hyphens.');
    return join(this.folder, personId);
  }
}

/** Makes names that came into a folder, or went, outlast a power cut. */
async function flush(folder: string): Promise<void> {
  const handle = await open(folder).catch(unlessCode('ENOENT'));
  try {
    await handle?.sync();
  } finally {
    await handle?.close();
  }
}

/** Lets one kind of failure pass. */
function unlessCode(code: string): (error: NodeJS.ErrnoException) => undefined {
  return (error) => {
    if (error.code !== code) throw error;
  };
}
