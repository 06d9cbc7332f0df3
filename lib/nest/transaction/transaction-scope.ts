import type { TransactionExecutor } from '../../driver/index.js';
import {
  ReadOnlyTransactionError,
  TransactionEndedError,
} from '../errors/transaction.errors.js';

/** Something to do once it is known how a transaction ended. */
export type TransactionHook = () => unknown;

/** One attempt at a transaction, as the code inside it sees it. */
export class TransactionScope {
  readonly afterCommit: TransactionHook[] = [];
  readonly afterRollback: TransactionHook[] = [];
  readonly #executor: TransactionExecutor;
  #ended = false;

  constructor(
    executor: TransactionExecutor,
    readonly readOnly: boolean,
    /**
     * The handler around which an interceptor began this transaction, until
     * the handler's own wrapper has seen it: what both stand for is done once.
     */
    public entry: unknown,
  ) {
    this.#executor = readOnly ? refuseWrites(executor) : executor;
  }

  /** @throws TransactionEndedError */
  get executor(): TransactionExecutor {
    this.assertRunning();
    return this.#executor;
  }

  /** @throws TransactionEndedError */
  assertRunning(): void {
    if (this.#ended) throw new TransactionEndedError();
  }

  end(): void {
    this.#ended = true;
  }
}

/** A statement that changes something begins with one of these; `FROM` may be an update. */
const WRITES =
  /^(?:\s|--[^\n]*(?:\n|$)|\/\*[^]*?\*\/)*(?:insert|update|delete|remove|replace|upsert|set|from|create|drop|undrop|exec)\b/i;

function refuseWrites(executor: TransactionExecutor): TransactionExecutor {
  return new Proxy(executor, {
    get(target, property) {
      const member: unknown = Reflect.get(target, property, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]): unknown => {
        const checked =
          property === 'execute' || property === 'executeStatement';
        if (checked && typeof args[0] === 'string' && WRITES.test(args[0]))
          return Promise.reject(new ReadOnlyTransactionError());
        return Reflect.apply(member, target, args);
      };
    },
  });
}
