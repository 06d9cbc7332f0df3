import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { fromEvent, lastValueFrom, Observable } from 'rxjs';
import { takeUntil, toArray } from 'rxjs/operators';
import { onAbort } from '../../driver/cancellation.js';
import type { TransactionalOptions } from '../interfaces/transactional-options.interface.js';
import { getQldbToken } from '../qldb.tokens.js';
import { type Qldb, TRANSACTIONS } from '../qldb.js';
import { clientDeparture, clientGone } from './client-departure.js';
import { refuseStreams } from './refuse-streams.js';
import type { TransactionHost } from './transaction-host.js';
import { begins, transactionalOptionsOf } from './transactional.metadata.js';

/**
 * Runs a handler in a transaction. What the handler answers leaves after the
 * commit; after a conflict its pipes and the handler run again.
 */
@Injectable()
export class TransactionInterceptor implements NestInterceptor {
  readonly #hosts = new Map<string | undefined, TransactionHost | undefined>();

  constructor(private readonly moduleRef: ModuleRef) {}

  intercept(
    context: ExecutionContext,
    next: CallHandler<unknown>,
  ): Observable<unknown> {
    const handler = context.getHandler();
    const options = transactionalOptionsOf(context.getClass(), handler);
    const host = options && this.#hostOf(options.name);
    // Set on the class and on the method, this interceptor is called twice.
    if (!host || !begins(options) || host.current?.entry === handler)
      return next.handle();
    return inTransaction(host, { ...options, entry: handler }, context, () =>
      next.handle(),
    );
  }

  #hostOf(name: string | undefined): TransactionHost | undefined {
    if (!this.#hosts.has(name)) {
      const qldb = this.moduleRef.get<Partial<Qldb>>(getQldbToken(name), {
        strict: false,
      });
      this.#hosts.set(name, qldb[TRANSACTIONS]);
    }
    return this.#hosts.get(name);
  }
}

/**
 * One promise loop: begin, run `source` to its end, commit, then emit what it
 * emitted. Each attempt calls `source` and subscribes inside its own
 * transaction. When the subscriber or the client goes away, the transaction is
 * aborted.
 */
export function inTransaction<T>(
  host: TransactionHost,
  options: TransactionalOptions & { readonly entry?: unknown },
  context: ExecutionContext | undefined,
  source: () => Observable<T>,
): Observable<T> {
  return new Observable<T>((subscriber) => {
    const gone = new AbortController();
    const departure = clientDeparture(context);
    const leave = (): void => gone.abort(clientGone());
    const stopWatching = departure && onAbort(departure, leave);
    if (departure?.aborted) leave();
    const attempt = async (): Promise<T[]> => {
      const values = await lastValueFrom(
        source().pipe(takeUntil(fromEvent(gone.signal, 'abort')), toArray()),
      );
      gone.signal.throwIfAborted();
      refuseStreams(values);
      return values;
    };
    host
      .run({ ...options, signal: gone.signal }, attempt)
      .finally(() => stopWatching?.())
      .then(
        (values) => {
          for (const value of values) subscriber.next(value);
          subscriber.complete();
        },
        (error: unknown) => subscriber.error(error),
      );
    return () => {
      stopWatching?.();
      leave();
    };
  });
}
