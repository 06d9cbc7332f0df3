#!/usr/bin/env node
// `nestjs-qldb`: verifies, backs up, restores and rebuilds ledgers.
import { runLedgerCommand } from './ledger-command.js';
import { progressBar } from './progress-bar.js';

const stop = new AbortController();
// The first Ctrl+C ends the work in good order, the next one at once.
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => stop.abort(new Error('Stopped.')));

const bar = progressBar(process.stderr);
try {
  await runLedgerCommand(process.argv.slice(2), {
    print: (line) => {
      bar.clear();
      console.log(line);
    },
    progress: bar.show,
    signal: stop.signal,
  });
} catch (error) {
  bar.clear();
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
