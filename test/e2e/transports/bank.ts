import { Injectable, type ModuleMetadata } from '@nestjs/common';
import { PooledQldbDriver } from '../../../lib/driver/index.js';
import { InjectQldb, Qldb, QldbModule } from '../../../lib/index.js';
import { type Ledger, openLedger } from '../../../lib/ledger/index.js';
import type { SendCommandRequest } from '../../../lib/session/index.js';

/** A promise, and the function that fulfils it. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

/**
 * A ledger with accounts, and what a test does to it behind the back of an
 * application: the writer that comes between a read and a commit.
 */
export class Bank {
  /** Called by `Accounts.deposit` between its read and its write. */
  between: (id: string) => Promise<void> | void = () => undefined;
  /** How often `Accounts.deposit` has been run, attempts included. */
  runs = 0;
  /** What `Accounts.hold` does: it writes, says so, waits, and writes again. */
  readonly hold = {
    entered: gate(),
    goOn: gate(),
    second: gate(),
    refusal: undefined as unknown,
  };
  /** Opened by the first transaction that is aborted. */
  readonly aborted = gate();
  readonly #ledger: Ledger;
  readonly #driver: PooledQldbDriver;

  private constructor(ledger: Ledger) {
    this.#ledger = ledger;
    this.#driver = new PooledQldbDriver({
      ledgerName: ledger.name,
      endpoint: ledger.sessions,
    });
  }

  /** @param accounts - each begins with a balance of 0 */
  static async open(...accounts: readonly string[]): Promise<Bank> {
    const bank = new Bank(await openLedger({ name: 'bank', store: 'memory:' }));
    await bank.#driver.executeLambda(async (txn) => {
      await txn.execute('CREATE TABLE Account');
      await txn.execute('CREATE INDEX ON Account (Id)');
    });
    await bank.#driver.executeStatement(
      'INSERT INTO Account ?',
      accounts.map((Id) => ({ Id, Balance: 0 })),
    );
    return bank;
  }

  /** The application's module: handlers, on this ledger. */
  module(metadata: ModuleMetadata): ModuleMetadata {
    const { sessions } = this.#ledger;
    return {
      ...metadata,
      imports: [
        QldbModule.forRoot({
          ledgerName: 'bank',
          endpoint: {
            sendCommand: (request: SendCommandRequest, options) => {
              if (request.AbortTransaction) this.aborted.open();
              return sessions.sendCommand(request, options);
            },
          },
          retry: { limit: 4, backoff: () => 0 },
        }),
        ...(metadata.imports ?? []),
      ],
      providers: [
        { provide: Bank, useValue: this },
        Accounts,
        ...(metadata.providers ?? []),
      ],
    };
  }

  /** Adds to a balance, in a transaction beside those of the application. */
  async meddle(id: string): Promise<void> {
    await this.#driver.executeStatement(
      'UPDATE Account AS a SET a.Balance = a.Balance + 1000 WHERE a.Id = ?',
      id,
    );
  }

  async balance(id: string): Promise<number | undefined> {
    const [balance] = await this.#rows<number>(
      'SELECT VALUE a.Balance FROM Account AS a WHERE a.Id = ?',
      id,
    );
    return balance;
  }

  /** How many revisions an account has had: one for each commit that changed it. */
  async revisions(id: string): Promise<number> {
    const rows = await this.#rows(
      'SELECT h.metadata.version FROM history(Account) AS h WHERE h.data.Id = ?',
      id,
    );
    return rows.length;
  }

  async close(): Promise<void> {
    await this.#driver.close();
    await this.#ledger.close();
  }

  async #rows<T>(statement: string, id: string): Promise<T[]> {
    const rows = await this.#driver.executeStatement<T>(statement, id);
    return rows.toArray();
  }
}

export interface Deposit {
  readonly id: string;
  readonly balance: number;
  /** Ids of the transactions that its statements belonged to. */
  readonly transactions: readonly string[];
}

/** What every handler calls. It asks for no transaction, so it shows the handler's. */
@Injectable()
export class Accounts {
  constructor(
    @InjectQldb() private readonly qldb: Qldb,
    private readonly bank: Bank,
  ) {}

  /** Reads, computes and writes: what must not be done by two at once. */
  async deposit(id: string, amount: number): Promise<Deposit> {
    this.bank.runs++;
    const first = await this.#transactionId();
    const [balance = NaN] = await this.qldb.execute<number>(
      'SELECT VALUE a.Balance FROM Account AS a WHERE a.Id = ?',
      id,
    );
    await this.bank.between(id);
    const second = await this.#transactionId();
    await this.qldb.execute(
      'UPDATE Account AS a SET a.Balance = ? WHERE a.Id = ?',
      balance + amount,
      id,
    );
    const third = await this.#transactionId();
    return {
      id,
      balance: balance + amount,
      transactions: [...new Set([first, second, third])],
    };
  }

  /** Writes, and is still at it when its client has gone. */
  async hold(id: string): Promise<void> {
    const { hold } = this.bank;
    const write = () =>
      this.qldb.execute('UPDATE Account SET Balance = -1 WHERE Id = ?', id);
    await write();
    hold.entered.open();
    await hold.goOn.opened;
    await write().catch((error: unknown) => (hold.refusal = error));
    hold.second.open();
  }

  #transactionId(): Promise<string> {
    return this.qldb.executeLambda((txn) => txn.transactionId);
  }
}
