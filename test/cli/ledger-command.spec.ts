import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runLedgerCommand, USAGE } from '../../lib/cli/ledger-command.js';
import { progressBar } from '../../lib/cli/progress-bar.js';
import { openLedger } from '../../lib/ledger/index.js';
import { live } from '../ledger/live.js';

const MAIN = join(import.meta.dirname, '../../dist/cli/main.js');
const OTHER_HASH = Buffer.alloc(32, 1).toString('base64');

describe('nestjs-qldb', () => {
  let folder: string;
  let store: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'qldb-cli-'));
    store = `file:${join(folder, 'ledgers')}`;
    const ledger = await openLedger({ name: 'test', store });
    await live(ledger);
    await ledger.close();
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const run = async (...args: string[]) => {
    const lines: string[] = [];
    const stages = new Set<string>();
    await runLedgerCommand(args, {
      print: (line) => lines.push(line),
      progress: (stage) => stages.add(stage),
    });
    return { lines, stages: [...stages] };
  };
  const on = (command: string, ...args: string[]) =>
    run(command, '--ledger', 'test', '--store', store, ...args);

  it('verifies a ledger against a digest that was kept, or from a block on', async () => {
    const {
      lines: [digest],
    } = await on('digest');
    expect(digest).toMatch(/^\w{22}:\d+:[\w+/]{43}=$/);
    const { lines, stages } = await on('verify', '--digest', digest);
    expect(lines).toEqual([
      expect.stringMatching(
        /^test is as it was written: \d+ blocks, \d+ revisions\.$/,
      ),
      digest,
    ]);
    expect(stages).toEqual(['journal', 'views']);

    const [strand, block] = digest.split(':');
    await expect(
      on('verify', '--digest', `${strand}:${block}:${OTHER_HASH}`),
    ).rejects.toMatchObject({ code: 'QLDB_JOURNAL_INVALID' });
    await expect(
      on('verify', '--from', `3:${OTHER_HASH}`),
    ).rejects.toMatchObject({ code: 'QLDB_JOURNAL_INVALID' });
  });

  it('backs up, restores and rebuilds', async () => {
    const file = join(folder, 'backup.ion');
    const { lines } = await on('backup', '--to', file);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    // It does not write over what is there.
    await expect(on('backup', '--to', file)).rejects.toMatchObject({
      code: 'EEXIST',
    });
    const elsewhere = `file:${join(folder, 'restored')}`;
    const restored = await run(
      'restore',
      '--ledger',
      'test',
      '--store',
      elsewhere,
      '--from',
      file,
      '--digest',
      lines[0],
    );
    expect(restored.lines).toEqual(lines);
    expect(restored.stages).toEqual(['blocks']);
    const rebuilt = await run(
      'rebuild',
      '--ledger',
      'test',
      '--store',
      elsewhere,
    );
    expect(rebuilt.lines[0]).toBe(lines[0]);
    expect(rebuilt.lines[1]).toContain(join(folder, 'restored', 'test'));

    const copy = `file:${join(folder, 'copy')}`;
    expect((await on('backup', '--to', copy)).lines).toEqual(lines);
    expect(
      (await run('verify', '--ledger', 'test', '--store', copy)).lines[1],
    ).toBe(lines[0]);
  });

  it.each([
    [['verify'], 'Name the ledger'],
    [['erase', '--ledger', 'test'], 'no such command'],
    [['constructor', '--ledger', 'test'], 'no such command'],
    [['--ledger', 'test'], 'Name a command'],
    [['verify', 'digest', '--ledger', 'test'], 'One command'],
    [['verify', '--ledger', 'test', '--force'], '--force'],
    [['backup', '--ledger', 'test'], '--to FILE'],
    [['restore', '--ledger', 'test'], '--from FILE'],
  ])('does nothing when told %j', async (args, message) => {
    await expect(run(...args)).rejects.toMatchObject({
      code: 'QLDB_COMMAND',
      message: expect.stringContaining(message) as string,
    });
  });

  it.each([
    ['--digest', 'abc'],
    ['--digest', `short:1:${OTHER_HASH}`],
    ['--from', 'abc'],
    ['--from', `x:${OTHER_HASH}`],
  ])('takes no %s %s', async (option, value) => {
    await expect(on('verify', option, value)).rejects.toMatchObject({
      code: 'QLDB_COMMAND',
    });
  });

  it('makes no ledger where there is none', async () => {
    for (const command of ['verify', 'digest', 'rebuild'])
      await expect(
        run(command, '--ledger', 'tset', '--store', store),
      ).rejects.toMatchObject({ code: 'QLDB_LEDGER_MISSING' });
    await expect(stat(join(folder, 'ledgers', 'tset'))).rejects.toThrow();
  });

  it('says how it is used', async () => {
    expect((await run()).lines).toEqual([USAGE]);
    expect((await run('verify', '--help')).lines).toEqual([USAGE]);
  });

  it('is a program', async () => {
    const call = (...args: string[]) =>
      promisify(execFile)(process.execPath, [MAIN, ...args]);
    const common = ['--ledger', 'test', '--store', store];
    const { stdout, stderr } = await call('verify', ...common);
    expect(stdout).toContain('is as it was written');
    // Nobody watches: no progress.
    expect(stderr).toBe('');
    await expect(
      call('verify', '--ledger', 'tset', '--store', store),
    ).rejects.toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^[^\n]*tset[^\n]*\n$/) as string,
    });

    // Through pipes, as backups go to other machines.
    const backup = spawn(process.execPath, [
      MAIN,
      'backup',
      ...common,
      '--to',
      '-',
    ]);
    const piped = `file:${join(folder, 'piped')}`;
    const restore = spawn(process.execPath, [
      MAIN,
      'restore',
      '--ledger',
      'test',
      '--store',
      piped,
      '--from',
      '-',
    ]);
    backup.stdout.pipe(restore.stdin);
    const [code] = (await once(restore, 'exit')) as [number];
    expect(code).toBe(0);
    expect(
      (await call('digest', '--ledger', 'test', '--store', piped)).stdout,
    ).toBe((await call('digest', ...common)).stdout);
  });

  it('restores nothing from a backup that is not whole', async () => {
    const file = join(folder, 'damaged.ion');
    const whole = join(folder, 'whole.ion');
    await on('backup', '--to', whole);
    await writeFile(file, (await readFile(whole)).subarray(0, -20));
    const args = ['--ledger', 'test', '--store', `file:${join(folder, 'new')}`];
    await expect(run('restore', ...args, '--from', file)).rejects.toMatchObject(
      { code: 'QLDB_BACKUP_INVALID' },
    );
    await run('restore', ...args, '--from', whole);
  });
});

describe('the progress bar', () => {
  const onTerminal = (isTTY: boolean) => {
    const written: string[] = [];
    const output = { isTTY, write: (text: string) => written.push(text) };
    return { written, bar: progressBar(output as never) };
  };

  it('is one line, taken away at the end', () => {
    const { bar, written } = onTerminal(true);
    bar.clear();
    bar.show('journal', 5, 10);
    bar.show('views', 20, 10);
    bar.show('views', 0, 0);
    bar.clear();
    expect(written).toEqual([
      `\rjournal [${'='.repeat(15)}${' '.repeat(15)}] 5/10\u001b[K`,
      `\rviews   [${'='.repeat(30)}] 20/10\u001b[K`,
      `\rviews   [${'='.repeat(30)}] 0/0\u001b[K`,
      '\r\u001b[K',
    ]);
  });

  it('is nothing where nobody watches', () => {
    const { bar, written } = onTerminal(false);
    bar.show('journal', 5, 10);
    bar.clear();
    expect(written).toEqual([]);
  });
});
