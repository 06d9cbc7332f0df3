import { fromIonBinary, toIonBinary } from '../../lib/ion/native.js';
import {
  CommitDigest,
  type Page,
  type SendCommandRequest,
  type SessionEndpoint,
} from '../../lib/session/index.js';

/** A session that sends each command as it is told, without a driver's care. */
export class RawSession {
  transactionId = '';
  #digest = new CommitDigest('');

  private constructor(
    readonly endpoint: SessionEndpoint,
    readonly token: string,
  ) {}

  static async start(
    endpoint: SessionEndpoint,
    ledgerName = 'test',
  ): Promise<RawSession> {
    const reply = await endpoint.sendCommand({
      StartSession: { LedgerName: ledgerName },
    });
    return new RawSession(endpoint, reply.StartSession!.SessionToken!);
  }

  async send(command: SendCommandRequest) {
    return this.endpoint.sendCommand({ SessionToken: this.token, ...command });
  }

  async begin(): Promise<this> {
    const reply = await this.send({ StartTransaction: {} });
    this.transactionId = reply.StartTransaction!.TransactionId!;
    this.#digest = new CommitDigest(this.transactionId);
    return this;
  }

  /** Sends a statement and returns its first page. */
  async page(statement: string, ...parameters: unknown[]): Promise<Page> {
    const binaries = parameters.map(toIonBinary);
    this.#digest.add(statement, binaries);
    const reply = await this.send({
      ExecuteStatement: {
        TransactionId: this.transactionId,
        Statement: statement,
        Parameters: binaries.map((IonBinary) => ({ IonBinary })),
      },
    });
    return reply.ExecuteStatement!.FirstPage!;
  }

  async next(page: Page): Promise<Page> {
    const reply = await this.send({
      FetchPage: {
        TransactionId: this.transactionId,
        NextPageToken: page.NextPageToken,
      },
    });
    return reply.FetchPage!.Page!;
  }

  /** All rows of a statement. */
  async execute<T = unknown>(
    statement: string,
    ...parameters: unknown[]
  ): Promise<T[]> {
    const rows: T[] = [];
    let page = await this.page(statement, ...parameters);
    for (;;) {
      rows.push(...(values(page) as T[]));
      if (page.NextPageToken === undefined) return rows;
      page = await this.next(page);
    }
  }

  async commit(digest = this.#digest.value): Promise<void> {
    await this.send({
      CommitTransaction: {
        TransactionId: this.transactionId,
        CommitDigest: digest,
      },
    });
  }

  async abort(): Promise<void> {
    await this.send({ AbortTransaction: {} });
  }

  async end(): Promise<void> {
    await this.send({ EndSession: {} });
  }
}

export const values = (page: Page): unknown[] =>
  (page.Values ?? []).map(({ IonBinary }) => fromIonBinary(IonBinary!));

/** Runs one transaction in a session of its own. */
export async function transact<T>(
  endpoint: SessionEndpoint,
  run: (session: RawSession) => Promise<T>,
  ledgerName = 'test',
): Promise<T> {
  const session = await RawSession.start(endpoint, ledgerName);
  try {
    await session.begin();
    const result = await run(session);
    await session.commit();
    return result;
  } finally {
    await session.end();
  }
}

/** Runs one statement in a transaction of its own. */
export const execute = <T = unknown>(
  endpoint: SessionEndpoint,
  statement: string,
  ...parameters: unknown[]
): Promise<T[]> =>
  transact(endpoint, (session) => session.execute<T>(statement, ...parameters));
