import { encodeIon } from '../ion/encode.js';
import { IonBinaryError, IonConversionError } from '../ion/errors.js';
import type { IonValue } from '../ion/value.js';
import { PartiqlError } from '../partiql/index.js';
import {
  BadRequestException,
  CapacityExceededException,
  InvalidSessionException,
  type IOUsage,
  LimitExceededException,
  type Page,
  type SendCommandRequest,
  type SendCommandResult,
  type SessionEndpoint,
  type ValueHolder,
} from '../session/index.js';
import type { LedgerLimits } from './limits.js';
import type { LedgerPorts } from './ports.js';
import type {
  LedgerTransaction,
  ResultRows,
} from './transaction/transaction.js';

const COMMANDS = [
  'StartSession',
  'StartTransaction',
  'ExecuteStatement',
  'FetchPage',
  'CommitTransaction',
  'AbortTransaction',
  'EndSession',
] as const;
const TOKEN_BYTES = 48;
const MAX_STATEMENT_LENGTH = 100_000;

/** Where sessions get their transactions from: a ledger. */
export interface TransactionSource {
  readonly name: string;
  begin(): LedgerTransaction;
  commit(transaction: LedgerTransaction): Promise<void>;
  abort(transaction: LedgerTransaction): void;
}

/** Rows of a result that are not sent yet. */
interface Cursor {
  readonly rows: ResultRows;
  /** Rows read but not sent; the first `sent` of them are. */
  batch: readonly IonValue[];
  sent: number;
}

interface OpenTransaction {
  readonly transaction: LedgerTransaction;
  /** By the token of their next page. */
  readonly cursors: Map<string, Cursor>;
  readonly timer: NodeJS.Timeout;
  pages: number;
}

interface Session {
  readonly expires: number;
  open?: OpenTransaction;
  /** Set when a transaction ran out of time: what the next command is told. */
  expired?: string;
  /** The commands of a session run one after the other. */
  last: Promise<unknown>;
}

/** The session API in front of a ledger of this process. */
export class LedgerSessions implements SessionEndpoint {
  readonly maxConcurrency: number;
  readonly #ledger: TransactionSource;
  readonly #ports: LedgerPorts;
  readonly #limits: LedgerLimits;
  readonly #sessions = new Map<string, Session>();
  #ended = false;

  constructor(
    ledger: TransactionSource,
    ports: LedgerPorts,
    limits: LedgerLimits,
  ) {
    this.#ledger = ledger;
    this.#ports = ports;
    this.#limits = limits;
    this.maxConcurrency = limits.maxSessions;
  }

  async sendCommand(request: SendCommandRequest): Promise<SendCommandResult> {
    const started = performance.now();
    const timing = () => ({
      TimingInformation: {
        ProcessingTimeMilliseconds: Math.round(performance.now() - started),
      },
    });
    if (COMMANDS.filter((name) => request[name] !== undefined).length !== 1)
      throw new BadRequestException(
        `A request needs exactly one command: ${COMMANDS.join(', ')}.`,
      );
    if (request.StartSession) {
      const SessionToken = this.#startSession(request.StartSession.LedgerName);
      return { StartSession: { SessionToken, ...timing() } };
    }
    const token = request.SessionToken ?? '';
    const session = this.#sessions.get(token);
    if (!session) throw new InvalidSessionException('No such session');
    const reply = session.last.then(async () => {
      const result = await this.#run(token, session, request);
      for (const member of Object.values(result) as object[])
        Object.assign(member, timing());
      return result;
    });
    session.last = reply.catch(() => {});
    return reply;
  }

