import 'reflect-metadata';
import { QldbOptionsError } from '../errors/module.errors.js';
import { identifier } from '../identifier.js';

/** Options of `@LedgerTable()`. */
export interface LedgerTableOptions {
  /** Name of the table. Default: the name of the class. */
  readonly name?: string;
  /** Fields that documents are looked up by. */
  readonly indexes?: readonly string[];
}

/** A table, as its class describes it. */
export type LedgerTableDefinition = Required<LedgerTableOptions>;

/** A class whose objects are documents. */
export interface DocumentClass<T extends object = object> {
  readonly name: string;
  readonly prototype: T;
  new (...args: never[]): T;
}

const LEDGER_TABLE = 'nestjs-qldb:ledger-table';

/**
 * Describes a table of a ledger by the shape of its documents.
 *
 * @throws IdentifierError when a name is none
 *
 * @example
 * ```ts
 * \@LedgerTable({ indexes: ['VIN'] })
 * class Vehicle {
 *   VIN!: string;
 *   Year!: number;
 * }
 * ```
 */
export function LedgerTable(options: LedgerTableOptions = {}): ClassDecorator {
  return (target) => {
    const { name = target.name, indexes = [] } = options;
    for (const part of [name, ...indexes]) identifier(part);
    const definition: LedgerTableDefinition = {
      name,
      indexes: [...new Set(indexes)],
    };
    Reflect.defineMetadata(LEDGER_TABLE, definition, target);
  };
}

/**
 * The table that a class describes itself; it is not inherited.
 *
 * @throws QldbOptionsError when it describes none
 */
export function ledgerTableOf(document: DocumentClass): LedgerTableDefinition {
  const definition = Reflect.getOwnMetadata(LEDGER_TABLE, document) as
    LedgerTableDefinition | undefined;
  if (definition) return definition;
  throw new QldbOptionsError(`${document.name} cannot be used as a table`, [
    'Put @LedgerTable() on the class.',
  ]);
}
