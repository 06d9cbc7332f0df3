import { LedgerTable } from 'nestjs-qldb';
import type { Decimal } from 'nestjs-qldb/ion';

/** In the ledger `accounts`. */
@LedgerTable({ indexes: ['Name'] })
export class Account {
  declare readonly Name: string;
  /** Ion decimals are exact: a float would lose cents. */
  declare readonly Balance: Decimal;
}

/** In the ledger `accounts`: written in the same transaction as the two balances. */
@LedgerTable({ indexes: ['Id'] })
export class Transfer {
  /** Chosen by who asks for the transfer, so that asking twice does it once. */
  declare readonly Id: string;
  declare readonly From: string;
  declare readonly To: string;
  declare readonly Amount: Decimal;
}

/**
 * In the ledger `audit`: the digest of the other ledger when it had the
 * transfer. Whoever rewrites that ledger cannot make this digest come out.
 */
@LedgerTable({ indexes: ['TransferId'] })
export class AuditEntry {
  declare readonly TransferId: string;
  declare readonly Digest: Uint8Array;
  declare readonly DigestTipAddress: {
    readonly strandId: string;
    readonly sequenceNo: number;
  };
}
