import type {
  PooledQldbDriver,
  QldbSession,
  Transaction,
} from '../../driver/index.js';
import { CommandError } from '../command-error.js';
import { counted } from '../values.js';
import { COMMANDS } from './completion.js';
import { ROW_FORMATS, type RowFormat, RowPrinter } from './print-rows.js';
import type { Typed } from './statements.js';

export interface ShellOptions {
  readonly driver: PooledQldbDriver;
  readonly print: (line: string) => void;
  readonly format: RowFormat;
  /** Whether rows, time and reads are told after each statement. */
  readonly timing: boolean;
  /** Of the screen, in characters. */
  readonly width: () => number | undefined;
}

/** Rows that are kept until a transaction is committed; more are shown at once. */
const KEPT_ROWS = 1000;

const HELP = `A statement ends with ; and may take several lines. Each is a transaction of its
own, unless one was begun:

  begin            begin a transaction
  commit, abort    end it
  .tables          the tables
  .format FORMAT   show rows as table, ion or json
  .timing on|off   tell rows, time and reads after each statement
  exit             leave; Ctrl+D does too
Ctrl+C gives up the line, or ends what runs.`;

/** Runs what is typed: statements, transactions, and what is about the shell itself. */
export class Shell {
  #format: RowFormat;
  #timing: boolean;
  #open:
    | { readonly session: QldbSession; readonly transaction: Transaction }
    | undefined;
  #running: AbortController | undefined;
  tables: readonly string[] = [];

  constructor(private readonly options: ShellOptions) {
    this.#format = options.format;
    this.#timing = options.timing;
  }

  /** Whether a transaction is open. */
  get inTransaction(): boolean {
    return this.#open !== undefined;
  }

  /** Whether a line, by itself, is no statement. */
  static isCommand(line: string): boolean {
    const [word = ''] = line.trim().replace(/;$/, '').split(/\s+/);
    return line.trim().startsWith('.') || COMMANDS.includes(word.toLowerCase());
  }

  /** Ends what runs; false if nothing does. */
  stop(): boolean {
    if (!this.#running) return false;
    this.#running.abort(new Error('Stopped.'));
    return true;
  }

  /**
   * Runs a command of the shell itself.
   *
   * @returns false when it is the one to leave
   */
  async command(line: string): Promise<boolean> {
    const [word = '', argument = ''] = line
      .trim()
      .replace(/;$/, '')
      .split(/\s+/);
    const { print } = this.options;
    switch (word.toLowerCase()) {
      case 'exit':
        return false;
      case 'begin':
        await this.#begin();
        break;
      case 'commit':
        await this.#end((transaction) => transaction.commit());
        break;
      case 'abort':
        await this.#end((transaction) => transaction.abort());
        break;
      case '.help':
        print(HELP);
        break;
      case '.tables':
        await this.run({
          text: 'SELECT name, status FROM information_schema.user_tables',
          line: 0,
        });
        break;
      case '.format':
        this.#setFormat(argument);
        break;
      case '.timing':
        if (argument !== 'on' && argument !== 'off')
          throw new CommandError('.timing takes on or off.');
        this.#timing = argument === 'on';
        break;
      default:
        throw new CommandError('There is no such command: .help lists them.');
    }
    return true;
  }

  #setFormat(argument: string): void {
    const format = ROW_FORMATS.find((one) => one === argument);
    if (!format)
      throw new CommandError(`.format takes one of ${ROW_FORMATS.join(', ')}.`);
    this.#format = format;
  }

  /** Runs one statement, and shows its rows. */
  async run({ text }: Typed): Promise<void> {
    const { print, width } = this.options;
    const rows = new RowPrinter(this.#format, print, width());
    const began = performance.now();
    this.#running = new AbortController();
    const { signal } = this.#running;
    let reads: number | undefined;
    try {
      if (this.#open) {
        const { transaction } = this.#open;
        const giveUp = () => void transaction.abort().catch(() => {});
        signal.addEventListener('abort', giveUp, { once: true });
        const cursor = await transaction.executeStatement<Uint8Array>(text);
        for await (const row of cursor) rows.add(row);
        signal.removeEventListener('abort', giveUp);
        reads = cursor.getConsumedIOs()?.readIOs;
      } else reads = await this.#alone(text, rows, signal);
    } catch (error) {
      await this.#dropIfClosed();
      throw error;
    } finally {
      this.#running = undefined;
    }
    rows.end();
    if (/\b(?:create|drop|undrop)\b/i.test(text)) await this.refreshTables();
    if (this.#timing)
      print(
        `${counted(rows.count, 'row')}, ${(performance.now() - began).toFixed(1)} ms${reads === undefined ? '' : `, ${counted(reads, 'read')}`}`,
      );
  }

  /** Runs a statement in a transaction of its own. */
  async #alone(
    text: string,
    rows: RowPrinter,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    let reads: number | undefined;
    const kept = await this.options.driver.executeLambda(
      async (transaction) => {
        if (rows.count > 0)
          throw new Error(
            'Another transaction changed what this statement read, and some of its rows were shown already: run it again.',
          );
        const cursor = await transaction.executeStatement<Uint8Array>(text);
        const first: Uint8Array[] = [];
        for await (const row of cursor) {
          if (first.length < KEPT_ROWS) {
            first.push(row);
            continue;
          }
          if (rows.count === 0) for (const one of first) rows.add(one);
          rows.add(row);
        }
        reads = cursor.getConsumedIOs()?.readIOs;
        return first;
      },
      { signal },
    );
    // Committed: now they are what the ledger says.
    if (rows.count === 0) for (const row of kept) rows.add(row);
    return reads;
  }

  async #begin(): Promise<void> {
    if (this.#open)
      throw new CommandError('A transaction is open: commit or abort ends it.');
    const session = await this.options.driver.getSession();
    try {
      this.#open = {
        session,
        // A person takes longer than a program; the ledger's own limit holds.
        transaction: await session.startTransaction({ transactionTimeout: 0 }),
      };
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  async #end(end: (transaction: Transaction) => Promise<void>): Promise<void> {
    if (!this.#open)
      throw new CommandError('No transaction is open: begin opens one.');
    const { transaction } = this.#open;
    try {
      await end(transaction);
    } finally {
      await this.#drop();
    }
    await this.refreshTables();
  }

  /** A statement that failed may have ended the transaction. */
  async #dropIfClosed(): Promise<void> {
    if (!this.#open?.transaction.isClosed) return;
    await this.#drop();
    this.options.print('The transaction is over; nothing of it was kept.');
  }

  async #drop(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.session.close();
  }

  /** What completion offers; without an answer, what it offered before. */
  async refreshTables(): Promise<void> {
    this.tables = await this.options.driver
      .listTables()
      .catch(() => this.tables);
  }

  async close(): Promise<void> {
    if (this.#open) await this.#open.transaction.abort().catch(() => {});
    await this.#drop();
  }
}
