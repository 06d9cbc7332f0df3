import { toIonBinary } from '../../lib/ion/native.js';
import { CommitDigest } from '../../lib/session/commit-digest.js';
import type {
  CommandName,
  Page,
  SendCommandOptions,
  SendCommandRequest,
  SendCommandResult,
  SessionEndpoint,
  ValueHolder,
} from '../../lib/session/endpoint.js';
import {
  BadRequestException,
  InvalidSessionException,
  OccConflictException,
} from '../../lib/session/exceptions.js';

/** Pages of a result: rows, or undefined for a page without the member `Values`. */
export type FakePages = readonly (readonly unknown[] | undefined)[];

export interface FakeServiceOptions {
  readonly maxConcurrency?: number;
  /** What a statement answers; may throw. Default: one page with the parameters. */
  readonly respond?: (
    statement: string,
    parameters: readonly Uint8Array[],
  ) => FakePages;
  /** Waited for before each command takes effect. Default: one turn of the microtask queue. */
  readonly latency?: (
    command: CommandName,
    signal?: AbortSignal,
  ) => Promise<unknown> | undefined;
  /** Milliseconds, on `now`. */
  readonly sessionLifetime?: number;
  readonly transactionTime?: number;
  readonly now?: () => number;
  /** Whether a statement that was refused counts for the digest. Default: true. */
  readonly countsRefusedStatements?: boolean;
}

interface FakeTransaction {
  readonly id: string;
  readonly digest: CommitDigest;
  readonly statements: string[];
  readonly startedAt: number;
  /** Pages that are left of a result, by the token of the next. */
  readonly pages: Map<string, PageQueue>;
}

interface FakeSession {
  readonly token: string;
  readonly startedAt: number;
  transaction?: FakeTransaction | undefined;
  inFlight: number;
}

/** The pages of a result that were not fetched yet. */
class PageQueue {
  readonly #pages: FakePages;
  #next = 0;

  constructor(pages: FakePages) {
    this.#pages = pages;
  }

  get hasMore(): boolean {
    return this.#next < this.#pages.length;
  }

  take(): readonly unknown[] | undefined {
    return this.#pages[this.#next++];
  }
}

/** Raw bytes as a row, for rows that are no Ion. */
export class RawRow {
  constructor(readonly bytes: Uint8Array) {}
}

/**
 * A ledger's session service in a few lines, with state: it knows its sessions
 * and transactions, checks the commit digest, and counts what a driver must
 * never let happen.
 */
export class FakeService implements SessionEndpoint {
  readonly maxConcurrency?: number;
  readonly #options: FakeServiceOptions;
  readonly sessions = new Map<string, FakeSession>();
  /** Every command in the order of arrival. */
  readonly log: { command: CommandName; token?: string; statement?: string }[] =
    [];
  /** Statements of each transaction that was committed, in the order of the commits. */
  readonly committed: { id: string; statements: string[] }[] = [];
  /** Breaches of the protocol: overlapping commands, wrong transaction ids. */
  readonly breaches: string[] = [];
  maxOpenTransactions = 0;
  sessionsStarted = 0;
  #ids = 0;

  constructor(options: FakeServiceOptions = {}) {
    this.#options = options;
    if (options.maxConcurrency !== undefined) {
      this.maxConcurrency = options.maxConcurrency;
    }
  }

  get openTransactions(): number {
    return [...this.sessions.values()].filter((s) => s.transaction).length;
  }

  count(command: CommandName): number {
    return this.log.filter((entry) => entry.command === command).length;
  }

  /** Names of the commands so far. */
  get commands(): CommandName[] {
    return this.log.map(({ command }) => command);
  }

  /** All sessions die at once. */
  expireSessions(): void {
    this.sessions.clear();
  }

  async sendCommand(
    request: SendCommandRequest,
    { signal }: SendCommandOptions = {},
  ): Promise<SendCommandResult> {
    const { SessionToken, ...members } = request;
    const [command] = Object.keys(members) as [CommandName];
    this.log.push({
      command,
      ...(SessionToken === undefined ? {} : { token: SessionToken }),
      ...(request.ExecuteStatement?.Statement === undefined
        ? {}
        : { statement: request.ExecuteStatement.Statement }),
    });
    const session =
      SessionToken === undefined ? undefined : this.sessions.get(SessionToken);
    if (session && ++session.inFlight > 1) {
      this.breaches.push(`${command} while another command was under way`);
    }
    try {
      await this.#options.latency?.(command, signal);
      return this.#answer(command, request, session);
    } finally {
      if (session) session.inFlight--;
    }
  }

