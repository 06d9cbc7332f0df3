import { PassThrough, Readable } from 'node:stream';
import { runCommand } from '../../lib/cli/program.js';

/** What a command printed, and which stages it went through. */
export interface Ran {
  readonly lines: readonly string[];
  readonly stages: readonly string[];
}

/** Runs a command in this process, as if from a pipe. */
export async function runCli(
  args: readonly string[],
  {
    input = '',
    environment = {},
    printed = [],
  }: {
    input?: string;
    environment?: NodeJS.ProcessEnv;
    /** What is printed, for a command that fails. */
    printed?: string[];
  } = {},
): Promise<Ran> {
  const stages = new Set<string>();
  await runCommand(args, {
    print: (text) => printed.push(text),
    progress: (stage) => stages.add(stage),
    signal: new AbortController().signal,
    environment,
    input: Readable.from([input]),
    output: new PassThrough(),
  });
  return {
    lines: printed.flatMap((text) => text.split('\n')),
    stages: [...stages],
  };
}

/** Runs a command that fails: what it printed before, and its failure. */
export async function failCli(
  args: readonly string[],
): Promise<{ readonly lines: readonly string[]; readonly error: unknown }> {
  const printed: string[] = [];
  const error: unknown = await runCli(args, { printed }).then(
    () => undefined,
    (failure: unknown) => failure,
  );
  return { lines: printed.flatMap((text) => text.split('\n')), error };
}

/** Runs `serve` until the caller has what it wants of it. */
export async function serving(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  use: (printed: string) => Promise<void>,
): Promise<string> {
  const stop = new AbortController();
  const printed: string[] = [];
  let isUp: (text: string) => void = () => {};
  const up = new Promise<string>((resolve) => {
    isUp = resolve;
  });
  const running = runCommand(['serve', ...args], {
    print: (text) => {
      printed.push(text);
      isUp(text);
    },
    progress: () => {},
    signal: stop.signal,
    environment,
    input: Readable.from([]),
    output: new PassThrough(),
  });
  try {
    await use(await Promise.race([up, running.then(() => '')]));
  } finally {
    stop.abort();
    await running;
  }
  return printed.join('\n');
}
