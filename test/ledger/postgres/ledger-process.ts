import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type {
  SendCommandRequest,
  SendCommandResult,
  SessionEndpoint,
} from '../../../lib/session/index.js';

interface Answer {
  readonly id: number;
  readonly reply?: SendCommandResult;
  readonly error?: { readonly name: string; readonly message: string };
}

/** Another process with the ledger open: see `ledger-process.mjs`. */
export class LedgerProcess implements SessionEndpoint {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #ids = 0;

  private constructor(process: ChildProcess) {
    this.#process = process;
    process.on('message', (answer: Answer) => {
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    });
  }

  static async start(
    url: string,
    schema: string,
    pageRows: number,
  ): Promise<LedgerProcess> {
    const file = fileURLToPath(
      new URL('./ledger-process.mjs', import.meta.url),
    );
    const child = fork(file, [url, schema, String(pageRows)], {
      serialization: 'advanced',
      execArgv: [],
    });
    await new Promise((resolve, reject) => {
      child.once('message', resolve);
      child.once('exit', (code) =>
        reject(new Error(`the process ended with ${code}`)),
      );
    });
    return new LedgerProcess(child);
  }

  async sendCommand(request: SendCommandRequest): Promise<SendCommandResult> {
    const id = this.#ids++;
    const answer = await new Promise<Answer>((resolve) => {
      this.#waiting.set(id, resolve);
      this.#process.send({ id, request });
    });
    if (answer.error)
      throw Object.assign(new Error(answer.error.message), answer.error);
    return answer.reply as SendCommandResult;
  }

  async end(): Promise<void> {
    const gone = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.disconnect();
    await gone;
  }
}
