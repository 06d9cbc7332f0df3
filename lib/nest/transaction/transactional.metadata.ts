import type { TransactionalOptions } from '../interfaces/transactional-options.interface.js';
import { Propagation } from './propagation.js';

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

/** Whether a handler, which no transaction is around yet, has one begun. */
export function begins({ propagation }: TransactionalOptions): boolean {
  return (
    propagation !== Propagation.SUPPORTS &&
    propagation !== Propagation.NOT_SUPPORTED &&
    propagation !== Propagation.NEVER
  );
}

/** Whether calling a method returns at once, and runs it as it is iterated. */
export function isAsyncGenerator(method: object): boolean {
  return method.constructor.name === 'AsyncGeneratorFunction';
}
