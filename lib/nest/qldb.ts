import { Logger } from '@nestjs/common';
import type {
  ExecuteLambdaOptions,
  PooledQldbDriver,
  TransactionExecutor,
} from '../driver/index.js';
import type { Ledger, LedgerDigest } from '../ledger/index.js';
import {
  LedgerNotHereError,
  QldbOptionsError,
} from './errors/module.errors.js';
import { PropagationError } from './errors/transaction.errors.js';
import { historyQuery } from './revisions/history.js';
import type { HistoryRange, Revision } from './revisions/revision.js';
import { isProven } from './revisions/verify.js';
import { readRows, readRowsAlone } from './rows/read-rows.js';
import { checkRowQuery, type RowQuery } from './rows/row-query.js';
import { RowStream } from './rows/row-stream.js';
import { TransactionHost } from './transaction/transaction-host.js';
import type {
  TransactionHook,
  TransactionScope,
} from './transaction/transaction-scope.js';

/** Where `@Transactional()` finds the transactions of a {@link Qldb}; a test double has none. */
export const TRANSACTIONS = Symbol.for('nestjs-qldb:transactions');

/** What a {@link Qldb} has besides its driver. */
export interface QldbParts {
  /** The ledger, if it is in this process. */
  readonly ledger?: Ledger | (() => Ledger);
  /** Default: a Nest `Logger`. */
  readonly logger?: Pick<Logger, 'error'>;
}

/**
 * A ledger, as an application uses it.
 *
 * Inside a transaction (a `@Transactional()` method, the lambda of
 * {@link executeLambda}) every call joins it. Outside of one, every call is a
 * transaction of its own, and runs again after a conflict.
 *
 * Nest makes it; in a script, `new Qldb(driver)` does.
 */
export class Qldb {
  /** @internal */
  readonly [TRANSACTIONS]: TransactionHost;
  readonly #ledger: QldbParts['ledger'];

  constructor(
    /** The driver underneath. Its transactions stand beside those of this class: they never join. */
    readonly driver: PooledQldbDriver,
    { ledger, logger = new Logger(Qldb.name) }: QldbParts = {},
  ) {
    this.#ledger = ledger;
    this[TRANSACTIONS] = new TransactionHost(driver, logger);
  }

