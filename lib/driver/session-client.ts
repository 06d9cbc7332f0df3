import { randomUUID } from 'node:crypto';
import { type MaybePromise, promised } from '../async/maybe-promise.js';
import type {
  ConflictTurn,
  SendCommandOptions,
  SendCommandRequest,
  SendCommandResult,
  SessionEndpoint,
} from '../session/endpoint.js';
import { CancelScope, type TimeLimits, untilAborted } from './cancellation.js';
import { IllegalStateError, TransportError } from './driver-errors.js';
import { classifyFailure } from './failure.js';

/** One command, to be sent once; the session it belongs to is filled in. */
export type Command = Omit<SendCommandRequest, 'SessionToken'>;

/** Whether an attempt waits for its turn should it conflict, and whose turn it is now. */
export type Turns = Pick<SendCommandOptions, 'takesTurns' | 'turn'>;

export interface SendOptions {
  readonly scope: CancelScope;
  /** Go with the command that begins an attempt; see {@link SendCommandOptions}. */
  readonly turns?: Turns | undefined;
  /** Called when the command's turn has come; if it throws, the command is not sent. */
  readonly onTurn?: (() => void) | undefined;
}

/** What all sessions of a driver have in common. */
export interface SessionContext {
  readonly endpoint: SessionEndpoint;
  readonly ledgerName: string;
  /** Time limit of each command that cleans up, in milliseconds. */
  readonly cleanupTimeout: number;
  readonly cleanupLimits: TimeLimits;
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
  /** The statement that runs, or whose rows are read. */
  #statement: OptionsOf | undefined;

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
    const started = promised(() =>
      sendTo(
        context.endpoint,
        { StartSession: { LedgerName: context.ledgerName } },
        new OptionsOf(scope, undefined),
      ),
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
  send(
    command: Command,
    options: SendOptions,
  ): MaybePromise<SendCommandResult> {
    return this.#busy
      ? this.#sendInTurn(command, options)
      : this.#sendNow(command, options);
  }

  async #sendInTurn(
    command: Command,
    options: SendOptions,
  ): Promise<SendCommandResult> {
    const turn = new Promise<void>((resolve) => this.#queue.push(resolve));
    try {
      await untilAborted(turn, options.scope);
    } catch (error) {
      // Its turn still comes, and goes at once.
      void turn.then(() => this.#next());
      throw error;
    }
    return this.#sendNow(command, options);
  }

  #sendNow(
    command: Command,
    { scope, turns, onTurn }: SendOptions,
  ): MaybePromise<SendCommandResult> {
    this.#busy = true;
    const sent = new OptionsOf(scope, turns);
    let reply: MaybePromise<SendCommandResult>;
    try {
      scope.throwIfAborted();
      onTurn?.();
      const request: SendCommandRequest = command;
      request.SessionToken = this.token;
      if (request.ExecuteStatement || request.FetchPage) this.#statement = sent;
      reply = sendTo(this.#context.endpoint, request, sent);
    } catch (error) {
      this.#next();
      throw error;
    }
    if (!(reply instanceof Promise)) {
      this.#next();
      return reply;
    }
    // The turn ends with the endpoint's own promise: a caller who stops waiting
    // does not let the next command overtake this one.
    const done = (): void => {
      sent.dispose();
      this.#next();
    };
    reply.then(done, done);
    return untilAborted(reply, scope);
  }

  /** Whether the ledger is in this process; see {@link SessionEndpoint.inProcess}. */
  get inProcess(): boolean {
    return this.#context.endpoint.inProcess === true;
  }

  /**
   * Rolls back whatever transaction may be open, and calls off the statement
   * that runs in it. Rejects if that cannot be known to have worked; the session
   * is broken then.
   */
  async rollBack(): Promise<void> {
    if (this.#lost) return;
    this.#statement?.callOff();
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
    this.#statement?.callOff();
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
    const { cleanupLimits, cleanupTimeout } = this.#context;
    const scope = new CancelScope([], cleanupLimits.after(cleanupTimeout));
    try {
      await this.send(command, { scope });
    } finally {
      scope.dispose();
    }
  }

  #next(): void {
    this.#statement = undefined;
    const next = this.#queue.shift();
    if (next) next();
    else this.#busy = false;
  }
}

/**
 * Calls the endpoint, whose faults are nobody else's: it may throw at once, or
 * throw something that is no error.
 */
function sendTo(
  endpoint: SessionEndpoint,
  request: SendCommandRequest,
  options: SendCommandOptions,
): MaybePromise<SendCommandResult> {
  let reply: MaybePromise<SendCommandResult>;
  try {
    reply = endpoint.sendCommand(request, options);
  } catch (error) {
    throw asObject(error);
  }
  return reply instanceof Promise
    ? reply.catch((error: unknown) => {
        throw asObject(error);
      })
    : reply;
}

/** Options whose signal is made when the endpoint asks for it. */
class OptionsOf implements SendCommandOptions {
  readonly takesTurns: boolean;
  readonly turn: ConflictTurn | undefined;
  readonly #scope: CancelScope;
  #own: AbortController | undefined;
  #forget: (() => void) | undefined;

  constructor(scope: CancelScope, turns: Turns | undefined) {
    this.#scope = scope;
    this.takesTurns = turns?.takesTurns ?? false;
    this.turn = turns?.turn;
  }

  get signal(): AbortSignal {
    this.#own ??= this.#follow();
    return this.#own.signal;
  }

  #follow(): AbortController {
    const own = new AbortController();
    const scope = this.#scope;
    if (scope.aborted) own.abort(scope.reason);
    else this.#forget = scope.onAbort(() => own.abort(scope.reason));
    return own;
  }

  /** What was sent is answered. */
  dispose(): void {
    this.#forget?.();
  }

  /** Aborts what was sent, and nothing else of its scope. */
  callOff(): void {
    this.#own?.abort();
  }
}

function asObject(error: unknown): object {
  return typeof error === 'object' && error !== null
    ? error
    : new TransportError(error);
}

function requestId(result: SendCommandResult): string {
  const { $metadata } = result as { $metadata?: { requestId?: unknown } };
  return typeof $metadata?.requestId === 'string'
    ? $metadata.requestId
    : randomUUID();
}
