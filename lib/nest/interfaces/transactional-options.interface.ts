import type { RetryPolicy } from '../../driver/index.js';
import type { Propagation } from '../transaction/propagation.js';

/** Options of `@Transactional()`. */
export interface TransactionalOptions {
  /** The ledger, by the `name` it was registered with. Default: the one without a name. */
  readonly name?: string;

  /** What to do about a transaction that is running already. Default: `REQUIRED`. */
  readonly propagation?: Propagation;

  /**
   * How often the work runs again after a conflict: a number, or a whole
   * policy. Only who begins a transaction retries it, so a method that joins
   * one must not set this. Default: the module's.
   */
  readonly retry?: number | RetryPolicy;

  /**
   * Refuses statements that change data (`ReadOnlyTransactionError`). A method
   * that joins a transaction must not set this. Default: `false`.
   */
  readonly readOnly?: boolean;
}
