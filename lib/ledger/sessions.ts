import {
  type MaybePromise,
  run,
  type Steps,
  wait,
} from '../async/maybe-promise.js';
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
  OccConflictException,
  type Page,
  type SendCommandOptions,
  type SendCommandRequest,
  type SendCommandResult,
  type SessionEndpoint,
  type TimingInformation,
  type ValueHolder,
} from '../session/index.js';
import { StoreUnreachableError } from '../store/store-errors.js';
import { DeadlineQueue } from '../async/deadline-queue.js';
import type { LedgerLimits } from './limits.js';
import type { LedgerPorts } from './ports.js';
import type {
  LedgerTransaction,
  ResultRows,
} from './transaction/transaction.js';

const TOKEN_BYTES = 48;
const MAX_STATEMENT_LENGTH = 100_000;

/** Where sessions get their transactions from: a ledger. */
export interface TransactionSource {
  readonly name: string;
  begin(options: SendCommandOptions | undefined): LedgerTransaction;
  commit(transaction: LedgerTransaction): MaybePromise<void>;
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
  readonly session: Session;
  readonly transaction: LedgerTransaction;
  /** By the token of their next page. */
  cursors: Map<string, Cursor> | undefined;
  pages: number;
}

interface Session {
  readonly expires: number;
  open: OpenTransaction | undefined;
  /** Set when a transaction ran out of time: what the next command is told. */
  expired: string | undefined;
  /** The commands of a session run one after the other: the last one, while it runs. */
  running: Promise<unknown> | undefined;
  /** How many commands wait for the one that runs. */
  waiting: number;
  /** The statement that runs, or whose rows are read. */
  statement: RunningStatement | undefined;
}

interface RunningStatement {
  readonly request: SendCommandRequest;
  readonly transaction: LedgerTransaction;
}

