import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'vitest';
import { openLedger } from '../../lib/ledger/index.js';
import { execute } from '../contract/raw-session.js';

/** A process that commits as fast as it can, and says what was acknowledged. */
export class CrashWriter {
  #output = '';
  readonly #closed: Promise<unknown>;

  private constructor(private readonly process: ChildProcess) {
    process.stdout?.setEncoding('utf8');
    process.stdout?.on('data', (text: string) => (this.#output += text));
    this.#closed = once(process, 'close');
  }

  /** @param round - part of all ids that it writes */
  static async start(
    folder: string,
    round: number,
    {
      callers,
      program = 'test/ledger/crash-writer.mjs',
    }: {
      readonly callers: number;
      readonly program?: string;
    },
  ): Promise<CrashWriter> {
    const writer = new CrashWriter(
      spawn(
        process.execPath,
        [program, folder, String(round), String(callers)],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      ),
    );
    await writer.acknowledges(0);
    return writer;
  }

  /** What it has acknowledged so far. */
  get acknowledged(): readonly string[] {
    return this.#output.split('\n').slice(1, -1);
  }

  async acknowledges(count: number): Promise<void> {
    while (!this.#output.includes('\n') || this.acknowledged.length < count) {
      if (this.process.exitCode !== null)
        throw new Error('The writer ended by itself.');
      await Promise.race([
        once(this.process.stdout as never, 'data'),
        this.#closed,
      ]);
    }
  }

  /** Stops it where it is. */
  stop(): void {
    this.process.kill('SIGSTOP');
  }

  async kill(): Promise<readonly string[]> {
    this.process.kill('SIGKILL');
    await this.#closed;
    return this.acknowledged;
  }
}

/** Opens what a writer left: all that was acknowledged is there, and nothing is half there. */
export async function checkAfterCrash(
  folder: string,
  acknowledged: ReadonlySet<string>,
): Promise<void> {
  // It opens at once: the dead owner's claim is taken over.
  const ledger = await openLedger({ name: 'test', store: `file:${folder}` });
  try {
    const parts = new Map<string, number>();
    const rows = await execute<string>(
      ledger.sessions,
      'SELECT VALUE id FROM T',
    );
    for (const id of rows) parts.set(id, (parts.get(id) ?? 0) + 1);
    const lost = [...acknowledged].filter((id) => !parts.has(id));
    const halves = [...parts].filter(([, count]) => count !== 2);
    expect({ lost, halves }).toEqual({ lost: [], halves: [] });
    for (const id of [...acknowledged].slice(-20))
      expect(
        await execute(ledger.sessions, 'SELECT * FROM T WHERE id = ?', id),
      ).toHaveLength(2);
    const { blocks } = await ledger.verify();
    expect(blocks).toBeGreaterThan(parts.size);
  } finally {
    await ledger.close();
  }
}
