import type { Readable, Writable } from 'node:stream';

/** Where a command reads and writes, and how it is stopped. */
export interface CommandContext {
  /** Results, for whoever reads them: a line, or several. */
  readonly print: (text: string) => void;
  /** How far it has come, for a person who watches. */
  readonly progress: (stage: string, checked: number, total: number) => void;
  readonly signal: AbortSignal;
  readonly environment: NodeJS.ProcessEnv;
  readonly input: Readable;
  readonly output: Writable;
}

/** What a command found: for a person, and for a program that asked for `--json`. */
export function report(
  { print }: CommandContext,
  { json }: { readonly json?: boolean },
  lines: readonly string[],
  value: object,
): void {
  print(json ? JSON.stringify(value) : lines.join('\n'));
}

/** A progress of blocks, or of whatever else a stage counts. */
export const watch = ({ signal, progress }: CommandContext, stage: string) => ({
  signal,
  onProgress: ({ checked, total }: { checked: number; total: number }) =>
    progress(stage, checked, total),
});
