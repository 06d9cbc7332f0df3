import type { Command } from 'commander';
import { exportJournal, type OutputFormat } from '../../journal-files/index.js';
import { isOutputFormat, OUTPUT_FORMATS } from '../../journal-files/layout.js';
import { CommandError } from '../command-error.js';
import { type CommandContext, report, watch } from '../context.js';
import {
  type LedgerOptions,
  useLedger,
  withExamples,
  withLedgerOptions,
} from '../ledger-options.js';
import { counted, timeOf } from '../values.js';

interface ExportOptions extends LedgerOptions {
  readonly to: string;
  readonly format: OutputFormat;
  readonly from?: Date;
  readonly until?: Date;
  readonly exportId?: string;
}

export function addExport(program: Command, context: CommandContext): void {
  withExamples(
    withLedgerOptions(
      program
        .command('export')
        .description(
          "export the journal in QLDB's layout; begun again, it goes on where it was stopped",
        )
        .requiredOption('--to <place>', 'a folder, or s3://<bucket>/<prefix>')
        .option(
          '--format <format>',
          `${OUTPUT_FORMATS.join(', ')}`,
          readFormat,
          'ION_TEXT',
        )
        .option(
          '--from <time>',
          'only blocks that were committed then or later',
          timeOf('--from'),
        )
        .option(
          '--until <time>',
          'only blocks that were committed before',
          timeOf('--until'),
        )
        .option(
          '--export-id <id>',
          'go on with this export, or begin one of this id',
        ),
    ),
    'nestjs-qldb export --ledger vehicles --to ./export',
    'nestjs-qldb export --ledger vehicles --to s3://backups/vehicles/ --format ION_BINARY',
    'nestjs-qldb export --ledger vehicles --to ./july --from 2025-07-01T00:00Z --until 2025-08-01T00:00Z',
  ).action((options: ExportOptions) =>
    useLedger(options, async (ledger) => {
      const done = await exportJournal(ledger, {
        ...options,
        ...watch(context, 'blocks'),
      });
      const { blocks, keys, exportId, manifest } = done;
      report(
        context,
        options,
        [
          blocks
            ? `Export ${exportId} has the blocks ${blocks.first} to ${blocks.last}, in ${counted(keys.length, 'file')}.`
            : `Export ${exportId} has no blocks: none was committed in that time.`,
          `Its manifest is ${manifest}.`,
        ],
        done,
      );
    }),
  );
}

function readFormat(text: string): OutputFormat {
  const format = text.toUpperCase().replaceAll('-', '_');
  if (isOutputFormat(format)) return format;
  throw new CommandError(`--format takes one of ${OUTPUT_FORMATS.join(', ')}.`);
}
