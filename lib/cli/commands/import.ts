import type { Command } from 'commander';
import { importJournal } from '../../journal-files/index.js';
import { type CommandContext, report, watch } from '../context.js';
import { digestJson, formatDigest, readDigest } from '../digest-text.js';
import {
  type LedgerOptions,
  withExamples,
  withLedgerOptions,
} from '../ledger-options.js';
import { collect } from '../values.js';

interface ImportOptions extends LedgerOptions {
  readonly from: readonly string[];
  readonly exportId?: readonly string[];
  readonly digest?: string;
  readonly acceptUnproven?: boolean;
}

export function addImport(program: Command, context: CommandContext): void {
  withExamples(
    withLedgerOptions(
      program
        .command('import')
        .description(
          "make a ledger of an export, AWS's or ours; begun again, it goes on where it was stopped",
        )
        .requiredOption(
          '--from <place>',
          'a folder, or s3://<bucket>/<prefix>; may be repeated: parts of one journal',
          collect,
        )
        .option('--export-id <id>', 'of the exports there, only these', collect)
        .option(
          '--digest <digest>',
          'a digest that was kept, or its file, as verify takes it: the journal has to have it',
        )
        .option(
          '--accept-unproven',
          'of an export in JSON, take revisions too that cannot be proved; they stay marked',
        ),
    ),
    'nestjs-qldb import --ledger vehicles --from ./qldb-export',
    'nestjs-qldb import --ledger vehicles --from s3://backups/part-1/ --from s3://backups/part-2/',
  ).action(async (options: ImportOptions) => {
    const { ledger: name, store, from, exportId, digest } = options;
    const imported = await importJournal({
      name,
      store,
      from,
      exportIds: exportId,
      digest: digest === undefined ? undefined : await readDigest(digest),
      acceptUnproven: options.acceptUnproven,
      ...watch(context, 'bytes'),
    });
    const { span, unproven, remarks } = imported;
    report(
      context,
      options,
      [
        `${name} has the blocks ${span.first} to ${span.last}, and goes on behind them.`,
        ...remarks,
        formatDigest(imported),
      ],
      { ledger: name, span, unproven, remarks, ...digestJson(imported) },
    );
  });
}
