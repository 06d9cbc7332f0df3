import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdir,
  mkdtemp,
  readFile,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);

interface Snippet {
  readonly file: string;
  readonly code: string;
}

/** The TypeScript blocks of a Markdown text; each begins with its file's name. */
function snippets(markdown: string): Snippet[] {
  return Array.from(
    markdown.matchAll(/^```ts\n([^]*?)^```$/gm),
    ([, code = '']) => ({
      file: /^\/\/ (\S+\.ts)\n/.exec(code)?.[1] ?? `(no name) ${code}`,
      code,
    }),
  );
}

/** What comments behind `console.log(…)` say is printed, where they say it word by word. */
function promises(code: string): string[] {
  return Array.from(
    code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm),
    ([, text = '']) => text,
  ).filter(
    (text) => /^([[{'\d]|true$|false$)/.test(text) && !text.includes('…'),
  );
}

/** Snippets that do nothing by themselves: others import them, or Nest does. */
const PARTS = new Set([
  'configuration.ts',
  'two-ledgers.ts',
  'transfers.ts',
  'streams.ts',
  'filter.ts',
  'app.module.ts',
  'app-on-postgres.ts',
  'main.ts',
  'garage.ts',
  'health.ts',
]);

const all = snippets(await readFile('README.md', 'utf8'));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qldb-readme-'));
  await symlink(resolve('node_modules'), join(folder, 'node_modules'));
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await writeFile(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        module: 'nodenext',
        target: 'es2023',
        lib: ['es2023', 'dom', 'esnext.disposable'],
        types: ['node'],
        strict: true,
        experimentalDecorators: true,
        emitDecoratorMetadata: true,
        skipLibCheck: true,
        rootDir: 'src',
        outDir: 'dist',
      },
      include: ['src'],
    }),
  );
  await mkdir(join(folder, 'src'));
  for (const { file, code } of all)
    await writeFile(join(folder, 'src', file), code);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the snippets of the README', () => {
  it('have names of their own', () => {
    const files = all.map(({ file }) => file);
    expect(files.filter((file) => file.startsWith('(no name)'))).toEqual([]);
    expect(new Set(files).size).toBe(files.length);
    expect(files.length).toBeGreaterThan(15);
  });

  it('compile under strict rules', async () => {
    const compiled = await run(process.execPath, [
      'node_modules/typescript/bin/tsc',
      '-p',
      folder,
    ]).catch(({ stdout }: { stdout: string }) => ({ stdout }));
    expect(compiled.stdout).toBe('');
  }, 120_000);

  it('pass, where they are tests', async () => {
    const { stdout } = await run(
      process.execPath,
      [
        resolve('node_modules/vitest/vitest.mjs'),
        'run',
        '--root',
        folder,
        '--dir',
        join(folder, 'src'),
      ],
      { cwd: folder, env: { ...process.env, NO_COLOR: '1' } },
    );
    expect(stdout).toMatch(/Tests +2 passed/);
  }, 60_000);

  it.each(
    all.filter(({ file }) => !PARTS.has(file) && !file.endsWith('.spec.ts')),
  )(
    '$file runs, and prints what it says',
    async ({ file, code }) => {
      const { stdout } = await run(
        process.execPath,
        [join(folder, 'dist', file.replace(/ts$/, 'js'))],
        {
          cwd: folder,
          env: { ...process.env, NO_COLOR: '1', QLDB_SECRET: 'a secret' },
          timeout: 30_000,
        },
      );
      const printed = stdout.replaceAll(/\s+/g, ' ');
      for (const promise of promises(code))
        expect(printed).toContain(promise.replace(/: .*it had been.*/, ''));
    },
    40_000,
  );

  it('main.ts pays between accounts', async () => {
    const port = await freePort();
    const main = join(folder, 'dist', 'main.js');
    const built = await readFile(main, 'utf8');
    await writeFile(main, built.replace('3000', String(port)));
    const app = spawn(process.execPath, [main], { cwd: folder });
    try {
      await started(app);
      const post = async (path: string, body?: unknown) => {
        const response = await fetch(`http://127.0.0.1:${port}${path}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        return response.json();
      };
      expect(await post('/accounts', { Owner: 'Ada', Cents: 10 })).toEqual({
        Owner: 'Ada',
        Cents: 10,
      });
      await post('/accounts', { Owner: 'Bob', Cents: 5 });
      const paid = await Promise.all(
        [1, 2, 3].map((amount) => post(`/accounts/Ada/pay/Bob/${amount}`)),
      );
      expect(paid).toHaveLength(3);
      for (const path of [
        '/accounts/Ada/pay/Nobody/1',
        '/accounts/Ada/pay/Bob/abc',
      ])
        expect(await post(path)).toMatchObject({
          statusCode: expect.any(Number) as number,
        });
      expect(await post('/accounts', {})).toMatchObject({ statusCode: 400 });
      const bob = await fetch(`http://127.0.0.1:${port}/accounts/Bob`);
      expect(await bob.json()).toEqual({ Owner: 'Bob', Cents: 11 });
    } finally {
      app.kill('SIGTERM');
      await once(app, 'exit');
    }
  }, 40_000);
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

/** Waits for Nest's line that says it has started. */
function started(app: ChildProcess): Promise<void> {
  return new Promise((done, failed) => {
    let output = '';
    const read = (text: Buffer) => {
      output += String(text);
      if (output.includes('successfully started')) done();
    };
    app.stdout?.on('data', read);
    app.stderr?.on('data', read);
    app.once('exit', () => failed(new Error(output)));
  });
}
