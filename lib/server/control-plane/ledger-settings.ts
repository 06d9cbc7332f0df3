import type { OutputFormat } from '../../journal-files/index.js';
import type { StoreNote } from '../../ledger/index.js';

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

/** Keeps the settings of a ledger beside its store. */
export class KeptSettings {
  readonly #note: StoreNote;
  #writing: Promise<void> = Promise.resolve();

  constructor(note: StoreNote) {
    this.#note = note;
  }

  /** @returns undefined if there are none, or they cannot be read as such */
  async read(): Promise<LedgerSettings | undefined> {
    const text = await this.#note.read();
    if (text === undefined) return undefined;
    const settings = JSON.parse(text) as Partial<LedgerSettings>;
    if (typeof settings.created !== 'number') return undefined;
    return {
      created: settings.created,
      permissionsMode: settings.permissionsMode ?? 'STANDARD',
      deletionProtection: settings.deletionProtection ?? true,
      tags: settings.tags ?? {},
      exports: settings.exports ?? [],
    };
  }

  /** Writes them whole, one after the other, so that the last stays. */
  write(settings: LedgerSettings): Promise<void> {
    const written = this.#writing.then(() =>
      this.#note.write(JSON.stringify(settings)),
    );
    this.#writing = written.catch(() => {});
    return written;
  }
}
