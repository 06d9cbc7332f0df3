import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLedger } from '../../lib/ledger/index.js';
import { execute } from '../contract/raw-session.js';
import { runCli } from './support.js';

describe('what is said of one thing is said in the singular', () => {
  let folder: string;
  let store: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'qldb-cli-exports-'));
    store = `file:${join(folder, 'ledgers')}`;
    const ledger = await openLedger({ name: 'test', store });
    await execute(ledger.sessions, 'CREATE TABLE P');
    // In JSON, its annotation is lost: it cannot be proven.
    await execute(ledger.sessions, 'INSERT INTO P {\'name\': `secret::"Ada"`}');
    await ledger.close();
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('when it is listed, imported and verified', async () => {
    const on = (command: string, name: string, ...args: string[]) =>
      runCli([command, '--ledger', name, '--store', store, ...args]);
    const json = join(folder, 'json');
    await on('export', 'test', '--to', json, '--format', 'JSON');
    const { lines } = await on(
      'import',
      'copy',
      '--from',
      json,
      '--accept-unproven',
    );
    expect(lines).toContain(
      '1 revision is marked as not proven: it came as JSON, and no reading of it has its hash.',
    );
    expect((await on('verify', 'copy')).lines).toContain(
      '1 revision is not proven: it was imported from JSON.',
    );
    const fresh = await openLedger({ name: 'fresh', store });
    await fresh.close();
    expect(
      (await runCli(['ledgers', '--store', store])).lines.map(
        (line) => /\d+ blocks?/.exec(line)?.[0],
      ),
    ).toEqual(['3 blocks', '1 block', '3 blocks']);
  });
});
