import { openStore, type StorePlace } from '../store/open-store.js';
import type { StoreError } from '../store/store-errors.js';
import { Ledger } from './ledger.js';
import { isLedgerName } from './ledger-name.js';
import { LedgerLimitsError, LedgerNameError } from './ledger-errors.js';
import { completeLimits, type LedgerLimits, limitProblems } from './limits.js';
import { type LedgerPorts, systemPorts } from './ports.js';

export interface OpenLedgerOptions {
  /** 1 to 32 letters, digits and single hyphens, not only digits. */
  readonly name: string;
  /**
   * Where the ledger is kept: `file:<folder>` on this machine, `memory:`, or
   * `postgres://…`, for which there are options, too. Default: `file:.qldb`, in
   * the working directory.
   */
  readonly store?: StorePlace;
  /** Bounds of its sessions and transactions. */
  readonly limits?: Partial<LedgerLimits>;
  /** Told once when the ledger can be used no longer; see {@link Ledger.failure}. */
  readonly onFailure?: ((failure: StoreError) => void) | undefined;
  /** Clock and randomness; the system's by default. */
  readonly ports?: Partial<LedgerPorts>;
}

/**
 * Opens a ledger in this process, and makes it if there is none.
 *
 * @example
 * const ledger = await openLedger({ name: 'vehicle-registration', store: 'memory:' });
 * const driver = new PooledQldbDriver({ ledgerName: ledger.name, endpoint: ledger.sessions });
 *
 * @throws LedgerNameError, LedgerLimitsError
 * @throws StoreError when the place cannot be written to, or is in use by another process
 */
export async function openLedger({
  name,
  store: address = 'file:.qldb',
  limits,
  onFailure,
  ports,
}: OpenLedgerOptions): Promise<Ledger> {
  if (!isLedgerName(name)) throw new LedgerNameError(name);
  const problems = limitProblems(limits);
  if (problems.length > 0) throw new LedgerLimitsError(problems);
  const store = await openStore(address, name);
  store.onFailure = onFailure;
  try {
    return await Ledger.over(
      name,
      store,
      { ...systemPorts, ...ports },
      completeLimits(limits),
    );
  } catch (error) {
    await store.close();
    throw error;
  }
}
