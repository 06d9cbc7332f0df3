#!/usr/bin/env node
// `qldb-server`: serves ledgers until it is told to stop.
import {
  parseServeCommand,
  runServeCommand,
  type ServeCommand,
  USAGE,
} from './serve-command.js';

const print = (text: string): void => console.log(text);

try {
  const command = parseServeCommand(process.argv.slice(2), process.env);
  if (command) await serveUntilStopped(command);
  else print(USAGE);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

async function serveUntilStopped(command: ServeCommand): Promise<void> {
  const server = await runServeCommand(command, print);
  // The same listener for good: npm hands on the Ctrl+C that a terminal has sent
  // to every process already, and the second one must not cut the closing short.
  await new Promise<void>((stop) => {
    process.on('SIGINT', () => stop()).on('SIGTERM', () => stop());
  });
  print('Closing.');
  await server.close();
}
