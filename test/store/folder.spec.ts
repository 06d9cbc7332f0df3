import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Get, Module } from '@nestjs/common';
import {
  HealthCheck,
  HealthCheckService,
  TerminusModule,
} from '@nestjs/terminus';
import { Test } from '@nestjs/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CommitOutcomeUnknownError,
  PooledQldbDriver,
} from '../../lib/driver/index.js';
import { openLedger } from '../../lib/ledger/index.js';
import { QldbModule } from '../../lib/nest/index.js';
import { createQldbServer } from '../../lib/server/index.js';
import { LedgerFullException } from '../../lib/session/index.js';
import { QldbHealthIndicator } from '../../lib/terminus/index.js';
import { execute } from '../contract/raw-session.js';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'qldb-folder-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** What this machine allows, or a line that says that it does not. */
function allowed(what: string, command: string, ...args: string[]): boolean {
  if (spawnSync(command, args).status === 0) return true;
  console.log(`Not run, ${what}: this machine does not allow ${command}`);
  return false;
}

describe('the folder of a ledger', () => {
  it('is readable by its owner alone, whatever the umask', async () => {
    const before = process.umask(0);
    try {
      const store = join(root, 'private', 'ledgers');
      const ledger = await openLedger({ name: 'test', store: `file:${store}` });
      await execute(ledger.sessions, 'CREATE TABLE T');
      const path = join(store, 'test');
      const check = () => {
        expect(statSync(store).mode & 0o077).toBe(0);
        expect(statSync(path).mode & 0o077).toBe(0);
        for (const name of readdirSync(path))
          expect(statSync(join(path, name)).mode & 0o077, name).toBe(0);
        return readdirSync(path);
      };
      expect(check()).toContain('data.mdb');
      await ledger.close();
      check();
    } finally {
      process.umask(before);
    }
  });

  it('that is removed makes the ledger refuse all, say so once, and be down', async () => {
    const store = join(root, 'lost');
    @Controller('health')
    class HealthController {
      constructor(
        private readonly health: HealthCheckService,
        private readonly ledger: QldbHealthIndicator,
      ) {}
      @Get()
      @HealthCheck()
      check() {
        return this.health.check([() => this.ledger.pingCheck('ledger')]);
      }
    }
    @Module({
      imports: [
        QldbModule.forRoot({ ledgerName: 'test', store: `file:${store}` }),
        TerminusModule,
      ],
      providers: [QldbHealthIndicator],
      controllers: [HealthController],
    })
    class AppModule {}
    const errors: string[] = [];
    const logger = {
      log() {},
      warn() {},
      error: (message: string) => errors.push(message),
    };
    const module = await Test.createTestingModule({ imports: [AppModule] })
      .setLogger(logger)
      .compile();
    const app = module.createNestApplication();
    await app.listen(0, '127.0.0.1');
    const health = async () =>
      (await fetch(`${await app.getUrl()}/health`)).status;
    const driver = app.get(PooledQldbDriver);
    await driver.executeStatement('CREATE TABLE T');
    expect(await health()).toBe(200);

    rmSync(join(store, 'test'), { recursive: true });
    for (let wait = 0; wait < 100 && (await health()) === 200; wait++)
      await sleep(100);
    expect(await health()).toBe(503);
    const told = errors.filter((text) => text.startsWith('The ledger folder'));
    expect(told).toHaveLength(1);
    for (const statement of ['INSERT INTO T {}', 'SELECT * FROM T'])
      await expect(driver.executeStatement(statement)).rejects.toMatchObject({
        name: 'CapacityExceededException',
        cause: { code: 'QLDB_STORE_LOST' },
      });
    await app.close();
  }, 30_000);

  it('that is replaced by another is not written to', async () => {
    const store = join(root, 'replaced');
    const failures: Error[] = [];
    const ledger = await openLedger({
      name: 'test',
      store: `file:${store}`,
      onFailure: (failure) => failures.push(failure),
    });
    expect(ledger.failure).toBeUndefined();
    await rename(join(store, 'test'), join(store, 'aside'));
    mkdirSync(join(store, 'test'));
    for (let wait = 0; wait < 100 && !ledger.failure; wait++) await sleep(100);
    expect(failures).toEqual([ledger.failure]);
    expect(ledger.failure).toMatchObject({ code: 'QLDB_STORE_LOST' });
    await expect(
      execute(ledger.sessions, 'CREATE TABLE T'),
    ).rejects.toMatchObject({ name: 'CapacityExceededException' });
    await ledger.close();
    expect(readdirSync(join(store, 'test'))).toEqual([]);
  }, 30_000);
});

