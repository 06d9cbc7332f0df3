import { Inject } from '@nestjs/common';
import { getQldbDriverToken, getQldbToken } from '../qldb.tokens.js';

/**
 * Injects the `Qldb` of a ledger.
 *
 * @param name - the `name` it was registered with; none for the ledger without one
 *
 * @example
 * ```ts
 * constructor(@InjectQldb() private readonly qldb: Qldb) {}
 * constructor(@InjectQldb('audit') private readonly audit: Qldb) {}
 * ```
 */
export const InjectQldb = (
  name?: string,
): PropertyDecorator & ParameterDecorator => Inject(getQldbToken(name));

/** Injects the `PooledQldbDriver` of a ledger, for what `Qldb` does not offer. */
export const InjectQldbDriver = (
  name?: string,
): PropertyDecorator & ParameterDecorator => Inject(getQldbDriverToken(name));
