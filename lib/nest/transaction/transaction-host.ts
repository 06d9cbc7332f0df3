import { AsyncLocalStorage } from 'node:async_hooks';
import type { Logger } from '@nestjs/common';
import {
  CommitOutcomeUnknownError,
  type ExecuteLambdaOptions,
  type PooledQldbDriver,
} from '../../driver/index.js';
import { PropagationError } from '../errors/transaction.errors.js';
import type { TransactionalOptions } from '../interfaces/transactional-options.interface.js';
import { Propagation } from './propagation.js';
import { type TransactionHook, TransactionScope } from './transaction-scope.js';

/** How a transaction is begun: as a decorator says, and as the driver is asked to. */
export interface BeginOptions
  extends TransactionalOptions, ExecuteLambdaOptions {
  /** The handler around which an interceptor begins it. */
  readonly entry?: unknown;
}

/**
 * The transactions of one ledger in one application: which of them the running
 * code belongs to, and how one is begun, joined and left.
 *
 * Each `Qldb` has its own, so that two applications in a process, or two
 * ledgers in an application, never see each other's.
 */
export class TransactionHost {
  readonly #current = new AsyncLocalStorage<TransactionScope | undefined>();

  constructor(
    private readonly driver: PooledQldbDriver,
    private readonly logger: Pick<Logger, 'error'>,
  ) {}

  /** The transaction that the running code belongs to; it may have ended. */
  get current(): TransactionScope | undefined {
    return this.#current.getStore();
  }

  /**
   * Runs `work` as its propagation asks. Work that begins a transaction may run
   * several times: each time in a new transaction, after a conflict.
   *
   * Resolves after the commit and its hooks; rejects with the last error.
   */
  async run<T>(options: BeginOptions, work: () => Promise<T> | T): Promise<T> {
    const scope = this.current;
    const propagation = options.propagation ?? Propagation.REQUIRED;
    switch (propagation) {
      case Propagation.REQUIRED:
        return scope ? join(scope, options, work) : this.#begin(options, work);
      case Propagation.REQUIRES_NEW:
        return this.#begin(options, work);
      case Propagation.SUPPORTS:
        return scope ? join(scope, options, work) : work();
      case Propagation.NOT_SUPPORTED:
        return this.outside(work);
      case Propagation.MANDATORY:
        if (scope) return join(scope, options, work);
        throw new PropagationError(
          'A method with propagation MANDATORY was called outside of a transaction. Call it from a @Transactional() method, or inside qldb.executeLambda().',
        );
      case Propagation.NEVER:
        if (!scope) return work();
        throw new PropagationError(
          'A method with propagation NEVER was called inside a transaction. Call it before the transaction, or from qldb.afterCommit().',
        );
    }
  }

  /** Runs `work` as if no transaction were running. */
  outside<T>(work: () => T): T {
    return this.#current.run(undefined, work);
  }

  async #begin<T>(
    {
      name: _name,
      propagation: _propagation,
      readOnly,
      entry,
      ...options
    }: BeginOptions,
    work: () => Promise<T> | T,
  ): Promise<T> {
    let last: TransactionScope | undefined;
    let result: T;
    try {
      result = await this.driver.executeLambda(
        async (txn) => {
          const scope = new TransactionScope(txn, readOnly ?? false, entry);
          last = scope;
          try {
            return await this.#current.run(scope, work);
          } finally {
            scope.end();
          }
        },
        isEmpty(options) ? undefined : options,
      );
    } catch (error) {
      // Of a commit whose reply was lost, neither can be said.
      if (!(error instanceof CommitOutcomeUnknownError))
        await this.#runHooks(last?.afterRollback);
      throw error;
    }
    if (last?.afterCommit.length) await this.#runHooks(last.afterCommit);
    return result;
  }

  /** Hooks run in order, outside of any transaction. What one throws is logged: it undoes nothing. */
  async #runHooks(hooks: readonly TransactionHook[] = []): Promise<void> {
    for (const hook of hooks) {
      try {
        await this.outside(hook);
      } catch (error) {
        this.logger.error(
          'A hook failed after its transaction had ended; the transaction stands as it is.',
          error instanceof Error ? error.stack : undefined,
        );
      }
    }
  }
}

/** Whether there is nothing for the driver to check and complete. */
function isEmpty(options: object): boolean {
  for (const _option in options) return false;
  return true;
}

function join<T>(
  scope: TransactionScope,
  options: BeginOptions,
  work: () => Promise<T> | T,
): Promise<T> | T {
  scope.assertRunning();
  const ignored = [
    ...(options.retry === undefined ? [] : ['retry']),
    ...(options.readOnly && !scope.readOnly ? ['readOnly'] : []),
  ];
  if (ignored.length > 0)
    throw new PropagationError(
      `A method that joins a running transaction sets ${ignored.join(' and ')}, which only the method that begins the transaction can. Move the option there, or use propagation REQUIRES_NEW.`,
    );
  return work();
}
