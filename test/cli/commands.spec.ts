import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { progressBar } from '../../lib/cli/progress-bar.js';
import { openLedger } from '../../lib/ledger/index.js';
import { live } from '../ledger/live.js';
import { runCli } from './support.js';

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

  const run = (...args: string[]) => runCli(args);
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
    [['verify'], 'Name a ledger or an export'],
    [['verify', '--ledger', 'test', '--export', 'x'], 'Name a ledger or'],
    [['erase', '--ledger', 'test'], "Unknown command 'erase'"],
    [['constructor', '--ledger', 'test'], 'Unknown command'],
    [['--ledger', 'test'], "Unknown option '--ledger'"],
    [['verify', 'digest', '--ledger', 'test'], 'Too many arguments'],
    [['verify', '--ledger', 'test', '--force'], '--force'],
    [['digest'], "--ledger <name>' not specified"],
    [['backup', '--ledger', 'test'], '--to <target>'],
    [['restore', '--ledger', 'test'], '--from <file>'],
    [
      ['export', '--ledger', 'test', '--to', 'x', '--format', 'CSV'],
      'ION_TEXT',
    ],
    [
      ['export', '--ledger', 'test', '--to', 'x', '--from', 'now'],
      '--from takes',
    ],
    [['import', '--ledger', 'test'], '--from <place>'],
    [['proof', '--ledger', 'test', '--id', 'x'], '--table NAME or --block'],
    [['shell', '--ledger', 'test', '--format', 'xml'], 'table, ion, json'],
    [['shell', '--ledger', 'test', '--endpoint', 'here'], 'a URL'],
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

  it('says how it is used, with examples', async () => {
    const names =
      'serve shell ledgers verify digest proof export import backup restore rebuild'.split(
        ' ',
      );
    const { lines } = await run();
    for (const name of names) {
      expect(lines.join('\n')).toMatch(new RegExp(`^ {2}${name} `, 'm'));
      const help = (await run(name, '--help')).lines.join('\n');
      expect(help).toContain(`$ nestjs-qldb ${name} `);
      for (const [example] of help.matchAll(/^ {2}\$ .*$/gm))
        expect(example.match(/nestjs-qldb/g)).toHaveLength(1);
      expect(help).not.toContain('(default: [])');
    }
    expect((await run('shell', '--help')).lines).toContain(
      '  $ echo "SELECT * FROM Person" | nestjs-qldb shell --ledger vehicles --format json',
    );
    expect((await run('--version')).lines[0]).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it('tells programs in JSON', async () => {
    const json = async (...args: string[]) =>
      JSON.parse(
        (await on(args[0], '--json', ...args.slice(1))).lines.join(''),
      ) as Record<string, unknown>;
    const digest = await json('digest');
    expect(await json('verify')).toMatchObject({ ...digest, unproven: 0 });
    expect(
      JSON.parse(
        (await run('ledgers', '--store', store, '--json')).lines.join(''),
      ),
    ).toMatchObject({
      ledgers: [
        {
          name: 'test',
          digest: digest['text'],
          size: expect.any(Number) as number,
        },
      ],
    });
  });

  it('lists the ledgers of a store', async () => {
    expect((await run('ledgers', '--store', store)).lines).toEqual([
      expect.stringMatching(
        /^test {2}\d+\.\d MB {2}\d+ blocks {2}\w{22}:\d+:\S+$/,
      ),
    ]);
    expect(
      (await run('ledgers', '--store', `file:${folder}/none`)).lines,
    ).toEqual(['There is no ledger in that store.']);
    const ledger = await openLedger({ name: 'test', store });
    expect((await run('ledgers', '--store', store)).lines[0]).toContain(
      'is open in another process',
    );
    await ledger.close();
  });

  it('proves a revision, which an export proves too', async () => {
    const { lines } = await runCli(
      ['shell', '--ledger', 'test', '--store', store, '--format', 'json'],
      { input: 'SELECT v.metadata.id FROM _ql_committed_V AS v' },
    );
    const { id } = JSON.parse(lines[0]) as { id: string };
    const proof = await on('proof', '--table', 'V', '--id', id);
    expect(proof.lines[0]).toMatch(/^\{blockAddress:/);
    expect(proof.lines.at(-1)).toMatch(/^The revision is part of the ledger/);
    expect(
      (await on('proof', '--table', 'V', '--id', id, '--version', '0'))
        .lines[0],
    ).toContain('version:0');
    await expect(
      on('proof', '--table', 'V', '--id', 'x'),
    ).rejects.toMatchObject({ code: 'QLDB_CHECK_FAILED' });

    const kept = join(folder, 'proof.json');
    await writeFile(
      kept,
      (await on('proof', '--json', '--table', 'V', '--id', id)).lines.join(''),
    );
    const to = join(folder, 'proof-export');
    await on('export', '--to', to);
    const verified = await run('verify', '--export', to, '--proof', kept);
    expect(verified.lines[0]).toMatch(
      /^Blocks 0 to \d+ of strand \w{22}: \d+ revisions, 1 file,/,
    );
    const other = JSON.parse(await readFile(kept, 'utf8')) as {
      proof: string[];
    };
    other.proof[0] = OTHER_HASH;
    await writeFile(kept, JSON.stringify(other));
    await expect(
      run('verify', '--export', to, '--proof', kept),
    ).rejects.toMatchObject({ code: 'QLDB_CHECK_FAILED' });
    await writeFile(kept, '{}');
    await expect(
      run('verify', '--export', to, '--proof', kept),
    ).rejects.toMatchObject({ code: 'QLDB_COMMAND' });
  });

  it('exports and imports', async () => {
    const to = join(folder, 'export');
    const exported = await on('export', '--to', to, '--format', 'ion-binary');
    expect(exported.lines[0]).toMatch(
      /^Export \w{22} has the blocks 0 to \d+, in 1 file\.$/,
    );
    const {
      lines: [digest],
    } = await on('digest');
    const elsewhere = `file:${join(folder, 'imported')}`;
    const args = [
      'import',
      '--ledger',
      'test',
      '--store',
      elsewhere,
      '--from',
      to,
    ];
    const imported = await run(...args, '--digest', digest);
    expect(imported.lines.at(-1)).toBe(digest);
    await expect(run(...args)).rejects.toMatchObject({
      code: 'QLDB_LEDGER_EXISTS',
    });
    const verified = await run(
      'verify',
      '--export',
      to,
      '--digest',
      digest,
      '--json',
    );
    expect(JSON.parse(verified.lines.join(''))).toMatchObject({
      isValid: true,
      digest: { text: digest },
    });
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

    await expect(
      call('digest', '--json', '--ledger', 'tset', '--store', store),
    ).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^\{"code":"QLDB_LEDGER_MISSING","message":".*"\}\n$/,
      ) as string,
    });
    await expect(call('digest')).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^[^\n]*--ledger[^\n]*\n$/) as string,
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
