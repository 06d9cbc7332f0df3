import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export type Sample =
  '01-vehicle-registration' | '02-accounts' | '03-personal-data';

/** A built sample, as a process of its own on a free port of this machine. */
export class SampleProcess {
  output = '';
  url = '';
  readonly exited: Promise<{ code: number | null; signal: string | null }>;

  private constructor(private readonly child: ChildProcess) {
    child.stdout?.on('data', (text: Buffer) => (this.output += String(text)));
    child.stderr?.on('data', (text: Buffer) => (this.output += String(text)));
    this.exited = once(child, 'close').then(() => ({
      code: child.exitCode,
      signal: child.signalCode,
    }));
  }

  /** Begins a process, with a folder or another store; does not wait for it. */
  static spawn(
    folder: string,
    name: Sample = '01-vehicle-registration',
  ): SampleProcess {
    const home = fileURLToPath(
      new URL(`../../sample/${name}/`, import.meta.url),
    );
    const main = `${home}dist/main.js`;
    if (!existsSync(main))
      throw new Error(
        'The sample is not built. Run: npm run build && npm run build --workspaces',
      );
    return new SampleProcess(
      spawn(process.execPath, [main], {
        cwd: home,
        env: {
          ...process.env,
          PORT: '0',
          TCP_PORT: '0',
          QLDB_STORE: folder.includes(':') ? folder : `file:${folder}`,
          // Beside the ledger, never in it.
          KEY_VAULT: `${folder}.keys`,
          NO_COLOR: '1',
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );
  }

  /** Begins a process, and waits until it answers. */
  static async start(folder: string, name?: Sample): Promise<SampleProcess> {
    const sample = SampleProcess.spawn(folder, name);
    sample.url = await new Promise<string>((resolve, reject) => {
      sample.child.stdout?.on('data', () => {
        const ready = /is ready at (http:\S+)/.exec(sample.output)?.[1];
        if (ready) resolve(ready);
      });
      void sample.exited.then(() =>
        reject(new Error(`The sample ended:\n${sample.output}`)),
      );
    });
    return sample;
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL') {
    this.child.kill(signal);
    return this.exited;
  }

  fetch(path: string, init?: RequestInit): Promise<Response> {
    return fetch(this.url + path, init);
  }

  post(path: string, body: unknown): Promise<Response> {
    return this.fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  }

  /** The body of an answer that must be a success. */
  async get<T>(path: string): Promise<T> {
    const response = await this.fetch(path);
    if (!response.ok)
      throw new Error(
        `GET ${path}: ${response.status} ${await response.text()}`,
      );
    return (await response.json()) as T;
  }
}
