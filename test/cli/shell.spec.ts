import { execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { complete } from '../../lib/cli/shell/completion.js';
import { RowPrinter } from '../../lib/cli/shell/print-rows.js';
import { Statements } from '../../lib/cli/shell/statements.js';
import { encodeIon } from '../../lib/ion/encode.js';
import { parseIonText } from '../../lib/ion/text.js';
import { openLedger } from '../../lib/ledger/index.js';
import { createQldbServer } from '../../lib/server/index.js';
import { execute } from '../contract/raw-session.js';
import { runCli } from './support.js';

const MAIN = join(import.meta.dirname, '../../dist/cli/main.js');

describe('statements, as they are typed', () => {
  const read = (text: string) => {
    const statements = new Statements();
    const ended = text.split('\n').flatMap((line) => statements.add(line));
    return { ended, isOpen: statements.isOpen, rest: statements.end() };
  };

  it('end with a semicolon that stands in nothing', () => {
    const text = [
      'SELECT \';\' FROM "a;b" -- no; end',
      "WHERE x = `{{';'}}` AND y = 'it''s; /*' /* nor; here */; SELECT 2;",
      '',
      '  SELECT 3',
    ].join('\n');
    const { ended, isOpen, rest } = read(text);
    expect(ended.map(({ line }) => line)).toEqual([1, 2]);
    expect(ended[0].text).toMatch(/^SELECT.*here \*\/$/s);
    expect(ended[1].text).toBe('SELECT 2');
    expect(isOpen).toBe(true);
    expect(rest).toEqual([{ text: 'SELECT 3', line: 4 }]);
  });

  it('may be empty', () => {
    expect(read(';;\n ; \n')).toEqual({ ended: [], isOpen: false, rest: [] });
  });
});

describe('rows', () => {
  const printed = (
    format: 'table' | 'ion' | 'json',
    rows: string[],
    width?: number,
  ) => {
    const lines: string[] = [];
    const printer = new RowPrinter(format, (line) => lines.push(line), width);
    for (const row of rows) printer.add(encodeIon(parseIonText(row)));
    printer.end();
    return lines;
  };

  it('are a table, as wide as the screen', () => {
    const rows = [
      '{a: 1, name: "Ada"}',
      '{a: 22, name: "日本", list: [1, 2.50]}',
    ];
    expect(printed('table', rows)).toEqual([
      'a  | name | list',
      '---+------+---------',
      '1  | Ada  |',
      '22 | 日本 | [1,2.50]',
    ]);
    const long = [`{text: "${'x'.repeat(100)}", n: 1}`];
    for (const line of printed('table', long, 30))
      expect(line.length).toBeLessThanOrEqual(30);
    expect(printed('table', long, 30)[2]).toContain('…');
    expect(printed('table', ['5', '"x"'])).toEqual([
      'value',
      '-----',
      '5',
      'x',
    ]);
  });

  it('cannot write to the terminal what they want', () => {
    const lines = printed('table', ['{a: "\\x1b[31mred\\n\\u202e"}']);
    expect(lines[2]).toBe('\ufffd[31mred\u23ce\ufffd');
  });

  it('are Ion or JSON, a line each', () => {
    const rows = ['{d: 1.50, t: 2020-01-01T, s: abc}'];
    expect(printed('ion', rows)).toEqual(['{d:1.50,t:2020-01-01T,s:abc}']);
    expect(printed('json', rows)).toEqual([
      '{"d":1.50,"t":"2020-01-01","s":"abc"}',
    ]);
  });

  it('of any number come in pages', () => {
    const lines = printed(
      'table',
      Array.from({ length: 250 }, (_, n) => `{n: ${n}}`),
    );
    expect(lines.length).toBe(250 + 3 * 2);
  });
});

it('words are completed', () => {
  expect(complete('SELECT * FROM per', ['Person', 'Vehicle'])).toEqual([
    ['Person'],
    'per',
  ]);
  expect(complete('sel', [])).toEqual([['SELECT'], 'sel']);
  expect(complete('SELECT * FROM _ql_', ['V'])[0]).toEqual(['_ql_committed_V']);
  expect(complete('.fo', [])[0]).toEqual(['.format']);
  expect(complete('SELECT * ', ['V'])).toEqual([[], '']);
});

describe('nestjs-qldb shell', () => {
  let folder: string;
  let store: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'qldb-shell-'));
    store = `file:${folder}`;
    const ledger = await openLedger({ name: 'test', store });
    await execute(ledger.sessions, 'CREATE TABLE T');
    await execute(ledger.sessions, "INSERT INTO T << {'n': 1}, {'n': 2} >>");
    await ledger.close();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const piped = async (input: string, ...args: string[]) =>
    (
      await runCli(['shell', '--ledger', 'test', '--store', store, ...args], {
        input,
      })
    ).lines;

  it('runs what comes from a pipe: rows, and nothing else', async () => {
    expect(
      await piped(
        'SELECT n FROM T\nWHERE n = 1;\nSELECT VALUE n FROM T WHERE n = 2',
      ),
    ).toEqual(['{n:1}', '2']);
    expect(
      await piped('SELECT n FROM T WHERE n = 1', '--format', 'table'),
    ).toEqual(['n', '-', '1']);
    expect(
      await piped('.format json\nSELECT n FROM T WHERE n = 1; exit\nSELECT 1'),
    ).toEqual(['{"n":1}']);
  });

  it('has transactions over several statements', async () => {
    expect(
      await piped(
        'begin\nUPDATE T SET n = 10 WHERE n = 1;\nSELECT VALUE n FROM T WHERE n = 10;\nabort\nSELECT VALUE n FROM T WHERE n = 10',
      ),
    ).toEqual([expect.stringMatching(/documentId/), '10']);
    await piped('begin; UPDATE T SET n = 20 WHERE n = 2; commit;');
    expect(await piped('SELECT VALUE n FROM T WHERE n = 20')).toEqual(['20']);
    await piped('begin; UPDATE T SET n = 2 WHERE n = 20; commit;');
    // Left open, it is as if it had not been.
    await piped('begin; DELETE FROM T');
    expect(await piped('SELECT COUNT(*) AS c FROM T')).toEqual(['{c:2}']);
  });

  it('stops at the first statement that fails, and names its line', async () => {
    await expect(
      piped(
        'SELECT VALUE n FROM T WHERE n = 1;\n\nSELEC * FROM T;\nDELETE FROM T',
      ),
    ).rejects.toMatchObject({
      code: 'QLDB_SHELL',
      message: expect.stringMatching(/^Line 3: /) as string,
    });
    expect(await piped('SELECT COUNT(*) AS c FROM T')).toEqual(['{c:2}']);
    for (const wrong of [
      'commit',
      'begin\nbegin',
      '.timing',
      '.format',
      '.nothing',
    ])
      await expect(piped(wrong)).rejects.toMatchObject({ code: 'QLDB_SHELL' });
    await expect(
      runCli(['shell', '--ledger', 'none', '--store', store]),
    ).rejects.toMatchObject({ code: 'QLDB_LEDGER_MISSING' });
  });

  it('asks a server as well', async () => {
    const ledger = await openLedger({ name: 'test', store: 'memory:' });
    const server = await createQldbServer({
      ledgers: { test: ledger.sessions },
      credentials: [{ accessKeyId: 'AKID', secretAccessKey: 's3cret' }],
    });
    const keys = { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 's3cret' };
    const before = { ...process.env };
    Object.assign(process.env, keys);
    try {
      const { lines } = await runCli(
        ['shell', '--ledger', 'test', '--endpoint', server.url],
        {
          input:
            "CREATE TABLE X; INSERT INTO X {'x': 5}; SELECT VALUE x FROM X",
          environment: keys,
        },
      );
      expect(lines.at(-1)).toBe('5');
    } finally {
      process.env = before;
      await server.close();
      await ledger.close();
    }
  });

  it('streams a result that is large', async () => {
    const values = Array.from({ length: 2000 }, (_, n) => n).join(',');
    const lines = await piped(`SELECT VALUE x FROM [${values}] AS x`);
    expect(lines.length).toBe(2000);
  });

  const hasTmux = (() => {
    try {
      execFileSync('tmux', ['-V']);
      return existsSync(MAIN);
    } catch {
      return false;
    }
  })();
  if (!hasTmux)
    console.log('SKIPPED the shell in a terminal: it needs tmux, and a build');

  it.runIf(hasTmux)('is at home in a terminal', async () => {
    const name = `qldb-shell-${process.pid}`;
    const history = join(folder, 'history');
    const tmux = (...args: string[]) =>
      execFileSync('tmux', ['-L', name, ...args], { encoding: 'utf8' });
    const screen = () => tmux('capture-pane', '-p', '-t', name);
    const type = (...keys: string[]) =>
      // A semicolon at the end would end the command of tmux.
      tmux(
        'send-keys',
        '-t',
        name,
        ...keys.map((key) => key.replace(/;$/, '\\;')),
      );
    tmux(
      '-f',
      '/dev/null',
      'new-session',
      '-d',
      '-s',
      name,
      '-x',
      '60',
      '-y',
      '40',
      `NESTJS_QLDB_HISTORY=${history} ${process.execPath} ${MAIN} shell --ledger test --store ${store}; sleep 60`,
    );
    try {
      const shows = (what: RegExp) =>
        expect.poll(screen, { timeout: 15_000 }).toMatch(what);
      await shows(/^test> $|^test>$/m);
      type('SELECT n', 'Enter');
      await shows(/^ +-> ?$/m);
      type('FROM T WHERE n = 1;', 'Enter');
      await shows(/^1 row, \d+\.\d ms/m);
      type('begin', 'Enter');
      await shows(/^test\*>/m);
      type('SELEC 1;', 'Enter');
      await shows(/Parser Error/);
      type('abort', 'Enter');
      type('.tab', 'Tab');
      await shows(/\.tables/);
      type('Enter');
      await shows(/T +\| ACTIVE/);
      type('never finished', 'C-c');
      type('exit', 'Enter');
      await expect
        .poll(() => existsSync(history) && readFileSync(history, 'utf8'), {
          timeout: 15_000,
        })
        .toMatch(/FROM T WHERE n = 1;/);
      expect(statSync(history).mode & 0o777).toBe(0o600);
    } finally {
      tmux('kill-server');
    }
  });

  it.runIf(existsSync(MAIN))('ends quietly when nobody reads on', async () => {
    // A shell before it may be on its way out still.
    await vi.waitFor(
      async () => (await openLedger({ name: 'test', store })).close(),
      { timeout: 10_000 },
    );
    const child = spawn('sh', [
      '-c',
      `echo "SELECT VALUE x FROM [${Array.from({ length: 5000 }, () => "'long enough'").join(',')}] AS x" | ${process.execPath} ${MAIN} shell --ledger test --store ${store} | head -1`,
    ]);
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await new Promise((resolve) => child.once('close', resolve));
    expect(output).toBe('"long enough"\n');
  });
});