  async #run(
    token: string,
    session: Session,
    request: SendCommandRequest,
  ): Promise<SendCommandResult> {
    if (request.EndSession) {
      this.#end(token, session);
      return { EndSession: {} };
    }
    if (session.expired !== undefined) {
      this.#end(token, session);
      throw new InvalidSessionException(
        `Transaction ${session.expired} has expired`,
      );
    }
    if (this.#ports.now() >= session.expires) {
      this.#end(token, session);
      throw new InvalidSessionException('Session has expired');
    }
    if (request.StartTransaction)
      return { StartTransaction: this.#startTransaction(session) };
    if (request.AbortTransaction) {
      this.#close(session);
      return { AbortTransaction: {} };
    }
    if (request.ExecuteStatement) {
      const { TransactionId, Statement, Parameters } = request.ExecuteStatement;
      const open = openTransaction(session, TransactionId);
      return {
        ExecuteStatement: await counted(open, async () => ({
          FirstPage: await this.#execute(open, Statement, Parameters),
        })),
      };
    }
    if (request.FetchPage) {
      const { TransactionId, NextPageToken } = request.FetchPage;
      const open = openTransaction(session, TransactionId);
      return {
        FetchPage: await counted(open, async () => ({
          Page: await this.#fetch(open, NextPageToken),
        })),
      };
    }
    if (request.CommitTransaction) {
      const { TransactionId, CommitDigest } = request.CommitTransaction;
      const open = openTransaction(session, TransactionId);
      return {
        CommitTransaction: await this.#commit(session, open, CommitDigest),
      };
    }
    throw new BadRequestException('The request has no command.');
  }

  /** Ends every session; the commands that follow are refused. */
  endAll(): void {
    this.#ended = true;
    for (const [token, session] of this.#sessions) this.#end(token, session);
  }

  #startSession(ledgerName: string | undefined): string {
    if (this.#ended)
      throw new CapacityExceededException('The ledger is closed.');
    if (ledgerName !== this.#ledger.name)
      throw new BadRequestException(
        `No ledger is known by the name ${JSON.stringify(ledgerName?.slice(0, 64))}.`,
      );
    if (this.#sessions.size >= this.#limits.maxSessions) this.#forgetExpired();
    if (this.#sessions.size >= this.#limits.maxSessions)
      throw new LimitExceededException(
        `Exceeded the session limit of ${this.#limits.maxSessions}`,
      );
    const token = Buffer.from(this.#ports.random(TOKEN_BYTES)).toString(
      'base64',
    );
    this.#sessions.set(token, {
      expires: this.#ports.now() + this.#limits.sessionLifetime,
      last: Promise.resolve(),
    });
    return token;
  }

  #forgetExpired(): void {
    for (const [token, session] of this.#sessions)
      if (this.#ports.now() >= session.expires) this.#end(token, session);
  }

  #startTransaction(session: Session) {
    if (session.open) throw new BadRequestException('Transaction already open');
    const transaction = this.#ledger.begin();
    const timer = setTimeout(() => {
      session.expired = transaction.id;
      this.#close(session);
    }, this.#limits.transactionTimeout);
    timer.unref();
    session.open = { transaction, cursors: new Map(), timer, pages: 0 };
    return { TransactionId: transaction.id };
  }

  async #execute(
    open: OpenTransaction,
    statement: string | undefined,
    parameters: readonly ValueHolder[] = [],
  ): Promise<Page> {
    if (
      typeof statement !== 'string' ||
      statement.length === 0 ||
      statement.length > MAX_STATEMENT_LENGTH
    )
      throw new BadRequestException(
        `A statement has 1 to ${MAX_STATEMENT_LENGTH} characters.`,
      );
    if (!Array.isArray(parameters))
      throw new BadRequestException('Parameters are a list.');
    const binaries = (parameters as readonly (ValueHolder | null)[]).map(
      (holder, n) => {
        const IonBinary = holder?.IonBinary;
        if (IonBinary instanceof Uint8Array) return IonBinary;
        throw new BadRequestException(
          `Parameter ${n + 1} has no IonBinary. Send parameters as Ion binary.`,
        );
      },
    );
    return statementErrors(async () => {
      const rows = await open.transaction.execute(statement, binaries);
      return this.#page(open, { rows, batch: [], sent: 0 });
    });
  }

  async #fetch(
    open: OpenTransaction,
    token: string | undefined,
  ): Promise<Page> {
    const cursor = token === undefined ? undefined : open.cursors.get(token);
    if (token === undefined || !cursor)
      throw new BadRequestException(
        'The next page token is not one of this transaction, or was used.',
      );
    open.cursors.delete(token);
    return statementErrors(() => this.#page(open, cursor));
  }

  async #page(open: OpenTransaction, cursor: Cursor): Promise<Page> {
    const { pageRows, pageBytes } = this.#limits;
    const Values: ValueHolder[] = [];
    let bytes = 0;
    for (;;) {
      while (cursor.sent < cursor.batch.length) {
        if (Values.length >= pageRows || bytes >= pageBytes) {
          const NextPageToken = Buffer.from(
            `${open.transaction.id}:${open.pages++}`,
          ).toString('base64');
          open.cursors.set(NextPageToken, cursor);
          return { Values, NextPageToken };
        }
        const IonBinary = encodeIon(cursor.batch[cursor.sent++]);
        bytes += IonBinary.length;
        Values.push({ IonBinary });
      }
      const next = await cursor.rows.next();
      if (next.done) return { Values };
      cursor.batch = next.value;
      cursor.sent = 0;
    }
  }

  async #commit(
    session: Session,
    open: OpenTransaction,
    digest: Uint8Array | undefined,
  ) {
    const { transaction } = open;
    const CommitDigest = transaction.digest.value;
    // Whatever comes of it, the transaction is over, and its time no longer runs.
    delete session.open;
    clearTimeout(open.timer);
    try {
      if (
        !(digest instanceof Uint8Array) ||
        Buffer.compare(digest, CommitDigest) !== 0
      )
        throw new BadRequestException("Digests don't match");
      await statementErrors(() => this.#ledger.commit(transaction));
      return { TransactionId: transaction.id, CommitDigest };
    } finally {
      this.#release(open);
    }
  }

  #close(session: Session): void {
    const { open } = session;
    if (!open) return;
    delete session.open;
    this.#release(open);
  }

  #release({ transaction, cursors, timer }: OpenTransaction): void {
    clearTimeout(timer);
    cursors.clear();
    this.#ledger.abort(transaction);
  }

  #end(token: string, session: Session): void {
    this.#sessions.delete(token);
    this.#close(session);
  }
}

function openTransaction(
  { open }: Session,
  transactionId: string | undefined,
): OpenTransaction {
  if (open && open.transaction.id === transactionId) return open;
  throw new BadRequestException('No open transaction');
}

/** Adds what a command read to its result. */
async function counted<T extends object>(
  { transaction: { reads } }: OpenTransaction,
  run: () => Promise<T>,
): Promise<T & { ConsumedIOs: IOUsage }> {
  const before = reads.documentsRead;
  const result = await run();
  return {
    ...result,
    ConsumedIOs: { ReadIOs: reads.documentsRead - before, WriteIOs: 0 },
  };
}

/** Tells the language's errors as the service told them. */
async function statementErrors<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (
      error instanceof PartiqlError ||
      error instanceof IonBinaryError ||
      error instanceof IonConversionError
    )
      throw new BadRequestException(error.message, {
        cause: error,
        ...(error instanceof PartiqlError &&
          error.qldbCode && { qldbCode: error.qldbCode }),
      });
    throw error;
  }
}
