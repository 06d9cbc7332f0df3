import { QldbNestError } from './qldb-nest.error.js';

/** Work that belongs to a transaction went on after the transaction had ended. */
export class TransactionEndedError extends QldbNestError {
  constructor() {
    super(
      'QLDB_TRANSACTION_ENDED',
      'The transaction that this call belongs to has ended. Await everything that a transaction does before its method returns; start what shall happen later from qldb.afterCommit(), or in a method with propagation NOT_SUPPORTED or REQUIRES_NEW.',
    );
  }
}

/** A method was called with, or without, a transaction around it, against its propagation. */
export class PropagationError extends QldbNestError {
  constructor(message: string) {
    super('QLDB_PROPAGATION', message);
  }
}

/** Something that no transaction can be put around. */
export class NotTransactionalError extends QldbNestError {
  constructor(message: string) {
    super('QLDB_NOT_TRANSACTIONAL', message);
  }
}

/** A statement that changes data in a transaction declared `readOnly`. */
export class ReadOnlyTransactionError extends QldbNestError {
  constructor() {
    super(
      'QLDB_READ_ONLY',
      'This transaction is declared readOnly, and the statement changes data. Remove `readOnly`, or run the statement in a transaction of its own.',
    );
  }
}
