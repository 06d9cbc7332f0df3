import {
  ConflictException,
  Injectable,
  NotFoundException,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import {
  InjectQldb,
  InjectRepository,
  LedgerRepository,
  Qldb,
  Transactional,
} from 'nestjs-qldb';
import { Decimal } from 'nestjs-qldb/ion';
import { Account } from '../documents.js';
import { ACCOUNTS } from '../ledgers.js';

/** What an empty ledger begins with. `clearing` pays what comes in from outside. */
const OPENING: Readonly<Record<string, string>> = {
  alice: '100.00',
  bob: '100.00',
  carol: '100.00',
  clearing: '1000.00',
};

@Injectable()
export class AccountsService implements OnApplicationBootstrap {
  constructor(
    @InjectQldb(ACCOUNTS) private readonly qldb: Qldb,
    @InjectRepository(Account, ACCOUNTS)
    private readonly accounts: LedgerRepository<Account>,
  ) {}

  /** All at once, or not at all: a start that is cut off leaves no half of them. */
  @Transactional({ name: ACCOUNTS })
  async onApplicationBootstrap(): Promise<void> {
    if ((await this.accounts.count()) > 0) return;
    for (const [name, balance] of Object.entries(OPENING))
      await this.open({ Name: name, Balance: new Decimal(balance) });
  }

  /** No two have the same name: if another one is opened meanwhile, this runs again and sees it. */
  @Transactional({ name: ACCOUNTS })
  async open(account: Account): Promise<Account> {
    if (await this.accounts.findOne({ Name: account.Name }))
      throw new ConflictException(
        `There is an account ${account.Name} already.`,
      );
    await this.accounts.create(account);
    return account;
  }

  async all(): Promise<Account[]> {
    const found = await this.accounts.find({}, { orderBy: { Name: 'asc' } });
    return found.map(({ document }) => document);
  }

  async find(name: string): Promise<Account> {
    return (await this.#stored(name)).document;
  }

  /** The ledger computes, in decimals. */
  @Transactional({ name: ACCOUNTS })
  async deposit(name: string, amount: Decimal): Promise<void> {
    await this.qldb.execute(
      'UPDATE Account AS a SET a.Balance = a.Balance + ? WHERE a.Name = ?',
      amount,
      name,
    );
  }

  @Transactional({ name: ACCOUNTS })
  async withdraw(name: string, amount: Decimal): Promise<void> {
    const { Balance } = await this.find(name);
    if (Balance.compareTo(amount) < 0)
      throw new ConflictException(`${name} has only ${Balance.toString()}.`);
    await this.qldb.execute(
      'UPDATE Account AS a SET a.Balance = a.Balance - ? WHERE a.Name = ?',
      amount,
      name,
    );
  }

  /** Every balance that an account has had, oldest first. */
  async history(name: string) {
    const { id } = await this.#stored(name);
    return (await this.accounts.history(id)).map(({ data, metadata }) => ({
      Balance: data?.Balance,
      Since: metadata.txTime,
    }));
  }

  /** All the money there is. Transfers never change it. */
  async total(): Promise<Decimal> {
    const [total = Decimal.ZERO] = await this.qldb.execute<Decimal>(
      'SELECT VALUE SUM(a.Balance) FROM Account AS a',
    );
    return total;
  }

  async #stored(name: string) {
    const found = await this.accounts.findOne({ Name: name });
    if (found) return found;
    throw new NotFoundException(
      `There is no account ${name}. GET /accounts lists them all.`,
    );
  }
}
