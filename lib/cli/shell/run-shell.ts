import { createInterface } from 'node:readline';
import type { CommandContext } from '../context.js';
import { complete } from './completion.js';
import { History, MOST_LINES } from './history.js';
import { Shell, type ShellOptions } from './shell.js';
import { Statements } from './statements.js';

/** A statement that did not come from a person failed: the ones behind it are not run. */
export class ShellError extends Error {
  readonly code = 'QLDB_SHELL';

  constructor(line: number, cause: unknown) {
    const what = cause instanceof Error ? cause.message : String(cause);
    super(`Line ${line}: ${what}`, { cause });
    this.name = new.target.name;
  }
}

/** Runs statements from a pipe; the first that fails ends it. */
export async function runPiped(
  options: ShellOptions,
  { input, signal }: CommandContext,
): Promise<void> {
  const shell = new Shell(options);
  const statements = new Statements();
  const stop = () => void shell.stop();
  signal.addEventListener('abort', stop);
  let line = 0;
  try {
    for await (const text of createInterface({ input, crlfDelay: Infinity })) {
      line++;
      signal.throwIfAborted();
      if (!statements.isOpen && Shell.isCommand(text)) {
        statements.add('');
        const goesOn = await shell.command(text).catch((cause: unknown) => {
          throw new ShellError(line, cause);
        });
        if (!goesOn) return;
        continue;
      }
      for (const typed of statements.add(text)) await runOne(shell, typed);
    }
    for (const typed of statements.end()) await runOne(shell, typed);
  } finally {
    signal.removeEventListener('abort', stop);
    await shell.close();
  }
}

async function runOne(
  shell: Shell,
  typed: Parameters<Shell['run']>[0],
): Promise<void> {
  // `begin; SELECT …;` on one line.
  const work = Shell.isCommand(typed.text)
    ? shell.command(typed.text)
    : shell.run(typed);
  await work.catch((cause: unknown) => {
    throw new ShellError(typed.line, cause);
  });
}

/** Runs what a person types, until they leave. */
export async function runInteractive(
  options: ShellOptions,
  { input, output, environment, signal }: CommandContext,
  name: string,
): Promise<void> {
  const shell = new Shell(options);
  const statements = new Statements();
  const history = new History(environment);
  await shell.refreshTables();
  const reader = createInterface({
    input,
    output,
    terminal: true,
    history: history.read(),
    historySize: MOST_LINES,
    removeHistoryDuplicates: true,
    completer: (line: string) => complete(line, shell.tables),
  });
  reader.on('history', (lines: string[]) => history.write(lines));
  const prompt = () => {
    const mark = shell.inTransaction ? '*' : '';
    const text = `${name}${mark}> `;
    reader.setPrompt(
      statements.isOpen ? `${'-> '.padStart(text.length)}` : text,
    );
    reader.prompt();
  };
  const leave = () => reader.close();
  signal.addEventListener('abort', leave);
  reader.on('SIGINT', () => {
    if (shell.stop()) return;
    statements.clear();
    reader.write(null, { ctrl: true, name: 'e' });
    reader.write(null, { ctrl: true, name: 'u' });
    options.print('');
    prompt();
  });
  prompt();
  try {
    for await (const line of reader) {
      const goesOn = await runLine(shell, statements, line).catch(
        (error: unknown) => {
          options.print(error instanceof Error ? error.message : String(error));
          return true;
        },
      );
      if (!goesOn) break;
      prompt();
    }
  } finally {
    signal.removeEventListener('abort', leave);
    reader.close();
    await shell.close();
  }
}

/** Runs what a line completes; false when it is the one to leave. */
async function runLine(
  shell: Shell,
  statements: Statements,
  line: string,
): Promise<boolean> {
  if (!statements.isOpen && Shell.isCommand(line)) return shell.command(line);
  for (const typed of statements.add(line)) {
    if (!Shell.isCommand(typed.text)) await shell.run(typed);
    else if (!(await shell.command(typed.text))) return false;
  }
  return true;
}
