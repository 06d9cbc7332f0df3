import { identifier } from '../identifier.js';
import type { Qldb } from '../qldb.js';
import type { LedgerTableDefinition } from './ledger-table.decorator.js';

interface UserTable {
  readonly name: string;
  /** `null` from some emulators of QLDB when there are none. */
  readonly indexes?: readonly { readonly expr: string }[] | null;
}

/**
 * Makes the tables and indexes that are not there yet, in one transaction. When
 * several processes do so at a time, one of them commits, and the others find
 * everything done.
 */
export async function createTables(
  qldb: Qldb,
  definitions: readonly LedgerTableDefinition[],
): Promise<void> {
  await qldb.executeLambda(async (txn) => {
    const tables = await txn.execute<UserTable>(
      "SELECT name, indexes FROM information_schema.user_tables WHERE status = 'ACTIVE'",
    );
    for (const { name, indexes } of definitions) {
      const table = tables.find((one) => one.name === name);
      if (!table) await txn.execute(`CREATE TABLE ${identifier(name)}`);
      const existing = new Set(
        table?.indexes?.map(({ expr }) => fieldOf(expr)),
      );
      for (const field of indexes)
        if (!existing.has(field))
          await txn.execute(
            `CREATE INDEX ON ${identifier(name)} (${identifier(field)})`,
          );
    }
  });
}

/** QLDB tells the field in brackets: `[VIN]`. */
function fieldOf(expr: string): string {
  return expr.replace(/^\[(.*)\]$/, '$1').replace(/^"(.*)"$/, '$1');
}
