import type { Command } from 'commander';
import {
  type Ledger,
  LedgerMissingError,
  openLedger,
  storeHome,
} from '../ledger/index.js';

export const DEFAULT_STORE = 'file:.qldb';

/** Which ledger a command works on. */
export interface LedgerOptions {
  readonly ledger: string;
  readonly store: string;
  readonly json?: boolean;
}

export function withStore(command: Command): Command {
  return command
    .option(
      '--store <store>',
      'where the ledgers are: file:<folder> or postgres://…',
      DEFAULT_STORE,
    )
    .option('--json', 'print the result as JSON, for a program');
}

/** The options of a command that works on one ledger. */
export function withLedgerOptions(command: Command): Command {
  return withStore(command.requiredOption('--ledger <name>', 'the ledger'));
}

/** The examples at the end of a command's help, as they are typed. */
export function withExamples(
  command: Command,
  ...examples: readonly string[]
): Command {
  return command.addHelpText(
    'after',
    `\nExamples:\n${examples.map((line) => `  $ ${line}`).join('\n')}`,
  );
}

/**
 * Opens a ledger that is there; a name that was mistyped must not make one.
 *
 * @throws LedgerMissingError, StoreError
 */
export async function useLedger<T>(
  { ledger: name, store }: LedgerOptions,
  work: (ledger: Ledger) => T | Promise<T>,
): Promise<T> {
  if (!(await (await storeHome(store)).has(name)))
    throw new LedgerMissingError(name);
  const ledger = await openLedger({ name, store });
  try {
    return await work(ledger);
  } finally {
    await ledger.close();
  }
}
