import { createReadStream } from 'node:fs';
import {
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
} from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { ExportError } from './export-errors.js';
import type { Place, PlacedFile } from './place.js';

/** Until it is whole, a file has this behind its name. */
const PART = '.part';

/** A folder of this machine, laid out as the bucket of an export is. */
export class FolderPlace implements Place {
  readonly name: string;
  readonly bucket: string;

  constructor(folder: string) {
    this.name = resolve(folder);
    this.bucket = basename(this.name);
  }

  async *list(prefix: string): AsyncGenerator<PlacedFile> {
    let files: string[];
    try {
      files = (
        await readdir(this.name, {
          recursive: true,
          withFileTypes: true,
        })
      )
        .filter((entry) => entry.isFile() && !entry.name.endsWith(PART))
        .map(({ parentPath, name }) =>
          relative(this.name, join(parentPath, name)).split(sep).join('/'),
        )
        .sort();
    } catch (cause) {
      // A folder that is not there is made when something is written.
      if (codeOf(cause) === 'ENOENT') return;
      throw new ExportError(
        'QLDB_EXPORT_PLACE',
        `The folder ${this.name} cannot be read: ${codeOf(cause)}.`,
        { cause },
      );
    }
    for (const key of files)
      if (key.startsWith(prefix))
        yield { key, size: (await stat(this.#path(key))).size };
  }

  read(key: string): AsyncIterable<Uint8Array> {
    return createReadStream(this.#path(key), { highWaterMark: 1 << 20 });
  }

  async write(key: string, contents: Uint8Array): Promise<void> {
    const path = this.#path(key);
    const part = path + PART;
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const file = await open(part, 'w', 0o600);
      try {
        await file.writeFile(contents);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(part, path);
    } catch (cause) {
      await rm(part, { force: true });
      throw new ExportError(
        'QLDB_EXPORT_PLACE',
        `The file ${path} cannot be written: ${codeOf(cause)}. What was written before it stays; begin the export again, and it goes on there.`,
        { cause },
      );
    }
  }

  async holds(key: string, contents: Uint8Array): Promise<boolean> {
    const path = this.#path(key);
    try {
      if ((await stat(path)).size !== contents.length) return false;
      return Buffer.compare(await readFile(path), contents) === 0;
    } catch {
      return false;
    }
  }

  #path(key: string): string {
    const path = join(this.name, key);
    if (path.startsWith(this.name + sep) || path === this.name) return path;
    throw new ExportError(
      'QLDB_EXPORT_PLACE',
      'A key leads out of the folder of the export.',
    );
  }
}

function codeOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return code ?? 'the system does not say why';
}
