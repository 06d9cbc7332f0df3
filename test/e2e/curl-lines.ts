import { type SampleProcess } from './sample-process.js';

/** A command of a README, and the answer that is printed below it. */
export interface CurlLine {
  readonly command: string;
  readonly answer: string;
}

/** The `$ curl …` lines of the console blocks of a Markdown text. */
export function curlLines(markdown: string): CurlLine[] {
  const lines: CurlLine[] = [];
  for (const [, block = ''] of markdown.matchAll(/^```console\n([^]*?)^```$/gm))
    for (const part of block.split(/^\$ /m).slice(1)) {
      // A backslash at the end of a line continues the command.
      const [, command = '', answer = ''] =
        /^((?:.*\\\n)*.*)\n?([^]*)$/.exec(part) ?? [];
      if (command.startsWith('curl'))
        lines.push({ command, answer: answer.trim() });
    }
  return lines;
}

/**
 * Does what `curl` would, without a shell or curl: the options -s, -H, -d and
 * -X, and a pipe into another curl that reads its body from `-d @-`.
 */
export async function runCurl(
  command: string,
  sample: SampleProcess,
): Promise<string> {
  let output = '';
  for (const stage of words(command).join('\n').split('\n|\n')) {
    const [name, ...args] = stage.split('\n');
    if (name !== 'curl') throw new Error(`Only curl is known, not ${name}.`);
    let url = '';
    let body: string | undefined;
    let method: string | undefined;
    const headers = new Headers();
    for (let arg = args.shift(); arg !== undefined; arg = args.shift()) {
      if (arg === '-s') continue;
      if (arg === '-d') body = args.shift();
      else if (arg === '-H') {
        const [, header = '', value = ''] =
          /^([^:]+):\s*(.*)$/.exec(args.shift() ?? '') ?? [];
        headers.set(header, value);
      } else if (arg === '-X') method = args.shift();
      else if (arg.startsWith('http://127.0.0.1:3000/'))
        url = arg.slice('http://127.0.0.1:3000'.length);
      else throw new Error(`No option of curl that is known here: ${arg}`);
    }
    if (body === '@-') body = output;
    method ??= body === undefined ? 'GET' : 'POST';
    const response = await sample.fetch(url, { method, headers, body });
    output = await response.text();
  }
  return output;
}

/** The words of a shell command: quotes are taken off, continued lines joined. */
function words(command: string): string[] {
  return Array.from(
    command.replaceAll('\\\n', ' ').matchAll(/'([^']*)'|"([^"]*)"|([^\s'"]+)/g),
    ([, single, double, plain]) => single ?? double ?? plain ?? '',
  );
}

/**
 * Whether an answer is the one that is printed. Ids, hashes and times are each
 * run's own; `…` stands for anything, and alone on a line for other lines
 * around those that are shown.
 */
export function isAnswer(actual: string, printed: string): boolean {
  const lines = printed.split('\n');
  const shown = lines.filter((line) => line.trim() !== '…');
  const given = actual.trim().split('\n');
  if (shown.length === lines.length && given.length !== shown.length)
    return false;
  return shown.every((line) => given.some((other) => lineFits(other, line)));
}

function lineFits(actual: string, printed: string): boolean {
  const pattern = normalise(printed)
    .split('…')
    .map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*');
  return new RegExp(`^${pattern}$`).test(normalise(actual));
}

function normalise(text: string): string {
  return text
    .replace(/\d{4}-\d\d-\d\dT(?:[\d:.]+(?:Z|[+-][\d:]+)?)?/g, 'TIME')
    .replace(/(?<![\w+/])[\w+/]{43}=/g, 'HASH')
    .replace(/(?<=\\?")[0-9A-Za-z]{22}(?=\\?")/g, 'ID');
}
