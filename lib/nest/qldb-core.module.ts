import {
  type DynamicModule,
  Inject,
  Module,
  type OnApplicationShutdown,
  type OnModuleInit,
  type Provider,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { checkModuleOptions } from './check-options.js';
import {
  DuplicateLedgerNameError,
  QldbOptionsError,
} from './errors/module.errors.js';
import type {
  QldbModuleAsyncOptions,
  QldbModuleOptions,
  QldbOptionsFactory,
} from './interfaces/qldb-options.interface.js';
import { LedgerConnection } from './ledger-connection.js';
import {
  DEFAULT_LEDGER,
  getQldbDriverToken,
  getQldbToken,
} from './qldb.tokens.js';
import { checkHandlers } from './transaction/check-handlers.js';

const NAME = Symbol('QLDB_NAME');
const OPTIONS = Symbol('QLDB_OPTIONS');
const OPTIONS_FACTORY = Symbol('QLDB_OPTIONS_FACTORY');

/**
 * Owns one ledger of an application: opens it when the application starts, and
 * closes it last, when every request and every other module is done.
 *
 * Providers are made before anything is opened, so that an application whose
 * start fails there has nothing to close.
 */
@Module({})
export class QldbCoreModule implements OnModuleInit, OnApplicationShutdown {
  constructor(
    @Inject(NAME) name: string,
    private readonly connection: LedgerConnection,
    private readonly modules: ModulesContainer,
  ) {
    const namesakes = this.#registrations().filter(
      (module) => module.getProviderByKey(NAME)?.instance === name,
    );
    if (namesakes.length > 1) throw new DuplicateLedgerNameError(name);
    checkHandlers(modules, name);
  }

  static register(options: QldbModuleAsyncOptions): DynamicModule {
    const name = options.name ?? DEFAULT_LEDGER;
    const qldb = getQldbToken(name);
    const driver = getQldbDriverToken(name);
    return {
      module: QldbCoreModule,
      global: options.isGlobal ?? true,
      imports: options.imports ?? [],
      providers: [
        ...(options.extraProviders ?? []),
        { provide: NAME, useValue: name },
        ...optionsProviders(options),
        {
          provide: LedgerConnection,
          inject: [OPTIONS],
          useFactory: (given: QldbModuleOptions) =>
            new LedgerConnection(checkModuleOptions(given), name),
        },
        {
          provide: qldb,
          inject: [LedgerConnection],
          useFactory: (connection: LedgerConnection) => connection.qldb,
        },
        {
          provide: driver,
          inject: [LedgerConnection],
          useFactory: (connection: LedgerConnection) => connection.driver,
        },
      ],
      exports: [qldb, driver],
    };
  }

  async onModuleInit(): Promise<void> {
    try {
      await this.connection.start();
    } catch (error) {
      // Nest runs no shutdown hook after this; the other ledgers are open already.
      await Promise.allSettled(
        this.#registrations().map(async (module) =>
          (
            module.getProviderByKey<LedgerConnection>(LedgerConnection) as {
              readonly instance?: LedgerConnection;
            }
          ).instance?.close(),
        ),
      );
      throw error;
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.connection.close();
  }

  /** All registrations of this application, and of no other in the process. */
  #registrations() {
    return [...this.modules.values()].filter(
      (module) => module.metatype === QldbCoreModule,
    );
  }
}

function optionsProviders({
  name,
  useFactory,
  useClass,
  useExisting,
  inject = [],
}: QldbModuleAsyncOptions): Provider[] {
  const given = [useFactory, useClass, useExisting].filter(Boolean);
  if (given.length !== 1)
    throw new QldbOptionsError('QldbModule.forRootAsync() cannot be used', [
      `Give exactly one of useFactory, useClass and useExisting; there are ${given.length}.`,
    ]);
  if (useFactory) return [{ provide: OPTIONS, inject, useFactory }];
  const factory: Provider[] = useClass
    ? [{ provide: OPTIONS_FACTORY, useClass }]
    : useExisting
      ? [{ provide: OPTIONS_FACTORY, useExisting }]
      : [];
  return [
    ...factory,
    {
      provide: OPTIONS,
      inject: [OPTIONS_FACTORY],
      useFactory: (options: QldbOptionsFactory) =>
        options.createQldbOptions(name),
    },
  ];
}
