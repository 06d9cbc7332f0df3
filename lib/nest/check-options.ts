import { completeDriverOptions } from '../driver/driver-options.js';
import { DriverOptionsError } from '../driver/index.js';
import { isLedgerName, limitProblems, placeProblems } from '../ledger/index.js';
import { QldbOptionsError } from './errors/module.errors.js';
import type { QldbModuleOptions } from './interfaces/qldb-options.interface.js';

/** Kept as a record, so that the compiler sees one that is missing or wrong. */
const OPTIONS: Record<keyof QldbModuleOptions, true> = {
  ledgerName: true,
  store: true,
  limits: true,
  lazyConnection: true,
  retryAttempts: true,
  retryDelay: true,
  endpoint: true,
  region: true,
  credentials: true,
  clientConfig: true,
  retryLimit: true,
  retry: true,
  onRetry: true,
  readAhead: true,
  values: true,
  maxBufferedRows: true,
  poolLimit: true,
  timeout: true,
  maxSessionAge: true,
  probeSessions: true,
  transactionTimeout: true,
  cleanupTimeout: true,
};

/** Options that say that the ledger is not in this process. */
const REMOTE = ['endpoint', 'region', 'credentials', 'clientConfig'] as const;

/** Whether the options name a ledger outside of this process. */
export function isRemote(options: QldbModuleOptions): boolean {
  return REMOTE.some((option) => options[option] !== undefined);
}

/**
 * Checks the options of a ledger; opens nothing.
 *
 * @returns the same options
 * @throws QldbOptionsError naming everything that is wrong with them
 */
export function checkModuleOptions(
  options: QldbModuleOptions,
): QldbModuleOptions {
  const what = 'The options of QldbModule cannot be used';
  if (typeof options !== 'object' || options === null)
    throw new QldbOptionsError(what, [
      'There are none. A ledger needs at least `ledgerName`.',
    ]);
  const { store, limits, lazyConnection, retryAttempts, retryDelay, ...rest } =
    options;
  const isKnown = (option: string) => Object.hasOwn(OPTIONS, option);
  const problems = Object.keys(options)
    .filter((option) => !isKnown(option))
    .map(unknownOption);
  if (store !== undefined) problems.push(...placeProblems(store));
  if (
    typeof options.ledgerName === 'string' &&
    !isLedgerName(options.ledgerName)
  )
    problems.push(
      'ledgerName has 1 to 32 letters, digits and single hyphens, not only digits, and no hyphen first or last',
    );
  if (lazyConnection !== undefined && typeof lazyConnection !== 'boolean')
    problems.push('lazyConnection is true or false');
  for (const [option, value] of Object.entries({ retryAttempts, retryDelay }))
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 0))
      problems.push(`${option} is a whole number from 0 on`);
  if (store !== undefined && isRemote(options))
    problems.push(
      `a ledger is in this process (store) or elsewhere (${REMOTE.join(', ')}), not both`,
    );
  problems.push(...limitProblems(limits));
  if (limits !== undefined && isRemote(options))
    problems.push(
      `limits are those of a ledger in this process, not of one elsewhere (${REMOTE.join(', ')})`,
    );
  problems.push(...driverProblems(pick(rest, isKnown)));
  if (problems.length > 0) throw new QldbOptionsError(what, problems);
  return options;
}

function unknownOption(option: string): string {
  return option === 'name' || option === 'isGlobal'
    ? `${option} stands beside the factory, in forRootAsync({ ${option}, … }), not in what it returns: it is needed before a factory runs`
    : `${option} is not an option; there are ${Object.keys(OPTIONS).join(', ')}`;
}

function driverProblems(
  options: Parameters<typeof completeDriverOptions>[0],
): readonly string[] {
  try {
    completeDriverOptions(options);
    return [];
  } catch (error) {
    if (error instanceof DriverOptionsError) return error.problems;
    throw error;
  }
}

function pick<T extends object>(
  object: T,
  wanted: (name: string) => boolean,
): T {
  return Object.fromEntries(
    Object.entries(object).filter(([name]) => wanted(name)),
  ) as T;
}
