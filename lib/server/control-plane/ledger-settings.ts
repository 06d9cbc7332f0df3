import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { OutputFormat } from '../../journal-files/index.js';

export type PermissionsMode = 'ALLOW_ALL' | 'STANDARD';

/** An export job, as the control plane keeps it. Times are in milliseconds since the epoch. */
export interface ExportJob {
  readonly exportId: string;
  readonly created: number;
  readonly status: 'IN_PROGRESS' | 'COMPLETED' | 'CANCELLED';
  readonly from: number;
  readonly until: number;
  readonly roleArn: string;
  readonly bucket: string;
  readonly prefix: string;
  readonly encryption: string;
  readonly kmsKeyArn?: string | undefined;
  readonly format?: OutputFormat | undefined;
}

/** What the control plane knows of a ledger besides its journal. */
export interface LedgerSettings {
  /** Milliseconds since the epoch. */
  readonly created: number;
  readonly permissionsMode: PermissionsMode;
  readonly deletionProtection: boolean;
  readonly tags: Readonly<Record<string, string>>;
  readonly exports: readonly ExportJob[];
}

const FILE = 'control-plane.json';

/** Keeps the settings of a ledger: in its folder, beside its store; or nowhere, if it is in memory. */
export class SettingsFile {
  readonly #folder: string | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(folder: string | undefined) {
    this.#folder = folder;
  }

  /** @returns undefined if there are none, or they cannot be read as such */
  async read(): Promise<LedgerSettings | undefined> {
    if (this.#folder === undefined) return undefined;
    try {
      const text = await readFile(join(this.#folder, FILE), 'utf8');
      const settings = JSON.parse(text) as Partial<LedgerSettings>;
      if (typeof settings.created !== 'number') return undefined;
      return {
        created: settings.created,
        permissionsMode: settings.permissionsMode ?? 'STANDARD',
        deletionProtection: settings.deletionProtection ?? true,
        tags: settings.tags ?? {},
        exports: settings.exports ?? [],
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Writes them whole, one after the other, so that the last stays. */
  write(settings: LedgerSettings): Promise<void> {
    const written = this.#writing.then(() => this.#write(settings));
    this.#writing = written.catch(() => {});
    return written;
  }

  async #write(settings: LedgerSettings): Promise<void> {
    if (this.#folder === undefined) return;
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const path = join(this.#folder, FILE);
    const file = await open(`${path}.new`, 'w', 0o600);
    try {
      await file.writeFile(JSON.stringify(settings));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.new`, path);
  }
}
