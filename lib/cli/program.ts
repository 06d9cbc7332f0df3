import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { CommandError } from './command-error.js';
import { addBackup } from './commands/backup.js';
import { addDigest } from './commands/digest.js';
import { addExport } from './commands/export.js';
import { addImport } from './commands/import.js';
import { addLedgers } from './commands/ledgers.js';
import { addProof } from './commands/proof.js';
import { addRebuild } from './commands/rebuild.js';
import { addRestore } from './commands/restore.js';
import { addServe } from './commands/serve.js';
import { addShell } from './commands/shell.js';
import { addVerify } from './commands/verify.js';
import type { CommandContext } from './context.js';

const COMMANDS = [
  addServe,
  addShell,
  addLedgers,
  addVerify,
  addDigest,
  addProof,
  addExport,
  addImport,
  addBackup,
  addRestore,
  addRebuild,
];

/**
 * Runs one command.
 *
 * @throws CommandError when the command line is wrong
 * @throws CheckFailedError, LedgerError, StoreError, ExportError, QldbServerError and what drivers throw
 */
export async function runCommand(
  args: readonly string[],
  context: CommandContext,
): Promise<void> {
  const program = programFor(context);
  try {
    if (args.length === 0) {
      context.print(program.helpInformation().trimEnd());
      return;
    }
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Help and the version were asked for, and printed.
    if (error.exitCode === 0) return;
    throw new CommandError(sentence(error.message), { cause: error });
  }
}

function programFor(context: CommandContext): Command {
  const program = new Command('nestjs-qldb')
    .description(
      'Ledgers that speak QLDB: served, asked, verified, exported, imported.',
    )
    .version(version())
    // Behind a command, --version is that command's own.
    .enablePositionalOptions()
    .exitOverride()
    .showHelpAfterError(false)
    .configureOutput({
      writeOut: (text) => context.print(text.trimEnd()),
      // What is wrong is thrown, and told by whoever runs the command.
      writeErr: () => {},
    })
    .addHelpText(
      'after',
      '\nA ledger that an application has open is worked on through that application,\nor through its server. Exit status: 0 done, 1 refused or not as it should be,\n2 a command line that is wrong.',
    );
  for (const add of COMMANDS) add(program, context);
  return program;
}

function version(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string })
    .version;
}

/** What commander says, as a sentence. */
function sentence(message: string): string {
  const text = message.replace(/^error: /, '').replaceAll('\n', ' ');
  return `${text[0]?.toUpperCase() ?? ''}${text.slice(1)}${/[.?)]$/.test(text) ? '' : '.'}`;
}
