import type { Cursor } from './cursor.js';
import type { ConsumedIOs, ProcessingTime } from './statistics.js';
import type { Transaction } from './transaction.js';

/**
 * What a lambda works with. The driver begins the transaction, commits it when
 * the lambda returns, aborts it when the lambda throws, and may run the lambda
 * again: have no side effects in it but the statements.
 */
export class TransactionExecutor {
  readonly #transaction: Transaction;

  /** @internal */
  constructor(transaction: Transaction) {
    this.#transaction = transaction;
  }

  /** Id that the ledger gave the transaction; another one each time the lambda is run. */
  get transactionId(): string {
    return this.#transaction.transactionId;
  }

  /** Aborted when the transaction is to stop; hand it to whatever else the lambda waits for. */
  get signal(): AbortSignal {
    return this.#transaction.signal;
  }

  /**
   * Sends a statement; its rows are fetched page by page while you read them.
   * A cursor that the lambda returns is read to its end before the commit, and
   * comes out as a `BufferedCursor`. One inside an array or an object does not.
   *
   * @param parameters One for each `?` of the statement.
   */
  executeStatement<T = unknown>(
    statement: string,
    ...parameters: readonly unknown[]
  ): Promise<Cursor<T>> {
    return this.#transaction.executeStatement<T>(statement, ...parameters);
  }

  /**
   * Sends a statement, and reads all its rows.
   *
   * @param parameters One for each `?` of the statement.
   */
  execute<T = unknown>(
    statement: string,
    ...parameters: readonly unknown[]
  ): Promise<T[]> {
    return this.#transaction.execute<T>(statement, ...parameters);
  }

  /**
   * Ends the transaction without a trace, by throwing a `LambdaAbortedError`.
   * The lambda is not run again. The transaction is not committed even if the
   * lambda catches that error.
   */
  abort(): never {
    return this.#transaction.abortByThrowing();
  }

  /** What the transaction has cost so far; undefined if the ledger does not say. */
  getConsumedIOs(): ConsumedIOs | undefined {
    return this.#transaction.getConsumedIOs();
  }

  /** How long the ledger worked on the transaction so far; undefined if it does not say. */
  getTimingInformation(): ProcessingTime | undefined {
    return this.#transaction.getTimingInformation();
  }
}
