import { toIonBinary } from '../../lib/ion/native.js';
import type {
  SendCommandRequest,
  SendCommandResult,
  SessionEndpoint,
} from '../../lib/session/index.js';
import { OccConflictException } from '../../lib/session/index.js';

/**
 * A ledger that answers as a test tells it to, and remembers what it was asked:
 * `begin 1`, `1: SELECT …`, `commit 1` or `conflict 1` or `abort 1`. The number
 * is that of the transaction.
 */
export class ScriptedEndpoint implements SessionEndpoint {
  readonly log: string[] = [];
  /** How many of the next commits are refused. */
  conflicts = 0;
  /** Pages that each statement answers with. */
  readonly pages = new Map<string, readonly (readonly unknown[])[]>();
  sessions = 0;
  open = 0;
  closed = false;
  /** Called with each command before it is answered. */
  before: (request: SendCommandRequest) => Promise<void> | void = () =>
    undefined;
  #transactions = 0;
  readonly #sessionTransaction = new Map<string, number>();
  readonly #rest = new Map<string, readonly (readonly unknown[])[]>();

  /** What was asked of transactions, without sessions coming and going. */
  take(): string[] {
    return this.log.splice(0);
  }

  async sendCommand(request: SendCommandRequest): Promise<SendCommandResult> {
    await this.before(request);
    const session = request.SessionToken ?? '';
    const transaction = this.#sessionTransaction.get(session) ?? 0;
    if (request.StartSession) {
      this.open++;
      return { StartSession: { SessionToken: `s${++this.sessions}` } };
    }
    if (request.StartTransaction) {
      const id = ++this.#transactions;
      this.#sessionTransaction.set(session, id);
      this.log.push(`begin ${id}`);
      return { StartTransaction: { TransactionId: `t${id}` } };
    }
    if (request.ExecuteStatement) {
      const statement = request.ExecuteStatement.Statement ?? '';
      this.log.push(`${transaction}: ${statement}`);
      const [first = [], ...rest] = this.pages.get(statement) ?? [[]];
      return { ExecuteStatement: { FirstPage: this.#page(rest, first) } };
    }
    if (request.FetchPage) {
      const token = request.FetchPage.NextPageToken ?? '';
      const [page = [], ...rest] = this.#rest.get(token) ?? [];
      this.log.push(`${transaction}: page`);
      return { FetchPage: { Page: this.#page(rest, page) } };
    }
    if (request.CommitTransaction) {
      const { TransactionId, CommitDigest } = request.CommitTransaction;
      if (this.conflicts > 0) {
        this.conflicts--;
        this.log.push(`conflict ${transaction}`);
        throw new OccConflictException(
          'Optimistic concurrency control failure',
        );
      }
      this.log.push(`commit ${transaction}`);
      return { CommitTransaction: { TransactionId, CommitDigest } };
    }
    if (request.AbortTransaction) {
      this.log.push(`abort ${transaction}`);
      return { AbortTransaction: {} };
    }
    this.open--;
    return { EndSession: {} };
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  #page(
    rest: readonly (readonly unknown[])[],
    rows: readonly unknown[],
  ): { Values: { IonBinary: Uint8Array }[]; NextPageToken?: string } {
    const Values = rows.map((row) => ({ IonBinary: toIonBinary(row) }));
    if (rest.length === 0) return { Values };
    const NextPageToken = `p${this.#rest.size}`;
    this.#rest.set(NextPageToken, rest);
    return { Values, NextPageToken };
  }
}
