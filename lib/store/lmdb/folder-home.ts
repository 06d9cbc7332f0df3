import { existsSync } from 'node:fs';
import {
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
} from 'node:fs/promises';
import { join } from 'node:path';
import type { LedgerStore } from '../contract.js';
import type { ReplaceOptions, StoreHome, StoreNote } from '../store-home.js';
import { dataFile } from './closed-mark.js';
import { LmdbStore } from './lmdb-store.js';
import { putInPlace } from './put-in-place.js';

const NOTE = 'control-plane.json';
/** What is no ledger, but may become one or has been one, has a point in its name. */
const ASIDE = '.';

/** A folder of this machine with a folder for each ledger. */
export class FolderHome implements StoreHome {
  constructor(private readonly folder: string) {}

  async names(): Promise<readonly string[]> {
    const found = await readdir(this.folder).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return [];
        throw error;
      },
    );
    return found
      .filter(
        (name) =>
          !name.includes(ASIDE) && existsSync(dataFile(this.#pathOf(name))),
      )
      .sort();
  }

  async has(name: string): Promise<boolean> {
    return existsSync(this.#pathOf(name));
  }

  open(name: string): Promise<LedgerStore> {
    return LmdbStore.open(this.#pathOf(name));
  }

  async replace<T>(
    name: string,
    fill: (store: LedgerStore) => Promise<T>,
    { goesOn = false, anew = false }: ReplaceOptions = {},
  ): Promise<{ readonly result: T; readonly former?: string }> {
    const path = this.#pathOf(name);
    const beside = goesOn ? `${path}.unfinished` : `${path}.new-${process.pid}`;
    let isDone = false;
    try {
      if (anew) await rm(beside, { recursive: true, force: true });
      const store = await LmdbStore.open(beside);
      let result: T;
      try {
        result = await fill(store);
      } finally {
        await store.close();
      }
      const former = await putInPlace(beside, path);
      isDone = true;
      return { result, ...(former !== undefined && { former }) };
    } finally {
      if (isDone || !goesOn) await rm(beside, { recursive: true, force: true });
    }
  }

  async remove(name: string): Promise<void> {
    const gone = join(this.folder, `.deleted-${name}-${process.pid}`);
    await rename(this.#pathOf(name), gone);
    await rm(gone, { recursive: true, force: true });
  }

  async size(name: string): Promise<number | undefined> {
    const path = this.#pathOf(name);
    const files = await readdir(path).catch(() => []);
    if (!files.some((file) => file.endsWith('.mdb'))) return undefined;
    const sizes = await Promise.all(
      files.map((file) =>
        stat(join(path, file)).then(({ blocks }) => blocks * 512),
      ),
    );
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  note(name: string): StoreNote {
    const folder = this.#pathOf(name);
    const path = join(folder, NOTE);
    return {
      read: () =>
        readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
          if (error.code === 'ENOENT') return undefined;
          throw error;
        }),
      async write(text) {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        const file = await open(`${path}.new`, 'w', 0o600);
        try {
          await file.writeFile(text);
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(`${path}.new`, path);
      },
    };
  }

  #pathOf(name: string): string {
    return join(this.folder, name);
  }
}
