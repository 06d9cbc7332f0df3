/** What stands behind the name of a ledger that is none now: no name of a ledger has a space. */
const ASIDE = ' ';

/** Whether a row of `ledgers` is a ledger that can be opened by its name. */
export const isLedgerName = (name: string): boolean => !name.includes(ASIDE);

/** The name of a ledger that is being filled, or was replaced. */
export const nameAside = (name: string, what: string): string =>
  `${name}${ASIDE}${what}`;
