import {
  createSecretKey,
  type KeyObject,
  randomBytes,
  randomUUID,
} from 'node:crypto';
import {
  link,
  mkdir,
  open,
  readFile,
  rm,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { KeyVault } from './key-vault.js';

const KEY_BYTES = 32;

/**
 * A vault for a sample: one file for each key, for the eyes of its owner only.
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
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const beside = join(this.folder, `${randomUUID()}.new`);
    try {
      await writeFile(beside, randomBytes(KEY_BYTES), {
        mode: 0o600,
        flag: 'wx',
        flush: true,
      });
      // A link appears at once and whole, and never in the place of a key that is there.
      await link(beside, this.#file(personId)).catch(unlessCode('EEXIST'));
    } finally {
      await rm(beside, { force: true });
    }
    await this.#flush();
    const key = await this.find(personId);
    if (!key) throw new Error('The key was destroyed while it was obtained.');
    return key;
  }

  async find(personId: string): Promise<KeyObject | undefined> {
    const bytes = await readFile(this.#file(personId)).catch(
      unlessCode('ENOENT'),
    );
    return bytes && createSecretKey(bytes);
  }

  async destroy(personId: string): Promise<void> {
    await unlink(this.#file(personId)).catch(unlessCode('ENOENT'));
    await this.#flush();
  }

  #file(personId: string): string {
    // It becomes the name of a file, so what it may be is checked here too.
    if (!/^[a-z0-9-]{1,40}$/.test(personId))
      throw new Error('A person id has small letters, digits and hyphens.');
    return join(this.folder, `${personId}.key`);
  }

  /** Makes names that came or went outlast a power cut. */
  async #flush(): Promise<void> {
    const folder = await open(this.folder).catch(unlessCode('ENOENT'));
    try {
      await folder?.sync();
    } finally {
      await folder?.close();
    }
  }
}

/** Lets one kind of failure pass. */
function unlessCode(code: string): (error: NodeJS.ErrnoException) => undefined {
  return (error) => {
    if (error.code !== code) throw error;
  };
}
