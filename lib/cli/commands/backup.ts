import { createWriteStream } from 'node:fs';
import type { Command } from 'commander';
import { isStoreAddress } from '../../ledger/index.js';
import { type CommandContext, report, watch } from '../context.js';
import { digestJson, formatDigest } from '../digest-text.js';
import {
  type LedgerOptions,
  useLedger,
  withExamples,
  withLedgerOptions,
} from '../ledger-options.js';

interface BackupOptions extends LedgerOptions {
  readonly to: string;
}

export function addBackup(program: Command, context: CommandContext): void {
  withExamples(
    withLedgerOptions(
      program
        .command('backup')
        .description(
          'write the journal to a file, or the ledger to another store',
        )
        .requiredOption(
          '--to <target>',
          'a file (- for the standard output), or file:<folder> or postgres://…',
        ),
    ),
    'nestjs-qldb backup --ledger vehicles --to vehicles.ion',
    'nestjs-qldb backup --ledger vehicles --to - | gzip > vehicles.ion.gz',
    'nestjs-qldb backup --ledger vehicles --to file:/mnt/backup',
    'nestjs-qldb backup --ledger vehicles --to postgres://app@db.internal/app',
  ).action((options: BackupOptions) =>
    useLedger(options, async (ledger) => {
      const { to } = options;
      const toOutput = to === '-';
      const digest = await ledger.backup(
        isStoreAddress(to)
          ? to
          : toOutput
            ? process.stdout
            : createWriteStream(to, { flags: 'wx', mode: 0o600 }),
        watch(context, 'blocks'),
      );
      if (!toOutput)
        report(context, options, [formatDigest(digest)], digestJson(digest));
    }),
  );
}
