import { randomUUID } from 'node:crypto';
import { ConflictException, HttpStatus, Injectable } from '@nestjs/common';
import { toHttpException } from 'nestjs-qldb';
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
    const numbers = Array.from({ length: count }, (_, n) => n).values();
    const outcomes = { Made: 0, Refused: 0, GivenUp: 0 };
    // The workers share one iterator, so each number is taken once.
    const work = async () => {
      for (const n of numbers) outcomes[await this.#transfer(n)]++;
    };
    await Promise.all(Array.from({ length: parallel }, work));
    return {
      ...outcomes,
      ConflictsRetried: this.conflicts.retried - retriedBefore,
      TotalBefore: before,
      TotalAfter: await this.accounts.total(),
    };
  }

  async #transfer(n: number): Promise<'Made' | 'Refused' | 'GivenUp'> {
    const from = n % ACCOUNTS.length;
    const to = (from + 1 + (n % 2)) % ACCOUNTS.length;
    try {
      await this.transfers.transfer({
        Id: randomUUID(),
        From: ACCOUNTS[from] ?? '',
        To: ACCOUNTS[to] ?? '',
        Amount: new Decimal('1.00'),
      });
      return 'Made';
    } catch (error) {
      // There was not enough money.
      if (error instanceof ConflictException) return 'Refused';
      // It came into a conflict once more than the policy allows.
      if (toHttpException(error)?.getStatus() === HttpStatus.CONFLICT)
        return 'GivenUp';
      throw error;
    }
  }
}
