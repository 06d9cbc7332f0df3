import type { Command } from 'commander';
import { type CommandContext, report } from '../context.js';
import { digestJson, formatDigest } from '../digest-text.js';
import {
  type LedgerOptions,
  useLedger,
  withExamples,
  withLedgerOptions,
} from '../ledger-options.js';

export function addDigest(program: Command, context: CommandContext): void {
  withExamples(
    withLedgerOptions(
      program
        .command('digest')
        .description(
          'print the digest, and the block it reaches to; keep it outside of the ledger',
        ),
    ),
    'nestjs-qldb digest --ledger vehicles',
  ).action((options: LedgerOptions) =>
    useLedger(options, (ledger) => {
      const digest = ledger.getDigest();
      report(context, options, [formatDigest(digest)], digestJson(digest));
    }),
  );
}
