import type { MaybePromise } from '../async/maybe-promise.js';
import type {
  SendCommandRequest,
  SendCommandResult,
} from '@aws-sdk/client-qldb-session';

export type {
  AbortTransactionResult,
  CommitTransactionResult,
  EndSessionResult,
  ExecuteStatementResult,
  FetchPageResult,
  IOUsage,
  Page,
  SendCommandRequest,
  SendCommandResult,
  StartSessionResult,
  StartTransactionResult,
  TimingInformation,
  ValueHolder,
} from '@aws-sdk/client-qldb-session';

/** A member of `SendCommandRequest` that is a command. */
export type CommandName = Exclude<keyof SendCommandRequest, 'SessionToken'>;

/**
 * A place among those whose transactions conflicted over the same thing. In one
 * process the ledger knows who they are: a retry waits until it is its turn,
 * where it would have to guess a delay otherwise.
 */
export interface ConflictTurn {
  /** Settles when it is time to begin the next attempt. */
  begin(): MaybePromise<void>;
  /** Ends the wait, or the turn: the attempt is over, whatever came of it. Idempotent. */
  end(): void;
}

/** Options of one {@link SessionEndpoint.sendCommand} call. */
export interface SendCommandOptions {
  /** Stops waiting for the reply. The command may still take effect. */
  readonly signal?: AbortSignal;
  /**
   * With `StartTransaction`, on an endpoint that is {@link SessionEndpoint.inProcess}:
   * the caller waits for its turn after a conflict. Then, and only then, it
   * conflicts with those whose turn it is before they have committed.
   */
  readonly takesTurns?: boolean;
  /** The turn of which this is the attempt. */
  readonly turn?: ConflictTurn | undefined;
}

/**
 * The contract between the driver and a ledger: the one operation of the QLDB
 * Session API, with the request and result shapes of
 * `@aws-sdk/client-qldb-session`.
 *
 * In one process the driver calls the ledger's endpoint directly; across
 * processes the same calls go over HTTP. A request carries exactly one command
 * member, and the session token with every command but `StartSession`.
 *
 * An endpoint that has its answer at once may give it so, and may throw at once.
 * Failures of the service are {@link QldbSessionException}s. Anything else that
 * is thrown means that the command's outcome is unknown (a lost connection, a
 * time-out, an abort).
 */
export interface SessionEndpoint {
  /**
   * The ledger is in this process: what is sent arrives as it is. A transaction's
   * commit digest, by which both sides see that nothing was lost on the way, is
   * then left to the ledger: `CommitTransaction` may come without it. And after a
   * conflict, a retry may wait for its turn (see {@link OccConflictException.turn})
   * and give it back with `StartTransaction`.
   */
  readonly inProcess?: boolean;

  /** How many commands can be under way at once; the largest pool that makes sense. Default: 50. */
  readonly maxConcurrency?: number;

  sendCommand(
    request: SendCommandRequest,
    options?: SendCommandOptions,
  ): MaybePromise<SendCommandResult>;

  /** Frees what the endpoint holds (sockets, a ledger it opened). Idempotent. */
  close?(): Promise<void>;
}
