import {
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
import { AuditEntry, Transfer } from '../documents.js';
import { ACCOUNTS, AUDIT } from '../ledgers.js';

@Injectable()
export class AuditService implements OnApplicationBootstrap {
  constructor(
    @InjectQldb(ACCOUNTS) private readonly ledger: Qldb,
    @InjectRepository(Transfer, ACCOUNTS)
    private readonly transfers: LedgerRepository<Transfer>,
    @InjectRepository(AuditEntry, AUDIT)
    private readonly entries: LedgerRepository<AuditEntry>,
  ) {}

  /** A hook is lost with its process. What a crash kept from being recorded is recorded at the next start. */
  @Transactional({ name: AUDIT })
  async onApplicationBootstrap(): Promise<void> {
    const entries = await this.entries.find();
    const known = new Set(entries.map(({ document }) => document.TransferId));
    const transfers = await this.transfers.find();
    await this.entries.createMany(
      transfers
        .filter(({ document }) => !known.has(document.Id))
        .map(({ document }) => this.#entry(document)),
    );
  }

  @Transactional({ name: AUDIT })
  async record(transfer: Transfer): Promise<void> {
    await this.entries.create(this.#entry(transfer));
  }

  /** Whether the ledger still has the transfer that it had when it was recorded here. */
  async check(transferId: string) {
    const entry = await this.entries.findOne({ TransferId: transferId });
    const transfer = await this.transfers.findOne({ Id: transferId });
    if (!entry || !transfer)
      throw new NotFoundException(`There was no transfer ${transferId}.`);
    const { Digest, DigestTipAddress } = entry.document;
    const [revision] = await this.transfers.history(transfer.id);
    const proven =
      revision !== undefined &&
      (await this.ledger.verify(revision, {
        digest: Digest,
        digestTipAddress: DigestTipAddress,
      }));
    return { Transfer: transfer.document, Proven: proven, Digest };
  }

  async count(): Promise<number> {
    return this.entries.count();
  }

  #entry({ Id }: Transfer): AuditEntry {
    const { digest, digestTipAddress } = this.ledger.ledger.getDigest();
    return {
      TransferId: Id,
      Digest: digest,
      DigestTipAddress: digestTipAddress,
    };
  }
}
