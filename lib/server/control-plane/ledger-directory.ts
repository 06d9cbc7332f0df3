import { isLedgerName } from '../../ledger/ledger-name.js';
import {
  type Ledger,
  type LedgerLimits,
  openLedger,
  type StoreError,
  type StoreHome,
  storeHome,
  type StorePlace,
} from '../../ledger/index.js';
import type { SessionEndpoint } from '../../session/index.js';
import { KeptSettings, type LedgerSettings } from './ledger-settings.js';

/** Which ledgers a directory has, and where. */
export interface LedgerDirectoryOptions {
  /** Where the ledgers are kept: `file:<folder>`, `memory:` or `postgres://…`. Default: `file:.qldb`, in the working directory. */
  readonly store?: StorePlace | undefined;
  /** The ledgers to open; made if there are none. Default: all that are there. */
  readonly ledgers?: readonly string[] | undefined;
  readonly limits?: Partial<LedgerLimits> | undefined;
  /** Told when a ledger can be used no longer. */
  readonly onFailure?: ((failure: StoreError) => void) | undefined;
}

/** A ledger of a directory. */
export interface DirectoryEntry {
  readonly ledger: Ledger;
  readonly settings: LedgerSettings;
}

interface OpenEntry {
  ledger: Ledger;
  settings: LedgerSettings;
  readonly kept: KeptSettings;
}

/**
 * The ledgers that a server serves, which may come and go while it runs. With a
 * directory, `createQldbServer` serves QLDB's control plane too: `CreateLedger`,
 * `GetDigest`, `ExportJournalToS3` and the others.
 *
 * @example
 * const ledgers = await LedgerDirectory.open({ store: 'file:/var/lib/ledgers' });
 * const server = await createQldbServer({ ledgers, credentials });
 * // … and at the end
 * await server.close();
 * await ledgers.close();
 */
export class LedgerDirectory {
  readonly #store: StorePlace;
  readonly #home: StoreHome;
  readonly #options: LedgerDirectoryOptions;
  readonly #entries = new Map<string, OpenEntry>();
  readonly #sessions = new Map<string, SessionEndpoint>();
  /** Ledgers that are being made or deleted. */
  readonly #busy = new Set<string>();
  #closing: Promise<void> | undefined;

  private constructor(
    options: LedgerDirectoryOptions,
    store: StorePlace,
    home: StoreHome,
  ) {
    this.#store = store;
    this.#home = home;
    this.#options = options;
  }

  /** @throws LedgerNameError, LedgerLimitsError, StoreError; then none is left open */
  static async open(
    options: LedgerDirectoryOptions = {},
  ): Promise<LedgerDirectory> {
    const { store = 'file:.qldb' } = options;
    const directory = new LedgerDirectory(
      options,
      store,
      await storeHome(store),
    );
    try {
      const names = options.ledgers ?? (await directory.#stored());
      for (const name of new Set(names)) await directory.#open(name);
    } catch (error) {
      await directory.close();
      throw error;
    }
    return directory;
  }

  /** The session APIs of the ledgers, by name. */
  get sessions(): ReadonlyMap<string, SessionEndpoint> {
    return this.#sessions;
  }

  get(name: string): DirectoryEntry | undefined {
    return this.#entries.get(name);
  }

  /** The names of its ledgers, sorted. */
  get names(): readonly string[] {
    return [...this.#entries.keys()].sort();
  }

  /** Whether a ledger is being made or deleted just now. */
  isBusy(name: string): boolean {
    return this.#busy.has(name);
  }

  /**
   * Makes a ledger.
   *
   * @returns undefined when there is one of that name, here or in the store
   */
  async create(
    name: string,
    settings: Omit<LedgerSettings, 'created' | 'exports'>,
  ): Promise<DirectoryEntry | undefined> {
    if (this.#entries.has(name) || (await this.#stored()).includes(name))
      return undefined;
    return this.#while(name, () => this.#open(name, settings));
  }

  /** Changes what is known of a ledger; durable when the promise resolves. */
  async change(
    name: string,
    change: (settings: LedgerSettings) => Partial<LedgerSettings>,
  ): Promise<DirectoryEntry> {
    const entry = this.#entries.get(name);
    if (!entry) throw new RangeError(`There is no ledger ${name}.`);
    entry.settings = { ...entry.settings, ...change(entry.settings) };
    await entry.kept.write(entry.settings);
    return entry;
  }

  /** Ends the sessions of a ledger, closes it, and removes it from the store. */
  async delete(name: string): Promise<void> {
    const entry = this.#entries.get(name);
    if (!entry) return;
    await this.#while(name, async () => {
      this.#entries.delete(name);
      this.#sessions.delete(name);
      await entry.ledger.close();
      await this.#home.remove(name);
    });
  }

  /** Closes all ledgers. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= Promise.all(
      Array.from(this.#entries.values(), ({ ledger }) => ledger.close()),
    ).then(() => {});
    return this.#closing;
  }

  async #open(
    name: string,
    given?: Omit<LedgerSettings, 'created' | 'exports'>,
  ): Promise<OpenEntry> {
    const { limits, onFailure } = this.#options;
    const ledger = await openLedger({
      name,
      store: this.#store,
      limits,
      onFailure,
    });
    try {
      const kept = new KeptSettings(this.#home.note(name));
      const found = await kept.read();
      const settings: LedgerSettings = found ?? {
        created: ledger.created.getTime(),
        permissionsMode: 'STANDARD',
        deletionProtection: true,
        tags: {},
        exports: [],
        ...given,
      };
      if (!found) await kept.write(settings);
      const entry = { ledger, settings, kept };
      this.#entries.set(name, entry);
      this.#sessions.set(name, ledger.sessions);
      return entry;
    } catch (error) {
      await ledger.close();
      throw error;
    }
  }

  async #while<T>(name: string, work: () => Promise<T>): Promise<T> {
    this.#busy.add(name);
    try {
      return await work();
    } finally {
      this.#busy.delete(name);
    }
  }

  /** The ledgers that the store has, sorted. */
  async #stored(): Promise<readonly string[]> {
    return (await this.#home.names()).filter(isLedgerName);
  }
}
