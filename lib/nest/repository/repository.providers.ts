import { QldbOptionsError } from '../errors/module.errors.js';
import {
  Inject,
  type InjectionToken,
  type OnModuleInit,
  type Provider,
} from '@nestjs/common';
import type { Qldb } from '../qldb.js';
import { DEFAULT_LEDGER, getQldbToken } from '../qldb.tokens.js';
import { createTables } from './create-tables.js';
import { LedgerRepository } from './ledger-repository.js';
import { type DocumentClass, ledgerTableOf } from './ledger-table.decorator.js';

/** Options of `QldbModule.forFeature()`. */
export interface FeatureOptions {
  /** The ledger, by the `name` it was registered with. Default: the one without a name. */
  readonly name?: string;
  /** Makes the tables and indexes that are not there yet when the application starts. Default: `false`. */
  readonly createTables?: boolean;
}

const tokens = new WeakMap<DocumentClass, Map<string, symbol>>();

/**
 * Token of the repository of a class: made of the class itself and the ledger's
 * name, so that classes of the same name never meet.
 */
export function getRepositoryToken(
  document: DocumentClass,
  name: string = DEFAULT_LEDGER,
): InjectionToken {
  const byName = tokens.get(document) ?? new Map<string, symbol>();
  tokens.set(document, byName);
  const token =
    byName.get(name) ?? Symbol(`LedgerRepository<${document.name}>:${name}`);
  byName.set(name, token);
  return token;
}

/**
 * Injects the `LedgerRepository` of a class that `QldbModule.forFeature()` lists.
 *
 * @example
 * ```ts
 * constructor(\@InjectRepository(Vehicle) private readonly vehicles: LedgerRepository<Vehicle>) {}
 * ```
 */
export const InjectRepository = (
  document: DocumentClass,
  name?: string,
): PropertyDecorator & ParameterDecorator =>
  Inject(getRepositoryToken(document, name));

/** @throws QldbOptionsError when a class has no `@LedgerTable()` */
export function repositoryProviders(
  documents: readonly DocumentClass[],
  { name, createTables: create = false }: FeatureOptions,
): Provider[] {
  const definitions = documents.map(ledgerTableOf);
  const inject = [{ token: getQldbToken(name), optional: true }];
  const found = (qldb: Qldb | undefined): Qldb => {
    if (qldb) return qldb;
    throw new QldbOptionsError('QldbModule.forFeature() cannot be used', [
      `there is no ledger${name === undefined ? '' : ` named '${name}'`}; import QldbModule.forRoot({ ${name === undefined ? '' : `name: '${name}', `}ledgerName: … }) in the root module`,
    ]);
  };
  return [
    ...documents.map((document) => ({
      provide: getRepositoryToken(document, name),
      inject,
      useFactory: (qldb?: Qldb) => new LedgerRepository(document, found(qldb)),
    })),
    ...(create
      ? [
          {
            provide: Symbol('TableCreation'),
            inject,
            useFactory: (qldb?: Qldb): OnModuleInit => ({
              onModuleInit: () => createTables(found(qldb), definitions),
            }),
          },
        ]
      : []),
  ];
}
