import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { PooledQldbDriver } from '../driver/index.js';
import { type Ledger, storeFolder } from '../ledger/index.js';
import { isRemote } from './check-options.js';
import { EmbeddedEndpoint } from './embedded-endpoint.js';
import type { QldbModuleOptions } from './interfaces/qldb-options.interface.js';
import { Qldb } from './qldb.js';
import { DEFAULT_LEDGER } from './qldb.tokens.js';

/** Whether a ledger of this process has its store in a database: that may come up later than the application. */
const isElsewhere = (store: QldbModuleOptions['store']): boolean =>
  store !== undefined && store !== 'memory:' && !storeFolder(store);

/**
 * What one registration owns: the driver, and the ledger if it is in this
 * process. Making it opens nothing.
 */
export class LedgerConnection {
  readonly driver: PooledQldbDriver;
  readonly qldb: Qldb;
  readonly #embedded: EmbeddedEndpoint | undefined;
  readonly #start: Required<
    Pick<QldbModuleOptions, 'lazyConnection' | 'retryAttempts' | 'retryDelay'>
  >;
  readonly #logger: Logger;
  #closing: Promise<void> | undefined;

  /** @param options - checked already */
  constructor(options: QldbModuleOptions, name: string) {
    this.#logger = new Logger(
      name === DEFAULT_LEDGER ? 'QldbModule' : `QldbModule:${name}`,
    );
    const remote = isRemote(options);
    const {
      store,
      limits,
      lazyConnection = false,
      retryAttempts = remote || isElsewhere(store) ? 9 : 0,
      retryDelay = 3_000,
      ...driver
    } = options;
    this.#start = { lazyConnection, retryAttempts, retryDelay };
    this.#embedded = remote
      ? undefined
      : new EmbeddedEndpoint(options.ledgerName, store, limits, ({ message }) =>
          this.#logger.error(message),
        );
    this.driver = new PooledQldbDriver({
      ...driver,
      ...(this.#embedded ? { endpoint: this.#embedded } : {}),
      // Nest prints debug lines unless told not to; diagnostics channels tell more.
      logger: {
        warn: (text) => this.#logger.warn(text),
        error: (text) => this.#logger.error(text),
      },
    });
    const embedded = this.#embedded;
    this.qldb = new Qldb(this.driver, {
      logger: this.#logger,
      ...(embedded ? { ledger: (): Ledger => embedded.ledger } : {}),
    });
  }

  /** Opens the ledger, or sees that it answers, unless that is left to the first use. */
  async start(): Promise<void> {
    const { lazyConnection, retryAttempts, retryDelay } = this.#start;
    if (lazyConnection) return;
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#open();
        return;
      } catch (error) {
        if (attempt > retryAttempts) throw error;
        this.#logger.warn(
          `The ledger '${this.driver.ledgerName}' cannot be opened: ${error instanceof Error ? error.message : 'unknown error'} Trying again in ${retryDelay} ms (${attempt} of ${retryAttempts}).`,
        );
        await sleep(retryDelay);
      }
    }
  }

  async #open(): Promise<void> {
    if (this.#embedded) {
      await this.#embedded.open();
      return;
    }
    const session = await this.driver.getSession();
    await session.close();
  }

  /**
   * Takes no new transactions, lets the running ones end, and closes the
   * ledger. Idempotent.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    try {
      await this.driver.close();
    } finally {
      await this.#embedded?.close();
    }
  }
}
