import type { TransactionExecutor } from './transaction-executor.js';

/** The lambda behind `listTables()`. */
export function tableNames(
  transaction: TransactionExecutor,
): Promise<string[]> {
  return transaction.execute<string>(
    "SELECT VALUE name FROM information_schema.user_tables WHERE status = 'ACTIVE'",
  );
}
