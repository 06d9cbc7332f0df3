import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openLedger } from '../../lib/ledger/index.js';
import { execute } from '../contract/raw-session.js';
import { between, temporaryFolder } from '../journal-files/support.js';
import { failCli, runCli } from './support.js';

const folder = temporaryFolder();
const store = `file:${join(folder, 'ledgers')}`;

describe('what is said of one thing is said in the singular', () => {
  beforeAll(async () => {
    const ledger = await openLedger({ name: 'test', store });
    await execute(ledger.sessions, 'CREATE TABLE P');
    // In JSON, its annotation is lost: it cannot be proven.
    await execute(ledger.sessions, 'INSERT INTO P {\'name\': `secret::"Ada"`}');
    await ledger.close();
  });

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

describe('verify --export of a part of a journal', () => {
  it('does not pass when a digest was given, which it cannot check', async () => {
    const store = `file:${join(folder, 'in-parts')}`;
    const ledger = await openLedger({ name: 'test', store });
    await execute(ledger.sessions, 'CREATE TABLE P');
    const from = await between();
    await execute(ledger.sessions, 'CREATE TABLE Q');
    await ledger.close();
    const all = ['--ledger', 'test', '--store', store];
    const {
      lines: [digest],
    } = await runCli(['digest', ...all]);
    const to = join(folder, 'part');
    await runCli(['export', ...all, '--to', to, '--from', from.toISOString()]);

    const verify = ['verify', '--export', to];
    const reason =
      'The digest of block 2 could not be checked: it needs the hashes of all blocks from the first on, and the export begins with block 2. Verify it together with the parts before it.';
    expect((await runCli(verify)).lines).not.toContain(reason);
    const text = await failCli([...verify, '--digest', digest]);
    expect(text.lines).toContain(reason);
    expect(text.error).toMatchObject({
      code: 'QLDB_CHECK_FAILED',
      message: 'The digest could not be checked.',
    });
    const json = await failCli([...verify, '--digest', digest, '--json']);
    expect(JSON.parse(json.lines.join(''))).toMatchObject({
      isValid: false,
      problems: [],
      unchecked: [reason],
    });
  });
});