  /**
   * The ledger itself, for digests, proofs and verification.
   *
   * @throws LedgerNotHereError when the ledger is not in this process, or not open yet
   */
  get ledger(): Ledger {
    if (this.#ledger === undefined)
      throw new LedgerNotHereError(
        'This ledger is reached through an endpoint, so there is none in this process. Use `store` in place of `endpoint` for one.',
      );
    return typeof this.#ledger === 'function' ? this.#ledger() : this.#ledger;
  }

  /**
   * Runs one statement and returns all its rows.
   *
   * @param parameters - a value for each `?` of the statement
   *
   * @example
   * ```ts
   * const [car] = await qldb.execute<Vehicle>('SELECT * FROM Vehicle WHERE VIN = ?', vin);
   * ```
   */
  async execute<T = unknown>(
    statement: string,
    ...parameters: readonly unknown[]
  ): Promise<T[]> {
    const { current } = this[TRANSACTIONS];
    return current
      ? current.executor.execute<T>(statement, ...parameters)
      : this.driver.executeLambda((txn) =>
          txn.execute<T>(statement, ...parameters),
        );
  }

  /**
   * Runs several statements in one transaction. The lambda may run more than
   * once, so it must do nothing outside of the ledger that cannot be done twice.
   *
   * Calls of this object inside the lambda belong to the same transaction.
   *
   * @throws PropagationError when options are given inside a running transaction, which would ignore them
   *
   * @example
   * ```ts
   * await qldb.executeLambda(async (txn) => {
   *   const [{ Balance }] = await txn.execute<{ Balance: number }>('SELECT Balance FROM Account WHERE Id = ?', id);
   *   await txn.execute('UPDATE Account SET Balance = ? WHERE Id = ?', Balance + 10, id);
   * });
   * ```
   */
  async executeLambda<T>(
    lambda: (txn: TransactionExecutor) => Promise<T> | T,
    options?: ExecuteLambdaOptions,
  ): Promise<T> {
    const host = this[TRANSACTIONS];
    const { current } = host;
    if (!current)
      return host.run(options ?? {}, () => lambda(running(host).executor));
    if (options !== undefined)
      throw new PropagationError(
        'executeLambda() was given options inside a running transaction, which it joins. Give them where the transaction begins, or use the driver for a transaction of its own.',
      );
    return lambda(current.executor);
  }

  /**
   * Reads the rows of a statement as they come, a page ahead of the reader.
   * Nothing happens until someone subscribes, or iterates.
   *
   * Rows of a stream are final when it completes, because its transaction
   * commits then; a {@link RowQuery} says otherwise. Leaving early aborts it.
   * A transaction has a time limit (30 s), and so has a stream.
   *
   * @example
   * ```ts
   * qldb.stream<Vehicle>('SELECT * FROM Vehicle').subscribe((car) => …);
   * for await (const car of qldb.stream<Vehicle>('SELECT * FROM Vehicle')) …
   * qldb.stream({ statement: 'SELECT * FROM Vehicle', consistency: 'snapshot' });
   * ```
   */
  stream<T = unknown>(query: RowQuery): RowStream<T>;
  stream<T = unknown>(
    statement: string,
    ...parameters: readonly unknown[]
  ): RowStream<T>;
  stream<T = unknown>(
    statement: string | RowQuery,
    ...parameters: readonly unknown[]
  ): RowStream<T> {
    const query =
      typeof statement === 'string' ? { statement, parameters } : statement;
    checkRowQuery(query);
    const host = this[TRANSACTIONS];
    // Called inside a transaction, a stream stays with it wherever it is read.
    const called = host.current;
    return new RowStream<T>(async (sink, signal) => {
      const scope = called ?? host.current;
      if (!scope) return readRowsAlone(this.driver, query, sink, signal);
      refuseOwnEnd(query);
      return readRows(scope.executor, query, sink, signal);
    });
  }

  /** Names of the active tables. */
  listTables(): Promise<string[]> {
    return this.execute<string>(
      "SELECT VALUE name FROM information_schema.user_tables WHERE status = 'ACTIVE'",
    );
  }

  /**
   * The states that a table's documents have had, or those of one document:
   * each document's in the order of their versions.
   *
   * @throws IdentifierError when `table` is no name
   *
   * @example
   * ```ts
   * await qldb.history<Vehicle>('Vehicle', { documentId: id });
   * await qldb.history<Vehicle>('Vehicle', { from: new Date('2026-01-01') });
   * ```
   */
  async history<T = unknown>(
    table: string,
    range: HistoryRange = {},
  ): Promise<Revision<T>[]> {
    const { statement, parameters } = historyQuery(table, range);
    const revisions = await this.execute<Revision<T>>(statement, ...parameters);
    return revisions.sort(
      ({ metadata: a }, { metadata: b }) =>
        compare(a.id, b.id) || a.version - b.version,
    );
  }

  /**
   * Whether a revision of {@link history} is part of the ledger that a digest
   * of `qldb.ledger.getDigest()` stands for: the ledger's own proof leads from
   * it to the digest, and nothing about it was changed since it was read. A
   * digest that was kept elsewhere shows that the ledger is still the same.
   *
   * @throws LedgerNotHereError when the ledger is not in this process
   */
  async verify(revision: Revision, digest: LedgerDigest): Promise<boolean> {
    return isProven(this.ledger, revision, digest);
  }

  /**
   * Does something once the running transaction has committed: hooks run in
   * order, each awaited, before the result of the transaction is handed on.
   * When an attempt is retried, its hooks are forgotten. An error is logged,
   * and undoes nothing.
   *
   * @throws PropagationError outside of a transaction
   */
  afterCommit(hook: TransactionHook): void {
    running(this[TRANSACTIONS]).afterCommit.push(hook);
  }

  /**
   * Does something once the running transaction has failed for good. Not after
   * a `CommitOutcomeUnknownError`: then nobody knows.
   *
   * @throws PropagationError outside of a transaction
   */
  afterRollback(hook: TransactionHook): void {
    running(this[TRANSACTIONS]).afterRollback.push(hook);
  }
}

/** @throws PropagationError, TransactionEndedError */
function running({ current }: TransactionHost): TransactionScope {
  if (!current)
    throw new PropagationError(
      'There is no running transaction that a hook could wait for. Call it inside a @Transactional() method, or inside qldb.executeLambda().',
    );
  current.assertRunning();
  return current;
}

/** A stream that joined a transaction ends when that does, and how that does. */
function refuseOwnEnd({ consistency, delivery }: RowQuery): void {
  const refused = [
    ...(consistency === 'snapshot' ? ["consistency: 'snapshot'"] : []),
    ...(delivery === 'committed' ? ["delivery: 'committed'"] : []),
  ];
  if (refused.length > 0)
    throw new QldbOptionsError('The stream cannot be read like this', [
      `${refused.join(' and ')} cannot be had inside a transaction, which the stream joins. Read it outside of one.`,
    ]);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
