import type { Ledger, LedgerLimits, StorePlace } from '../ledger/index.js';
import { LedgerNotHereError } from './errors/module.errors.js';

type Endpoint = Ledger['sessions'];

/** A ledger in this process that opens when it is told to, or first used. */
export class EmbeddedEndpoint implements Endpoint {
  readonly inProcess = true;
  #ledger: Ledger | undefined;
  #opening: Promise<Ledger> | undefined;
  #closed = false;

  constructor(
    private readonly name: string,
    private readonly store: StorePlace | undefined,
    private readonly limits: Partial<LedgerLimits> | undefined,
    private readonly onFailure: (failure: Error) => void,
  ) {}

  /** @throws LedgerNotHereError */
  get ledger(): Ledger {
    if (this.#ledger) return this.#ledger;
    throw new LedgerNotHereError(
      this.#closed
        ? 'The ledger is closed, as its application is.'
        : 'The ledger is not open yet. It opens in onModuleInit, or, with lazyConnection, with the first transaction.',
    );
  }

  /** Several callers share one opening; after a failure the next one tries anew. */
  open(): Promise<Ledger> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  sendCommand(
    ...command: Parameters<Endpoint['sendCommand']>
  ): ReturnType<Endpoint['sendCommand']> {
    return this.#ledger
      ? this.#ledger.sessions.sendCommand(...command)
      : this.open().then(({ sessions }) => sessions.sendCommand(...command));
  }

  async close(): Promise<void> {
    this.#closed = true;
    // One that is just opening is closed once it is open.
    const ledger = await this.#opening?.catch(() => undefined);
    this.#ledger = undefined;
    await ledger?.close();
  }

  async #open(): Promise<Ledger> {
    if (this.#closed)
      throw new LedgerNotHereError(
        'The ledger is closed, as its application is.',
      );
    // Loaded here: an application whose ledger is elsewhere has no use for an engine.
    const { openLedger } = await import('../ledger/index.js');
    const ledger = await openLedger({
      name: this.name,
      ...(this.store === undefined ? {} : { store: this.store }),
      limits: this.limits,
      onFailure: this.onFailure,
    });
    this.#ledger = ledger;
    return ledger;
  }
}
