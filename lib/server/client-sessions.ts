import {
  BadRequestException,
  CapacityExceededException,
  InvalidSessionException,
  type SendCommandRequest,
  type SendCommandResult,
  type SessionEndpoint,
} from '../session/index.js';
import { LedgerClosedError } from '../ledger/ledger-errors.js';
import type { LedgerPorts } from '../ledger/ports.js';

/** Where requests for a ledger go, by the ledger's name. A `Map` may change while the server runs. */
export type ServedLedgers =
  | ReadonlyMap<string, SessionEndpoint>
  | Readonly<Record<string, SessionEndpoint>>;

/** A session that a client opened through the server. */
interface ClientSession {
  readonly endpoint: SessionEndpoint;
  /** What the endpoint calls the session. The client never sees it. */
  readonly endpointToken: string;
  /** The access key id that opened it, and alone may use it. */
  readonly principal: string;
  lastUsed: number;
}

const TOKEN_BYTES = 48;
const TOKEN = /^[A-Za-z0-9+/=-]{4,1024}$/;

/**
 * Sends each command to the ledger that its session belongs to.
 *
 * The server gives out session tokens of its own, so that a token says nothing
 * of what is behind, and serves only the client that opened the session.
 */
export class ClientSessions {
  readonly #ledgers: ServedLedgers;
  readonly #idleTimeout: number;
  readonly #ports: LedgerPorts;
  /** By token; the longest unused first. */
  readonly #sessions = new Map<string, ClientSession>();
  #closed = false;

  constructor(ledgers: ServedLedgers, idleTimeout: number, ports: LedgerPorts) {
    this.#ledgers = ledgers;
    this.#idleTimeout = idleTimeout;
    this.#ports = ports;
  }

  /** How many sessions are open. */
  get size(): number {
    return this.#sessions.size;
  }

  /** @param signal - aborted when the client waits for the answer no longer */
  async sendCommand(
    principal: string,
    request: SendCommandRequest,
    signal: AbortSignal,
  ): Promise<SendCommandResult> {
    if (request.StartSession) return this.#start(principal, request);
    const token = request.SessionToken ?? '';
    if (!TOKEN.test(token))
      throw new BadRequestException('The parameter SessionToken is not valid');
    const session = this.#sessions.get(token);
    // To another client, a session does not exist.
    if (session?.principal !== principal)
      throw new InvalidSessionException('No such session');
    this.#sessions.delete(token);
    if (!request.EndSession) {
      session.lastUsed = this.#ports.now();
      this.#sessions.set(token, session);
    }
    try {
      return await session.endpoint.sendCommand(
        { ...request, SessionToken: session.endpointToken },
        { signal },
      );
    } catch (error) {
      // Its ledger was deleted, or closed.
      if (error instanceof LedgerClosedError) {
        void this.end(token);
        throw new InvalidSessionException(
          'The ledger of this session is gone.',
        );
      }
      if (error instanceof InvalidSessionException) void this.end(token);
      throw error;
    }
  }

  /** Ends a session, whatever its endpoint says to it. */
  async end(token: string | undefined): Promise<void> {
    if (token === undefined) return;
    const session = this.#sessions.get(token);
    if (!session) return;
    this.#sessions.delete(token);
    await endAtEndpoint(session.endpoint, session.endpointToken);
  }

  /** Ends every session, and lets no new one begin. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(Array.from(this.#sessions.keys(), (t) => this.end(t)));
  }

  async #start(
    principal: string,
    request: SendCommandRequest,
  ): Promise<SendCommandResult> {
    this.#endIdle();
    const ledgerName = request.StartSession?.LedgerName ?? '';
    const endpoint = this.#endpoint(ledgerName);
    if (!endpoint)
      throw new BadRequestException(
        `No ledger is known by the name ${JSON.stringify(ledgerName.slice(0, 64))}.`,
      );
    const { StartSession } = await endpoint.sendCommand({
      StartSession: { LedgerName: ledgerName },
    });
    const endpointToken = StartSession?.SessionToken ?? '';
    if (this.#closed) {
      await endAtEndpoint(endpoint, endpointToken);
      throw new CapacityExceededException('The server is closing.');
    }
    const SessionToken = Buffer.from(this.#ports.random(TOKEN_BYTES)).toString(
      'base64',
    );
    this.#sessions.set(SessionToken, {
      endpoint,
      endpointToken,
      principal,
      lastUsed: this.#ports.now(),
    });
    return { StartSession: { ...StartSession, SessionToken } };
  }

  #endpoint(name: string): SessionEndpoint | undefined {
    const ledgers = this.#ledgers;
    if (ledgers instanceof Map) return ledgers.get(name);
    return Object.hasOwn(ledgers, name)
      ? (ledgers as Readonly<Record<string, SessionEndpoint>>)[name]
      : undefined;
  }

  /** Ends the sessions of clients that went away without a word. */
  #endIdle(): void {
    const oldest = this.#ports.now() - this.#idleTimeout;
    for (const [token, { lastUsed }] of this.#sessions) {
      if (lastUsed > oldest) return;
      void this.end(token);
    }
  }
}

async function endAtEndpoint(
  endpoint: SessionEndpoint,
  SessionToken: string,
): Promise<void> {
  try {
    await endpoint.sendCommand({ EndSession: {}, SessionToken });
  } catch {
    // It has ended there already, or its endpoint ends it when it expires.
  }
}
