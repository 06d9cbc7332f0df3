import { ConflictException, Injectable } from '@nestjs/common';
import {
  InjectQldb,
  InjectRepository,
  LedgerRepository,
  Qldb,
  Transactional,
} from 'nestjs-qldb';
import { AccountsService } from '../accounts/accounts.service.js';
import { AuditService } from '../audit/audit.service.js';
import { Transfer } from '../documents.js';
import { ACCOUNTS } from '../ledgers.js';
import { Notifications } from '../notifications/notifications.service.js';

@Injectable()
export class TransfersService {
  constructor(
    @InjectQldb(ACCOUNTS) private readonly qldb: Qldb,
    @InjectRepository(Transfer, ACCOUNTS)
    private readonly transfers: LedgerRepository<Transfer>,
    private readonly accounts: AccountsService,
    private readonly audit: AuditService,
    private readonly notifications: Notifications,
  ) {}

  /**
   * Moves money. After a conflict all of it runs again, so what leaves the
   * ledger waits for the commit: else there would be a notification for each
   * attempt, and for transfers that never came to be.
   */
  @Transactional({ name: ACCOUNTS })
  async transfer(transfer: Transfer): Promise<Transfer> {
    const { Id, From, To, Amount } = transfer;
    const known = await this.transfers.findOne({ Id });
    if (known) return sameAs(known.document, transfer);

    await this.accounts.find(To);
    await this.accounts.withdraw(From, Amount);
    await this.accounts.deposit(To, Amount);
    await this.transfers.create(transfer);

    this.qldb.afterCommit(() => this.notifications.send(transfer));
    // Another ledger, so another transaction: it cannot be part of this one.
    this.qldb.afterCommit(() => this.audit.record(transfer));
    return transfer;
  }
}

/** A transfer that was asked for before is answered as it was then. */
function sameAs(known: Transfer, asked: Transfer): Transfer {
  if (
    known.From === asked.From &&
    known.To === asked.To &&
    known.Amount.equals(asked.Amount)
  )
    return known;
  throw new ConflictException(`Another transfer has the Id ${asked.Id}.`);
}