/** The session API in front of a ledger of this process. */
export class LedgerSessions implements SessionEndpoint {
  readonly inProcess = true;
  readonly maxConcurrency: number;
  readonly #ledger: TransactionSource;
  readonly #ports: LedgerPorts;
  readonly #limits: LedgerLimits;
  readonly #sessions = new Map<string, Session>();
  readonly #deadlines: DeadlineQueue<OpenTransaction>;
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
    this.#deadlines = new DeadlineQueue(
      limits.transactionTimeout,
      ({ session, transaction }) => {
        session.expired = transaction.id;
        this.#close(session);
      },
    );
  }

  sendCommand(
    request: SendCommandRequest,
    options?: SendCommandOptions,
  ): MaybePromise<SendCommandResult> {
    const started = performance.now();
    checkCommand(request);
    if (request.StartSession) {
      const SessionToken = this.#startSession(request.StartSession.LedgerName);
      return {
        StartSession: { SessionToken, TimingInformation: since(started) },
      };
    }
    const token = request.SessionToken ?? '';
    const session = this.#sessions.get(token);
    if (!session) throw new InvalidSessionException('No such session');
    const reply = session.running
      ? this.#runInTurn(session.running, token, session, request, options)
      : this.#run(token, session, request, started, options);
    if (!(reply instanceof Promise)) return reply;
    const forget = interruptOnAbort(session, request, options);
    const end = () => {
      forget?.();
      if (session.running === running) session.running = undefined;
    };
    // Before whoever waits for the reply goes on: the next command need not wait then.
    const running = reply.then(end, end);
    session.running = running;
    return reply;
  }

  async #runInTurn(
    before: Promise<unknown>,
    token: string,
    session: Session,
    request: SendCommandRequest,
    options: SendCommandOptions | undefined,
  ): Promise<SendCommandResult> {
    const started = performance.now();
    // Who ends the transaction does not wait for what runs in it; unless there
    // is something in between, such as a commit.
    if (session.waiting === 0) {
      if (request.AbortTransaction) interrupt(session, aborted);
      if (request.EndSession) interrupt(session, sessionEnded);
    }
    session.waiting++;
    try {
      await before;
    } finally {
      session.waiting--;
    }
    return this.#run(token, session, request, started, options);
  }

  #run(
    token: string,
    session: Session,
    request: SendCommandRequest,
    started: number,
    options: SendCommandOptions | undefined,
  ): MaybePromise<SendCommandResult> {
    if (request.EndSession) {
      this.#end(token, session);
      return { EndSession: { TimingInformation: since(started) } };
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
      return this.#startTransaction(session, started, options);
    if (request.AbortTransaction) {
      this.#close(session);
      return { AbortTransaction: { TimingInformation: since(started) } };
    }
    return run(this.#inTransaction(session, request, started));
  }

  *#inTransaction(
    session: Session,
    request: SendCommandRequest,
    started: number,
  ): Steps<SendCommandResult> {
    try {
      if (request.ExecuteStatement) {
        const { TransactionId, Statement, Parameters } =
          request.ExecuteStatement;
        const open = openTransaction(session, TransactionId);
        const before = open.transaction.reads.documentsRead;
        session.statement = { request, transaction: open.transaction };
        const FirstPage = yield* this.#execute(open, Statement, Parameters);
        return {
          ExecuteStatement: {
            FirstPage,
            ConsumedIOs: readSince(open, before),
            TimingInformation: since(started),
          },
        };
      }
      if (request.FetchPage) {
        const { TransactionId, NextPageToken } = request.FetchPage;
        const open = openTransaction(session, TransactionId);
        const before = open.transaction.reads.documentsRead;
        session.statement = { request, transaction: open.transaction };
        const Page = yield* this.#fetch(open, NextPageToken);
        return {
          FetchPage: {
            Page,
            ConsumedIOs: readSince(open, before),
            TimingInformation: since(started),
          },
        };
      }
      if (request.CommitTransaction) {
        const { TransactionId, CommitDigest } = request.CommitTransaction;
        const open = openTransaction(session, TransactionId);
        yield* this.#commit(open, CommitDigest);
        return {
          CommitTransaction: {
            TransactionId,
            CommitDigest,
            TimingInformation: since(started),
          },
        };
      }
    } catch (error) {
      // Wherever it comes to light, a conflict has ended the transaction.
      if (error instanceof OccConflictException) this.#close(session);
      throw asSessionException(error);
    } finally {
      session.statement?.transaction.interrupt(undefined);
      session.statement = undefined;
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
      open: undefined,
      expired: undefined,
      running: undefined,
      waiting: 0,
      statement: undefined,
    });
    return token;
  }

  #forgetExpired(): void {
    for (const [token, session] of this.#sessions)
      if (this.#ports.now() >= session.expires) this.#end(token, session);
  }

  #startTransaction(
    session: Session,
    started: number,
    options: SendCommandOptions | undefined,
  ): SendCommandResult {
    if (session.open) throw new BadRequestException('Transaction already open');
    const transaction = this.#ledger.begin(options);
    const open: OpenTransaction = {
      session,
      transaction,
      cursors: undefined,
      pages: 0,
    };
    session.open = open;
    this.#deadlines.add(open);
    return {
      StartTransaction: {
        TransactionId: transaction.id,
        TimingInformation: since(started),
      },
    };
  }

  *#execute(
    open: OpenTransaction,
    statement: string | undefined,
    parameters: readonly ValueHolder[] = [],
  ): Steps<Page> {
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
    const rows = yield* open.transaction.execute(statement, binaries);
    return yield* this.#page(open, { rows, batch: [], sent: 0 });
  }

  *#fetch(open: OpenTransaction, token: string | undefined): Steps<Page> {
    const cursor = token === undefined ? undefined : open.cursors?.get(token);
    if (token === undefined || !cursor)
      throw new BadRequestException(
        'The next page token is not one of this transaction, or was used.',
      );
    open.cursors?.delete(token);
    return yield* this.#page(open, cursor);
  }

  *#page(open: OpenTransaction, cursor: Cursor): Steps<Page> {
    const { pageRows, pageBytes } = this.#limits;
    const Values: ValueHolder[] = [];
    let bytes = 0;
    for (;;) {
      while (cursor.sent < cursor.batch.length) {
        if (Values.length >= pageRows || bytes >= pageBytes) {
          const NextPageToken = Buffer.from(
            `${open.transaction.id}:${open.pages++}`,
          ).toString('base64');
          (open.cursors ??= new Map()).set(NextPageToken, cursor);
          return { Values, NextPageToken };
        }
        const IonBinary = encodeIon(cursor.batch[cursor.sent++]);
        bytes += IonBinary.length;
        Values.push({ IonBinary });
      }
      const batch = yield* wait(cursor.rows.next());
      if (batch === undefined) return { Values };
      cursor.batch = batch;
      cursor.sent = 0;
    }
  }

  /** @param digest - what the driver computed; one in this process leaves it to the ledger */
  *#commit(open: OpenTransaction, digest: Uint8Array | undefined): Steps<void> {
    const { transaction, session } = open;
    // Whatever comes of it, the transaction is over, and its time no longer runs.
    session.open = undefined;
    this.#deadlines.delete(open);
    try {
      if (digest !== undefined) {
        const { digest: CommitDigest } = transaction;
        if (
          !(digest instanceof Uint8Array) ||
          Buffer.compare(digest, CommitDigest) !== 0
        )
          throw new BadRequestException("Digests don't match");
      }
      yield* wait(this.#ledger.commit(transaction));
    } finally {
      this.#release(open);
    }
  }

  #close(session: Session): void {
    const { open } = session;
    if (!open) return;
    session.open = undefined;
    this.#release(open);
  }

  #release(open: OpenTransaction): void {
    this.#deadlines.delete(open);
    open.cursors = undefined;
    this.#ledger.abort(open.transaction);
  }

  #end(token: string, session: Session): void {
    this.#sessions.delete(token);
    interrupt(session, sessionEnded);
    this.#close(session);
  }
}

