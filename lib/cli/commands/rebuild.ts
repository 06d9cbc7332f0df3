import type { Command } from 'commander';
import { rebuildLedger } from '../../ledger/index.js';
import { type CommandContext, report, watch } from '../context.js';
import { digestJson, formatDigest } from '../digest-text.js';
import {
  type LedgerOptions,
  withExamples,
  withLedgerOptions,
} from '../ledger-options.js';

export function addRebuild(program: Command, context: CommandContext): void {
  withExamples(
    withLedgerOptions(
      program
        .command('rebuild')
        .description('make all but the journal anew from the journal'),
    ),
    'nestjs-qldb rebuild --ledger vehicles',
  ).action(async (options: LedgerOptions) => {
    const { ledger: name, store } = options;
    const rebuilt = await rebuildLedger({
      name,
      store,
      ...watch(context, 'blocks'),
    });
    const { former } = rebuilt;
    report(
      context,
      options,
      [formatDigest(rebuilt), `What was there before is in ${former}.`],
      { ...digestJson(rebuilt), former },
    );
  });
}
