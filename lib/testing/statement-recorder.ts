import {
  OccConflictException,
  type SendCommandOptions,
  type SendCommandRequest,
  type SendCommandResult,
  type SessionEndpoint,
} from '../session/index.js';

/**
 * Writes down what a ledger was asked to do: transactions by number, in the
 * order in which they began.
 *
 * ```
 * begin 1
 * 1: SELECT * FROM Account WHERE Id = ?
 * commit 1        or: conflict 1, abort 1, fail 1
 * ```
 *
 * Statements only: never a parameter or a row.
 */
export class StatementRecorder implements SessionEndpoint {
  readonly maxConcurrency?: number;
  readonly #target: SessionEndpoint;
  readonly #transactionOf = new Map<string | undefined, number>();
  #log: string[] = [];
  #transactions = 0;

  constructor(target: SessionEndpoint) {
    this.#target = target;
    if (target.maxConcurrency !== undefined)
      this.maxConcurrency = target.maxConcurrency;
  }

  /** What was recorded since the last {@link take}. */
  get log(): readonly string[] {
    return this.#log;
  }

  /** What was recorded so far; the record begins anew, its numbers go on. */
  take(): string[] {
    const log = this.#log;
    this.#log = [];
    return log;
  }

  async sendCommand(
    request: SendCommandRequest,
    options?: SendCommandOptions,
  ): Promise<SendCommandResult> {
    const { SessionToken, ExecuteStatement } = request;
    if (ExecuteStatement)
      this.#log.push(
        `${this.#transactionOf.get(SessionToken)}: ${ExecuteStatement.Statement}`,
      );
    try {
      const result = await this.#target.sendCommand(request, options);
      if (request.StartTransaction) {
        this.#transactionOf.set(SessionToken, ++this.#transactions);
        this.#note('begin', SessionToken);
      }
      if (request.CommitTransaction) this.#note('commit', SessionToken);
      if (request.AbortTransaction) this.#note('abort', SessionToken);
      if (request.EndSession) this.#transactionOf.delete(SessionToken);
      return result;
    } catch (error) {
      if (request.CommitTransaction)
        this.#note(
          error instanceof OccConflictException ? 'conflict' : 'fail',
          SessionToken,
        );
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#target.close?.();
  }

  #note(event: string, session: string | undefined): void {
    const transaction = this.#transactionOf.get(session);
    if (transaction !== undefined) this.#log.push(`${event} ${transaction}`);
  }
}