const mounts = allowed('a disk that is full', 'unshare', '-m', 'true');

describe.runIf(mounts)('a disk that is full', () => {
  let disk: string;
  beforeAll(() => {
    disk = join(root, 'disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=40m', 'tmpfs', disk]);
  });
  afterAll(() => execFileSync('umount', ['-l', disk]));

  it('refuses commits, says that nothing was written, and takes them again when there is space', async () => {
    const ledger = await openLedger({ name: 'test', store: `file:${disk}` });
    const driver = new PooledQldbDriver({
      ledgerName: 'test',
      endpoint: ledger.sessions,
    });
    await driver.executeStatement('CREATE TABLE T');
    await driver.executeStatement('CREATE TABLE Filler');
    const server = await createQldbServer({
      ledgers: { test: ledger.sessions },
      credentials: [{ accessKeyId: 'key', secretAccessKey: 'secret' }],
    });
    const remote = new PooledQldbDriver({
      ledgerName: 'test',
      endpoint: server.url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'key', secretAccessKey: 'secret' },
      retryLimit: 0,
    });
    let acknowledged = 0;
    let refused: unknown;
    while (refused === undefined)
      await driver
        .executeStatement('INSERT INTO T ?', { text: 'x'.repeat(200_000) })
        .then(
          () => acknowledged++,
          (error: unknown) => (refused = error),
        );
    expect(acknowledged).toBeGreaterThan(10);
    expect(refused).toBeInstanceOf(LedgerFullException);
    expect(refused).toMatchObject({
      code: 'QLDB_LEDGER_FULL',
      message: expect.stringContaining('Make space') as string,
      cause: { code: 'QLDB_STORE_FULL' },
    });
    const far = await remote
      .executeStatement('INSERT INTO T ?', { text: 'x'.repeat(200_000) })
      .catch((error: unknown) => error);
    expect(far).not.toBeInstanceOf(CommitOutcomeUnknownError);
    expect(far).toBeInstanceOf(LedgerFullException);

    // Reads go on, and so do writes on a larger disk.
    const count = async () =>
      Array.from(
        await driver.executeStatement<number>('SELECT VALUE COUNT(*) FROM T'),
      )[0];
    expect(await count()).toBe(acknowledged);
    execFileSync('mount', ['-o', 'remount,size=80m', disk]);
    await sleep(1100);
    await driver.executeStatement('INSERT INTO T ?', { text: 'after' });
    expect(await count()).toBe(acknowledged + 1);
    await ledger.verify();
    await remote.close();
    await driver.close();
    await server.close();
    await ledger.close();
  }, 60_000);
});

const namespaces = allowed(
  'two containers that share a folder',
  'unshare',
  '--pid',
  '--fork',
  '--mount-proc',
  'true',
);

describe.runIf(namespaces)('two containers that share a folder', () => {
  /** Opens the ledger as process 1, says so, and stays. */
  const container = (store: string) => {
    const ledger = resolve('dist/ledger.js');
    const program = `
      const { openLedger } = await import(${JSON.stringify(ledger)});
      try {
        await openLedger({ name: 'test', store: ${JSON.stringify(`file:${store}`)} });
        console.log('open as ' + process.pid);
        setInterval(() => {}, 1000);
      } catch (error) {
        console.log(error.code + ' ' + process.pid);
      }`;
    const child = spawn(
      'unshare',
      [
        '--pid',
        '--fork',
        '--mount-proc',
        '--kill-child',
        '--uts',
        process.execPath,
        '--input-type=module',
        '-e',
        program,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let output = '';
    child.stdout.on('data', (data) => (output += String(data)));
    return {
      async says() {
        while (output === '') await once(child.stdout, 'data');
        return output.trim();
      },
      async kill() {
        if (child.exitCode !== null) return;
        child.kill('SIGKILL');
        await once(child, 'exit');
      },
    };
  };

  it('are told apart, though each is process 1', async () => {
    const store = join(root, 'shared');
    const first = container(store);
    expect(await first.says()).toBe('open as 1');
    const second = container(store);
    expect(await second.says()).toBe('QLDB_STORE_IN_USE 1');
    await first.kill();
    const third = container(store);
    expect(await third.says()).toBe('open as 1');
    await third.kill();
  }, 60_000);
});
