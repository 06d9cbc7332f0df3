import type { TransactionalOptions } from '../interfaces/transactional-options.interface.js';

/** Where `@Transactional()` leaves its options, on a method and on a class. */
export const TRANSACTIONAL = 'nestjs-qldb:transactional';

/** The options that hold for a method: its own, or those of its class. */
export function transactionalOptionsOf(
  target: object,
  method: object,
): TransactionalOptions | undefined {
  return (Reflect.getMetadata(TRANSACTIONAL, method) ??
    Reflect.getMetadata(TRANSACTIONAL, target)) as
    TransactionalOptions | undefined;
}
