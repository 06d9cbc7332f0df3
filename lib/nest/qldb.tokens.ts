import type { InjectionToken } from '@nestjs/common';
import { PooledQldbDriver } from '../driver/index.js';
import { Qldb } from './qldb.js';

/** Name of the ledger that is registered without one. */
export const DEFAULT_LEDGER = 'default';

/**
 * Token of a ledger's {@link Qldb}: the class itself for the ledger without a
 * name, so that `constructor(private readonly qldb: Qldb)` works too.
 *
 * @example
 * ```ts
 * Test.createTestingModule({ … }).overrideProvider(getQldbToken()).useValue(mock);
 * ```
 */
export function getQldbToken(name: string = DEFAULT_LEDGER): InjectionToken {
  return name === DEFAULT_LEDGER ? Qldb : `Qldb:${name}`;
}

/** Token of a ledger's {@link PooledQldbDriver}; the class itself for the ledger without a name. */
export function getQldbDriverToken(
  name: string = DEFAULT_LEDGER,
): InjectionToken {
  return name === DEFAULT_LEDGER ? PooledQldbDriver : `QldbDriver:${name}`;
}
