import {
  PooledQldbDriver,
  type PooledQldbDriverOptions,
} from '../driver/index.js';
import { type Ledger, openLedger } from '../ledger/index.js';
import { Qldb } from '../nest/index.js';
import { StatementRecorder } from './statement-recorder.js';

/** Options of {@link openTestQldb}; the other options of a driver as it has them. */
export interface TestQldbOptions extends Partial<
  Omit<PooledQldbDriverOptions, 'endpoint'>
> {
  /** Statements that make the tables and documents that a test begins with. They are not recorded. */
  readonly setUp?: readonly string[];
}

/** A ledger in memory, for one test. Close it when the test is over, or declare it with `await using`. */
export interface TestQldb extends AsyncDisposable {
  readonly qldb: Qldb;
  readonly driver: PooledQldbDriver;
  readonly ledger: Ledger;
  /** What was asked of the ledger. */
  readonly recorder: StatementRecorder;
  close(): Promise<void>;
}

/**
 * Opens an empty ledger in memory, in a millisecond or two. Give its `qldb` to
 * what is under test, or to Nest: `{ provide: getQldbToken(), useValue: qldb }`.
 *
 * @example
 * ```ts
 * await using test = await openTestQldb({ setUp: ['CREATE TABLE Vehicle'] });
 * await new VehicleService(test.qldb).register(vehicle);
 * expect(test.recorder.log).toEqual(['begin 1', '1: INSERT INTO Vehicle ?', 'commit 1']);
 * ```
 */
export async function openTestQldb({
  setUp = [],
  ledgerName = 'test',
  ...options
}: TestQldbOptions = {}): Promise<TestQldb> {
  const ledger = await openLedger({ name: ledgerName, store: 'memory:' });
  const recorder = new StatementRecorder(ledger.sessions);
  const driver = new PooledQldbDriver({
    ...options,
    ledgerName,
    endpoint: recorder,
  });
  const qldb = new Qldb(driver, { ledger });
  const close = async (): Promise<void> => {
    await driver.close();
    await ledger.close();
  };
  try {
    // Not through the driver, so that its record begins with the test.
    await using author = new PooledQldbDriver({
      ledgerName,
      endpoint: ledger.sessions,
    });
    for (const statement of setUp) await author.executeStatement(statement);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    qldb,
    driver,
    ledger,
    recorder,
    close,
    [Symbol.asyncDispose]: close,
  };
}