  #answer(
    command: CommandName,
    request: SendCommandRequest,
    session: FakeSession | undefined,
  ): SendCommandResult {
    if (command === 'StartSession') return this.#startSession();
    if (!session || !this.sessions.has(session.token)) {
      throw new InvalidSessionException('No such session');
    }
    if (
      this.#now() - session.startedAt >
      (this.#options.sessionLifetime ?? Infinity)
    ) {
      this.sessions.delete(session.token);
      throw new InvalidSessionException('Session FAKE has expired');
    }
    switch (command) {
      case 'StartTransaction':
        return this.#startTransaction(session);
      case 'EndSession':
        this.sessions.delete(session.token);
        return { EndSession: {} };
      case 'AbortTransaction':
        session.transaction = undefined;
        return { AbortTransaction: {} };
      case 'ExecuteStatement':
        return this.#execute(
          this.#transaction(session, request.ExecuteStatement?.TransactionId),
          request.ExecuteStatement?.Statement ?? '',
          request.ExecuteStatement?.Parameters ?? [],
        );
      case 'FetchPage':
        return this.#fetch(
          this.#transaction(session, request.FetchPage?.TransactionId),
          request.FetchPage?.NextPageToken ?? '',
        );
      case 'CommitTransaction':
        return this.#commit(session, request);
    }
  }

  #startSession(): SendCommandResult {
    const token = `secret-token-${++this.#ids}`;
    this.sessionsStarted++;
    this.sessions.set(token, { token, startedAt: this.#now(), inFlight: 0 });
    return { StartSession: { SessionToken: token } };
  }

  #startTransaction(session: FakeSession): SendCommandResult {
    if (session.transaction) {
      throw new BadRequestException('Transaction already open');
    }
    const id = `T${String(++this.#ids).padStart(21, '0')}`;
    session.transaction = {
      id,
      digest: new CommitDigest(id),
      statements: [],
      startedAt: this.#now(),
      pages: new Map(),
    };
    this.maxOpenTransactions = Math.max(
      this.maxOpenTransactions,
      this.openTransactions,
    );
    return {
      StartTransaction: {
        TransactionId: id,
        TimingInformation: { ProcessingTimeMilliseconds: 1 },
      },
    };
  }

  #transaction(session: FakeSession, id: string | undefined): FakeTransaction {
    const { transaction } = session;
    if (!transaction || transaction.id !== id) {
      this.breaches.push('command for a transaction that is not open');
      throw new BadRequestException('No open transaction');
    }
    if (
      this.#now() - transaction.startedAt >
      (this.#options.transactionTime ?? Infinity)
    ) {
      this.sessions.delete(session.token);
      throw new InvalidSessionException(`Transaction ${id} has expired`);
    }
    return transaction;
  }

  #execute(
    transaction: FakeTransaction,
    statement: string,
    holders: readonly ValueHolder[],
  ): SendCommandResult {
    const parameters = holders.map(({ IonBinary }) => IonBinary as Uint8Array);
    const respond =
      this.#options.respond ??
      (() => [parameters.map((bytes) => new RawRow(bytes))]);
    const count = (): void => {
      transaction.digest.add(statement, parameters);
      transaction.statements.push(statement);
    };
    let pages: FakePages;
    try {
      pages = respond(statement, parameters);
    } catch (error) {
      if (this.#options.countsRefusedStatements ?? true) count();
      throw error;
    }
    count();
    return {
      ExecuteStatement: {
        FirstPage: this.#page(transaction, new PageQueue(pages)),
        ConsumedIOs: { ReadIOs: 2, WriteIOs: 1 },
        TimingInformation: { ProcessingTimeMilliseconds: 3 },
      },
    };
  }

  #fetch(transaction: FakeTransaction, token: string): SendCommandResult {
    const pages = transaction.pages.get(token);
    if (!pages) throw new BadRequestException('No such page');
    transaction.pages.delete(token);
    return {
      FetchPage: {
        Page: this.#page(transaction, pages),
        ConsumedIOs: { ReadIOs: 5 },
        TimingInformation: { ProcessingTimeMilliseconds: 7 },
      },
    };
  }

  #page(transaction: FakeTransaction, pages: PageQueue): Page {
    const rows = pages.take();
    let token: string | undefined;
    if (pages.hasMore) {
      token = `page-${++this.#ids}`;
      transaction.pages.set(token, pages);
    }
    return {
      ...(rows === undefined ? {} : { Values: rows.map(holder) }),
      ...(token === undefined ? {} : { NextPageToken: token }),
    };
  }

  #commit(
    session: FakeSession,
    request: SendCommandRequest,
  ): SendCommandResult {
    const { TransactionId, CommitDigest: digest } =
      request.CommitTransaction ?? {};
    const transaction = this.#transaction(session, TransactionId);
    if (transaction.statements.includes('CONFLICT')) {
      session.transaction = undefined;
      throw new OccConflictException(
        'Optimistic concurrency control (OCC) failure',
      );
    }
    if (Buffer.compare(digest ?? new Uint8Array(), transaction.digest.value)) {
      throw new BadRequestException("Digests don't match");
    }
    session.transaction = undefined;
    this.committed.push(transaction);
    return {
      CommitTransaction: {
        TransactionId: transaction.id,
        CommitDigest: transaction.digest.value,
        ConsumedIOs: { ReadIOs: 1, WriteIOs: 10 },
        TimingInformation: { ProcessingTimeMilliseconds: 11 },
      },
    };
  }

  #now(): number {
    return this.#options.now?.() ?? 0;
  }
}

function holder(row: unknown): ValueHolder {
  return {
    IonBinary: row instanceof RawRow ? row.bytes : toIonBinary(row),
  };
}
