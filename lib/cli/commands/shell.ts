import type { Command } from 'commander';
import { PooledQldbDriver } from '../../driver/index.js';
import {
  LedgerMissingError,
  openLedger,
  storeHome,
} from '../../ledger/index.js';
import { CommandError } from '../command-error.js';
import type { CommandContext } from '../context.js';
import { DEFAULT_STORE, withExamples } from '../ledger-options.js';
import { ROW_FORMATS, type RowFormat } from '../shell/print-rows.js';
import { runInteractive, runPiped } from '../shell/run-shell.js';
import type { ShellOptions } from '../shell/shell.js';

interface Options {
  readonly ledger: string;
  readonly store: string;
  readonly endpoint?: string;
  readonly region?: string;
  readonly format?: RowFormat;
}

export function addShell(program: Command, context: CommandContext): void {
  withExamples(
    program
      .command('shell')
      .description(
        'ask a ledger in PartiQL: in a terminal, or statements from a pipe',
      )
      .requiredOption('--ledger <name>', 'the ledger')
      .option(
        '--store <store>',
        'where it is: file:<folder> or postgres://…, or memory: to try things',
        DEFAULT_STORE,
      )
      .option(
        '--endpoint <url>',
        'or a server that has it; signed with the AWS_… of the environment',
      )
      .option('--region <name>', 'the region to sign for (default: AWS_REGION)')
      .option(
        '--format <format>',
        `${ROW_FORMATS.join(', ')} (default: table in a terminal, ion in a pipe)`,
        readFormat,
      ),
    'nestjs-qldb shell --ledger vehicles',
    'nestjs-qldb shell --ledger vehicles --endpoint http://127.0.0.1:8182',
    'echo "SELECT * FROM Person" | nestjs-qldb shell --ledger vehicles --format json',
  ).action(async (options: Options) => {
    const { driver, close } = await connect(options, context);
    const { output, print } = context;
    const isTerminal = 'isTTY' in context.input && context.input.isTTY === true;
    const shell: ShellOptions = {
      driver,
      print,
      format: options.format ?? (isTerminal ? 'table' : 'ion'),
      timing: isTerminal,
      width: () =>
        isTerminal && 'columns' in output ? Number(output.columns) : undefined,
    };
    try {
      if (isTerminal) await runInteractive(shell, context, options.ledger);
      else await runPiped(shell, context);
    } finally {
      await close();
    }
  });
}

async function connect(
  { ledger: name, store, endpoint, region }: Options,
  { environment }: CommandContext,
): Promise<{ driver: PooledQldbDriver; close: () => Promise<void> }> {
  if (endpoint !== undefined) {
    if (!URL.canParse(endpoint))
      throw new CommandError(
        '--endpoint takes a URL such as http://127.0.0.1:8182.',
      );
    const driver = new PooledQldbDriver({
      ledgerName: name,
      endpoint,
      region: region ?? environment['AWS_REGION'] ?? 'us-east-1',
      values: 'binary',
    });
    return { driver, close: () => driver.close() };
  }
  if (store !== 'memory:' && !(await (await storeHome(store)).has(name)))
    throw new LedgerMissingError(name);
  const ledger = await openLedger({ name, store });
  const driver = new PooledQldbDriver({
    ledgerName: name,
    endpoint: ledger.sessions,
    values: 'binary',
  });
  return {
    driver,
    close: async () => {
      await driver.close();
      await ledger.close();
    },
  };
}

function readFormat(text: string): RowFormat {
  const format = ROW_FORMATS.find((one) => one === text);
  if (format) return format;
  throw new CommandError(`--format takes one of ${ROW_FORMATS.join(', ')}.`);
}
