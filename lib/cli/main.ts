#!/usr/bin/env node
// `nestjs-qldb`: everything that is done with ledgers from a command line.
import { CommandError } from './command-error.js';
import { progressBar } from './progress-bar.js';
import { runCommand } from './program.js';

const stop = new AbortController();
// The same listener for good: npm hands on the Ctrl+C that a terminal has sent
// to every process already, and the second one must not cut the closing short.
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => stop.abort(new Error('Stopped.')));
// Whoever reads the output may have had enough of it (`| head`).
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

const args = process.argv.slice(2);
const bar = progressBar(process.stderr);
try {
  await runCommand(args, {
    print: (text) => {
      bar.clear();
      process.stdout.write(`${text}\n`);
    },
    progress: bar.show,
    signal: stop.signal,
    environment: process.env,
    input: process.stdin,
    output: process.stdout,
  });
  bar.clear();
} catch (error) {
  bar.clear();
  process.exitCode = error instanceof CommandError ? 2 : 1;
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(
    `${args.includes('--json') ? JSON.stringify({ code: codeOf(error), message }) : message}\n`,
  );
}

function codeOf(error: unknown): string | undefined {
  const { code, name } = error as { code?: string; name?: string };
  return code ?? name;
}
