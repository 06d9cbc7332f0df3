import { randomUUID } from 'node:crypto';
import type {
  SendCommandRequest,
  SendCommandResult,
  SessionEndpoint,
} from '../session/endpoint.js';
import { CancelScope, untilAborted } from './cancellation.js';
import {
  CleanupTimeoutError,
  IllegalStateError,
  TransportError,
} from './driver-errors.js';
import { classifyFailure } from './failure.js';

/** One command, without the session it belongs to. */
export type Command = Omit<SendCommandRequest, 'SessionToken'>;

export interface SendOptions {
  readonly scope: CancelScope;
  /** Called when the command's turn has come; if it throws, the command is not sent. */
  readonly onTurn?: (() => void) | undefined;
}

/** What all sessions of a driver have in common. */
export interface SessionContext {
  readonly endpoint: SessionEndpoint;
  readonly ledgerName: string;
  /** Time limit of each command that cleans up, in milliseconds. */
  readonly cleanupTimeout: number;
}

/**
 * One session of the service. At most one of its commands is under way at any
 * time, whoever sends it; the others wait in the order in which they came.
 */
export class SessionClient {
  /** Names the session in logs; not a secret. */
  readonly id: string;
  readonly token: string;
  /** When the session began, on the clock of `performance.now()`. */
  readonly startedAt: number;
  /** The session is in an unknown state, or dead: nobody may use it again. */
  broken = false;
  /** The service has said that it does not know the session any more. */
  #lost = false;
  #ended = false;
  /** It did not start just now, so it may have died meanwhile. */
  used = false;

  readonly #context: SessionContext;
  readonly #queue: (() => void)[] = [];
  #busy = false;

  private constructor(context: SessionContext, id: string, token: string) {
    this.#context = context;
    this.id = id;
    this.token = token;
    this.startedAt = performance.now();
  }

  /**
   * Starts a session.
   *
   * @param onLate Given the session if it comes into being after the scope was aborted.
   */
  static async start(
    context: SessionContext,
    scope: CancelScope,
    onLate: (late: Promise<SessionClient | undefined>) => void,
  ): Promise<SessionClient> {
    scope.throwIfAborted();
    const started = sendTo(
      context.endpoint,
      { StartSession: { LedgerName: context.ledgerName } },
      scope,
    ).then((result) => {
      const token = result.StartSession?.SessionToken;
      if (token === undefined) {
        throw new IllegalStateError(
          'The reply to StartSession has no session token. Check that the endpoint is a QLDB session endpoint.',
        );
      }
      return new SessionClient(context, requestId(result), token);
    });
    try {
      return await untilAborted(started, scope);
    } catch (error) {
      if (scope.aborted) onLate(started.catch(() => undefined));
      throw error;
    }
  }

  /** Sends a command when its turn comes. */
  async send(
    command: Command,
    { scope, onTurn }: SendOptions,
  ): Promise<SendCommandResult> {
    if (this.#busy) {
      const turn = new Promise<void>((resolve) => this.#queue.push(resolve));
      try {
        await untilAborted(turn, scope);
      } catch (error) {
        // Its turn still comes, and goes at once.
        void turn.then(() => this.#next());
        throw error;
      }
    }
    this.#busy = true;
    let reply: Promise<SendCommandResult>;
    try {
      scope.throwIfAborted();
      onTurn?.();
      reply = sendTo(
        this.#context.endpoint,
        { ...command, SessionToken: this.token },
        scope,
      );
    } catch (error) {
      this.#next();
      throw error;
    }
    // The turn ends with the endpoint's own promise: a caller who stops waiting
    // does not let the next command overtake this one.
    const done = (): void => this.#next();
    reply.then(done, done);
    return untilAborted(reply, scope);
  }

  /**
   * Rolls back whatever transaction may be open. Rejects if that cannot be
   * known to have worked; the session is broken then.
   */
  async rollBack(): Promise<void> {
    if (this.#lost) return;
    try {
      await this.#cleanUp({ AbortTransaction: {} });
    } catch (error) {
      this.noteFailure(error);
      this.broken = true;
      throw error;
    }
  }

  /** Ends the session. Rejects if the service could not be told. */
  async end(): Promise<void> {
    this.broken = true;
    if (this.#ended) return;
    this.#ended = true;
    try {
      // Even if it is said to be lost: should that be wrong, nothing stays open.
      await this.#cleanUp({ EndSession: {} });
    } catch (error) {
      this.noteFailure(error);
      if (!this.#lost) throw error;
    }
  }

  /** Learns from a failed command whether the session is still there. */
  noteFailure(error: unknown): void {
    if (classifyFailure(error, 'AbortTransaction') === 'session-lost') {
      this.broken = true;
      this.#lost = true;
    }
  }

  async #cleanUp(command: Command): Promise<void> {
    const scope = new CancelScope(
      [],
      this.#context.cleanupTimeout,
      (timeout) => new CleanupTimeoutError(timeout),
    );
    try {
      await this.send(command, { scope });
    } finally {
      scope.dispose();
    }
  }

  #next(): void {
    const next = this.#queue.shift();
    if (next) next();
    else this.#busy = false;
  }
}

/**
 * Calls the endpoint, whose faults are nobody else's: it may throw at once, or
 * throw something that is no error.
 */
async function sendTo(
  endpoint: SessionEndpoint,
  request: SendCommandRequest,
  scope: CancelScope,
): Promise<SendCommandResult> {
  try {
    return await endpoint.sendCommand(request, {
      // Made when the endpoint asks for it.
      get signal() {
        return scope.signal;
      },
    });
  } catch (error) {
    if (typeof error === 'object' && error !== null) throw error;
    throw new TransportError(error);
  }
}

function requestId(result: SendCommandResult): string {
  const { $metadata } = result as { $metadata?: { requestId?: unknown } };
  return typeof $metadata?.requestId === 'string'
    ? $metadata.requestId
    : randomUUID();
}
