import { type DynamicModule, Module } from '@nestjs/common';
import { checkModuleOptions } from './check-options.js';
import type {
  QldbModuleAsyncOptions,
  QldbModuleRootOptions,
} from './interfaces/qldb-options.interface.js';
import { QldbCoreModule } from './qldb-core.module.js';
import type { DocumentClass } from './repository/ledger-table.decorator.js';
import {
  type FeatureOptions,
  getRepositoryToken,
  repositoryProviders,
} from './repository/repository.providers.js';

/**
 * Gives an application its ledger.
 *
 * @example
 * ```ts
 * \@Module({ imports: [QldbModule.forRoot({ ledgerName: 'vehicle-registration' })] })
 * export class AppModule {}
 * ```
 */
@Module({})
export class QldbModule {
  /**
   * Registers a ledger with options that are known already.
   *
   * @throws QldbOptionsError naming everything that is wrong with them
   */
  static forRoot(options: QldbModuleRootOptions): DynamicModule {
    const { name, isGlobal, ...ledger } = options;
    checkModuleOptions(ledger);
    return register({ name, isGlobal, useFactory: () => ledger });
  }

  /**
   * Registers a ledger whose options come from a factory, a class or a
   * provider. `name` and `isGlobal` stand beside it, not in what it returns:
   * tokens are made of the name before any factory runs.
   *
   * @example
   * ```ts
   * QldbModule.forRootAsync({
   *   imports: [ConfigModule],
   *   inject: [ConfigService],
   *   useFactory: (config: ConfigService) => ({ ledgerName: config.getOrThrow('LEDGER') }),
   * })
   * ```
   */
  static forRootAsync(options: QldbModuleAsyncOptions): DynamicModule {
    return register(options);
  }

  /**
   * Gives the modules that import this one repositories of these classes, and
   * of no others.
   *
   * @throws QldbOptionsError when a class has no `@LedgerTable()`
   *
   * @example
   * ```ts
   * QldbModule.forFeature([Vehicle, Person], { createTables: true })
   * ```
   */
  static forFeature(
    documents: readonly DocumentClass[],
    options: FeatureOptions = {},
  ): DynamicModule {
    return {
      module: QldbModule,
      providers: repositoryProviders(documents, options),
      exports: documents.map((document) =>
        getRepositoryToken(document, options.name),
      ),
    };
  }
}

function register(options: QldbModuleAsyncOptions): DynamicModule {
  const core = QldbCoreModule.register(options);
  return { module: QldbModule, imports: [core], exports: [core] };
}
