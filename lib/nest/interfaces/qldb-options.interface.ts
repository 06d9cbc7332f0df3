import type { ModuleMetadata, Provider, Type } from '@nestjs/common';
import type { InjectionToken, OptionalFactoryDependency } from '@nestjs/common';
import type { PooledQldbDriverOptions } from '../../driver/index.js';
import type { LedgerLimits, StorePlace } from '../../ledger/index.js';

/**
 * Where the ledger is, and how it is used.
 *
 * A ledger in this process has a `store`; one behind the QLDB Session API has
 * an `endpoint`, or a `region` and the AWS SDK's own ways to find one. Without
 * either, it is in this process, in the folder `.qldb`.
 *
 * The other options are those of the driver.
 */
export interface QldbModuleOptions extends Omit<
  PooledQldbDriverOptions,
  'logger'
> {
  /**
   * Where this process keeps the ledger:
   *
   * - `file:<folder>`: durable, in a folder of this machine; made if absent
   * - `memory:`: gone when the process ends; for tests
   * - `postgres://user:password@host:5432/database`: in a PostgreSQL database, or
   *   one that speaks its protocol, which many processes share; or options for
   *   one, such as `{ pool, schema: 'ledgers' }`
   *
   * Default: `file:.qldb`, unless an endpoint is named.
   */
  readonly store?: StorePlace;

  /**
   * Bounds of the sessions and transactions of a ledger in this process, such
   * as `{ maxTransactionDocuments: 1000 }`. What is left out has its default.
   */
  readonly limits?: Partial<LedgerLimits>;

  /**
   * Opens the ledger when it is first used, in place of when the application
   * starts. The application then starts without it. Default: `false`.
   */
  readonly lazyConnection?: boolean;

  /**
   * How often the start is tried again when the ledger cannot be opened, such
   * as while another process still has it, or its endpoint is not up yet.
   * Default: 9 for an endpoint and for a database, 0 for a folder.
   */
  readonly retryAttempts?: number;

  /** How long to wait before the start is tried again, in milliseconds. Default: 3,000. */
  readonly retryDelay?: number;
}

/** What a registration has besides the options of its ledger. */
export interface QldbRegistration {
  /**
   * Tells several ledgers of an application apart: `@InjectQldb(name)`,
   * `@Transactional({ name })`. Default: none; one ledger may have no name.
   */
  readonly name?: string;
  /** Whether every module can inject the ledger, or only those that import this one. Default: `true`. */
  readonly isGlobal?: boolean;
}

/** Options of `QldbModule.forRoot()`. */
export interface QldbModuleRootOptions
  extends QldbModuleOptions, QldbRegistration {}

/** Makes options; for `useClass` and `useExisting`. */
export interface QldbOptionsFactory {
  /** @param name - the name of the registration, if it has one */
  createQldbOptions(
    name?: string,
  ): Promise<QldbModuleOptions> | QldbModuleOptions;
}

/** Options of `QldbModule.forRootAsync()`. Exactly one of the `use…` members is given. */
export interface QldbModuleAsyncOptions
  extends QldbRegistration, Pick<ModuleMetadata, 'imports'> {
  /** Returns the options; may be asynchronous. */
  readonly useFactory?: (
    ...args: never[]
  ) => Promise<QldbModuleOptions> | QldbModuleOptions;
  /** What the factory is called with. */
  readonly inject?: (InjectionToken | OptionalFactoryDependency)[];
  /** A class that is instantiated to make the options. */
  readonly useClass?: Type<QldbOptionsFactory>;
  /** A provider of `imports` that makes the options. */
  readonly useExisting?: InjectionToken<QldbOptionsFactory>;
  /** Providers that the factory needs and no module exports. */
  readonly extraProviders?: Provider[];
}
