import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Command } from 'commander';
import { restoreLedger } from '../../ledger/index.js';
import { type CommandContext, report, watch } from '../context.js';
import { digestJson, formatDigest, readDigest } from '../digest-text.js';
import {
  type LedgerOptions,
  withExamples,
  withLedgerOptions,
} from '../ledger-options.js';

interface RestoreOptions extends LedgerOptions {
  readonly from: string;
  readonly digest?: string;
}

export function addRestore(program: Command, context: CommandContext): void {
  withExamples(
    withLedgerOptions(
      program
        .command('restore')
        .description('make a ledger from a backup; every block is checked')
        .requiredOption('--from <file>', 'a backup (- for the standard input)')
        .option(
          '--digest <digest>',
          'a digest that was kept, or its file, as verify takes it: the ledger has to have it',
        ),
    ),
    'nestjs-qldb restore --ledger vehicles --from vehicles.ion',
  ).action(async (options: RestoreOptions) => {
    const { ledger: name, store, from, digest } = options;
    const kept = digest === undefined ? undefined : await readDigest(digest);
    if (from !== '-') await stat(from);
    const restored = await restoreLedger({
      name,
      store,
      from: from === '-' ? process.stdin : createReadStream(from),
      ...watch(context, 'blocks'),
      digest: kept,
    });
    report(context, options, [formatDigest(restored)], digestJson(restored));
  });
}
