import { StreamableFile } from '@nestjs/common';
import { isObservable } from 'rxjs';
import { NotTransactionalError } from '../errors/transaction.errors.js';

/**
 * Refuses results that are read later, when the transaction they were made in
 * has ended: a cursor, an async generator, a stream.
 *
 * @throws NotTransactionalError
 */
export function refuseStreams(results: readonly unknown[]): void {
  if (results.some(isReadLater))
    throw new NotTransactionalError(
      'A transactional method returned a stream or an async iterable, which would be read after its transaction has ended. Return the rows themselves (execute() or toArray()), or stream without @Transactional(): qldb.stream() is a transaction of its own.',
    );
}

function isReadLater(result: unknown): boolean {
  if (typeof result !== 'object' || result === null) return false;
  return (
    result instanceof StreamableFile ||
    result instanceof ReadableStream ||
    result instanceof Response ||
    isObservable(result) ||
    (Symbol.asyncIterator in result && !isBuffered(result))
  );
}

/** Rows that were kept in memory outlive their transaction. */
function isBuffered(result: object): boolean {
  return 'then' in result || Symbol.iterator in result;
}
