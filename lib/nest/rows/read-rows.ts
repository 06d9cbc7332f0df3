import {
  LambdaAbortedError,
  type PooledQldbDriver,
  type TransactionExecutor,
} from '../../driver/index.js';
import type { RowQuery } from './row-query.js';
import type { RowSink } from './row-stream.js';

/** Reads the rows of a statement inside a transaction that is running. */
export async function readRows<T>(
  executor: TransactionExecutor,
  { statement, parameters = [] }: RowQuery,
  sink: RowSink<T>,
  signal: AbortSignal,
): Promise<void> {
  const rows = await executor.executeStatement<T>(statement, ...parameters);
  for await (const row of rows) {
    signal.throwIfAborted();
    const taken = sink(row);
    if (taken) await taken;
  }
  signal.throwIfAborted();
}

/**
 * Reads the rows of a statement in a transaction of its own.
 *
 * A transaction that fails runs again only as long as no row has left: after
 * that, a second run would deliver rows twice.
 */
export async function readRowsAlone<T>(
  driver: PooledQldbDriver,
  query: RowQuery,
  sink: RowSink<T>,
  signal: AbortSignal,
): Promise<void> {
  const hold = query.delivery === 'committed';
  let held: T[] = [];
  let delivered = false;
  let complete = false;
  const take: RowSink<T> = hold
    ? (row) => void held.push(row)
    : (row) => {
        delivered = true;
        return sink(row);
      };
  try {
    await driver.executeLambda(
      async (txn) => {
        held = [];
        await readRows(txn, query, take, signal);
        complete = true;
        // Without a commit nothing is validated: what was read stays what it was at the snapshot.
        if (query.consistency === 'snapshot') txn.abort();
      },
      {
        signal,
        onRetry: (_attempt, { error }) => {
          if (delivered) throw error;
        },
      },
    );
  } catch (error) {
    if (!(complete && error instanceof LambdaAbortedError)) throw error;
  }
  for (const row of held) await sink(row);
}
