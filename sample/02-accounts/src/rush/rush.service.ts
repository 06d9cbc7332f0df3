import { randomUUID } from 'node:crypto';
import { ConflictException, Injectable } from '@nestjs/common';
import { Decimal } from 'nestjs-qldb/ion';
import { AccountsService } from '../accounts/accounts.service.js';
import { Conflicts } from '../conflicts.js';
import { TransfersService } from '../transfers/transfers.service.js';

/** Three accounts, so that transfers get in each other's way. */
const ACCOUNTS = ['alice', 'bob', 'carol'] as const;

@Injectable()
export class RushService {
  constructor(
    private readonly accounts: AccountsService,
    private readonly transfers: TransfersService,
    private readonly conflicts: Conflicts,
  ) {}

  /** Many transfers of 1.00, several at a time. Each is a transaction of its own, for this is none. */
  async run(count: number, parallel: number) {
    const before = await this.accounts.total();
    const retriedBefore = this.conflicts.retried;
    const numbers = Array.from({ length: count }, (_, n) => n);
    let refused = 0;
    const work = async () => {
      for (let n = numbers.shift(); n !== undefined; n = numbers.shift())
        if (!(await this.#transfer(n))) refused++;
    };
    await Promise.all(Array.from({ length: parallel }, work));
    return {
      Made: count - refused,
      Refused: refused,
      ConflictsRetried: this.conflicts.retried - retriedBefore,
      TotalBefore: before,
      TotalAfter: await this.accounts.total(),
    };
  }

  /** False when there is not enough money. */
  async #transfer(n: number): Promise<boolean> {
    const from = n % ACCOUNTS.length;
    const to = (from + 1 + (n % 2)) % ACCOUNTS.length;
    try {
      await this.transfers.transfer({
        Id: randomUUID(),
        From: ACCOUNTS[from] ?? '',
        To: ACCOUNTS[to] ?? '',
        Amount: new Decimal('1.00'),
      });
      return true;
    } catch (error) {
      if (error instanceof ConflictException) return false;
      throw error;
    }
  }
}