/** Ends the statement that runs in a session. */
function interrupt(
  { statement }: Session,
  error: (transactionId: string) => Error,
): void {
  statement?.transaction.interrupt(error(statement.transaction.id));
}

function aborted(transactionId: string): Error {
  return new BadRequestException(
    `Transaction ${transactionId} was aborted while a statement of it ran`,
  );
}

function sessionEnded(transactionId: string): Error {
  return new InvalidSessionException(
    `The session of transaction ${transactionId} ended while a statement of it ran`,
  );
}

function calledOff(transactionId: string): Error {
  return new BadRequestException(
    `A statement of transaction ${transactionId} ended without effect: whoever sent it waits for it no longer`,
  );
}

/** Ends a statement whose caller gives it up. Gives what takes that back. */
function interruptOnAbort(
  session: Session,
  request: SendCommandRequest,
  options: SendCommandOptions | undefined,
): (() => void) | undefined {
  if (!request.ExecuteStatement && !request.FetchPage) return undefined;
  const signal = options?.signal;
  const stop = () => {
    if (session.statement?.request === request) interrupt(session, calledOff);
  };
  if (signal?.aborted === true) stop();
  signal?.addEventListener('abort', stop, { once: true });
  return () => signal?.removeEventListener('abort', stop);
}

/** @throws BadRequestException unless there is exactly one */
function checkCommand(request: SendCommandRequest): void {
  let commands = 0;
  // Not by their names: every command of every transaction comes by here.
  if (request.StartSession !== undefined) commands++;
  if (request.StartTransaction !== undefined) commands++;
  if (request.ExecuteStatement !== undefined) commands++;
  if (request.FetchPage !== undefined) commands++;
  if (request.CommitTransaction !== undefined) commands++;
  if (request.AbortTransaction !== undefined) commands++;
  if (request.EndSession !== undefined) commands++;
  if (commands !== 1)
    throw new BadRequestException(
      'A request needs exactly one command: StartSession, StartTransaction, ExecuteStatement, FetchPage, CommitTransaction, AbortTransaction or EndSession.',
    );
}

function since(started: number): TimingInformation {
  return {
    ProcessingTimeMilliseconds: Math.round(performance.now() - started),
  };
}

function openTransaction(
  { open }: Session,
  transactionId: string | undefined,
): OpenTransaction {
  if (open && open.transaction.id === transactionId) return open;
  throw new BadRequestException('No open transaction');
}

function readSince({ transaction }: OpenTransaction, before: number): IOUsage {
  return {
    ReadIOs: transaction.reads.documentsRead - before,
    WriteIOs: 0,
  };
}

/** Tells the language's errors as the service told them. */
function asSessionException(error: unknown): unknown {
  if (
    error instanceof PartiqlError ||
    error instanceof IonBinaryError ||
    error instanceof IonConversionError
  )
    return new BadRequestException(error.message, {
      cause: error,
      ...(error instanceof PartiqlError &&
        error.qldbCode && { qldbCode: error.qldbCode }),
    });
  // Whether a commit is there, nobody knows then.
  if (error instanceof StoreUnreachableError && !error.mayBeWritten)
    return new CapacityExceededException(error.message, { cause: error });
  return error;
}
