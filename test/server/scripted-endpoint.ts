import {
  BadRequestException,
  InvalidSessionException,
  type SendCommandRequest,
  type SendCommandResult,
  type SessionEndpoint,
} from '../../lib/session/index.js';

type Reply =
  | SendCommandResult
  | Error
  | ((request: SendCommandRequest) => Promise<SendCommandResult>);

/**
 * A ledger's endpoint without a ledger. It answers what it is told to, or else
 * the simplest result, and keeps what it was sent.
 */
export class ScriptedEndpoint implements SessionEndpoint {
  readonly requests: SendCommandRequest[] = [];
  /** Tokens of the sessions that are open. */
  readonly open = new Set<string>();
  readonly #replies: Reply[] = [];
  #started = 0;

  constructor(readonly name = 'vehicles') {}

  /** What the next commands are answered, in order. */
  reply(...replies: Reply[]): this {
    this.#replies.push(...replies);
    return this;
  }

  async sendCommand(request: SendCommandRequest): Promise<SendCommandResult> {
    this.requests.push(request);
    const token = request.SessionToken ?? '';
    if (!request.StartSession && !this.open.has(token))
      throw new InvalidSessionException('No such session');
    if (request.EndSession) this.open.delete(token);
    const reply = this.#replies.shift();
    if (reply instanceof Error) throw reply;
    const result = typeof reply === 'function' ? await reply(request) : reply;
    return result ?? this.#result(request);
  }

  #result(request: SendCommandRequest): SendCommandResult {
    const TimingInformation = { ProcessingTimeMilliseconds: 3 };
    if (request.StartSession) {
      const SessionToken = `${this.name}-${this.#started++}`;
      this.open.add(SessionToken);
      return { StartSession: { SessionToken, TimingInformation } };
    }
    if (request.EndSession) return { EndSession: { TimingInformation } };
    if (request.StartTransaction)
      return {
        StartTransaction: { TransactionId: 'A'.repeat(22), TimingInformation },
      };
    if (request.AbortTransaction) return { AbortTransaction: {} };
    throw new BadRequestException('The script does not answer this.');
  }
}

/** A promise, and what settles it. */
export function gate<T = void>() {
  let open!: (value: T) => void;
  const passed = new Promise<T>((resolve) => (open = resolve));
  return { passed, open };
}
