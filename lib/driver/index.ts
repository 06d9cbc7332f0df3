export { BufferedCursor } from './buffered-cursor.js';
export type { Cursor } from './cursor.js';
export type {
  PageMessage,
  RetryMessage,
  RowMessage,
  StatementMessage,
  TransactionMessage,
} from './diagnostics.js';
export {
  CleanupTimeoutError,
  CommitMismatchError,
  CommitOutcomeUnknownError,
  DriverClosedError,
  DriverOptionsError,
  EndpointConfigurationError,
  IllegalStateError,
  InvalidBackoffError,
  LambdaAbortedError,
  NestedTransactionError,
  ParameterCountError,
  ParameterError,
  QldbDriverError,
  ResultClosedError,
  ResultConsumedError,
  ResultTooLargeError,
  RowUnreadableError,
  SessionClosedError,
  SessionPoolEmptyError,
  TransactionClosedError,
  TransactionOpenError,
  TransactionTimeoutError,
  TransportError,
  UnawaitedStatementError,
} from './driver-errors.js';
export type {
  ExecuteLambdaOptions,
  PooledQldbDriverOptions,
  TransactionOptions,
} from './driver-options.js';
export type { FailureKind } from './failure.js';
export type { DriverLogger } from './logger.js';
export { type CloseOptions, PooledQldbDriver } from './pooled-qldb-driver.js';
export { QldbSession } from './qldb-session.js';
export { ReadAheadCursor } from './read-ahead-cursor.js';
export {
  type BackoffOptions,
  type BackoffStrategy,
  DEFAULT_RETRY_KINDS,
  equalJitterBackoff,
  fullJitterPowerBackoff,
  type RetryContext,
  type RetryListener,
  type RetryPolicy,
} from './retry-policy.js';
export type { RowValues } from './row-decoder.js';
export type { SessionPoolCounts } from './session-pool.js';
export type { ConsumedIOs, ProcessingTime } from './statistics.js';
export { StreamCursor } from './stream-cursor.js';
export { TransactionExecutor } from './transaction-executor.js';
export type { TransactionLambda } from './transaction-runner.js';
export { Transaction } from './transaction.js';
