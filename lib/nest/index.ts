export {
  InjectQldb,
  InjectQldbDriver,
} from './decorators/inject-qldb.decorator.js';
export { Transactional } from './decorators/transactional.decorator.js';
export {
  DuplicateLedgerNameError,
  LedgerNotHereError,
  QldbOptionsError,
} from './errors/module.errors.js';
export { QldbNestError } from './errors/qldb-nest.error.js';
export {
  NotTransactionalError,
  PropagationError,
  ReadOnlyTransactionError,
  TransactionEndedError,
} from './errors/transaction.errors.js';
export {
  QldbExceptionFilter,
  toHttpException,
} from './filters/qldb-exception.filter.js';
export { IonJsonInterceptor } from './interceptors/ion-json.interceptor.js';
export {
  type QldbModuleAsyncOptions,
  type QldbModuleOptions,
  type QldbModuleRootOptions,
  type QldbOptionsFactory,
  type QldbRegistration,
} from './interfaces/qldb-options.interface.js';
export { type TransactionalOptions } from './interfaces/transactional-options.interface.js';
export { Qldb, type QldbParts } from './qldb.js';
export { QldbModule } from './qldb.module.js';
export { getQldbDriverToken, getQldbToken } from './qldb.tokens.js';
export { IdentifierError } from './identifier.js';
export {
  atLeast,
  atMost,
  between,
  Condition,
  greaterThan,
  lessThan,
  like,
  missing,
  otherThan,
  oneOf,
} from './repository/conditions.js';
export { type Filter, type FindOptions } from './repository/filter.js';
export {
  LedgerRepository,
  NotUniqueError,
  type RevisionProof,
  type Stored,
} from './repository/ledger-repository.js';
export {
  type DocumentClass,
  LedgerTable,
  type LedgerTableOptions,
} from './repository/ledger-table.decorator.js';
export {
  type FeatureOptions,
  getRepositoryToken,
  InjectRepository,
} from './repository/repository.providers.js';
export { type HistoryRange, type Revision } from './revisions/revision.js';
export { type RowQuery } from './rows/row-query.js';
export { RowStream } from './rows/row-stream.js';
export { Propagation } from './transaction/propagation.js';
export { type TransactionHook } from './transaction/transaction-scope.js';
