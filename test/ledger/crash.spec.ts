import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openLedger } from '../../lib/ledger/index.js';
import { execute } from '../contract/raw-session.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qldb-crash-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs a writer and kills it in the middle; returns what it had acknowledged. */
async function writeAndKill(round: number, callers: number): Promise<string[]> {
  const writer = spawn(
    process.execPath,
    ['test/ledger/crash-writer.mjs', folder, String(round), String(callers)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let output = '';
  writer.stdout.setEncoding('utf8');
  const ended = new Promise<void>((resolve) =>
    writer.on('close', () => resolve()),
  );
  await new Promise<void>((resolve, reject) => {
    writer.on('exit', () => reject(new Error('The writer ended by itself.')));
    writer.stdout.on('data', (chunk: string) => {
      output += chunk;
      if (output.includes('ready\n')) resolve();
    });
  });
  await sleep(100 + 40 * round);
  writer.removeAllListeners('exit');
  writer.kill('SIGKILL');
  await ended;
  return output.split('\n').slice(1, -1);
}

it('loses nothing that was acknowledged, and keeps transactions whole, when the process is killed', async () => {
  const acknowledged = new Set<string>();
  for (let round = 0; round < 6; round++) {
    for (const id of await writeAndKill(round, round % 2 === 0 ? 1 : 32))
      acknowledged.add(id);

    // It opens at once: the dead owner's claim is taken over.
    const ledger = await openLedger({ name: 'test', store: `file:${folder}` });
    const parts = new Map<string, number>();
    for (const id of await execute<string>(
      ledger.sessions,
      'SELECT VALUE id FROM T',
    ))
      parts.set(id, (parts.get(id) ?? 0) + 1);
    const lost = [...acknowledged].filter((id) => !parts.has(id));
    const halves = [...parts].filter(([, count]) => count !== 2);
    expect({ lost, halves }).toEqual({ lost: [], halves: [] });
    for (const id of [...acknowledged].slice(-20))
      expect(
        await execute(ledger.sessions, 'SELECT * FROM T WHERE id = ?', id),
      ).toHaveLength(2);
    const { blocks } = await ledger.verify();
    expect(blocks).toBeGreaterThan(parts.size);
    await ledger.close();
  }
  expect(acknowledged.size).toBeGreaterThan(100);
}, 120_000);
